-- ---
-- title: Names of objects guessed
-- kind: detection
-- severity: low
-- status: stable
-- version: 1
-- sources: [s3access]
-- question: Who asked for many objects that are not there or not open within one hour?
-- attack: [T1619, T1595.003]
-- stage: discovery
-- group_by: [actor]
-- params:
--   min_keys: {type: integer, default: 50, help: different objects refused in one hour}
--   known_principals: {type: texts, default: [], help: principals that ask for what is not there}
--   known_networks: {type: texts, default: [], help: "networks of yours, such as 198.51.100.0/24"}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, key_count: integer, refused_bucket_count: integer, denied_count: integer,
--   is_anonymous: boolean, bucket_names: texts, object_keys: texts, user_agents: texts,
--   log_files: texts}
-- expected:
--   - A site with many dead links, and search engines after pages were moved
--   - An application that may not list a bucket and asks for what is not there; S3 then denies it
-- misses:
--   - Slow guessing, below min_keys an hour, or spread over addresses
--   - What is missing (404) for who has credentials, which applications ask for all day
--   - Names that differ in numbers and hexadecimal ids only, which count as one
--   - Guessing names of buckets, which is logged in none
-- next: See what was found (s3access.bucket). Where there are credentials, ask the owner; else see
--   whether the bucket is meant for everybody (s3access.objects_read_by_anybody).
-- references:
--   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
--   - https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
-- ---
WITH refused AS (
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
        bucket,
        object_key,
        requester,
        user_agent,
        log_file,
        DATE_TRUNC('hour', event_time) AS refused_hour,
        -- ids of things are no names that somebody guesses
        bucket || '/' || REGEXP_REPLACE(
            LOWER(object_key), '[0-9a-f-]*[0-9][0-9a-f-]*', '0'
        ) AS key_pattern
    FROM s3access
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_name IN (
            'REST.GET.OBJECT', 'REST.HEAD.OBJECT', 'WEBSITE.GET.OBJECT', 'WEBSITE.HEAD.OBJECT'
        )
        AND (http_status = 403 OR (http_status = 404 AND requester IS NULL))
        AND actor IS NOT NULL
        AND actor NOT IN (:known_principals)
        AND NOT COALESCE(
            ANY_MATCH(
                ARRAY[:known_networks],
                x -> CONTAINS(x, TRY_CAST(source_ip AS ipaddress))
            ), FALSE
        )
),

hours AS (
    SELECT
        account_id,
        actor,
        refused_hour,
        CAST(NULL AS varchar) AS event_id,
        MIN(event_time) AS event_time,
        MIN(region) AS region,
        MIN(source_ip) AS source_ip,
        MIN(event_name) AS event_name,
        MIN(target) AS target,
        -- failure when any object was not there
        MAX(outcome) AS outcome,
        MAX(event_time) AS last_event_time,
        COUNT(DISTINCT event_id) AS event_count,
        COUNT(DISTINCT key_pattern) AS key_count,
        COUNT(DISTINCT bucket) AS refused_bucket_count,
        COUNT(DISTINCT CASE WHEN outcome = 'denied' THEN event_id END) AS denied_count,
        BOOL_OR(requester IS NULL) AS is_anonymous,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT bucket)), 1, 20) AS bucket_names,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT object_key), x -> x IS NOT NULL)), 1, 20
        ) AS object_keys,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT user_agent), x -> x IS NOT NULL)), 1, 20
        ) AS user_agents,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM refused
    GROUP BY account_id, actor, refused_hour
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
    key_count,
    refused_bucket_count,
    denied_count,
    is_anonymous,
    bucket_names,
    object_keys,
    user_agents,
    log_files
FROM hours
WHERE key_count >= :min_keys
ORDER BY event_time, account_id, actor
