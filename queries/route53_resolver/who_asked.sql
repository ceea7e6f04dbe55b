-- ---
-- title: Who asked for a name
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [route53_resolver]
-- question: Who asked for this name or one below it, or got this address for an answer, and when?
-- params:
--   names: {type: texts, default: [], help: "names, such as example.com; also those below"}
--   addresses: {type: texts, default: [], help: "addresses in answers, such as 198.51.100.10"}
-- pivot: {part: ask, takes: {host: names, address: addresses}}
-- columns: {actor: text, source_ip: text, vpc_id: text, account_id: text, region: text,
--   query_name: text, query_types: texts, response_codes: texts, rule_actions: texts,
--   answers: texts, query_count: integer, first_event_time: timestamp, last_event_time: timestamp,
--   log_files: texts}
-- misses:
--   - What the resolver answered from its cache, so a count is the least there was
--   - DNS past the resolver (vpcflow.dns_past_the_resolver), DNS over HTTPS, and hosts files
--   - Who stands behind a resolver endpoint, whose interface is the actor then
-- next: See whether the host called what it was told (vpcflow.interface_peers). Ask for an address
--   to find the other names that it has.
-- references:
--   - https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html
-- ---
WITH queries AS (
    SELECT
        event_time,
        account_id,
        region,
        actor,
        source_ip,
        vpc_id,
        query_name,
        query_type,
        rcode,
        srcport,
        firewall_rule_action,
        answer_records,
        log_file
    FROM route53_resolver
    WHERE
        event_time >= :since
        AND event_time < :until
        AND (
            -- the name, one below it, or another name for it
            ANY_MATCH(
                ARRAY[:names],
                x -> ANY_MATCH(
                    COALESCE(answer_names, ARRAY[query_name]) || query_name,
                    y -> STARTS_WITH(REVERSE(y) || '.', REVERSE(LOWER(RTRIM(x, '.'))) || '.')
                )
            )
            OR ARRAYS_OVERLAP(answer_addresses, ARRAY[:addresses])
        )
),

-- one row per query, however often it was delivered
records AS (
    SELECT
        account_id,
        actor,
        source_ip,
        vpc_id,
        query_name,
        query_type,
        srcport,
        event_time,
        MIN(region) AS region,
        MIN(rcode) AS rcode,
        MIN(firewall_rule_action) AS firewall_rule_action,
        MIN(answer_records) AS answer_records,
        MIN(log_file) AS log_file
    FROM queries
    GROUP BY
        account_id, actor, source_ip, vpc_id, query_name, query_type, srcport, event_time
)

SELECT
    actor,
    source_ip,
    vpc_id,
    account_id,
    MIN(region) AS region,
    query_name,
    ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT query_type), x -> x IS NOT NULL)) AS query_types,
    ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT rcode), x -> x IS NOT NULL)) AS response_codes,
    ARRAY_SORT(
        FILTER(ARRAY_AGG(DISTINCT firewall_rule_action), x -> x IS NOT NULL)
    ) AS rule_actions,
    SLICE(
        ARRAY_SORT(ARRAY_DISTINCT(FLATTEN(
            FILTER(ARRAY_AGG(answer_records), x -> x IS NOT NULL)
        ))), 1, 20
    ) AS answers,
    COUNT(*) AS query_count,
    MIN(event_time) AS first_event_time,
    MAX(event_time) AS last_event_time,
    SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
FROM records
GROUP BY actor, source_ip, vpc_id, account_id, query_name
ORDER BY MIN(event_time), actor, query_name
