-- ---
-- title: Many domains that do not exist
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [route53_resolver]
-- question: Who asks for many domains that nobody registered, as malware does that makes up names?
-- attack: [T1568.002]
-- stage: command and control
-- group_by: [account_id, actor]
-- params:
--   min_domains: {type: integer, default: 20, help: different domains without an answer in an hour}
--   local_endings: {type: texts, help: last labels that nobody can register,
--     default: [local, localdomain, localhost, internal, intranet, lan, home, corp, private, arpa,
--       test, invalid, onion]}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, domain_count: integer, domains: texts, domain_endings: texts,
--   vpc_id: text, log_files: texts}
-- expected:
--   - Mail servers, crawlers and log analysis, which look up names that others wrote
--   - An inventory of domains that look like your own
-- misses:
--   - Names made up below one domain (route53_resolver.tunnel_in_names), such as one of dynamic DNS
--   - Fewer than min_domains an hour, and names that somebody has registered in advance
--   - All hosts behind one resolver endpoint, which are counted together
--   - What the resolver answered from its cache
-- next: Look at the domains; made-up names are random and have few endings. See which name of that
--   hour was answered, and by which address (route53_resolver.who_asked), then whom the host talked
--   to (vpcflow.interface_peers).
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
        event_name,
        outcome,
        event_id,
        query_name,
        query_type,
        srcport,
        parent_domain,
        vpc_id,
        log_file,
        REGEXP_EXTRACT(parent_domain, '[^.]+$') AS domain_ending,
        DATE_TRUNC('hour', event_time) AS query_hour
    FROM route53_resolver
    WHERE
        event_time >= :since
        AND event_time < :until
        AND rcode = 'NXDOMAIN'
        -- a single label is a host that somebody left without its domain
        AND STRPOS(query_name, '.') > 0
        AND REGEXP_EXTRACT(query_name, '[^.]+$') NOT IN (:local_endings)
),

-- one row per query, however often it was delivered
records AS (
    SELECT
        account_id,
        actor,
        query_hour,
        parent_domain,
        domain_ending,
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
        query_hour,
        parent_domain,
        domain_ending,
        query_name,
        query_type,
        srcport,
        event_time
),

hours AS (
    SELECT
        account_id,
        actor,
        MIN(event_time) AS event_time,
        MIN(region) AS region,
        MIN(source_ip) AS source_ip,
        MIN(event_name) AS event_name,
        MIN(parent_domain) AS target,
        -- failure, but denied where a firewall rule blocked all of it
        MAX(outcome) AS outcome,
        MIN(event_id) AS event_id,
        MAX(event_time) AS last_event_time,
        COUNT(*) AS event_count,
        COUNT(DISTINCT parent_domain) AS domain_count,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT parent_domain)), 1, 20) AS domains,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT domain_ending)), 1, 20) AS domain_endings,
        MIN(vpc_id) AS vpc_id,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM records
    GROUP BY account_id, actor, query_hour
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
    domain_count,
    domains,
    domain_endings,
    vpc_id,
    log_files
FROM hours
WHERE domain_count >= :min_domains
ORDER BY event_time, account_id, actor
