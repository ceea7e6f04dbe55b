-- ---
-- title: What went out of an interface, and to whom
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [route53_resolver, vpcflow]
-- question: Whom did an interface talk to, by which names, how much each way, and who is new?
-- params:
--   interfaces: {type: texts, help: "interfaces or instances, such as eni-0example or i-0example"}
--   baseline: {type: interval, default: 14d, help: how far back a peer may have been seen}
-- pivot: {part: ask, takes: {interface: interfaces, instance: interfaces}}
-- columns: {interface_id: text, own_ips: texts, peer_ip: text, peer_service: text,
--   peer_names: texts, names_for_others: texts, relations: texts, protocol_names: texts,
--   ports: integers, flow_count: integer, rejected_count: integer, bytes_out: integer,
--   bytes_in: integer, first_event_time: timestamp, last_event_time: timestamp, is_new: boolean,
--   earlier_first_event_time: timestamp, earlier_bytes_out: integer,
--   interface_earlier_flow_count: integer, log_files: texts}
-- misses:
--   - Whether a peer is new, where the interface has no flows before the window; is_new is empty
--   - Names that the resolver answered from its cache, or a day and more before the window; and a
--     name for an address that many names share, which need not be the one that was called
--   - Which end the interface is, where it knows one private peer and the log has no flow_direction
--   - Traffic that flow logs leave out, such as to the resolver of the VPC and to instance metadata
-- next: Start with new peers and the most bytes out. Ask who else knows the address
--   (activity.address), and which ports were used when (vpcflow.interface_peers). For a bucket, its
--   access logs tell what was written.
-- references:
--   - https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
--   - https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html
-- ---
-- one row per flow, however many flow logs have it
WITH flows AS (
    SELECT
        interface_id,
        srcaddr,
        dstaddr,
        srcport,
        dstport,
        protocol_name,
        action,
        event_time,
        end_time,
        event_time >= :since AS is_recent,
        MIN(direction) AS direction,
        MIN(pkt_srcaddr) AS pkt_srcaddr,
        MIN(pkt_dstaddr) AS pkt_dstaddr,
        MIN(pkt_src_aws_service) AS source_service,
        MIN(pkt_dst_aws_service) AS target_service,
        MAX(tcp_flags) AS tcp_flags,
        MAX(bytes) AS bytes,
        MIN(log_file) AS log_file
    FROM vpcflow
    WHERE
        event_time >= :since - :baseline
        AND event_time < :until
        AND (interface_id IN (:interfaces) OR instance_id IN (:interfaces))
        AND srcaddr IS NOT NULL
        AND dstaddr IS NOT NULL
    GROUP BY
        interface_id,
        srcaddr,
        dstaddr,
        srcport,
        dstport,
        protocol_name,
        action,
        event_time,
        end_time
),

ends AS (
    SELECT
        interface_id,
        srcaddr AS address,
        CASE WHEN direction = 'egress' THEN 1 ELSE 0 END AS is_told
    FROM flows
    UNION ALL
    SELECT
        interface_id,
        dstaddr AS address,
        CASE WHEN direction = 'ingress' THEN 1 ELSE 0 END AS is_told
    FROM flows
),

counted AS (
    SELECT
        interface_id,
        address,
        MAX(is_told) AS is_told,
        ROW_NUMBER() OVER (
            PARTITION BY interface_id
            ORDER BY MAX(is_told) DESC, COUNT(*) DESC, address
        ) AS place
    FROM ends
    GROUP BY interface_id, address
),

-- the interface's own addresses: told by a direction, else what most flows have at an end
own AS (
    SELECT
        interface_id,
        address
    FROM counted
    WHERE is_told = 1 OR place = 1
),

sided AS (
    SELECT
        flows.interface_id,
        flows.srcaddr,
        flows.dstaddr,
        flows.srcport,
        flows.dstport,
        flows.protocol_name,
        flows.action,
        flows.event_time,
        flows.end_time,
        flows.is_recent,
        flows.pkt_srcaddr,
        flows.pkt_dstaddr,
        flows.source_service,
        flows.target_service,
        flows.tcp_flags,
        flows.bytes,
        flows.log_file,
        CASE
            WHEN flows.direction IS NOT NULL THEN flows.direction = 'egress'
            ELSE sender.address IS NOT NULL
        END AS is_out
    FROM flows
    LEFT JOIN own AS sender
        ON
            flows.interface_id = sender.interface_id
            AND flows.srcaddr = sender.address
),

-- as seen from the interface: its own port and the peer's
seen AS (
    SELECT
        interface_id,
        protocol_name,
        action,
        event_time,
        end_time,
        is_recent,
        bytes,
        log_file,
        is_out,
        CASE WHEN is_out THEN srcaddr ELSE dstaddr END AS own_ip,
        CASE
            WHEN is_out THEN COALESCE(pkt_dstaddr, dstaddr) ELSE COALESCE(pkt_srcaddr, srcaddr)
        END AS peer_ip,
        CASE WHEN is_out THEN target_service ELSE source_service END AS peer_service,
        CASE WHEN is_out THEN srcport ELSE dstport END AS own_port,
        CASE WHEN is_out THEN dstport ELSE srcport END AS peer_port,
        -- SYN alone is from who begins, SYN and ACK from who serves
        CASE BITWISE_AND(tcp_flags, 18)
            WHEN 2 THEN is_out
            WHEN 18 THEN NOT is_out
        END AS is_caller
    FROM sided
),

