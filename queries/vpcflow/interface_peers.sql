-- ---
-- title: Whom an interface talked to
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [vpcflow]
-- question: Which peers did an interface serve or call, on which ports, and what was turned away?
-- params:
--   interfaces: {type: texts, help: "interfaces or instances, such as eni-0example or i-0example"}
-- pivot: {part: ask, takes: {interface: interfaces, instance: interfaces}}
-- columns: {interface_id: text, own_ip: text, peer_ip: text, peer_service: text, relation: text,
--   protocol_name: text, port: integer, action: text, flow_count: integer, bytes_out: integer,
--   bytes_in: integer, packets_out: integer, packets_in: integer, first_event_time: timestamp,
--   last_event_time: timestamp, log_files: texts}
-- misses:
--   - Which end a flow begins at, where neither the log's flags nor the ports tell it; the lower
--     port is taken for the service then
--   - Which end the interface is, where it knows one private peer and the log has no flow_direction
--   - Traffic that flow logs leave out, such as to the resolver of the VPC and to instance metadata
-- next: Ask about each peer that the interface's owner cannot explain (activity.address), the most
--   bytes first; activity.egress has the names of the peers and tells which of them are new.
-- references:
--   - https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
--   - https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-limitations.html
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
        MIN(direction) AS direction,
        MIN(pkt_srcaddr) AS pkt_srcaddr,
        MIN(pkt_dstaddr) AS pkt_dstaddr,
        MIN(pkt_src_aws_service) AS source_service,
        MIN(pkt_dst_aws_service) AS target_service,
        MAX(tcp_flags) AS tcp_flags,
        MAX(packets) AS packets,
        MAX(bytes) AS bytes,
        MIN(log_file) AS log_file
    FROM vpcflow
    WHERE
        event_time >= :since
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
        flows.pkt_srcaddr,
        flows.pkt_dstaddr,
        flows.source_service,
        flows.target_service,
        flows.tcp_flags,
        flows.packets,
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
        log_file,
        is_out,
        packets,
        bytes,
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
        own_ip,
        peer_ip,
        peer_service,
        protocol_name,
        action,
        event_time,
        end_time,
        log_file,
        is_out,
        packets,
        bytes,
        own_port,
        peer_port,
        COALESCE(is_caller, own_port > peer_port) AS is_caller
    FROM seen
)

SELECT
    interface_id,
    own_ip,
    peer_ip,
    MIN(peer_service) AS peer_service,
    CASE WHEN is_caller THEN 'calls' WHEN NOT is_caller THEN 'serves' END AS relation,
    protocol_name,
    CASE WHEN is_caller THEN peer_port ELSE own_port END AS port,
    action,
    COUNT(*) AS flow_count,
    SUM(CASE WHEN is_out THEN bytes END) AS bytes_out,
    SUM(CASE WHEN NOT is_out THEN bytes END) AS bytes_in,
    SUM(CASE WHEN is_out THEN packets END) AS packets_out,
    SUM(CASE WHEN NOT is_out THEN packets END) AS packets_in,
    MIN(event_time) AS first_event_time,
    MAX(COALESCE(end_time, event_time)) AS last_event_time,
    SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
FROM related
GROUP BY
    interface_id,
    own_ip,
    peer_ip,
    is_caller,
    protocol_name,
    CASE WHEN is_caller THEN peer_port ELSE own_port END,
    action
ORDER BY SUM(bytes) DESC, MIN(event_time) ASC, peer_ip ASC, port ASC, action ASC
