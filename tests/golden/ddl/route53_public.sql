CREATE EXTERNAL TABLE IF NOT EXISTS `route53_public_raw` (
    `version` string COMMENT 'version of the record format, 1.0',
    `query_timestamp` string COMMENT 'ISO 8601, UTC, milliseconds',
    `hosted_zone_id` string COMMENT 'zone that answered',
    `query_name` string COMMENT 'name asked for, other characters than ASCII as octal escapes',
    `query_type` string COMMENT 'A, AAAA, TXT and so on',
    `response_code` string COMMENT 'NOERROR, NXDOMAIN, SERVFAIL, REFUSED and so on',
    `protocol` string COMMENT 'TCP or UDP',
    `edge_location` string COMMENT 'airport code and number of the edge that answered',
    `resolver_ip` string COMMENT 'address of the resolver that asked',
    `edns_client_subnet` string COMMENT 'part of the client address that the resolver told, or -',
    `extra` string COMMENT 'fields of the future'
)

ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'
WITH SERDEPROPERTIES (
    'serialization.format'='1',
    'input.regex'='(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z )?([0-9]+[.][0-9]+) ([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z) ([A-Z0-9]+) ([^ ]+) ([^ ]+) ([A-Z0-9]+) ([A-Z]+) ([^ ]+) ([0-9a-fA-F:.]+) ([^ ]+)( .*)?'
)
STORED AS
    INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
    OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://<bucket public_dns>/logs/'
TBLPROPERTIES (
    'projection.enabled'='false'
);

CREATE OR REPLACE VIEW route53_public AS
SELECT
    TRY(CAST(from_iso8601_timestamp(query_timestamp) AT TIME ZONE 'UTC' AS timestamp(3))) AS event_time,
    -- neither is in the line or the folder
    CAST(NULL AS varchar) AS account_id,
    CAST(NULL AS varchar) AS region,
    -- who asked is not known, only whose resolver
    resolver_ip AS actor,
    resolver_ip AS source_ip,
    query_type AS event_name,
    lower(rtrim(query_name, '.')) AS target,
    CASE response_code
        WHEN 'NOERROR' THEN 'success'
        WHEN 'REFUSED' THEN 'denied'
        ELSE 'failure'
    END AS outcome,
    CAST(NULL AS varchar) AS event_id,
    lower(rtrim(query_name, '.')) AS query_name,
    query_type,
    response_code,
    resolver_ip,
    NULLIF(edns_client_subnet, '-') AS edns_client_subnet,
    hosted_zone_id,
    edge_location,
    protocol,
    COALESCE(
        regexp_extract(lower(rtrim(query_name, '.')), '[^.]+[.](co|com|net|org|gov|edu|ac|or|ne|go)[.][a-z]{2}$'),
        regexp_extract(lower(rtrim(query_name, '.')), '[^.]+[.][^.]+$'),
        lower(rtrim(query_name, '.'))
    ) AS parent_domain,
    version,
    date_format(TRY(CAST(from_iso8601_timestamp(query_timestamp) AT TIME ZONE 'UTC' AS timestamp(3))), '%Y/%m/%d') AS day,
    "$path" AS log_file
FROM route53_public_raw
WHERE
    TRY(CAST(from_iso8601_timestamp(query_timestamp) AT TIME ZONE 'UTC' AS timestamp(3))) IS NOT NULL;

CREATE EXTERNAL TABLE IF NOT EXISTS `route53_public_lines` (
    line string COMMENT 'the line as delivered'
)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'
WITH SERDEPROPERTIES ('serialization.format'='1', 'input.regex'='(.*)')
STORED AS
    INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
    OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://<bucket public_dns>/logs/'
TBLPROPERTIES (
    'projection.enabled'='false'
);

CREATE OR REPLACE VIEW route53_public_unparsed AS
SELECT
    CAST(NULL AS varchar) AS day,
    line,
    "$path" AS log_file
FROM route53_public_lines
WHERE
    NOT COALESCE(TRY(CAST(from_iso8601_timestamp(regexp_extract(line, '(?s)^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z )?([0-9]+[.][0-9]+) ([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z) ([A-Z0-9]+) ([^ ]+) ([^ ]+) ([A-Z0-9]+) ([A-Z]+) ([^ ]+) ([0-9a-fA-F:.]+) ([^ ]+)( .*)?$', 2)) AT TIME ZONE 'UTC' AS timestamp(3))) IS NOT NULL, FALSE)
    AND NOT regexp_like("$path", '(^|[/_])(aws\-logs\-write\-test)([/_]|$)');
