-- ---
-- title: Objects read by anybody
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [s3access]
-- question: From which bucket did somebody without credentials read or list objects?
-- attack: [T1530]
-- stage: collection
-- group_by: [bucket]
-- params:
--   public_buckets: {type: texts, default: [], help: buckets that are meant for everybody}
--   known_networks: {type: texts, default: [], help: "networks of yours, such as 198.51.100.0/24"}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, bucket: text, object_count: integer, list_count: integer,
--   address_count: integer, bytes_sent: integer, object_keys: texts, source_ips: texts,
--   user_agents: texts, log_files: texts}
-- expected:
--   - A bucket that serves a web site or downloads; name it in public_buckets
-- misses:
--   - Reads by way of the web site endpoint, which is for everybody
--   - Reads with a presigned URL, or with credentials of another account, which have a requester
--   - Requests of which S3 delivered no log record; delivery is not guaranteed
-- next: See who opened the bucket and when (activity.public_bucket), close it unless it is meant
--   so, and list what was read and by which addresses (s3access.bucket).
-- references:
--   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
--   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
-- ---
WITH fetches AS (
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
        bytes_sent,
        user_agent,
        log_file,
        DATE_TRUNC('day', event_time) AS read_day
    FROM s3access
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_name IN (
            'REST.GET.OBJECT', 'REST.COPY.OBJECT_GET', 'REST.COPY.PART_GET',
            'REST.SELECT.OBJECT', 'REST.GET.BUCKET', 'REST.GET.BUCKETVERSIONS'
        )
        AND requester IS NULL
        -- 304 says that the reader has it already
        AND http_status IN (200, 206, 304)
        AND bucket NOT IN (:public_buckets)
        AND NOT COALESCE(
            ANY_MATCH(
                ARRAY[:known_networks],
                x -> CONTAINS(x, TRY_CAST(source_ip AS ipaddress))
            ), FALSE
        )
),

days AS (
    SELECT
        account_id,
        bucket,
        read_day,
        CAST(NULL AS varchar) AS event_id,
        MIN(event_time) AS event_time,
        MIN(region) AS region,
        -- one name for many would mislead
        CASE WHEN MIN(actor) = MAX(actor) THEN MIN(actor) END AS actor,
        CASE WHEN MIN(source_ip) = MAX(source_ip) THEN MIN(source_ip) END AS source_ip,
        MIN(event_name) AS event_name,
        MIN(outcome) AS outcome,
        MAX(event_time) AS last_event_time,
        COUNT(DISTINCT event_id) AS event_count,
        COUNT(DISTINCT object_key) AS object_count,
        COUNT(DISTINCT CASE WHEN object_key IS NULL THEN event_id END) AS list_count,
        COUNT(DISTINCT source_ip) AS address_count,
        SUM(bytes_sent) AS bytes_sent,
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
    FROM fetches
    GROUP BY account_id, bucket, read_day
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
    bucket,
    object_count,
    list_count,
    address_count,
    bytes_sent,
    object_keys,
    source_ips,
    user_agents,
    log_files
FROM days
ORDER BY event_time, account_id, bucket
