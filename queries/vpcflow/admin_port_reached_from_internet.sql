-- ---
-- title: Administration port reached from the internet
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [vpcflow]
-- question: Which administration port took connections from public addresses that nobody knows?
-- attack: [T1133]
-- stage: initial access
-- group_by: [account_id, actor, target]
-- params:
--   ports: {type: integers, help: ports that nobody should reach from the internet,
--     default: [22, 23, 135, 139, 445, 1433, 1521, 2375, 2376, 2379, 3306, 3389, 5432, 5900, 5985,
--       5986, 6379, 6443, 9200, 10250, 11211, 27017]}
--   min_packets: {type: integer, default: 4, help: packets of one flow that are more than a knock}
--   known_networks: {type: texts, default: [], help: "networks that may connect, such as
--     198.51.100.0/24"}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, interface_id: text, port: integer, address_count: integer,
--   source_ips: texts, packets: integer, bytes: integer, log_files: texts}
-- expected:
--   - Bastions and VPN gateways that are meant to be reached; put their users into known_networks
--   - EC2 Instance Connect, whose addresses are of AWS
--   - A NAT gateway that uses such a port for its own end, where the log has no tcp_flags
-- misses:
--   - Flows of fewer packets than min_packets, such as a scan that only asks whether a port is open
--   - Who comes through a load balancer, a proxy or a VPN, and ports other than those of the list
--   - A client whose own port is below 1024 or in the list
--   - IPv6 where the log has no flow_direction; UDP
-- next: Close the port in the security group (cloudtrail.security_group_opened tells who opened
--   it). Read who connected, in the logs of the host, for the address with the most packets first,
--   and what the host did since (vpcflow.interface_peers).
-- references:
--   - https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
--   - https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html
-- ---
WITH flows AS (
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
        interface_id,
        srcport,
        dstport,
        packets,
        bytes,
        end_time,
        log_file,
        DATE_TRUNC('day', event_time) AS flow_day
    FROM vpcflow
    WHERE
        event_time >= :since
        AND event_time < :until
        AND action = 'ACCEPT'
        AND protocol = 6
        AND dstport IN (:ports)
        AND packets >= :min_packets
        AND direction = 'ingress'
        AND NOT source_is_private
        -- what a server answers comes from the port that it serves, and says SYN and ACK
        AND srcport >= 1024
        AND srcport NOT IN (:ports)
        AND BITWISE_AND(COALESCE(tcp_flags, 0), 16) = 0
        AND NOT COALESCE(
            ANY_MATCH(
                ARRAY[:known_networks],
                x -> CONTAINS(x, TRY_CAST(source_ip AS ipaddress))
            ), FALSE
        )
),

-- one row per flow, however many flow logs have it
records AS (
    SELECT
        flow_day,
        account_id,
        actor,
        target,
        source_ip,
        srcport,
        event_time,
        end_time,
        MIN(region) AS region,
        MIN(event_name) AS event_name,
        MIN(outcome) AS outcome,
        MIN(event_id) AS event_id,
        MIN(interface_id) AS interface_id,
        MIN(dstport) AS dstport,
        MAX(packets) AS packets,
        MAX(bytes) AS bytes,
        MIN(log_file) AS log_file
    FROM flows
    GROUP BY flow_day, account_id, actor, target, source_ip, srcport, event_time, end_time
),

peers AS (
    SELECT
        flow_day,
        account_id,
        actor,
        target,
        source_ip,
        MIN(event_time) AS event_time,
        MAX(event_time) AS last_event_time,
        MIN(region) AS region,
        MIN(event_name) AS event_name,
        MIN(outcome) AS outcome,
        MIN(event_id) AS event_id,
        MIN(interface_id) AS interface_id,
        MIN(dstport) AS dstport,
        COUNT(*) AS flow_count,
        SUM(packets) AS packets,
        SUM(bytes) AS bytes,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files,
        ROW_NUMBER() OVER (
            PARTITION BY flow_day, account_id, actor, target
            ORDER BY SUM(packets) DESC, source_ip
        ) AS place
    FROM records
    GROUP BY flow_day, account_id, actor, target, source_ip
),

days AS (
    SELECT
        account_id,
        actor,
        target,
        MIN(event_time) AS event_time,
        MIN(region) AS region,
        -- who sent most
        MIN(CASE WHEN place = 1 THEN source_ip END) AS source_ip,
        MIN(event_name) AS event_name,
        MIN(outcome) AS outcome,
        MIN(event_id) AS event_id,
        MAX(last_event_time) AS last_event_time,
        SUM(flow_count) AS event_count,
        MIN(interface_id) AS interface_id,
        MIN(dstport) AS port,
        COUNT(DISTINCT source_ip) AS address_count,
        ARRAY_AGG(source_ip ORDER BY place) FILTER (WHERE place <= 20) AS source_ips,
        SUM(packets) AS packets,
        SUM(bytes) AS bytes,
        SLICE(ARRAY_SORT(ARRAY_DISTINCT(FLATTEN(ARRAY_AGG(log_files)))), 1, 20) AS log_files
    FROM peers
    GROUP BY flow_day, account_id, actor, target
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
    interface_id,
    port,
    address_count,
    source_ips,
    packets,
    bytes,
    log_files
FROM days
ORDER BY event_time, account_id, actor, target
