-- ---
-- title: Ports scanned from inside
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [vpcflow]
-- question: Which address inside tried many ports of a host, or a port of many hosts?
-- attack: [T1046]
-- stage: discovery
-- group_by: [account_id, source_ip]
-- params:
--   min_ports: {type: integer, default: 25, help: different ports of one host in an hour}
--   min_hosts: {type: integer, default: 25, help: different hosts without an answer in an hour}
--   max_packets: {type: integer, default: 4, help: packets of an accepted flow that only tries}
--   from_internet: {type: boolean, default: false, help: public addresses that scan are told too}
--   scanners: {type: texts, default: [], help: addresses that may scan}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, port_count: integer, host_count: integer, rejected_count: integer,
--   tried_ports: integers, tried_hosts: texts, log_files: texts}
-- expected:
--   - Vulnerability scanners and inventories of yours; put them into scanners
--   - A monitoring server whose targets are gone or closed to it
-- misses:
--   - Scans from the internet, which every public address sees all day (from_internet)
--   - Slow scans, below min_ports and min_hosts an hour; UDP; ports from 32768 up
--   - Tries that went on for more than max_packets, such as asking each service for its banner
--   - Ports from 1024 up, and hosts that do not answer at all, in a log without tcp_flags
--   - Traffic between interfaces of one host, and what a container network hides
-- next: Find the host behind the address and the role it has, and what it reached after the scan
--   (vpcflow.interface_peers). Isolate it when nobody owns the scan.
-- references:
--   - https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
-- ---
WITH attempts AS (
    SELECT
        event_time,
        account_id,
        region,
        source_ip,
        event_name,
        outcome,
        event_id,
        dstaddr,
        dstport,
        log_file,
        DATE_TRUNC('hour', event_time) AS flow_hour,
        -- whose interface sent it, where the log tells that it was sent from there
        CASE WHEN direction = 'egress' THEN actor END AS sender,
        -- without flags an answer looks like a call, but none goes to a port below 1024
        CASE WHEN tcp_flags IS NOT NULL OR dstport < 1024 THEN 1 ELSE 0 END AS is_call,
        -- rejected, or a call that nothing followed
        CASE
            WHEN action = 'REJECT' OR tcp_flags = 2 THEN 1 ELSE 0
        END AS is_unanswered
    FROM vpcflow
    WHERE
        event_time >= :since
        AND event_time < :until
        AND protocol = 6
        AND dstport BETWEEN 1 AND 32767
        AND srcport >= 1024
        AND (action = 'REJECT' OR packets <= :max_packets)
        -- who begins a connection sends SYN without ACK
        AND (
            BITWISE_AND(tcp_flags, 18) = 2
            OR (tcp_flags IS NULL AND (dstport < 1024 OR action = 'REJECT'))
        )
        AND (source_is_private OR flow_direction = 'egress' OR :from_internet)
        AND source_ip NOT IN (:scanners)
),

-- one row per door that was knocked at
doors AS (
    SELECT
        account_id,
        source_ip,
        flow_hour,
        dstaddr,
        dstport,
        MIN(event_time) AS event_time,
        MAX(event_time) AS last_event_time,
        MIN(region) AS region,
        MIN(sender) AS sender,
        MIN(event_name) AS event_name,
        -- success when any was accepted
        MAX(outcome) AS outcome,
        MIN(event_id) AS event_id,
        MAX(is_call) AS is_call,
        MAX(is_unanswered) AS is_unanswered,
        COUNT(*) AS flow_count,
        COUNT(CASE WHEN event_name = 'REJECT' THEN 1 END) AS rejected_count,
        MIN(log_file) AS log_file
    FROM attempts
    GROUP BY account_id, source_ip, flow_hour, dstaddr, dstport
),

counted AS (
    SELECT
        account_id,
        source_ip,
        flow_hour,
        dstaddr,
        dstport,
        event_time,
        last_event_time,
        region,
        sender,
        event_name,
        outcome,
        event_id,
        is_call,
        is_unanswered,
        flow_count,
        rejected_count,
        log_file,
        SUM(is_call) OVER (
            PARTITION BY account_id, source_ip, flow_hour, dstaddr
        ) AS ports_of_host,
        SUM(is_unanswered) OVER (
            PARTITION BY account_id, source_ip, flow_hour, dstport
        ) AS hosts_of_port
    FROM doors
),

scans AS (
    SELECT
        account_id,
        source_ip,
        MIN(event_time) AS event_time,
        MAX(last_event_time) AS last_event_time,
        MIN(region) AS region,
        COALESCE(MIN(sender), source_ip) AS actor,
        MIN(event_name) AS event_name,
        MIN(dstaddr) AS target,
        MAX(outcome) AS outcome,
        MIN(event_id) AS event_id,
        SUM(flow_count) AS event_count,
        MAX(ports_of_host) AS port_count,
        MAX(hosts_of_port) AS host_count,
        SUM(rejected_count) AS rejected_count,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT dstport)), 1, 20) AS tried_ports,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT dstaddr)), 1, 20) AS tried_hosts,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM counted
    WHERE
        (is_call = 1 AND ports_of_host >= :min_ports)
        OR (is_unanswered = 1 AND hosts_of_port >= :min_hosts)
    GROUP BY account_id, source_ip, flow_hour
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
    port_count,
    host_count,
    rejected_count,
    tried_ports,
    tried_hosts,
    log_files
FROM scans
ORDER BY event_time, account_id, source_ip
