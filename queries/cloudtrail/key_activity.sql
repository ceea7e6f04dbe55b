-- ---
-- title: What one access key did
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: What was done with this access key, when and from where, and who handed it out?
-- params:
--   access_key_id: {type: text, help: "the key, such as AKIA... or ASIA..."}
-- columns: {relation: text, account_id: text, actor: text, event_source: text, event_name: text,
--   first_event_time: timestamp, last_event_time: timestamp, event_count: integer,
--   denied_count: integer, failed_count: integer, source_ips: texts, regions: texts,
--   user_agents: texts, targets: texts, log_files: texts}
-- misses:
--   - Console sign-ins, which carry no access key
--   - What was done with keys that this key made; follow issued_access_key_id of its own calls
-- next: Follow each address (address_activity), and each key that this one handed out.
-- references:
--   - https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
-- ---
WITH calls AS (
    SELECT
        event_time,
        account_id,
        actor,
        event_source,
        event_name,
        event_id,
        outcome,
        source_ip,
        aws_region,
        user_agent,
        target,
        log_file,
        CASE
            WHEN access_key_id = :access_key_id THEN 'used'
            WHEN issued_access_key_id = :access_key_id THEN 'handed out'
            ELSE 'named'
        END AS relation
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND (
            access_key_id = :access_key_id
            OR issued_access_key_id = :access_key_id
            OR JSON_EXTRACT_SCALAR(request_parameters, '$.accessKeyId') = :access_key_id
        )
)

SELECT
    relation,
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
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT source_ip), x -> x IS NOT NULL)), 1, 20
    ) AS source_ips,
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
FROM calls
GROUP BY relation, account_id, actor, event_source, event_name
ORDER BY MIN(event_time), event_source, event_name, account_id, actor, relation
