-- ---
-- title: Whether a name is one of a host
-- kind: investigation
-- status: stable
-- version: 2
-- sources: [activity]
-- question: How often was a host of this name, or one under it, asked for or sent a request?
-- params:
--   hosts: {type: texts, help: "names of hosts, such as www.example.com"}
--   mention: {type: text, default: "%", help: a LIKE pattern that every event of it fits}
-- pivot: {part: names, takes: {host: hosts, mention: mention}}
-- columns: {kind: text, kind_name: text, access_key_id: text, first_event_time: timestamp,
--   last_event_time: timestamp, event_count: integer}
-- misses:
--   - Requests to the host by its address
-- next: Follow the host (pivot), then who asked for it.
-- references:
--   - https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html
-- ---
WITH requests AS (
    SELECT
        event_time,
        ELEMENT_AT(
            FILTER(
                ARRAY[:hosts],
                -- whole labels from the end
                x -> STARTS_WITH(
                    REVERSE('.' || SPLIT_PART(target, '/', 1)), REVERSE('.' || LOWER(x))
                )
            ), 1
        ) AS host_name
    FROM activity
    WHERE
        event_time >= :since
        AND event_time < :until
        AND source NOT IN ('cloudtrail', 's3access', 'vpcflow')
        AND target LIKE LOWER(:mention)
)

SELECT
    'host' AS kind,
    LOWER(host_name) AS kind_name,
    CAST(NULL AS varchar) AS access_key_id,
    MIN(event_time) AS first_event_time,
    MAX(event_time) AS last_event_time,
    COUNT(*) AS event_count
FROM requests
WHERE host_name IS NOT NULL
GROUP BY LOWER(host_name)
ORDER BY LOWER(host_name)
