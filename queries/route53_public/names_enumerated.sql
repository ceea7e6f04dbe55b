-- ---
-- title: Names of a zone guessed
-- kind: detection
-- severity: low
-- status: stable
-- version: 1
-- sources: [route53_public]
-- question: Which client tries many missing names of a public zone, to find those that are there?
-- attack: [T1590.002]
-- stage: reconnaissance
-- group_by: [hosted_zone_id, actor]
-- params:
--   min_names: {type: integer, default: 100, help: different missing names in an hour}
--   known_resolvers: {type: texts, default: [], help: "addresses of resolvers, or client subnets,
--     that may ask for much, such as those of your own monitoring"}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, hosted_zone_id: text, name_count: integer, resolver_ips: texts,
--   query_names: texts, log_files: texts}
-- expected:
--   - Inventories of your own names, bought or run by yourself
--   - A large public resolver that tells no client subnet, for a zone that many ask
-- misses:
--   - Guessing through many resolvers, where each asks for few names
--     (route53_public.random_names_flood)
--   - Slow guessing, below min_names an hour, and names found in certificates and archives
--   - A zone with a wildcard, where no name is missing
--   - Names with an underscore, which mail servers make up all day
-- next: See which names were found (route53_public.resolver_or_client for the client, NOERROR), and
--   look for the same network in the logs of what stands behind them (activity.address). Take down
--   names that nobody should know.
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
        parent_domain,
        log_file,
        -- the nearest to who asked that the log knows
        COALESCE(edns_client_subnet, resolver_ip) AS actor,
        DATE_TRUNC('hour', event_time) AS query_hour
    FROM route53_public
    WHERE
        event_time >= :since
        AND event_time < :until
        AND response_code = 'NXDOMAIN'
        -- such as reports on DMARC, which name the domain of a stranger
        AND STRPOS(query_name, '_') = 0
        AND resolver_ip NOT IN (:known_resolvers)
        AND COALESCE(edns_client_subnet, resolver_ip) NOT IN (:known_resolvers)
),

-- one row per query, however often it was delivered
records AS (
    SELECT
        hosted_zone_id,
        actor,
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
        MIN(log_file) AS log_file
    FROM queries
    GROUP BY
        hosted_zone_id, actor, query_hour, query_name, query_type, source_ip, event_time
),

hours AS (
    SELECT
        hosted_zone_id,
        actor,
        MIN(event_time) AS event_time,
        MIN(account_id) AS account_id,
        MIN(region) AS region,
        MIN(source_ip) AS source_ip,
        MIN(event_name) AS event_name,
        MIN(parent_domain) AS target,
        MIN(outcome) AS outcome,
        MIN(event_id) AS event_id,
        MAX(event_time) AS last_event_time,
        COUNT(*) AS event_count,
        COUNT(DISTINCT query_name) AS name_count,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT source_ip)), 1, 20) AS resolver_ips,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT query_name)), 1, 20) AS query_names,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM records
    GROUP BY hosted_zone_id, actor, query_hour
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
    resolver_ips,
    query_names,
    log_files
FROM hours
WHERE name_count >= :min_names
ORDER BY event_time, hosted_zone_id, actor
