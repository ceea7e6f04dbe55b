-- ---
-- title: What was new about an actor
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Which calls, networks, user agents, regions and targets of this actor were new?
-- params:
--   who: {type: text, help: "the ARN of a user, role or session, or an access key"}
--   baseline: {type: interval, default: 14d, help: how far back to compare}
-- pivot: {part: ask, takes: {user: who, role: who, session: who, access_key: who}}
-- columns: {kind: text, new_value: text, first_event_time: timestamp, last_event_time: timestamp,
--   event_count: integer, denied_count: integer, earlier_event_count: integer,
--   event_names: texts, log_files: texts}
-- misses:
--   - Everything is new when the logs do not reach back; earlier_event_count is zero then
--   - What the actor has done long before the baseline
-- next: Start with new networks and user agents, then look at what was called from there
--   (address, key_with_chains).
-- references:
--   - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html
-- ---
WITH recent AS (
    SELECT
        event_time,
        event_id,
        event_name,
        event_source || ' ' || event_name AS call_name,
        outcome,
        -- /24 of IPv4; any other address stands for itself
        COALESCE(
            REGEXP_EXTRACT(source_ip, '^([0-9]+\.[0-9]+\.[0-9]+)\.', 1) || '.0/24', source_ip
        ) AS network,
        user_agent,
        aws_region,
        target,
        log_file
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND (actor = :who OR identity_arn = :who OR access_key_id = :who)
),

earlier AS (
    SELECT
        event_id,
        event_source || ' ' || event_name AS call_name,
        COALESCE(
            REGEXP_EXTRACT(source_ip, '^([0-9]+\.[0-9]+\.[0-9]+)\.', 1) || '.0/24', source_ip
        ) AS network,
        user_agent,
        aws_region,
        target
    FROM cloudtrail
    WHERE
        event_time >= :since - :baseline
        AND event_time < :since
        AND (actor = :who OR identity_arn = :who OR access_key_id = :who)
),

earlier_total AS (
    SELECT COUNT(DISTINCT event_id) AS earlier_event_count
    FROM earlier
),

known AS (
    SELECT
        'call' AS kind,
        call_name AS known_value
    FROM earlier
    GROUP BY call_name
    UNION ALL
    SELECT
        'network' AS kind,
        network AS known_value
    FROM earlier
    GROUP BY network
    UNION ALL
    SELECT
        'user agent' AS kind,
        user_agent AS known_value
    FROM earlier
    GROUP BY user_agent
    UNION ALL
    SELECT
        'region' AS kind,
        aws_region AS known_value
    FROM earlier
    GROUP BY aws_region
    UNION ALL
    SELECT
        'target' AS kind,
        target AS known_value
    FROM earlier
    GROUP BY target
),

seen AS (
    SELECT
        'call' AS kind,
        call_name AS seen_value,
        event_time,
        event_id,
        event_name,
        outcome,
        log_file
    FROM recent
    UNION ALL
    SELECT
        'network' AS kind,
        network AS seen_value,
        event_time,
        event_id,
        event_name,
        outcome,
        log_file
    FROM recent
    UNION ALL
    SELECT
        'user agent' AS kind,
        user_agent AS seen_value,
        event_time,
        event_id,
        event_name,
        outcome,
        log_file
    FROM recent
    UNION ALL
    SELECT
        'region' AS kind,
        aws_region AS seen_value,
        event_time,
        event_id,
        event_name,
        outcome,
        log_file
    FROM recent
    UNION ALL
    SELECT
        'target' AS kind,
        target AS seen_value,
        event_time,
        event_id,
        event_name,
        outcome,
        log_file
    FROM recent
)

SELECT
    seen.kind,
    seen.seen_value AS new_value,
    MIN(seen.event_time) AS first_event_time,
    MAX(seen.event_time) AS last_event_time,
    COUNT(DISTINCT seen.event_id) AS event_count,
    COUNT(DISTINCT CASE WHEN seen.outcome = 'denied' THEN seen.event_id END) AS denied_count,
    MAX(earlier_total.earlier_event_count) AS earlier_event_count,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT seen.event_name), x -> x IS NOT NULL)), 1, 20
    ) AS event_names,
    SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT seen.log_file)), 1, 20) AS log_files
FROM seen
CROSS JOIN earlier_total
LEFT JOIN known
    ON
        seen.kind = known.kind
        AND seen.seen_value = known.known_value
WHERE
    seen.seen_value IS NOT NULL
    AND known.known_value IS NULL
GROUP BY seen.kind, seen.seen_value
ORDER BY MIN(seen.event_time), seen.kind, seen.seen_value
