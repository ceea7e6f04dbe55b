-- ---
-- title: Profile of what somebody or something did
-- kind: investigation
-- status: stable
-- version: 2
-- sources: [cloudtrail]
-- question: From where, with what, on what and how often was this key, actor, address or name seen?
-- params:
--   access_keys: {type: texts, default: [], help: access keys}
--   issued: {type: texts, default: [], help: access keys that were issued with those}
--   principals: {type: texts, default: [], help: "ARNs of users, roles and sessions"}
--   instances: {type: texts, default: [], help: "ids of instances, such as i-0123"}
--   addresses: {type: texts, default: [], help: source addresses}
--   networks: {type: texts, default: [], help: "networks, such as 198.51.100.0/24"}
--   accounts: {type: texts, default: [], help: accounts of whoever acts or where the log is}
--   events: {type: texts, default: [], help: ids of events}
--   names: {type: texts, default: [], help: "names, ids and ARNs that a request may hold"}
--   mention: {type: text, default: "%", help: a LIKE pattern that every event of it fits}
--   most: {type: integer, default: 40, help: values of one facet}
-- pivot:
--   part: profile
--   takes: {access_key: access_keys, user: principals, role: principals, session: principals,
--     instance: instances, address: addresses, network: networks, account: accounts,
--     event: events, bucket: names, interface: names, host: names, resource: names,
--     issued: issued, name: names, mention: mention}
-- columns: {relation: text, facet: text, facet_value: text, first_event_time: timestamp,
--   last_event_time: timestamp, event_count: integer, denied_count: integer,
--   failed_count: integer, value_count: integer}
-- misses:
--   - Requests that name a thing by another name, such as its id in place of its ARN
--   - Calls that a service made on behalf of somebody; they carry the service's name as address
-- next: Follow what is new among the addresses, keys and user agents (pivot, first_seen).
-- references:
--   - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html
-- ---
WITH events AS (
    SELECT
        event_time,
        event_id,
        account_id,
        actor,
        source_ip,
        event_name,
        target,
        outcome,
        event_source,
        error_code,
        access_key_id,
        user_agent,
        aws_region,
        identity_type,
        identity_arn,
        event_category,
        JSON_EXTRACT_SCALAR(
            CASE WHEN event_source = 's3.amazonaws.com' THEN request_parameters END,
            '$.bucketName'
        ) AS bucket_name,
        CASE
            WHEN event_name IN ('GetSecretValue', 'BatchGetSecretValue', 'GetPasswordData')
                THEN TRUE
            WHEN event_name IN ('GetParameter', 'GetParameters', 'GetParametersByPath')
                THEN JSON_EXTRACT_SCALAR(request_parameters, '$.withDecryption') = 'true'
        END AS is_secret,
        CASE
            WHEN access_key_id IN (:access_keys) THEN access_key_id
            WHEN actor IN (:principals) THEN actor
            WHEN identity_arn IN (:principals) THEN identity_arn
            WHEN session_name IN (:instances) THEN session_name
            WHEN source_ip IN (:addresses) THEN source_ip
            WHEN
                ANY_MATCH(
                    ARRAY[:networks], x -> CONTAINS(x, TRY_CAST(source_ip AS ipaddress))
                )
                THEN source_ip
            WHEN actor_account_id IN (:accounts) THEN actor_account_id
            WHEN event_id IN (:events) THEN event_id
        END AS by_value,
        CASE WHEN access_key_id IN (:issued) THEN access_key_id END AS chain_value,
        COALESCE(ELEMENT_AT(
            FILTER(
                ARRAY[:names],
                -- the whole target, or whole parts of its ARN; a whole text of the request
                x -> STRPOS(
                    '/' || REPLACE(COALESCE(target, ''), ':', '/') || '/',
                    '/' || REPLACE(x, ':', '/') || '/'
                ) > 0
                OR STRPOS(COALESCE(request_parameters, ''), '"' || x || '"') > 0
                OR STRPOS(COALESCE(response_elements, ''), '"' || x || '"') > 0
            ), 1
        ), CASE WHEN account_id IN (:accounts) THEN account_id END) AS on_value
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        -- cheap, so that the scan can leave the rest out
        AND (
            :mention = '%'
            OR access_key_id IN (:access_keys)
            OR access_key_id IN (:issued)
            OR account_id IN (:accounts)
            OR source_ip LIKE :mention
            OR event_id LIKE :mention
            OR identity_arn LIKE :mention
            OR principal_id LIKE :mention
            OR invoked_by LIKE :mention
            OR actor_account_id LIKE :mention
            OR request_parameters LIKE :mention
            OR response_elements LIKE :mention
            -- names its keys beside the request
            OR event_source = 'kms.amazonaws.com'
        )
),

