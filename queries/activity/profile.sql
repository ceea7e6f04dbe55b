-- ---
-- title: Profile of traffic of somebody or something
-- kind: investigation
-- status: stable
-- version: 2
-- sources: [activity]
-- question: Which requests, flows and names asked for are of this address, machine, bucket or host?
-- params:
--   ends: {type: texts, default: [], help: "addresses, ARNs, ids of instances and interfaces"}
--   machine: {type: texts, default: [], help: what else is the same machine}
--   networks: {type: texts, default: [], help: "networks, such as 198.51.100.0/24"}
--   names: {type: texts, default: [], help: buckets and other things asked for}
--   hosts: {type: texts, default: [], help: "names of hosts; those under them belong to them"}
--   mention: {type: text, default: "%", help: a LIKE pattern that every event of it fits}
--   most: {type: integer, default: 40, help: values of one facet}
-- pivot:
--   part: profile
--   takes: {address: ends, instance: ends, interface: ends, user: ends, role: ends,
--     machine: machine, network: networks, bucket: names, host: hosts, resource: names,
--     mention: mention}
-- columns: {relation: text, facet: text, facet_value: text, first_event_time: timestamp,
--   last_event_time: timestamp, event_count: integer, denied_count: integer,
--   failed_count: integer, value_count: integer, bytes: integer}
-- misses:
--   - Traffic whose end is hidden by address translation, unless the flow logs have packet fields
--   - Another machine that had the same private address, in another VPC or before
-- next: Follow the peers and addresses that are new (pivot); see what was asked for (--rows).
-- references:
--   - https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
-- ---
WITH events AS (
    SELECT
        source,
        event_time,
        event_id,
        account_id,
        region,
        actor,
        source_ip,
        event_name,
        target,
        outcome,
        peer_ip,
        peer_port,
        bytes,
        resource,
        CASE
            WHEN source_ip IN (:ends) THEN source_ip
            WHEN
                ANY_MATCH(
                    ARRAY[:networks], x -> CONTAINS(x, TRY_CAST(source_ip AS ipaddress))
                )
                THEN source_ip
            WHEN actor IN (:ends) THEN actor
            WHEN resource IN (:ends) THEN resource
            WHEN source_ip IN (:machine) THEN source_ip
            WHEN actor IN (:machine) THEN actor
            WHEN resource IN (:machine) THEN resource
        END AS by_value,
        CASE
            WHEN peer_ip IN (:ends) THEN peer_ip
            WHEN
                ANY_MATCH(
                    ARRAY[:networks], x -> CONTAINS(x, TRY_CAST(peer_ip AS ipaddress))
                )
                THEN peer_ip
            WHEN peer_ip IN (:machine) THEN peer_ip
            WHEN resource IN (:names) THEN resource
            ELSE COALESCE(
                ELEMENT_AT(
                    FILTER(ARRAY[:names], x -> STARTS_WITH(target || '/', LOWER(x) || '/')), 1
                ),
                ELEMENT_AT(
                    FILTER(
                        ARRAY[:hosts],
                        -- whole labels from the end, of what is no bucket and no address
                        x -> source NOT IN ('s3access', 'vpcflow') AND STARTS_WITH(
                            REVERSE('.' || SPLIT_PART(target, '/', 1)), REVERSE('.' || LOWER(x))
                        )
                    ), 1
                )
            )
        END AS on_value
    FROM activity
    WHERE
        event_time >= :since
        AND event_time < :until
        -- what these did is told with their keys and sessions
        AND source <> 'cloudtrail'
        -- cheap, so that the scan can leave the rest out
        AND (
            :mention = '%'
            OR source_ip IN (:machine)
            OR peer_ip IN (:machine)
            OR actor IN (:machine)
            OR resource IN (:machine)
            OR source_ip LIKE :mention
            OR peer_ip LIKE :mention
            OR actor LIKE :mention
            OR resource LIKE :mention
            OR target LIKE :mention
        )
),

described AS (
    SELECT
        event_time,
        event_id,
        outcome,
        bytes,
        CASE WHEN by_value IS NOT NULL THEN 'by' ELSE 'on' END AS relation,
        ARRAY[
            'subject', 'user', 'role', 'account', 'address', 'region', 'log', 'request', 'peer',
            'instance', 'interface', 'resource', 'target'
        ] AS facets,
        ARRAY[
            COALESCE(by_value, on_value),
            CASE WHEN actor LIKE 'arn:%:user/%' THEN actor END,
            CASE WHEN actor LIKE 'arn:%:role/%' THEN actor END,
            account_id,
            source_ip,
            region,
            source,
            source || ':' || event_name,
            peer_ip || COALESCE(':' || CAST(peer_port AS varchar), ''),
            CASE WHEN actor LIKE 'i-%' THEN actor END,
            CASE WHEN resource LIKE 'eni-%' THEN resource WHEN actor LIKE 'rni-%' THEN actor END,
            CASE WHEN resource NOT LIKE 'eni-%' THEN resource END,
            -- of a flow it is the peer again
            CASE WHEN peer_ip IS NULL THEN target END
        ] AS facet_values
    FROM events
    WHERE COALESCE(by_value, on_value) IS NOT NULL
),

-- an event once for each facet that it has a value of
faceted AS (
    SELECT
        described.relation,
        described.event_time,
        described.event_id,
        described.outcome,
        described.bytes,
        known.facet,
        known.facet_value
    FROM described
    CROSS JOIN UNNEST(described.facets, described.facet_values) AS known (facet, facet_value)
    WHERE known.facet_value IS NOT NULL
),

counted AS (
    SELECT
        relation,
        facet,
        facet_value,
        MIN(event_time) AS first_event_time,
        MAX(event_time) AS last_event_time,
        -- flows and names asked for have no id: each line counts
        COUNT(DISTINCT event_id) + COUNT_IF(event_id IS NULL) AS event_count,
        COUNT(DISTINCT CASE WHEN outcome = 'denied' THEN event_id END)
        + COUNT_IF(event_id IS NULL AND outcome = 'denied') AS denied_count,
        COUNT(DISTINCT CASE WHEN outcome = 'failure' THEN event_id END)
        + COUNT_IF(event_id IS NULL AND outcome = 'failure') AS failed_count,
        SUM(bytes) AS bytes
    FROM faceted
    GROUP BY relation, facet, facet_value
),

ranked AS (
    SELECT
        relation,
        facet,
        facet_value,
        first_event_time,
        last_event_time,
        event_count,
        denied_count,
        failed_count,
        bytes,
        COUNT(*) OVER (PARTITION BY relation, facet) AS value_count,
        ROW_NUMBER() OVER (
            PARTITION BY relation, facet
            ORDER BY event_count DESC, first_event_time ASC, facet_value ASC
        ) AS place
    FROM counted
)

SELECT
    relation,
    facet,
    facet_value,
    first_event_time,
    last_event_time,
    event_count,
    denied_count,
    failed_count,
    value_count,
    bytes
FROM ranked
WHERE place <= :most OR facet = 'subject'
ORDER BY relation, facet, place
