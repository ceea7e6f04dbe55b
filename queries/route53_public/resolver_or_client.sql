-- ---
-- title: Who asked a public zone
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [route53_public]
-- question: Which resolvers and client networks asked for this name or one below it, and what else?
-- params:
--   names: {type: texts, default: [], help: "names, such as www.example.com; also those below"}
--   addresses: {type: texts, default: [], help: "resolvers, or clients whose network is told,
--     such as 198.51.100.10"}
-- pivot: {part: ask, takes: {host: names, address: addresses}}
-- columns: {resolver_ip: text, edns_client_subnet: text, hosted_zone_id: text, query_name: text,
--   query_types: texts, response_codes: texts, edge_locations: texts, query_count: integer,
--   first_event_time: timestamp, last_event_time: timestamp, log_files: texts}
-- misses:
--   - The client itself; only its resolver is seen, and a part of its address where that tells one
--   - What resolvers answered from their caches, so a count is the least there was
--   - Zones without query logging
-- next: Ask about the resolver or the network in the other logs (activity.address); the edge tells
--   which part of the world asked.
-- references:
--   - https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html
-- ---
WITH queries AS (
    SELECT
        event_time,
        resolver_ip,
        edns_client_subnet,
        hosted_zone_id,
        query_name,
        query_type,
        response_code,
        edge_location,
        MIN(log_file) AS log_file
    FROM route53_public
    WHERE
        event_time >= :since
        AND event_time < :until
        AND (
            -- the name or one below it
            ANY_MATCH(
                ARRAY[:names],
                x -> STARTS_WITH(REVERSE(query_name) || '.', REVERSE(LOWER(RTRIM(x, '.'))) || '.')
            )
            OR resolver_ip IN (:addresses)
            OR ANY_MATCH(
                ARRAY[:addresses],
                x -> TRY(CONTAINS(edns_client_subnet, TRY_CAST(x AS ipaddress)))
            )
        )
    -- one row per query, however often it was delivered
    GROUP BY
        event_time,
        resolver_ip,
        edns_client_subnet,
        hosted_zone_id,
        query_name,
        query_type,
        response_code,
        edge_location
)

SELECT
    resolver_ip,
    edns_client_subnet,
    hosted_zone_id,
    query_name,
    ARRAY_SORT(ARRAY_AGG(DISTINCT query_type)) AS query_types,
    ARRAY_SORT(ARRAY_AGG(DISTINCT response_code)) AS response_codes,
    SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT edge_location)), 1, 20) AS edge_locations,
    COUNT(*) AS query_count,
    MIN(event_time) AS first_event_time,
    MAX(event_time) AS last_event_time,
    SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
FROM queries
GROUP BY resolver_ip, edns_client_subnet, hosted_zone_id, query_name
ORDER BY MIN(event_time), resolver_ip, query_name
