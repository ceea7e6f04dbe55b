-- ---
-- title: Objects or buckets deleted in bulk
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who deleted, or tried to delete, many objects or many buckets within one hour?
-- attack: [T1485]
-- stage: impact
-- group_by: [actor]
-- event_classes: [Data]
-- params:
--   min_deletes: {type: integer, default: 200, help: calls that delete objects in one hour}
--   min_buckets: {type: integer, default: 10, help: different buckets deleted in one hour}
--   known_principals: {type: texts, default: [], help: principals that clean up}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, delete_count: integer, deleted_bucket_count: integer,
--   denied_count: integer, bucket_names: texts, source_ips: texts, access_key_ids: texts,
--   log_files: texts}
-- expected:
--   - Jobs that clean up or mirror a bucket, and test environments taken down
-- misses:
--   - Objects deleted while no data events are logged; only deleted buckets are seen then
--   - One call for a thousand objects (DeleteObjects) counts as one
--   - Expiry by lifecycle rules (bucket_set_to_lose_data), and deletion by S3 Batch Operations
--   - Slow deletion, below min_deletes an hour
-- next: Stop the credential, and see whether versions are left to restore. Read the addresses and
--   what was read from the buckets before.
-- references:
--   - https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
--   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
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
        access_key_id,
        log_file,
        DATE_TRUNC('hour', event_time) AS deleted_hour,
        JSON_EXTRACT_SCALAR(request_parameters, '$.bucketName') AS bucket_name,
        CASE WHEN event_name <> 'DeleteBucket' THEN event_id END AS delete_id,
        CASE
            WHEN event_name = 'DeleteBucket'
                THEN JSON_EXTRACT_SCALAR(request_parameters, '$.bucketName')
        END AS deleted_bucket
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND actor NOT IN (:known_principals)
        AND event_source = 's3.amazonaws.com'
        AND event_name IN ('DeleteObject', 'DeleteObjects', 'DeleteBucket')
),

hours AS (
    SELECT
        account_id,
        actor,
        deleted_hour,
        CAST(NULL AS varchar) AS event_id,
        MIN(event_time) AS event_time,
        MIN(region) AS region,
        MIN(source_ip) AS source_ip,
        MIN(event_name) AS event_name,
        MIN(bucket_name) AS target,
        -- success when any call succeeded
        MAX(outcome) AS outcome,
        MAX(event_time) AS last_event_time,
        COUNT(DISTINCT event_id) AS event_count,
        COUNT(DISTINCT delete_id) AS delete_count,
        COUNT(DISTINCT deleted_bucket) AS deleted_bucket_count,
        COUNT(DISTINCT CASE WHEN outcome = 'denied' THEN event_id END) AS denied_count,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT bucket_name), x -> x IS NOT NULL)), 1, 20
        ) AS bucket_names,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT source_ip), x -> x IS NOT NULL)), 1, 20
        ) AS source_ips,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT access_key_id), x -> x IS NOT NULL)), 1, 20
        ) AS access_key_ids,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM deletions
    GROUP BY account_id, actor, deleted_hour
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
    delete_count,
    deleted_bucket_count,
    denied_count,
    bucket_names,
    source_ips,
    access_key_ids,
    log_files
FROM hours
WHERE delete_count >= :min_deletes OR deleted_bucket_count >= :min_buckets
ORDER BY event_time, account_id, actor