described AS (
    SELECT
        event_time,
        event_id,
        outcome,
        CASE
            WHEN by_value IS NOT NULL THEN 'by'
            WHEN chain_value IS NOT NULL THEN 'chain'
            ELSE 'on'
        END AS relation,
        ARRAY[
            'subject', 'access_key', 'user', 'role', 'other actor', 'session', 'account', 'address',
            'service address', 'user agent', 'region', 'error', 'service', 'call', 'secret', 'data',
            'bucket', 'target'
        ] AS facets,
        ARRAY[
            COALESCE(by_value, chain_value, on_value),
            NULLIF(access_key_id, ''),
            CASE WHEN identity_type IN ('IAMUser', 'Root', 'FederatedUser') THEN actor END,
            CASE WHEN identity_type = 'AssumedRole' THEN actor END,
            CASE
                WHEN
                    COALESCE(identity_type, '')
                    NOT IN ('IAMUser', 'Root', 'FederatedUser', 'AssumedRole')
                    THEN actor
            END,
            CASE WHEN identity_type = 'AssumedRole' THEN identity_arn END,
            account_id,
            CASE WHEN TRY_CAST(source_ip AS ipaddress) IS NOT NULL THEN source_ip END,
            CASE WHEN TRY_CAST(source_ip AS ipaddress) IS NULL THEN source_ip END,
            user_agent,
            aws_region,
            error_code,
            SPLIT_PART(event_source, '.', 1),
            SPLIT_PART(event_source, '.', 1) || ':' || event_name,
            CASE WHEN is_secret THEN event_name || ' ' || COALESCE(target, 'without a name') END,
            CASE
                WHEN event_category = 'Data'
                    THEN event_name || ' ' || COALESCE(bucket_name, target, 'without a name')
            END,
            bucket_name,
            target
        ] AS facet_values
    FROM events
    WHERE COALESCE(by_value, chain_value, on_value) IS NOT NULL
),

-- an event once for each facet that it has a value of
faceted AS (
    SELECT
        described.relation,
        described.event_time,
        described.event_id,
        described.outcome,
        known.facet,
        known.facet_value
    FROM described
    CROSS JOIN UNNEST(described.facets, described.facet_values) AS known (facet, facet_value)
    WHERE known.facet_value IS NOT NULL
),

counted AS (
    SELECT
        relation,
        facet,
        facet_value,
        MIN(event_time) AS first_event_time,
        MAX(event_time) AS last_event_time,
        COUNT(DISTINCT event_id) AS event_count,
        COUNT(DISTINCT CASE WHEN outcome = 'denied' THEN event_id END) AS denied_count,
        COUNT(DISTINCT CASE WHEN outcome = 'failure' THEN event_id END) AS failed_count
    FROM faceted
    GROUP BY relation, facet, facet_value
),

ranked AS (
    SELECT
        relation,
        facet,
        facet_value,
        first_event_time,
        last_event_time,
        event_count,
        denied_count,
        failed_count,
        COUNT(*) OVER (PARTITION BY relation, facet) AS value_count,
        ROW_NUMBER() OVER (
            PARTITION BY relation, facet
            ORDER BY event_count DESC, first_event_time ASC, facet_value ASC
        ) AS place
    FROM counted
)

SELECT
    relation,
    facet,
    facet_value,
    first_event_time,
    last_event_time,
    event_count,
    denied_count,
    failed_count,
    value_count
FROM ranked
WHERE place <= :most OR facet = 'subject'
ORDER BY relation, facet, place
