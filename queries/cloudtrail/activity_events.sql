-- ---
-- title: Events of somebody or something
-- kind: investigation
-- status: stable
-- version: 2
-- sources: [cloudtrail]
-- question: Which events are by this key, actor, address or name, by what it issued, or name it?
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
-- pivot:
--   part: events
--   takes: {access_key: access_keys, user: principals, role: principals, session: principals,
--     instance: instances, address: addresses, network: networks, account: accounts,
--     event: events, bucket: names, interface: names, host: names, resource: names,
--     issued: issued, name: names, mention: mention}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, relation: text, subject: text,
--   event_source: text, error_code: text, access_key_id: text, user_agent: text, log_file: text}
-- misses:
--   - Requests that name a thing by another name, such as its id in place of its ARN
--   - Calls that a service made on behalf of somebody; they carry the service's name as address
-- next: Look at an event as it was logged (event).
-- references:
--   - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html
-- ---
WITH events AS (
    SELECT
        event_time,
        account_id,
        region,
        actor,
        source_ip,
        event_name,
        target,
        outcome,
        event_id,
        event_source,
        error_code,
        access_key_id,
        user_agent,
        log_file,
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
)

SELECT
    event_time,
    account_id,
    region,
    actor,
    source_ip,
    event_name,
    target,
    outcome,
    event_id,
    CASE
        WHEN by_value IS NOT NULL THEN 'by'
        WHEN chain_value IS NOT NULL THEN 'chain'
        ELSE 'on'
    END AS relation,
    COALESCE(by_value, chain_value, on_value) AS subject,
    event_source,
    error_code,
    access_key_id,
    user_agent,
    log_file
FROM events
WHERE COALESCE(by_value, chain_value, on_value) IS NOT NULL
ORDER BY event_time, event_id
