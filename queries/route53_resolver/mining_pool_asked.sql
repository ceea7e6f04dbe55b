-- ---
-- title: Mining pool asked for
-- kind: detection
-- severity: high
-- status: stable
-- version: 1
-- sources: [route53_resolver]
-- question: Who looks up a mining pool?
-- attack: [T1496.001]
-- stage: impact
-- group_by: [account_id, actor]
-- params:
--   pools: {type: texts, help: domains of mining pools and of what miners report to,
--     default: [2miners.com, antpool.com, c3pool.com, c3pool.org, ethermine.org, f2pool.com,
--       flypool.org, gntl.uk, hashvault.pro, herominers.com, hiveon.net, kryptex.network,
--       minergate.com, minexmr.com, moneroocean.stream, monerohash.com, nanopool.org, nicehash.com,
--       rplant.xyz, skypool.org, supportxmr.com, unmineable.com, viabtc.com, woolypooly.com,
--       xmrig.com, xmrpool.eu, zpool.ca]}
--   words: {type: texts, help: "words that only names of pools have, between dots and hyphens",
--     default: [stratum, xmr, xmrpool, monero, moneropool, miningpool, minerpool, cryptonight]}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, query_names: texts, answer_ips: texts, vpc_id: text, log_files: texts}
-- expected:
--   - Threat intelligence and scanners that look up such names
-- misses:
--   - Pools of other names, proxies in front of pools, and pools that are called by their address
--   - DNS past the resolver (vpcflow.dns_past_the_resolver) and DNS over HTTPS
--   - All but the first of a host, where the resolver answered from its cache
-- next: Isolate the host, and find how the miner came there; who mines often holds credentials too.
--   See in the flow logs whether the answer was called (vpcflow.interface_peers), and what the role
--   of the host did. Containers and functions have an address for an actor.
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
        answer_addresses,
        vpc_id,
        log_file,
        DATE_TRUNC('day', event_time) AS query_day
    FROM route53_resolver
    WHERE
        event_time >= :since
        AND event_time < :until
        AND (
            parent_domain IN (:pools)
            OR ARRAYS_OVERLAP(SPLIT(REPLACE(query_name, '-', '.'), '.'), ARRAY[:words])
        )
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
        MIN(answer_addresses) AS answer_addresses,
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
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT query_name)), 1, 20) AS query_names,
        SLICE(
            ARRAY_SORT(ARRAY_DISTINCT(FLATTEN(
                FILTER(ARRAY_AGG(answer_addresses), x -> x IS NOT NULL)
            ))), 1, 20
        ) AS answer_ips,
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
    query_names,
    answer_ips,
    vpc_id,
    log_files
FROM days
ORDER BY event_time, account_id, actor, target
