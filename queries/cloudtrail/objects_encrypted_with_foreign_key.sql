-- ---
-- title: Objects encrypted with a key from outside
-- kind: detection
-- severity: high
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who wrote many objects under a key that the account does not hold?
-- attack: [T1486]
-- stage: impact
-- group_by: [account_id, target]
-- event_classes: [Data]
-- params:
--   min_objects: {type: integer, default: 5, help: objects of one bucket written in one hour}
--   known_accounts: {type: texts, default: [], help: account ids whose keys may encrypt objects}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, key_kind: text, key_arns: texts, denied_count: integer,
--   source_ips: texts, user_agents: texts, access_key_ids: texts, log_files: texts}
-- expected:
--   - Applications that bring their own keys (SSE-C) by design
--   - Log archives whose key belongs to another account; name it in known_accounts
-- misses:
--   - Writes while no data events are logged
--   - Objects taken away, encrypted elsewhere and written back without such a key
--   - The key of an outsider given as an alias or bare id
--   - The default key of a bucket (bucket_set_to_lose_data)
-- next: Stop the credential and refuse SSE-C by bucket policy. See which objects keep older
--   versions, and follow what the actor read before.
-- references:
--   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
--   - https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
--   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
-- ---
WITH writes AS (
    SELECT
        event_time,
        account_id,
        region,
        actor,
        source_ip,
        event_name,
        outcome,
        event_id,
        user_agent,
        access_key_id,
        log_file,
        JSON_EXTRACT_SCALAR(request_parameters, '$.bucketName') AS target,
        COALESCE(recipient_account_id, account_id) AS owner_account,
        REGEXP_EXTRACT(
            request_parameters,
            '"x-amz-server-side-encryption-aws-kms-key-id"\s*:\s*\[?\s*"(arn:[^"]*)"',
            1
        ) AS key_arn,
        COALESCE(
            STRPOS(request_parameters, '"x-amz-server-side-encryption-customer-algorithm"') > 0,
            FALSE
        )
        OR COALESCE(
            JSON_EXTRACT_SCALAR(additional_event_data, '$.SSEApplied') = 'SSE_C', FALSE
        ) AS with_own_key
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source = 's3.amazonaws.com'
        AND event_name IN ('PutObject', 'CopyObject', 'CreateMultipartUpload')
),

encrypted AS (
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
        user_agent,
        access_key_id,
        log_file,
        DATE_TRUNC('hour', event_time) AS written_hour,
        CASE WHEN NOT with_own_key THEN key_arn END AS key_arn,
        CASE
            WHEN with_own_key THEN 'SSE-C'
            WHEN
                SPLIT_PART(key_arn, ':', 5) <> owner_account
                AND SPLIT_PART(key_arn, ':', 5) NOT IN (:known_accounts)
                THEN 'KMS key of another account'
        END AS key_kind
    FROM writes
),

hours AS (
    SELECT
        account_id,
        actor,
        target,
        key_kind,
        written_hour,
        CAST(NULL AS varchar) AS event_id,
        MIN(event_time) AS event_time,
        MIN(region) AS region,
        MIN(source_ip) AS source_ip,
        MIN(event_name) AS event_name,
        -- success when any call succeeded
        MAX(outcome) AS outcome,
        MAX(event_time) AS last_event_time,
        COUNT(DISTINCT event_id) AS event_count,
        COUNT(DISTINCT CASE WHEN outcome = 'denied' THEN event_id END) AS denied_count,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT key_arn), x -> x IS NOT NULL)), 1, 20
        ) AS key_arns,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT source_ip), x -> x IS NOT NULL)), 1, 20
        ) AS source_ips,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT user_agent), x -> x IS NOT NULL)), 1, 20
        ) AS user_agents,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT access_key_id), x -> x IS NOT NULL)), 1, 20
        ) AS access_key_ids,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM encrypted
    WHERE key_kind IS NOT NULL
    GROUP BY account_id, actor, target, key_kind, written_hour
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
    last_event_time,
    event_count,
    key_kind,
    key_arns,
    denied_count,
    source_ips,
    user_agents,
    access_key_ids,
    log_files
FROM hours
WHERE event_count >= :min_objects
ORDER BY event_time, account_id, actor, target, key_kind
