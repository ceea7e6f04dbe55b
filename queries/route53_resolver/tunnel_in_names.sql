-- ---
-- title: Long names that look like a tunnel
-- kind: detection
-- severity: high
-- status: stable
-- version: 1
-- sources: [route53_resolver]
-- question: Who asks for many different long names under one domain, as a tunnel through DNS does?
-- attack: [T1071.004, T1572, T1048.003]
-- stage: command and control
-- group_by: [account_id, actor, target]
-- params:
--   min_length: {type: integer, default: 40, help: characters in front of the domain}
--   min_names: {type: integer, default: 50, help: different long names on one day}
--   known_domains: {type: texts, help: domains whose long names are ordinary,
--     default: [amazonaws.com, amazonaws.com.cn, cloudfront.net, compute.internal, ec2.internal,
--       cluster.local, in-addr.arpa, ip6.arpa]}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, name_count: integer, sent_characters: integer, query_types: texts,
--   longest_name_length: integer, query_names: texts, vpc_id: text, log_files: texts}
-- expected:
--   - Look-ups of scanners for malware and spam, which ask about a hash or an address in a name
--   - Services that put an id into each name, such as some CDNs and telemetry
-- misses:
--   - Short names, and slow tunnels, below min_names a day (UTC)
--   - A tunnel spread over many domains, or over all hosts behind one resolver endpoint
--   - DNS that goes past the resolver (vpcflow.dns_past_the_resolver) and DNS over HTTPS
-- next: Look at the names, and find who registered the domain. When nobody knows it, isolate the
--   host and block the domain in the DNS Firewall. sent_characters is the most that left in the
--   names. Look for who else asks there (route53_resolver.who_asked).
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
        parent_domain,
        vpc_id,
        log_file,
        DATE_TRUNC('day', event_time) AS query_day
    FROM route53_resolver
    WHERE
        event_time >= :since
        AND event_time < :until
        AND name_length > :min_length
        AND name_length - LENGTH(parent_domain) - 1 >= :min_length
        AND parent_domain NOT IN (:known_domains)
),

-- one row per query, however often it was delivered
records AS (
    SELECT
        account_id,
        actor,
        parent_domain,
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
        account_id, actor, parent_domain, query_day, query_name, query_type, srcport, event_time
),

days AS (
    SELECT
        account_id,
        actor,
        parent_domain AS target,
        MIN(event_time) AS event_time,
        MIN(region) AS region,
        MIN(source_ip) AS source_ip,
        MIN(event_name) AS event_name,
        -- success when any query was answered
        MAX(outcome) AS outcome,
        MIN(event_id) AS event_id,
        MAX(event_time) AS last_event_time,
        COUNT(*) AS event_count,
        COUNT(DISTINCT query_name) AS name_count,
        SUM(LENGTH(query_name) - LENGTH(parent_domain) - 1) AS sent_characters,
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT query_type), x -> x IS NOT NULL)) AS query_types,
        MAX(LENGTH(query_name)) AS longest_name_length,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT query_name)), 1, 20) AS query_names,
        MIN(vpc_id) AS vpc_id,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM records
    GROUP BY account_id, actor, parent_domain, query_day
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
    name_count,
    sent_characters,
    query_types,
    longest_name_length,
    query_names,
    vpc_id,
    log_files
FROM days
WHERE name_count >= :min_names
ORDER BY event_time, account_id, actor, target