related AS (
    SELECT
        interface_id,
        protocol_name,
        action,
        event_time,
        end_time,
        is_recent,
        bytes,
        log_file,
        is_out,
        own_ip,
        peer_ip,
        peer_service,
        own_port,
        peer_port,
        COALESCE(is_caller, own_port > peer_port) AS is_caller
    FROM seen
),

peers AS (
    SELECT
        interface_id,
        peer_ip,
        ARRAY_SORT(ARRAY_AGG(DISTINCT own_ip) FILTER (WHERE is_recent)) AS own_ips,
        MAX(CASE WHEN is_recent THEN peer_service END) AS peer_service,
        ARRAY_SORT(ARRAY_AGG(
            DISTINCT CASE WHEN is_caller THEN 'calls' ELSE 'serves' END
        ) FILTER (WHERE is_recent AND is_caller IS NOT NULL)) AS relations,
        ARRAY_SORT(
            ARRAY_AGG(DISTINCT protocol_name) FILTER (
                WHERE is_recent AND protocol_name IS NOT NULL
            )
        ) AS protocol_names,
        SLICE(ARRAY_SORT(ARRAY_AGG(
            DISTINCT CASE WHEN is_caller THEN peer_port ELSE own_port END
        ) FILTER (WHERE is_recent AND is_caller IS NOT NULL)), 1, 20) AS ports,
        COUNT(CASE WHEN is_recent THEN 1 END) AS flow_count,
        COUNT(CASE WHEN is_recent AND action = 'REJECT' THEN 1 END) AS rejected_count,
        SUM(CASE WHEN is_recent AND is_out THEN bytes END) AS bytes_out,
        SUM(CASE WHEN is_recent AND NOT is_out THEN bytes END) AS bytes_in,
        MIN(CASE WHEN is_recent THEN event_time END) AS first_event_time,
        MAX(CASE WHEN is_recent THEN COALESCE(end_time, event_time) END) AS last_event_time,
        COUNT(CASE WHEN NOT is_recent THEN 1 END) AS earlier_flow_count,
        MIN(CASE WHEN NOT is_recent THEN event_time END) AS earlier_first_event_time,
        SUM(CASE WHEN NOT is_recent AND is_out THEN bytes END) AS earlier_bytes_out,
        SLICE(
            ARRAY_SORT(ARRAY_AGG(DISTINCT log_file) FILTER (WHERE is_recent)), 1, 20
        ) AS log_files
    FROM related
    GROUP BY interface_id, peer_ip
),

compared AS (
    SELECT
        interface_id,
        peer_ip,
        own_ips,
        peer_service,
        relations,
        protocol_names,
        ports,
        flow_count,
        rejected_count,
        bytes_out,
        bytes_in,
        first_event_time,
        last_event_time,
        earlier_flow_count,
        earlier_first_event_time,
        earlier_bytes_out,
        log_files,
        SUM(earlier_flow_count) OVER (PARTITION BY interface_id) AS interface_earlier_flow_count
    FROM peers
),

-- a name may have been asked for some time before the flow
asked AS (
    SELECT
        srcaddr,
        query_name,
        answer_addresses
    FROM route53_resolver
    WHERE
        event_time >= :since - INTERVAL '1' DAY
        AND event_time < :until
        AND CARDINALITY(answer_addresses) > 0
),

answers AS (
    SELECT
        asked.srcaddr,
        asked.query_name,
        answered.address
    FROM asked
    CROSS JOIN UNNEST(asked.answer_addresses) AS answered (address)
    GROUP BY asked.srcaddr, asked.query_name, answered.address
),

named AS (
    SELECT
        peers.interface_id,
        peers.peer_ip,
        SLICE(
            ARRAY_SORT(
                ARRAY_AGG(DISTINCT answers.query_name) FILTER (WHERE own.address IS NOT NULL)
            ), 1, 10
        ) AS peer_names,
        SLICE(
            ARRAY_SORT(
                ARRAY_AGG(DISTINCT answers.query_name) FILTER (WHERE own.address IS NULL)
            ), 1, 10
        ) AS names_for_others
    FROM peers
    INNER JOIN answers
        ON peers.peer_ip = answers.address
    LEFT JOIN own
        ON
            peers.interface_id = own.interface_id
            AND answers.srcaddr = own.address
    GROUP BY peers.interface_id, peers.peer_ip
)

SELECT
    compared.interface_id,
    compared.own_ips,
    compared.peer_ip,
    compared.peer_service,
    named.peer_names,
    named.names_for_others,
    compared.relations,
    compared.protocol_names,
    compared.ports,
    compared.flow_count,
    compared.rejected_count,
    compared.bytes_out,
    compared.bytes_in,
    compared.first_event_time,
    compared.last_event_time,
    CASE
        WHEN compared.interface_earlier_flow_count > 0 THEN compared.earlier_flow_count = 0
    END AS is_new,
    compared.earlier_first_event_time,
    compared.earlier_bytes_out,
    compared.interface_earlier_flow_count,
    compared.log_files
FROM compared
LEFT JOIN named
    ON
        compared.interface_id = named.interface_id
        AND compared.peer_ip = named.peer_ip
WHERE compared.flow_count > 0
ORDER BY
    COALESCE(compared.bytes_out, 0) DESC,
    compared.first_event_time ASC,
    compared.interface_id ASC,
    compared.peer_ip ASC
