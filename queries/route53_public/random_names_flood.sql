-- ---
-- title: Flood of names that do not exist
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [route53_public]
-- question: Which public zone do many resolvers ask for masses of missing names, each about once?
-- attack: [T1499.002, T1498]
-- stage: impact
-- group_by: [hosted_zone_id]
-- params:
--   min_names: {type: integer, default: 500, help: different missing names in an hour}
--   min_resolvers: {type: integer, default: 20, help: resolvers that asked for them}
--   max_repeats: {type: integer, default: 3, help: "most queries for one name, on the average"}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, hosted_zone_id: text, name_count: integer, resolver_count: integer,
--   subnet_count: integer, resolver_ips: texts, query_names: texts, edge_locations: texts,
--   log_files: texts}
-- expected:
--   - Guessing through lists of open resolvers, whose names are words
--     (route53_public.names_enumerated)
--   - A zone in whose place many clients put names of their own, such as one of a search domain
-- misses:
--   - A zone with a wildcard, where no name is missing; floods of names that exist
--   - Floods below min_names an hour, or through few resolvers
-- next: Route 53 answers and charges for all of them. See whether the names are random, and what
--   else of the zone was asked less than usual. A wildcard record does not help against it; ask AWS
--   Support about the charges.
-- references:
--   - https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html
-- ---
WITH queries AS (
    SELECT
        event_time,
        account_id,
        region,
        source_ip,
        event_name,
        outcome,
        event_id,
        query_name,
        query_type,
        hosted_zone_id,
        edns_client_subnet,
        edge_location,
        parent_domain,
        log_file,
        DATE_TRUNC('hour', event_time) AS query_hour
    FROM route53_public
    WHERE
        event_time >= :since
        AND event_time < :until
        AND response_code = 'NXDOMAIN'
        -- such as reports on DMARC, which name the domain of a stranger
        AND STRPOS(query_name, '_') = 0
),

-- one row per query, however often it was delivered
records AS (
    SELECT
        hosted_zone_id,
        query_hour,
        query_name,
        query_type,
        source_ip,
        event_time,
        MIN(account_id) AS account_id,
        MIN(region) AS region,
        MIN(event_name) AS event_name,
        MIN(parent_domain) AS parent_domain,
        MIN(outcome) AS outcome,
        MIN(event_id) AS event_id,
        MIN(edns_client_subnet) AS edns_client_subnet,
        MIN(edge_location) AS edge_location,
        MIN(log_file) AS log_file
    FROM queries
    GROUP BY hosted_zone_id, query_hour, query_name, query_type, source_ip, event_time
),

hours AS (
    SELECT
        hosted_zone_id,
        MIN(event_time) AS event_time,
        MIN(account_id) AS account_id,
        MIN(region) AS region,
        -- nobody in particular asks
        CAST(NULL AS varchar) AS actor,
        CAST(NULL AS varchar) AS source_ip,
        MIN(event_name) AS event_name,
        MIN(parent_domain) AS target,
        MIN(outcome) AS outcome,
        MIN(event_id) AS event_id,
        MAX(event_time) AS last_event_time,
        COUNT(*) AS event_count,
        COUNT(DISTINCT query_name) AS name_count,
        COUNT(DISTINCT source_ip) AS resolver_count,
        COUNT(DISTINCT edns_client_subnet) AS subnet_count,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT source_ip)), 1, 20) AS resolver_ips,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT query_name)), 1, 20) AS query_names,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT edge_location)), 1, 20) AS edge_locations,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM records
    GROUP BY hosted_zone_id, query_hour
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
    hosted_zone_id,
    name_count,
    resolver_count,
    subnet_count,
    resolver_ips,
    query_names,
    edge_locations,
    log_files
FROM hours
WHERE
    name_count >= :min_names
    AND resolver_count >= :min_resolvers
    AND event_count <= name_count * :max_repeats
ORDER BY event_time, hosted_zone_id
