-- ---
-- title: What a web ACL made of one client
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [waf]
-- question: Which requests of this address were allowed or stopped, by which rule?
-- params:
--   addresses: {type: texts, help: "addresses, such as 198.51.100.10"}
-- pivot: {part: ask, takes: {address: addresses}}
-- columns: {account_id: text, web_acl: text, host: text, action: text, terminating_rule_id: text,
--   first_event_time: timestamp, last_event_time: timestamp, event_count: integer,
--   target_count: integer, countries: texts, event_names: texts, probes: texts, uris: texts,
--   label_names: texts, fingerprints: texts, user_agents: texts, log_files: texts}
-- misses:
--   - Requests by way of a proxy before AWS; they carry its address
--   - Requests that reached the site by another way than this web ACL
-- next: See what the allowed ones got (alb.client), and who else has the fingerprint
--   (waf.one_fingerprint_many_addresses).
-- references:
--   - https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html
-- ---
SELECT
    account_id,
    web_acl,
    host,
    action,
    terminating_rule_id,
    MIN(event_time) AS first_event_time,
    MAX(event_time) AS last_event_time,
    COUNT(DISTINCT event_id) AS event_count,
    COUNT(DISTINCT target) AS target_count,
    ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT country), x -> x IS NOT NULL)) AS countries,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT event_name), x -> x IS NOT NULL)), 1, 20
    ) AS event_names,
    ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT probe), x -> x IS NOT NULL)) AS probes,
    SLICE(ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT uri), x -> x IS NOT NULL)), 1, 20) AS uris,
    SLICE(
        ARRAY_SORT(ARRAY_DISTINCT(FLATTEN(ARRAY_AGG(COALESCE(label_names, ARRAY[]))))), 1, 20
    ) AS label_names,
    SLICE(
        ARRAY_SORT(
            FILTER(
                ARRAY_AGG(DISTINCT COALESCE(ja4_fingerprint, ja3_fingerprint)),
                x -> x IS NOT NULL
            )
        ), 1, 20
    ) AS fingerprints,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT user_agent), x -> x IS NOT NULL)), 1, 20
    ) AS user_agents,
    SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
FROM waf
WHERE
    event_time >= :since
    AND event_time < :until
    AND source_ip IN (:addresses)
GROUP BY account_id, web_acl, host, action, terminating_rule_id
ORDER BY MIN(event_time), account_id, web_acl, host, action, terminating_rule_id
