-- ---
-- title: What one access key did, and the keys it led to
-- kind: investigation
-- status: stable
-- version: 2
-- sources: [cloudtrail]
-- question: What was done with this access key and with the keys and sessions issued to it?
-- params:
--   access_key_id: {type: text, help: "the key, such as AKIA... or ASIA..."}
-- columns: {hop: integer, access_key_id: text, relation: text, account_id: text, actor: text,
--   event_source: text, event_name: text, first_event_time: timestamp,
--   last_event_time: timestamp, event_count: integer, denied_count: integer,
--   failed_count: integer, issued_access_key_ids: texts, source_ips: texts, regions: texts,
--   user_agents: texts, targets: texts, log_files: texts}
-- misses:
--   - Console sign-ins, which carry no access key
--   - Chains of more than two hops; run it again with a key of hop 2
--   - Keys issued outside the window, and roles assumed with a web identity or SAML token
-- next: Follow each address (address), and see what was left behind (what_they_created).
-- formerly: [cloudtrail.key_activity]
-- references:
--   - https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
-- ---
WITH issues AS (
    SELECT
        access_key_id AS parent_key,
        issued_access_key_id AS child_key
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND access_key_id IS NOT NULL
        AND issued_access_key_id IS NOT NULL
    GROUP BY access_key_id, issued_access_key_id
),

first_hop AS (
    SELECT child_key
    FROM issues
    WHERE
        parent_key = :access_key_id
        AND child_key <> :access_key_id
),

hops AS (
    SELECT
        child_key AS chain_key,
        1 AS hop
    FROM first_hop
    UNION ALL
    SELECT
        issues.child_key AS chain_key,
        2 AS hop
    FROM first_hop
    INNER JOIN issues
        ON first_hop.child_key = issues.parent_key
),

chain AS (
    SELECT
        chain_key,
        MIN(hop) AS hop
    FROM hops
    WHERE chain_key <> :access_key_id
    GROUP BY chain_key
),

marked AS (
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
        access_key_id,
        issued_access_key_id,
        log_file,
        CASE
            WHEN access_key_id = :access_key_id THEN 'used'
            WHEN issued_access_key_id = :access_key_id THEN 'handed out'
            WHEN JSON_EXTRACT_SCALAR(request_parameters, '$.accessKeyId') = :access_key_id
                THEN 'named'
        END AS own_relation
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
),

calls AS (
    SELECT
        marked.event_time,
        marked.account_id,
        marked.actor,
        marked.event_source,
        marked.event_name,
        marked.event_id,
        marked.outcome,
        marked.source_ip,
        marked.aws_region,
        marked.user_agent,
        marked.target,
        marked.access_key_id,
        marked.issued_access_key_id,
        marked.log_file,
        CASE WHEN marked.own_relation IS NULL THEN chain.hop ELSE 0 END AS hop,
        COALESCE(marked.own_relation, 'used') AS relation
    FROM marked
    LEFT JOIN chain
        ON marked.access_key_id = chain.chain_key
    WHERE marked.own_relation IS NOT NULL OR chain.hop IS NOT NULL
)

SELECT
    hop,
    access_key_id,
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
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT issued_access_key_id), x -> x IS NOT NULL)), 1, 20
    ) AS issued_access_key_ids,
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
GROUP BY hop, access_key_id, relation, account_id, actor, event_source, event_name
ORDER BY
    hop,
    MIN(event_time),
    access_key_id,
    event_source,
    event_name,
    account_id,
    actor,
    relation
