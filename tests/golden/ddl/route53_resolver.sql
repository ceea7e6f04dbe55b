CREATE EXTERNAL TABLE IF NOT EXISTS `route53_resolver_raw` (
    version string COMMENT 'version of the record format',
    account_id string COMMENT 'owner of the VPC',
    region string COMMENT 'region of the VPC',
    vpc_id string COMMENT 'VPC that the query came from; absent for a Route 53 Profile',
    resource_id string COMMENT 'what the configuration hangs on where that is no VPC',
    query_timestamp string COMMENT 'ISO 8601, UTC, whole seconds',
    query_name string COMMENT 'name asked for, with the closing dot',
    query_type string COMMENT 'A, AAAA, TXT and so on',
    query_class string COMMENT 'IN',
    rcode string COMMENT 'NOERROR, NXDOMAIN, SERVFAIL and so on',
    answers array<struct<Rdata: string, Type: string, Class: string>>
        COMMENT 'the chain of names and the addresses, in the order of the answer',
    srcaddr string COMMENT 'address that asked',
    srcport string COMMENT 'port that asked',
    transport string COMMENT 'UDP, TCP or DOH',
    srcids struct<instance: string, resolver_endpoint: string, resolver_network_interface: string>
        COMMENT 'who asked; the instance is absent for containers and functions',
    firewall_rule_action string COMMENT 'ALLOW, ALERT or BLOCK, only where a DNS Firewall rule matched',
    firewall_rule_group_id string COMMENT 'rule group that matched',
    firewall_domain_list_id string COMMENT 'domain list that matched',
    additional_properties struct<is_delayed: string> COMMENT 'a record that came late says so'
)
PARTITIONED BY (log_account_id string, vpc string, day string)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('ignore.malformed.json'='true')
STORED AS
    INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
    OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://<bucket dns>/logs/AWSLogs/'
TBLPROPERTIES (
    'projection.enabled'='true',
    'projection.log_account_id.type'='enum',
    'projection.log_account_id.values'='111122223333,444455556666',
    'projection.vpc.type'='enum',
    'projection.vpc.values'='<vpc>',
    'projection.day.type'='date',
    'projection.day.format'='yyyy/MM/dd',
    'projection.day.range'='2024/01/01,NOW',
    'projection.day.interval'='1',
    'projection.day.interval.unit'='DAYS',
    'storage.location.template'='s3://<bucket dns>/logs/AWSLogs/${log_account_id}/vpcdnsquerylogs/${vpc}/${day}/'
);

CREATE OR REPLACE VIEW route53_resolver AS
SELECT
    TRY(CAST(from_iso8601_timestamp(query_timestamp) AT TIME ZONE 'UTC' AS timestamp(3))) AS event_time,
    log_account_id AS account_id,
    -- no folder tells it
    region,
    COALESCE(srcids.instance, srcids.resolver_network_interface, srcaddr) AS actor,
    srcaddr AS source_ip,
    query_type AS event_name,
    lower(rtrim(query_name, '.')) AS target,
    CASE
        WHEN firewall_rule_action = 'BLOCK' THEN 'denied'
        WHEN rcode = 'REFUSED' THEN 'denied'
        WHEN rcode = 'NOERROR' THEN 'success'
        WHEN rcode IS NOT NULL THEN 'failure'
    END AS outcome,
    CAST(NULL AS varchar) AS event_id,
    lower(rtrim(query_name, '.')) AS query_name,
    query_type,
    rcode,
    TRANSFORM(
        FILTER(answers, a -> a.Type IN ('A', 'AAAA')), a -> a.Rdata
    ) AS answer_addresses,
    -- names that the one asked for is an alias of
    TRANSFORM(
        FILTER(answers, a -> a.Type = 'CNAME'), a -> lower(rtrim(a.Rdata, '.'))
    ) AS answer_names,
    TRANSFORM(answers, a -> a.Type || ' ' || a.Rdata) AS answer_records,
    srcids.instance AS instance_id,
    srcids.resolver_endpoint AS resolver_endpoint_id,
    srcids.resolver_network_interface AS resolver_interface_id,
    srcaddr,
    TRY_CAST(srcport AS integer) AS srcport,
    transport,
    COALESCE(vpc_id, resource_id) AS vpc_id,
    -- whose folder the record was in
    vpc,
    COALESCE(
        regexp_extract(lower(rtrim(query_name, '.')), '[^.]+[.](co|com|net|org|gov|edu|ac|or|ne|go)[.][a-z]{2}$'),
        regexp_extract(lower(rtrim(query_name, '.')), '[^.]+[.][^.]+$'),
        lower(rtrim(query_name, '.'))
    ) AS parent_domain,
    LENGTH(lower(rtrim(query_name, '.'))) AS name_length,
    firewall_rule_action,
    firewall_rule_group_id,
    firewall_domain_list_id,
    additional_properties.is_delayed = 'true' AS is_delayed,
    account_id AS vpc_account_id,
    query_class,
    answers,
    version,
    day,
    "$path" AS log_file
FROM route53_resolver_raw
WHERE
    TRY(CAST(from_iso8601_timestamp(query_timestamp) AT TIME ZONE 'UTC' AS timestamp(3))) IS NOT NULL
    AND query_name IS NOT NULL;

CREATE EXTERNAL TABLE IF NOT EXISTS `route53_resolver_lines` (
    line string COMMENT 'the line as delivered'
)
PARTITIONED BY (log_account_id string, vpc string, day string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'
WITH SERDEPROPERTIES ('serialization.format'='1', 'input.regex'='(.*)')
STORED AS
    INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
    OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://<bucket dns>/logs/AWSLogs/'
TBLPROPERTIES (
    'projection.enabled'='true',
    'projection.log_account_id.type'='enum',
    'projection.log_account_id.values'='111122223333,444455556666',
    'projection.vpc.type'='enum',
    'projection.vpc.values'='<vpc>',
    'projection.day.type'='date',
    'projection.day.format'='yyyy/MM/dd',
    'projection.day.range'='2024/01/01,NOW',
    'projection.day.interval'='1',
    'projection.day.interval.unit'='DAYS',
    'storage.location.template'='s3://<bucket dns>/logs/AWSLogs/${log_account_id}/vpcdnsquerylogs/${vpc}/${day}/'
);

CREATE OR REPLACE VIEW route53_resolver_unparsed AS
SELECT
    log_account_id AS account_id,
    vpc,
    day,
    line,
    "$path" AS log_file
FROM route53_resolver_lines
WHERE
    NOT COALESCE(TRY(CAST(from_iso8601_timestamp(COALESCE(json_extract_scalar(line, '$["query_timestamp"]'), NULLIF(json_format(json_extract(line, '$["query_timestamp"]')), 'null'))) AT TIME ZONE 'UTC' AS timestamp(3))) IS NOT NULL
    AND COALESCE(json_extract_scalar(line, '$["query_name"]'), NULLIF(json_format(json_extract(line, '$["query_name"]')), 'null')) IS NOT NULL, FALSE);
