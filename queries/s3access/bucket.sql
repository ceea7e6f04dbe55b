-- ---
-- title: Who did what in a bucket
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [s3access]
-- question: Who read, wrote, deleted or was refused in this bucket, and how much?
-- params:
--   buckets: {type: texts, help: "names of buckets, such as example-data"}
-- pivot: {part: ask, takes: {bucket: buckets}}
-- columns: {bucket: text, actor: text, event_name: text, outcome: text,
--   first_event_time: timestamp, last_event_time: timestamp, event_count: integer,
--   object_count: integer, bytes_sent: integer, is_anonymous: boolean, source_ips: texts,
--   object_keys: texts, user_agents: texts, log_files: texts}
-- misses:
--   - Requests of which S3 delivered no log record; delivery is not guaranteed
--   - What happened before the log of the bucket was switched on
-- next: Follow an actor that does not belong there (pivot), and compare with the data events of
--   CloudTrail where a trail has them.
-- references:
--   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
-- ---
SELECT
    bucket,
    actor,
    event_name,
    outcome,
    MIN(event_time) AS first_event_time,
    MAX(event_time) AS last_event_time,
    COUNT(DISTINCT event_id) AS event_count,
    COUNT(DISTINCT object_key) AS object_count,
    SUM(bytes_sent) AS bytes_sent,
    BOOL_OR(requester IS NULL) AS is_anonymous,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT source_ip), x -> x IS NOT NULL)), 1, 20
    ) AS source_ips,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT object_key), x -> x IS NOT NULL)), 1, 20
    ) AS object_keys,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT user_agent), x -> x IS NOT NULL)), 1, 20
    ) AS user_agents,
    SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
FROM s3access
WHERE
    event_time >= :since
    AND event_time < :until
    AND bucket IN (:buckets)
GROUP BY bucket, actor, event_name, outcome
ORDER BY MIN(event_time), bucket, actor, event_name, outcome
