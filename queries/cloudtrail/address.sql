-- ---
-- title: What one source address did
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: What was done from this address, by whom and in which accounts?
-- params:
--   source_ip: {type: text, help: "the address, such as 198.51.100.10"}
-- columns: {account_id: text, actor: text, event_source: text, event_name: text,
--   first_event_time: timestamp, last_event_time: timestamp, event_count: integer,
--   denied_count: integer, failed_count: integer, access_key_ids: texts, session_names: texts,
--   regions: texts, user_agents: texts, targets: texts, log_files: texts}
-- misses:
--   - Calls that a service made on behalf of somebody there; they carry the service's name
--   - The same IPv6 address in another spelling
-- next: Follow each access key (key_with_chains), and compare the users with who owns the address.
-- formerly: [cloudtrail.address_activity]
-- references:
--   - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html
-- ---
SELECT
    account_id,
    actor,
    event_source,
    event_name,
    MIN(event_time) AS first_event_time,
    MAX(event_time) AS last_event_time,
    COUNT(DISTINCT event_id) AS event_count,
    COUNT(DISTINCT CASE WHEN outcome = 'denied' THEN event_id END) AS denied_count,
    COUNT(DISTINCT CASE WHEN outcome = 'failure' THEN event_id END) AS failed_count,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT access_key_id), x -> x IS NOT NULL)), 1, 20
    ) AS access_key_ids,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT session_name), x -> x IS NOT NULL)), 1, 20
    ) AS session_names,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT aws_region), x -> x IS NOT NULL)), 1, 20
    ) AS regions,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT user_agent), x -> x IS NOT NULL)), 1, 20
    ) AS user_agents,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT target), x -> x IS NOT NULL)), 1, 20
    ) AS targets,
    SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
FROM cloudtrail
WHERE
    event_time >= :since
    AND event_time < :until
    AND source_ip = :source_ip
GROUP BY account_id, actor, event_source, event_name
ORDER BY MIN(event_time), event_source, event_name, account_id, actor
