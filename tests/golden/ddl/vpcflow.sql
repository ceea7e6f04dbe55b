CREATE EXTERNAL TABLE IF NOT EXISTS `vpcflow_raw` (
    `version` string COMMENT 'version of the newest field in the record (since version 2)',
    `account_id` string COMMENT 'owner of the network interface, or unknown (since version 2)',
    `interface_id` string COMMENT 'network interface that the traffic passed (since version 2)',
    `srcaddr` string COMMENT 'source; the interface\'s own address where it sends (since version 2)',
    `dstaddr` string COMMENT 'destination; the interface\'s own address where it receives (since version 2)',
    `srcport` string COMMENT 'source port, 0 where the protocol has none (since version 2)',
    `dstport` string COMMENT 'destination port, 0 where the protocol has none (since version 2)',
    `protocol` string COMMENT 'IANA number, such as 6 for TCP (since version 2)',
    `packets` string COMMENT 'packets in the window (since version 2)',
    `bytes` string COMMENT 'bytes in the window (since version 2)',
    `start` string COMMENT 'first packet in the window, seconds since 1970 (since version 2)',
    `end` string COMMENT 'last packet in the window, seconds since 1970 (since version 2)',
    `action` string COMMENT 'ACCEPT or REJECT, by security groups and network ACLs (since version 2)',
    `log_status` string COMMENT 'OK, NODATA or SKIPDATA (since version 2)'
)
PARTITIONED BY (log_account_id string, log_region string, day string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe'
WITH SERDEPROPERTIES ('field.delim'=' ','serialization.format'=' ')
STORED AS
    INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
    OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://<bucket flow>/logs/AWSLogs/'
TBLPROPERTIES ('skip.header.line.count'='1',
    'projection.enabled'='true',
    'projection.log_account_id.type'='enum',
    'projection.log_account_id.values'='111122223333,444455556666',
    'projection.log_region.type'='enum',
    'projection.log_region.values'='us-east-1,eu-west-1',
    'projection.day.type'='date',
    'projection.day.format'='yyyy/MM/dd',
    'projection.day.range'='2024/01/01,NOW',
    'projection.day.interval'='1',
    'projection.day.interval.unit'='DAYS',
    'storage.location.template'='s3://<bucket flow>/logs/AWSLogs/${log_account_id}/vpcflowlogs/${log_region}/${day}/'
);

CREATE OR REPLACE VIEW vpcflow AS
SELECT
    -- when the first packet of the flow came; when the last did in a format without `start`
    TRY(CAST(from_unixtime(TRY_CAST(COALESCE(NULLIF("start", '-'), NULLIF("end", '-')) AS bigint)) AT TIME ZONE 'UTC' AS timestamp(3))) AS event_time,
    log_account_id AS account_id,
    log_region AS region,
    -- whose traffic it is, whichever side began it: the instance, else its network interface
    COALESCE(
        NULLIF(CAST(NULL AS varchar), '-'),
        NULLIF(interface_id, '-'),
        NULLIF(CAST(NULL AS varchar), '-'),
        NULLIF(CAST(NULL AS varchar), '-'),
        NULLIF(srcaddr, '-')
    ) AS actor,
    NULLIF(srcaddr, '-') AS source_ip,
    -- ACCEPT or REJECT; a window without a record of traffic says why: NODATA, SKIPDATA
    COALESCE(NULLIF(action, '-'), NULLIF(log_status, '-')) AS event_name,
    COALESCE(
        CASE WHEN strpos(dstaddr, ':') > 0 THEN '[' || dstaddr || ']' ELSE dstaddr END
        || ':' || CAST(NULLIF(TRY_CAST(NULLIF(dstport, '-') AS integer), 0) AS varchar),
        NULLIF(dstaddr, '-')
    ) AS target,
    CASE action WHEN 'ACCEPT' THEN 'success' WHEN 'REJECT' THEN 'denied' END AS outcome,
    CAST(NULL AS varchar) AS event_id,
    NULLIF(srcaddr, '-') AS srcaddr,
    NULLIF(dstaddr, '-') AS dstaddr,
    TRY_CAST(NULLIF(srcport, '-') AS integer) AS srcport,
    TRY_CAST(NULLIF(dstport, '-') AS integer) AS dstport,
    TRY_CAST(NULLIF(protocol, '-') AS integer) AS protocol,
    CASE TRY_CAST(NULLIF(protocol, '-') AS integer)
        WHEN 1 THEN 'ICMP'
        WHEN 2 THEN 'IGMP'
        WHEN 4 THEN 'IPv4'
        WHEN 6 THEN 'TCP'
        WHEN 17 THEN 'UDP'
        WHEN 41 THEN 'IPv6'
        WHEN 47 THEN 'GRE'
        WHEN 50 THEN 'ESP'
        WHEN 51 THEN 'AH'
        WHEN 58 THEN 'ICMPv6'
        WHEN 89 THEN 'OSPF'
        WHEN 112 THEN 'VRRP'
        WHEN 115 THEN 'L2TP'
        WHEN 132 THEN 'SCTP'
        ELSE CAST(TRY_CAST(NULLIF(protocol, '-') AS integer) AS varchar)
    END AS protocol_name,
    TRY_CAST(NULLIF(packets, '-') AS bigint) AS packets,
    TRY_CAST(NULLIF(bytes, '-') AS bigint) AS bytes,
    NULLIF(action, '-') AS action,
    NULLIF(log_status, '-') AS log_status,
    TRY(CAST(from_unixtime(TRY_CAST(NULLIF("start", '-') AS bigint)) AT TIME ZONE 'UTC' AS timestamp(3))) AS start_time,
    TRY(CAST(from_unixtime(TRY_CAST(NULLIF("end", '-') AS bigint)) AT TIME ZONE 'UTC' AS timestamp(3))) AS end_time,
    -- as seen from the interface: told by the log, else by which end has a private address
    COALESCE(
        NULLIF(CAST(NULL AS varchar), '-'),
        CASE
            WHEN regexp_like(srcaddr, '^(10[.]|192[.]168[.]|172[.](1[6-9]|2[0-9]|3[01])[.]|100[.](6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])[.]|127[.]|169[.]254[.]|::1$|f[cd][0-9a-f]{2}:|fe80:)') AND NOT regexp_like(dstaddr, '^(10[.]|192[.]168[.]|172[.](1[6-9]|2[0-9]|3[01])[.]|100[.](6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])[.]|127[.]|169[.]254[.]|::1$|f[cd][0-9a-f]{2}:|fe80:)')
                THEN 'egress'
            WHEN regexp_like(dstaddr, '^(10[.]|192[.]168[.]|172[.](1[6-9]|2[0-9]|3[01])[.]|100[.](6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])[.]|127[.]|169[.]254[.]|::1$|f[cd][0-9a-f]{2}:|fe80:)') AND NOT regexp_like(srcaddr, '^(10[.]|192[.]168[.]|172[.](1[6-9]|2[0-9]|3[01])[.]|100[.](6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])[.]|127[.]|169[.]254[.]|::1$|f[cd][0-9a-f]{2}:|fe80:)')
                THEN 'ingress'
        END
    ) AS direction,
    regexp_like(srcaddr, '^(10[.]|192[.]168[.]|172[.](1[6-9]|2[0-9]|3[01])[.]|100[.](6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])[.]|127[.]|169[.]254[.]|::1$|f[cd][0-9a-f]{2}:|fe80:)') AS source_is_private,
    regexp_like(dstaddr, '^(10[.]|192[.]168[.]|172[.](1[6-9]|2[0-9]|3[01])[.]|100[.](6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])[.]|127[.]|169[.]254[.]|::1$|f[cd][0-9a-f]{2}:|fe80:)') AS target_is_private,
    NULLIF(CAST(NULL AS varchar), '-') AS pkt_srcaddr,
    NULLIF(CAST(NULL AS varchar), '-') AS pkt_dstaddr,
    NULLIF(CAST(NULL AS varchar), '-') AS pkt_src_aws_service,
    NULLIF(CAST(NULL AS varchar), '-') AS pkt_dst_aws_service,
    TRY_CAST(NULLIF(CAST(NULL AS varchar), '-') AS integer) AS tcp_flags,
    -- of all packets in the window; ACK is logged only beside SYN
    NULLIF(ARRAY_JOIN(ARRAY[
        CASE WHEN BITWISE_AND(TRY_CAST(NULLIF(CAST(NULL AS varchar), '-') AS integer), 2) > 0 THEN 'SYN' END,
        CASE WHEN BITWISE_AND(TRY_CAST(NULLIF(CAST(NULL AS varchar), '-') AS integer), 16) > 0 THEN 'ACK' END,
        CASE WHEN BITWISE_AND(TRY_CAST(NULLIF(CAST(NULL AS varchar), '-') AS integer), 1) > 0 THEN 'FIN' END,
        CASE WHEN BITWISE_AND(TRY_CAST(NULLIF(CAST(NULL AS varchar), '-') AS integer), 4) > 0 THEN 'RST' END
    ], ' '), '') AS tcp_flag_names,
    NULLIF(CAST(NULL AS varchar), '-') AS flow_direction,
    TRY_CAST(NULLIF(CAST(NULL AS varchar), '-') AS integer) AS traffic_path,
    NULLIF(interface_id, '-') AS interface_id,
    NULLIF(CAST(NULL AS varchar), '-') AS instance_id,
    NULLIF(CAST(NULL AS varchar), '-') AS vpc_id,
    NULLIF(CAST(NULL AS varchar), '-') AS subnet_id,
    NULLIF(CAST(NULL AS varchar), '-') AS type,
    NULLIF(account_id, '-') AS interface_account_id,
    NULLIF(CAST(NULL AS varchar), '-') AS interface_region,
    NULLIF(CAST(NULL AS varchar), '-') AS az_id,
    NULLIF(CAST(NULL AS varchar), '-') AS sublocation_type,
    NULLIF(CAST(NULL AS varchar), '-') AS sublocation_id,
    NULLIF(CAST(NULL AS varchar), '-') AS ecs_cluster_arn,
    NULLIF(CAST(NULL AS varchar), '-') AS ecs_cluster_name,
    NULLIF(CAST(NULL AS varchar), '-') AS ecs_container_instance_arn,
    NULLIF(CAST(NULL AS varchar), '-') AS ecs_container_instance_id,
    NULLIF(CAST(NULL AS varchar), '-') AS ecs_container_id,
    NULLIF(CAST(NULL AS varchar), '-') AS ecs_second_container_id,
    NULLIF(CAST(NULL AS varchar), '-') AS ecs_service_name,
    NULLIF(CAST(NULL AS varchar), '-') AS ecs_task_definition_arn,
    NULLIF(CAST(NULL AS varchar), '-') AS ecs_task_arn,
    NULLIF(CAST(NULL AS varchar), '-') AS ecs_task_id,
    NULLIF(CAST(NULL AS varchar), '-') AS reject_reason,
    NULLIF(CAST(NULL AS varchar), '-') AS resource_id,
    TRY_CAST(NULLIF(CAST(NULL AS varchar), '-') AS integer) AS encryption_status,
    NULLIF(CAST(NULL AS varchar), '-') AS instance_tag,
    NULLIF(CAST(NULL AS varchar), '-') AS instance_tag_2,
    NULLIF(CAST(NULL AS varchar), '-') AS interface_tag,
    NULLIF(CAST(NULL AS varchar), '-') AS interface_tag_2,
    NULLIF(CAST(NULL AS varchar), '-') AS asg_tag,
    NULLIF(CAST(NULL AS varchar), '-') AS asg_tag_2,
    NULLIF(CAST(NULL AS varchar), '-') AS interface_type,
    NULLIF(CAST(NULL AS varchar), '-') AS next_hop_interface_id,
    NULLIF(CAST(NULL AS varchar), '-') AS next_hop_subnet_id,
    NULLIF(CAST(NULL AS varchar), '-') AS next_hop_az_id,
    NULLIF(CAST(NULL AS varchar), '-') AS next_hop_vpc_id,
    NULLIF(CAST(NULL AS varchar), '-') AS next_hop_interface_type,
    NULLIF(CAST(NULL AS varchar), '-') AS resource_type,
    NULLIF(CAST(NULL AS varchar), '-') AS tgw_id,
    NULLIF(CAST(NULL AS varchar), '-') AS tgw_attachment_id,
    NULLIF(CAST(NULL AS varchar), '-') AS tgw_src_vpc_account_id,
    NULLIF(CAST(NULL AS varchar), '-') AS tgw_dst_vpc_account_id,
    NULLIF(CAST(NULL AS varchar), '-') AS tgw_src_vpc_id,
    NULLIF(CAST(NULL AS varchar), '-') AS tgw_dst_vpc_id,
    NULLIF(CAST(NULL AS varchar), '-') AS tgw_src_subnet_id,
    NULLIF(CAST(NULL AS varchar), '-') AS tgw_dst_subnet_id,
    NULLIF(CAST(NULL AS varchar), '-') AS tgw_src_eni,
    NULLIF(CAST(NULL AS varchar), '-') AS tgw_dst_eni,
    NULLIF(CAST(NULL AS varchar), '-') AS tgw_src_az_id,
    NULLIF(CAST(NULL AS varchar), '-') AS tgw_dst_az_id,
    NULLIF(CAST(NULL AS varchar), '-') AS tgw_pair_attachment_id,
    TRY_CAST(NULLIF(CAST(NULL AS varchar), '-') AS bigint) AS packets_lost_no_route,
    TRY_CAST(NULLIF(CAST(NULL AS varchar), '-') AS bigint) AS packets_lost_blackhole,
    TRY_CAST(NULLIF(CAST(NULL AS varchar), '-') AS bigint) AS packets_lost_mtu_exceeded,
    TRY_CAST(NULLIF(CAST(NULL AS varchar), '-') AS bigint) AS packets_lost_ttl_expired,
    TRY_CAST(NULLIF(version, '-') AS integer) AS version,
    day,
    "$path" AS log_file
FROM vpcflow_raw
-- a word too many or too few in a line shifts all that follow it: what then stands in these places
-- is no time of 2014 to 2099, no protocol and no action
WHERE
    TRY_CAST(COALESCE(NULLIF("start", '-'), NULLIF("end", '-')) AS bigint) >= 1388534400
    AND TRY_CAST(COALESCE(NULLIF("end", '-'), NULLIF("start", '-')) AS bigint) BETWEEN TRY_CAST(COALESCE(NULLIF("start", '-'), NULLIF("end", '-')) AS bigint) AND 4102444799
    AND TRY_CAST(COALESCE(NULLIF(protocol, '-'), NULLIF('0', '-')) AS integer) BETWEEN 0 AND 255
    AND COALESCE(action, '-') IN ('ACCEPT', 'REJECT', '-')
    AND COALESCE(log_status, '-') IN ('OK', 'NODATA', 'SKIPDATA', '-');

CREATE EXTERNAL TABLE IF NOT EXISTS `vpcflow_lines` (
    line string COMMENT 'the line as delivered'
)
PARTITIONED BY (log_account_id string, log_region string, day string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'
WITH SERDEPROPERTIES ('serialization.format'='1', 'input.regex'='(.*)')
STORED AS
    INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
    OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://<bucket flow>/logs/AWSLogs/'
TBLPROPERTIES (
    'skip.header.line.count'='1',
    'projection.enabled'='true',
    'projection.log_account_id.type'='enum',
    'projection.log_account_id.values'='111122223333,444455556666',
    'projection.log_region.type'='enum',
    'projection.log_region.values'='us-east-1,eu-west-1',
    'projection.day.type'='date',
    'projection.day.format'='yyyy/MM/dd',
    'projection.day.range'='2024/01/01,NOW',
    'projection.day.interval'='1',
    'projection.day.interval.unit'='DAYS',
    'storage.location.template'='s3://<bucket flow>/logs/AWSLogs/${log_account_id}/vpcflowlogs/${log_region}/${day}/'
);

CREATE OR REPLACE VIEW vpcflow_unparsed AS
SELECT
    log_account_id AS account_id,
    log_region AS region,
    day,
    line,
    "$path" AS log_file
FROM vpcflow_lines
WHERE
    NOT COALESCE(TRY_CAST(COALESCE(NULLIF(element_at(split(line, ' '), 11), '-'), NULLIF(element_at(split(line, ' '), 12), '-')) AS bigint) >= 1388534400
    AND TRY_CAST(COALESCE(NULLIF(element_at(split(line, ' '), 12), '-'), NULLIF(element_at(split(line, ' '), 11), '-')) AS bigint) BETWEEN TRY_CAST(COALESCE(NULLIF(element_at(split(line, ' '), 11), '-'), NULLIF(element_at(split(line, ' '), 12), '-')) AS bigint) AND 4102444799
    AND TRY_CAST(COALESCE(NULLIF(element_at(split(line, ' '), 8), '-'), NULLIF('0', '-')) AS integer) BETWEEN 0 AND 255
    AND COALESCE(element_at(split(line, ' '), 13), '-') IN ('ACCEPT', 'REJECT', '-')
    AND COALESCE(element_at(split(line, ' '), 14), '-') IN ('OK', 'NODATA', 'SKIPDATA', '-'), FALSE)
    AND NOT COALESCE(starts_with(line, '#') OR element_at(split(line, ' '), 1) = 'version', FALSE);
