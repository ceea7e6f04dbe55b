-- ---
-- title: An address in every log
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [activity]
-- question: Which logs know this address, as the one who asks or as the one at the other end?
-- params:
--   addresses: {type: texts, help: "addresses, such as 198.51.100.10"}
-- pivot: {part: ask, takes: {address: addresses}}
-- columns: {source: text, side: text, address: text, event_name: text, outcome: text,
--   actors: texts, targets: texts, resources: texts, event_count: integer, bytes: integer,
--   first_event_time: timestamp, last_event_time: timestamp}
-- misses:
--   - Traffic whose end is hidden by address translation; the packet fields of vpcflow tell it
--   - What no log recorded; the account of the run says which sources are here
-- next: Read the rows of a source around these times; follow the actors and resources (pivot).
-- references:
--   - https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
-- ---
SELECT
    source,
    CASE WHEN source_ip IN (:addresses) THEN 'source' ELSE 'peer' END AS side,
    CASE WHEN source_ip IN (:addresses) THEN source_ip ELSE peer_ip END AS address,
    event_name,
    outcome,
    SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT actor)), 1, 10) AS actors,
    SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT target)), 1, 10) AS targets,
    SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT resource)), 1, 10) AS resources,
    COUNT(*) AS event_count,
    SUM(bytes) AS bytes,
    MIN(event_time) AS first_event_time,
    MAX(event_time) AS last_event_time
FROM activity
WHERE
    event_time >= :since AND event_time < :until
    AND (source_ip IN (:addresses) OR peer_ip IN (:addresses))
GROUP BY
    source,
    CASE WHEN source_ip IN (:addresses) THEN 'source' ELSE 'peer' END,
    CASE WHEN source_ip IN (:addresses) THEN source_ip ELSE peer_ip END,
    event_name,
    outcome
ORDER BY first_event_time, source, event_name
