-- ---
-- title: What rules that only count would have stopped
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [waf]
-- question: Which rules matched requests that were allowed, and what would they have stopped?
-- columns: {account_id: text, web_acl: text, rule_name: text, would_action: text,
--   first_event_time: timestamp, last_event_time: timestamp, event_count: integer,
--   address_count: integer, target_count: integer, targets: texts, source_ips: texts,
--   countries: texts, user_agents: texts, log_files: texts}
-- misses:
--   - Requests that a later rule stopped after all
--   - Rules below one that stopped the request, which never saw it
-- next: Read a few requests of each rule. Where all are unwanted, let the rule act; where some are
--   ordinary, narrow it first. COUNT is an action of the rule's own, all else was overridden.
-- references:
--   - https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html
--   - "https://docs.aws.amazon.com/waf/latest/developerguide/\
--     web-acl-rule-group-override-options.html"
-- ---
WITH allowed AS (
    SELECT
        event_time,
        account_id,
        source_ip,
        target,
        event_id,
        web_acl,
        country,
        user_agent,
        log_file,
        CONCAT(
            TRANSFORM(
                FILTER(COALESCE(non_terminating_rules, ARRAY[]), r -> r.action = 'COUNT'),
                r -> COALESCE(r.overriddenaction, 'COUNT') || ' ' || r.ruleid
            ),
            FLATTEN(
                TRANSFORM(
                    COALESCE(rule_groups, ARRAY[]),
                    g -> TRANSFORM(
                        FILTER(
                            COALESCE(g.nonterminatingmatchingrules, ARRAY[]),
                            r -> r.action = 'COUNT'
                        ),
                        r -> COALESCE(r.overriddenaction, 'COUNT')
                        || ' ' || g.rulegroupid || ':' || r.ruleid
                    )
                )
            ),
            -- the whole group is set to count: what it decided did not stand
            TRANSFORM(
                FILTER(
                    COALESCE(rule_groups, ARRAY[]),
                    g -> g.terminatingrule.action IN ('BLOCK', 'CAPTCHA', 'CHALLENGE')
                ),
                g -> g.terminatingrule.action || ' ' || g.rulegroupid
                || ':' || g.terminatingrule.ruleid
            )
        ) AS counted
    FROM waf
    WHERE
        event_time >= :since
        AND event_time < :until
        AND action = 'ALLOW'
)

SELECT
    allowed.account_id,
    allowed.web_acl,
    SUBSTR(each_rule.counted_rule, STRPOS(each_rule.counted_rule, ' ') + 1) AS rule_name,
    SPLIT_PART(each_rule.counted_rule, ' ', 1) AS would_action,
    MIN(allowed.event_time) AS first_event_time,
    MAX(allowed.event_time) AS last_event_time,
    COUNT(DISTINCT allowed.event_id) AS event_count,
    COUNT(DISTINCT allowed.source_ip) AS address_count,
    COUNT(DISTINCT allowed.target) AS target_count,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT allowed.target), x -> x IS NOT NULL)), 1, 20
    ) AS targets,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT allowed.source_ip), x -> x IS NOT NULL)), 1, 20
    ) AS source_ips,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT allowed.country), x -> x IS NOT NULL)), 1, 20
    ) AS countries,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT allowed.user_agent), x -> x IS NOT NULL)), 1, 20
    ) AS user_agents,
    SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT allowed.log_file)), 1, 20) AS log_files
FROM allowed
CROSS JOIN UNNEST(allowed.counted) AS each_rule (counted_rule)
GROUP BY allowed.account_id, allowed.web_acl, each_rule.counted_rule
ORDER BY
    COUNT(DISTINCT allowed.event_id) DESC,
    allowed.account_id ASC,
    allowed.web_acl ASC,
    each_rule.counted_rule ASC
