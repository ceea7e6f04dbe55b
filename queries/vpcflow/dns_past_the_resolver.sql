-- ---
-- title: DNS past the resolver
-- kind: detection
-- severity: low
-- status: stable
-- version: 1
-- sources: [vpcflow]
-- question: Which host asks a name server on the internet instead of the resolver of its VPC?
-- attack: [T1071.004]
-- stage: command and control
-- group_by: [account_id, target]
-- params:
--   ports: {type: integers, default: [53, 853], help: ports of DNS and of DNS over TLS}
--   resolvers: {type: texts, default: [], help: "addresses that may ask or be asked, such as those
--     of your own resolvers"}
--   known_networks: {type: texts, default: [], help: "networks whose name servers may be asked,
--     such as 198.51.100.0/24"}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, interface_id: text, port: integer, protocols: texts, packets: integer,
--   bytes: integer, log_files: texts}
-- expected:
--   - A resolver of your own that asks the internet, and mail servers with one
--   - Containers whose image names a public resolver
--   - A NAT gateway, which sends on what a host asked, where the log has no pkt_srcaddr
-- misses:
--   - DNS over HTTPS, and DNS on other ports (ports)
--   - Name servers in private networks; a tunnel through the resolver
--     (route53_resolver.tunnel_in_names)
--   - IPv6 where the log has no flow_direction
-- next: Ask the owner of the host which program does that. What goes past the resolver is in no
--   query log and under no DNS Firewall; close port 53 outwards for all but your resolvers. Many
--   bytes to a server that nobody knows are a tunnel.
-- references:
--   - https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-limitations.html
--   - https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
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
        protocol_name,
        packets,
        bytes,
        end_time,
        log_file,
        DATE_TRUNC('day', event_time) AS flow_day
    FROM vpcflow
    WHERE
        event_time >= :since
        AND event_time < :until
        -- traffic to the resolver of the VPC is in no flow log
        AND dstport IN (:ports)
        AND protocol IN (6, 17)
        AND direction = 'egress'
        AND NOT target_is_private
        -- a NAT gateway sends on what an interface of its own has sent
        AND COALESCE(pkt_srcaddr, source_ip) = source_ip
        AND source_ip NOT IN (:resolvers)
        AND dstaddr NOT IN (:resolvers)
        AND NOT COALESCE(
            ANY_MATCH(
                ARRAY[:known_networks],
                x -> CONTAINS(x, TRY_CAST(dstaddr AS ipaddress))
            ), FALSE
        )
),

-- one row per flow, however many flow logs have it
records AS (
    SELECT
        flow_day,
        account_id,
        actor,
        source_ip,
        target,
        srcport,
        protocol_name,
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
    GROUP BY
        flow_day, account_id, actor, source_ip, target, srcport, protocol_name, event_time, end_time
),

days AS (
    SELECT
        account_id,
        actor,
        source_ip,
        target,
        MIN(event_time) AS event_time,
        MIN(region) AS region,
        MIN(event_name) AS event_name,
        -- success when any was accepted
        MAX(outcome) AS outcome,
        MIN(event_id) AS event_id,
        MAX(event_time) AS last_event_time,
        COUNT(*) AS event_count,
        MIN(interface_id) AS interface_id,
        MIN(dstport) AS port,
        ARRAY_SORT(ARRAY_AGG(DISTINCT protocol_name)) AS protocols,
        SUM(packets) AS packets,
        SUM(bytes) AS bytes,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM records
    GROUP BY flow_day, account_id, actor, source_ip, target
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
    protocols,
    packets,
    bytes,
    log_files
FROM days
ORDER BY event_time, account_id, actor, target
