-- ---
-- title: Objects deleted in bulk, by the access log
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [s3access]
-- question: Who deleted, or tried to delete, many objects of a bucket within one hour?
-- attack: [T1485]
-- stage: impact
-- group_by: [actor]
-- params:
--   min_objects: {type: integer, default: 200, help: different objects and versions in one hour}
--   known_principals: {type: texts, default: [], help: principals that clean up}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, object_count: integer, version_count: integer, denied_count: integer,
--   object_keys: texts, source_ips: texts, user_agents: texts, log_files: texts}
-- expected:
--   - Jobs that clean up or mirror a bucket, and test environments taken down
-- misses:
--   - Expiry by lifecycle rules (cloudtrail.bucket_set_to_lose_data), which S3 does by itself
--   - Slow deletion, below min_objects an hour, or spread over buckets or actors
--   - Objects written over with other content
-- next: Stop the credential, and see whether versions are left to restore; version_count tells how
--   many were deleted for good. Read what was read before (s3access.bucket).
-- references:
--   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
--   - https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
-- ---
WITH deletions AS (
    SELECT
        event_time,
        account_id,
        region,
        actor,
        source_ip,
        event_name,
        outcome,
        event_id,
        bucket,
        object_key,
        version_id,
        user_agent,
        log_file,
        DATE_TRUNC('hour', event_time) AS deleted_hour,
        object_key || COALESCE(' ' || version_id, '') AS deleted_thing
    FROM s3access
    WHERE
        event_time >= :since
        AND event_time < :until
        -- each object of a call for many has a record of its own
        AND event_name IN ('REST.DELETE.OBJECT', 'BATCH.DELETE.OBJECT')
        AND COALESCE(actor, 'unknown') NOT IN (:known_principals)
),

hours AS (
    SELECT
        account_id,
        actor,
        bucket,
        deleted_hour,
        CAST(NULL AS varchar) AS event_id,
        MIN(event_time) AS event_time,
        MIN(region) AS region,
        MIN(source_ip) AS source_ip,
        MIN(event_name) AS event_name,
        -- success when any call succeeded
        MAX(outcome) AS outcome,
        MAX(event_time) AS last_event_time,
        COUNT(DISTINCT event_id) AS event_count,
        COUNT(DISTINCT deleted_thing) AS object_count,
        COUNT(DISTINCT CASE WHEN version_id IS NOT NULL THEN deleted_thing END) AS version_count,
        COUNT(DISTINCT CASE WHEN outcome = 'denied' THEN event_id END) AS denied_count,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT object_key), x -> x IS NOT NULL)), 1, 20
        ) AS object_keys,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT source_ip), x -> x IS NOT NULL)), 1, 20
        ) AS source_ips,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT user_agent), x -> x IS NOT NULL)), 1, 20
        ) AS user_agents,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM deletions
    GROUP BY account_id, actor, bucket, deleted_hour
)

SELECT
    event_time,
    account_id,
    region,
    actor,
    source_ip,
    event_name,
    bucket AS target,
    outcome,
    event_id,
    last_event_time,
    event_count,
    object_count,
    version_count,
    denied_count,
    object_keys,
    source_ips,
    user_agents,
    log_files
FROM hours
WHERE object_count >= :min_objects
ORDER BY event_time, account_id, actor, bucket
