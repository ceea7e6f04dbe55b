-- ---
-- title: Traffic behind address translation
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [vpcflow]
-- question: Where did this address pass translation, as what, and with whom did it talk?
-- params:
--   addresses: {type: texts, default: [], help: "addresses, such as 10.0.1.20"}
--   machine: {type: texts, default: [], help: what else is the same machine}
-- pivot:
--   part: profile
--   takes: {address: addresses, machine: machine}
-- columns: {relation: text, facet: text, facet_value: text, first_event_time: timestamp,
--   last_event_time: timestamp, event_count: integer, denied_count: integer,
--   failed_count: integer, value_count: integer, bytes: integer}
-- misses:
--   - Flow logs without the packet fields, which the default format lacks
-- next: Follow the peer (pivot); the interface is that of the gateway.
-- references:
--   - https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
-- ---
WITH hidden AS (
    SELECT
        event_time,
        outcome,
        bytes,
        interface_id,
        CASE
            WHEN pkt_srcaddr IN (:addresses) OR pkt_srcaddr IN (:machine) THEN 'by'
            ELSE 'on'
        END AS relation,
        CASE
            WHEN pkt_srcaddr IN (:addresses) OR pkt_srcaddr IN (:machine) THEN pkt_srcaddr
            ELSE pkt_dstaddr
        END AS subject,
        CASE
            WHEN pkt_srcaddr IN (:addresses) OR pkt_srcaddr IN (:machine) THEN srcaddr
            ELSE dstaddr
        END AS shown_as,
        CASE
            WHEN pkt_srcaddr IN (:addresses) OR pkt_srcaddr IN (:machine)
                THEN pkt_dstaddr || COALESCE(':' || CAST(dstport AS varchar), '')
            ELSE pkt_srcaddr
        END AS other_end
    FROM vpcflow
    WHERE
        event_time >= :since
        AND event_time < :until
        AND (
            pkt_srcaddr IN (:addresses)
            OR pkt_dstaddr IN (:addresses)
            OR pkt_srcaddr IN (:machine)
            OR pkt_dstaddr IN (:machine)
        )
        -- the packet's own ends are told with the flow
        AND COALESCE(srcaddr NOT IN (:addresses), TRUE)
        AND COALESCE(dstaddr NOT IN (:addresses), TRUE)
        AND COALESCE(srcaddr NOT IN (:machine), TRUE)
        AND COALESCE(dstaddr NOT IN (:machine), TRUE)
),

described AS (
    SELECT
        event_time,
        outcome,
        bytes,
        relation,
        ARRAY['subject', 'translated to', 'peer behind it', 'gateway interface'] AS facets,
        ARRAY[subject, shown_as, other_end, interface_id] AS facet_values
    FROM hidden
),

faceted AS (
    SELECT
        described.relation,
        described.event_time,
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
        COUNT(*) AS event_count,
        COUNT_IF(outcome = 'denied') AS denied_count,
        COUNT_IF(outcome = 'failure') AS failed_count,
        SUM(bytes) AS bytes
    FROM faceted
    GROUP BY relation, facet, facet_value
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
    COUNT(*) OVER (PARTITION BY relation, facet) AS value_count,
    bytes
FROM counted
ORDER BY relation ASC, facet ASC, event_count DESC, facet_value ASC
