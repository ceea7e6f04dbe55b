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
--   names: {type: texts, default: [], help: "further names of pools, each in full"}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, query_names: texts, answer_ips: texts, vpc_id: text, log_files: texts}
-- expected:
--   - Threat intelligence and scanners that look up such names
-- misses:
--   - Pools that are not in the text of the query, proxies in front of pools, and pools that are
--     called by their address
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
        -- written out, for a list of patterns in a parameter would read every query there is
        AND (
            query_name IN (:names)
            OR query_name LIKE '%.2miners.com'
            OR query_name LIKE '%.antpool.com'
            OR query_name LIKE '%.c3pool.com'
            OR query_name LIKE '%.c3pool.org'
            OR query_name LIKE '%.ethermine.org'
            OR query_name LIKE '%.f2pool.com'
            OR query_name LIKE '%.flypool.org'
            OR query_name LIKE '%.gntl.uk'
            OR query_name LIKE '%.hashvault.pro'
            OR query_name LIKE '%.herominers.com'
            OR query_name LIKE '%.hiveon.net'
            OR query_name LIKE '%.kryptex.network'
            OR query_name LIKE '%.minergate.com'
            OR query_name LIKE '%.minexmr.com'
            OR query_name LIKE '%.nanopool.org'
            OR query_name LIKE '%.nicehash.com'
            OR query_name LIKE '%.rplant.xyz'
            OR query_name LIKE '%.skypool.org'
            OR query_name LIKE '%.supportxmr.com'
            OR query_name LIKE '%.unmineable.com'
            OR query_name LIKE '%.viabtc.com'
            OR query_name LIKE '%.woolypooly.com'
            OR query_name LIKE '%.xmrig.com'
            OR query_name LIKE '%.xmrpool.eu'
            OR query_name LIKE '%.zpool.ca'
            -- words that only names of pools and of proxies to them have
            OR query_name LIKE '%monero%'
            OR query_name LIKE 'xmr.%'
            OR query_name LIKE 'xmr-%'
            OR query_name LIKE '%.xmr.%'
            OR query_name LIKE '%.xmr-%'
            OR query_name LIKE 'stratum.%'
            OR query_name LIKE 'stratum-%'
            OR query_name LIKE '%.stratum.%'
            OR query_name LIKE '%.stratum-%'
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
