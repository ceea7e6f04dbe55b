-- ---
-- title: Secrets read in bulk
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who read, or tried to read, many secrets or decrypted parameters on one day?
-- attack: [T1555.006]
-- stage: credential access
-- group_by: [actor]
-- params:
--   min_targets: {type: integer, default: 10, help: different secrets and parameters on one day}
--   known_principals: {type: texts, default: [], help: principals that may read many}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, target_count: integer, listed_count: integer, denied_count: integer,
--   targets: texts, source_ips: texts, regions: texts, access_key_ids: texts, log_files: texts}
-- expected:
--   - Deployment tools that read back every secret they manage, such as Terraform
--   - Backup and migration jobs, and a service that loads many parameters when it starts
-- misses:
--   - Slow reading, below min_targets a day (UTC), or spread over several roles
--   - GetParametersByPath below a path other than the root, which counts as one target
--   - Secrets in other stores, such as S3 objects and environment variables
-- next: Ask the owner of the actor. Rotate what was read, starting with what opens other systems,
--   and look for the use of those credentials from the same addresses (address).
-- references:
--   - https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html
--   - https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html
--   - https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html
-- ---
WITH requests AS (
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
        aws_region,
        access_key_id,
        log_file,
        DATE_TRUNC('day', event_time) AS read_day,
        -- the names that a call for many asks for, as text
        REGEXP_EXTRACT(
            CASE WHEN event_name = 'GetParameters' THEN request_parameters END,
            '"names"\s*:\s*\[([^\]]*)',
            1
        ) AS listed_names,
        -- a path read to its roots counts as a bulk of its own
        CASE
            WHEN
                event_name = 'GetParametersByPath'
                AND JSON_EXTRACT_SCALAR(request_parameters, '$.path') = '/'
                AND JSON_EXTRACT_SCALAR(request_parameters, '$.recursive') = 'true'
                THEN :min_targets
            ELSE 0
        END AS by_path
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND actor NOT IN (:known_principals)
        AND event_source IN ('secretsmanager.amazonaws.com', 'ssm.amazonaws.com')
        AND event_name IN (
            'GetSecretValue', 'BatchGetSecretValue',
            'GetParameter', 'GetParameters', 'GetParametersByPath'
        )
        AND (
            event_name IN ('GetSecretValue', 'BatchGetSecretValue')
            OR JSON_EXTRACT_SCALAR(request_parameters, '$.withDecryption') = 'true'
        )
        AND COALESCE(identity_type, 'unknown') <> 'AWSService'
),

-- one row per call, however often it was delivered
calls AS (
    SELECT
        actor,
        read_day,
        event_id,
        MIN(event_time) AS event_time,
        MIN(account_id) AS account_id,
        MIN(region) AS region,
        MIN(source_ip) AS source_ip,
        MIN(event_name) AS event_name,
        MIN(target) AS target,
        MIN(outcome) AS outcome,
        MIN(aws_region) AS aws_region,
        MIN(access_key_id) AS access_key_id,
        MIN(log_file) AS log_file,
        MIN(listed_names) AS listed_names,
        MAX(by_path) AS by_path
    FROM requests
    GROUP BY actor, read_day, event_id
),

days AS (
    SELECT
        actor,
        read_day,
        CAST(NULL AS varchar) AS event_id,
        MIN(event_time) AS event_time,
        MIN(account_id) AS account_id,
        MIN(region) AS region,
        MIN(source_ip) AS source_ip,
        MIN(event_name) AS event_name,
        MIN(target) AS target,
        -- success when any call succeeded
        MAX(outcome) AS outcome,
        MAX(event_time) AS last_event_time,
        COUNT(DISTINCT event_id) AS event_count,
        COUNT(DISTINCT target) AS target_count,
        -- the same names asked for again are no more names
        COALESCE(CARDINALITY(ARRAY_DISTINCT(FLATTEN(
            ARRAY_AGG(SPLIT(listed_names, ',')) FILTER (WHERE listed_names IS NOT NULL)
        ))), 0) + SUM(by_path) AS listed_count,
        COUNT(DISTINCT CASE WHEN outcome = 'denied' THEN event_id END) AS denied_count,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT target), x -> x IS NOT NULL)), 1, 20
        ) AS targets,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT source_ip), x -> x IS NOT NULL)), 1, 20
        ) AS source_ips,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT aws_region), x -> x IS NOT NULL)), 1, 20
        ) AS regions,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT access_key_id), x -> x IS NOT NULL)), 1, 20
        ) AS access_key_ids,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM calls
    GROUP BY actor, read_day
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
    target_count,
    listed_count,
    denied_count,
    targets,
    source_ips,
    regions,
    access_key_ids,
    log_files
FROM days
WHERE target_count >= :min_targets OR listed_count >= :min_targets
ORDER BY event_time, actor
