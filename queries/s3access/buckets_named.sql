-- ---
-- title: Whether a name is one of a bucket with access logs
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [s3access]
-- question: How often do the access logs name a bucket of this name?
-- params:
--   buckets: {type: texts, help: names of buckets}
-- pivot: {part: names, takes: {bucket: buckets}}
-- columns: {kind: text, kind_name: text, access_key_id: text, first_event_time: timestamp,
--   last_event_time: timestamp, event_count: integer}
-- misses:
--   - Buckets whose access is not logged
-- next: Follow the bucket (pivot), then who read from it.
-- references:
--   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
-- ---
SELECT
    'bucket' AS kind,
    bucket AS kind_name,
    CAST(NULL AS varchar) AS access_key_id,
    MIN(event_time) AS first_event_time,
    MAX(event_time) AS last_event_time,
    COUNT(DISTINCT event_id) AS event_count
FROM s3access
WHERE event_time >= :since AND event_time < :until AND bucket IN (:buckets)
GROUP BY bucket
ORDER BY bucket
