-- ---
-- title: DNS Firewall rule matched
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [route53_resolver]
-- question: Who asked for names that a rule of the DNS Firewall blocks or warns of?
-- attack: [T1071.004]
-- stage: command and control
-- group_by: [account_id, actor, rule_group_id, domain_list_id]
-- params:
--   actions: {type: texts, default: [BLOCK, ALERT], help: actions of rules that matched}
--   domain_lists: {type: texts, default: [], help: "lists that match all day, such as that of
--     a rule that blocks all but some names"}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, rule_action: text, rule_group_id: text, domain_list_id: text,
--   name_count: integer, query_names: texts, query_types: texts, vpc_id: text, log_files: texts}
-- expected:
--   - A rule that blocks all names but those of a list; put its domain list into domain_lists
--   - Mail servers and scanners, which look up hostile names
-- misses:
--   - Domains in no list, and networks without a rule group
--   - What a rule let through as trusted (ALLOW)
--   - Queries past the resolver (vpcflow.dns_past_the_resolver)
-- next: Look up the name and what the list stands for. An ALERT was answered, so find whom the host
--   talked to (route53_resolver.who_asked, then vpcflow.interface_peers); after a BLOCK too, ask
--   what on the host wants that name.
-- references:
--   - https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html
--   - https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall.html
-- ---
WITH queries AS (
    SELECT
        event_time,
        account_id,
        region,
        actor,
        source_ip,
        event_name,
        outcome,
        event_id,
        query_name,
        query_type,
        srcport,
        vpc_id,
        log_file,
        firewall_rule_action AS rule_action,
        firewall_rule_group_id AS rule_group_id,
        firewall_domain_list_id AS domain_list_id,
        DATE_TRUNC('day', event_time) AS query_day
    FROM route53_resolver
    WHERE
        event_time >= :since
        AND event_time < :until
        AND firewall_rule_action IN (:actions)
        -- a rule of DNS Firewall Advanced has no list
        AND COALESCE(firewall_domain_list_id, 'none') NOT IN (:domain_lists)
),

-- one row per query, however often it was delivered
records AS (
    SELECT
        account_id,
        actor,
        rule_action,
        rule_group_id,
        domain_list_id,
        query_day,
        query_name,
        query_type,
        srcport,
        event_time,
        MIN(region) AS region,
        MIN(source_ip) AS source_ip,
        MIN(event_name) AS event_name,
        MAX(outcome) AS outcome,
        MIN(event_id) AS event_id,
        MIN(vpc_id) AS vpc_id,
        MIN(log_file) AS log_file
    FROM queries
    GROUP BY
        account_id,
        actor,
        rule_action,
        rule_group_id,
        domain_list_id,
        query_day,
        query_name,
        query_type,
        srcport,
        event_time
),

days AS (
    SELECT
        account_id,
        actor,
        rule_action,
        rule_group_id,
        domain_list_id,
        MIN(event_time) AS event_time,
        MIN(region) AS region,
        MIN(source_ip) AS source_ip,
        MIN(event_name) AS event_name,
        MIN(query_name) AS target,
        -- success when any query was answered
        MAX(outcome) AS outcome,
        MIN(event_id) AS event_id,
        MAX(event_time) AS last_event_time,
        COUNT(*) AS event_count,
        COUNT(DISTINCT query_name) AS name_count,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT query_name)), 1, 20) AS query_names,
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT query_type), x -> x IS NOT NULL)) AS query_types,
        MIN(vpc_id) AS vpc_id,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM records
    GROUP BY account_id, actor, rule_action, rule_group_id, domain_list_id, query_day
)

SELECT
    event_time,
    account_id,
    region,
    actor,
    source_ip,
    event_name,
    target,
    outcome,
    event_id,
    last_event_time,
    event_count,
    rule_action,
    rule_group_id,
    domain_list_id,
    name_count,
    query_names,
    query_types,
    vpc_id,
    log_files
FROM days
ORDER BY event_time, account_id, actor, rule_group_id, domain_list_id, rule_action
