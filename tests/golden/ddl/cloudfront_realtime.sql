CREATE EXTERNAL TABLE IF NOT EXISTS `cloudfront_realtime_raw` (
    `timestamp` string COMMENT 'when the edge answered, seconds since 1970 with three decimals',
    `c_ip` string COMMENT 'address of the viewer, or of a proxy before it',
    `s_ip` string COMMENT 'address of the edge server',
    `time_to_first_byte` string COMMENT 'seconds until the first byte of the answer',
    `sc_status` string COMMENT 'HTTP status, 000 where the viewer left',
    `sc_bytes` string COMMENT 'bytes to the viewer',
    `cs_method` string COMMENT 'HTTP method',
    `cs_protocol` string COMMENT 'http, https, ws, wss or grpcs',
    `cs_host` string COMMENT 'host that the viewer asked for, unlike in standard logs',
    `cs_uri_stem` string COMMENT 'path and query',
    `cs_bytes` string COMMENT 'bytes from the viewer',
    `x_edge_location` string COMMENT 'edge location that answered',
    `x_edge_request_id` string COMMENT 'unique id of the request',
    `x_host_header` string COMMENT 'domain name of the distribution, unlike in standard logs',
    `time_taken` string COMMENT 'seconds from the request to the last byte of the answer',
    `cs_protocol_version` string COMMENT 'HTTP version',
    `c_ip_version` string COMMENT 'IPv4 or IPv6',
    `cs_user_agent` string COMMENT 'User-Agent as sent',
    `cs_referer` string COMMENT 'Referer as sent',
    `cs_cookie` string COMMENT 'cookies, cut at 800 bytes',
    `cs_uri_query` string COMMENT 'query string',
    `x_edge_response_result_type` string COMMENT 'result as it was when the answer began',
    `x_forwarded_for` string COMMENT 'what a proxy of the viewer told',
    `ssl_protocol` string COMMENT 'TLS version',
    `ssl_cipher` string COMMENT 'TLS cipher',
    `x_edge_result_type` string COMMENT 'Hit, Miss, Error, LimitExceeded and others, after the last byte',
    `fle_encrypted_fields` string COMMENT 'fields that were encrypted',
    `fle_status` string COMMENT 'outcome of field-level encryption',
    `sc_content_type` string COMMENT 'Content-Type of the answer',
    `sc_content_len` string COMMENT 'Content-Length of the answer',
    `sc_range_start` string COMMENT 'first byte of the range',
    `sc_range_end` string COMMENT 'last byte of the range',
    `c_port` string COMMENT 'port of the viewer',
    `x_edge_detailed_result_type` string COMMENT 'why the result is an error',
    `c_country` string COMMENT 'country of the viewer by its address',
    `cs_accept_encoding` string COMMENT 'Accept-Encoding as sent',
    `cs_accept` string COMMENT 'Accept as sent',
    `cache_behavior_path_pattern` string COMMENT 'path pattern of the cache behavior that matched',
    `cs_headers` string COMMENT 'names and values of the headers sent',
    `cs_header_names` string COMMENT 'names of the headers sent',
    `cs_headers_count` string COMMENT 'number of headers sent',
    `primary_distribution_id` string COMMENT 'distribution before a continuous deployment',
    `primary_distribution_dns_name` string COMMENT 'its domain name',
    `origin_fbl` string COMMENT 'seconds until the first byte of the origin',
    `origin_lbl` string COMMENT 'seconds until the last byte of the origin',
    `asn` string COMMENT 'autonomous system of the viewer',
    `cmcd_encoded_bitrate` string COMMENT 'media player data',
    `cmcd_buffer_length` string COMMENT 'media player data',
    `cmcd_buffer_starvation` string COMMENT 'media player data',
    `cmcd_content_id` string COMMENT 'media player data',
    `cmcd_object_duration` string COMMENT 'media player data',
    `cmcd_deadline` string COMMENT 'media player data',
    `cmcd_measured_throughput` string COMMENT 'media player data',
    `cmcd_next_object_request` string COMMENT 'media player data',
    `cmcd_next_range_request` string COMMENT 'media player data',
    `cmcd_object_type` string COMMENT 'media player data',
    `cmcd_playback_rate` string COMMENT 'media player data',
    `cmcd_requested_maximum_throughput` string COMMENT 'media player data',
    `cmcd_streaming_format` string COMMENT 'media player data',
    `cmcd_session_id` string COMMENT 'media player data',
    `cmcd_stream_type` string COMMENT 'media player data',
    `cmcd_startup` string COMMENT 'media player data',
    `cmcd_top_bitrate` string COMMENT 'media player data',
    `cmcd_version` string COMMENT 'media player data',
    `r_host` string COMMENT 'origin that was asked',
    `sr_reason` string COMMENT 'why a second origin was asked',
    `x_edge_mqcs` string COMMENT 'media quality score',
    `distribution_tenant_id` string COMMENT 'tenant of a multi-tenant distribution',
    `connection_id` string COMMENT 'id of the TLS connection'
)
PARTITIONED BY (day string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe'
WITH SERDEPROPERTIES ('serialization.format'='\t', 'field.delim'='\t')
STORED AS
    INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
    OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://<bucket cloudfront_realtime>/logs/'
TBLPROPERTIES (
    'projection.enabled'='true',
    'projection.day.type'='date',
    'projection.day.format'='yyyy/MM/dd',
    'projection.day.range'='2024/01/01,NOW',
    'projection.day.interval'='1',
    'projection.day.interval.unit'='DAYS',
    'storage.location.template'='s3://<bucket cloudfront_realtime>/logs/${day}/'
);

CREATE OR REPLACE VIEW cloudfront_realtime AS
SELECT
    TRY(CAST(from_unixtime(TRY_CAST("timestamp" AS double)) AT TIME ZONE 'UTC' AS timestamp(3))) AS event_time,
    -- neither the record nor the place of a stream tells account or region
    CAST(NULL AS varchar) AS account_id,
    CAST(NULL AS varchar) AS region,
    NULLIF(c_ip, '-') AS actor,
    NULLIF(c_ip, '-') AS source_ip,
    NULLIF(cs_method, '-') AS event_name,
    lower(NULLIF(cs_host, '-'))
    || COALESCE(CASE
        WHEN strpos(split_part(cs_uri_stem, '?', 1), '%') > 0
            THEN COALESCE(TRY(url_decode(replace(split_part(cs_uri_stem, '?', 1), '+', '%2B'))), split_part(cs_uri_stem, '?', 1))
        ELSE NULLIF(split_part(cs_uri_stem, '?', 1), '-')
    END, '') AS target,
    CASE
        WHEN sc_status IN ('401', '403') THEN 'denied'
        WHEN TRY_CAST(sc_status AS integer) BETWEEN 100 AND 399 THEN 'success'
        WHEN TRY_CAST(sc_status AS integer) IS NOT NULL THEN 'failure'
    END AS outcome,
    NULLIF(x_edge_request_id, '-') AS event_id,
    NULLIF(primary_distribution_id, '-') AS distribution_id,
    -- in standard logs the fields of these two are called the other way round
    lower(NULLIF(cs_host, '-')) AS host,
    lower(NULLIF(x_host_header, '-')) AS distribution_domain,
    CASE
        WHEN strpos(split_part(cs_uri_stem, '?', 1), '%') > 0
            THEN COALESCE(TRY(url_decode(replace(split_part(cs_uri_stem, '?', 1), '+', '%2B'))), split_part(cs_uri_stem, '?', 1))
        ELSE NULLIF(split_part(cs_uri_stem, '?', 1), '-')
    END AS uri_path,
    COALESCE(NULLIF(cs_uri_query, '-'), regexp_extract(cs_uri_stem, '[?](.*)$', 1)) AS uri_query,
    CASE
        WHEN regexp_like(lower(concat_ws(' ', cs_uri_stem, cs_uri_query, cs_user_agent, cs_headers)), '169[.]254[.](169[.]254|170[.]2)|fd00:ec2::254|0xa9fea9fe|[/@=]2852039166|latest(/|[\\]|%(25)*(2f|5c))meta-data')
            THEN 'metadata_address'
        WHEN regexp_like(lower(concat_ws(' ', cs_uri_stem, cs_uri_query, cs_user_agent, cs_headers)), '([$]|%(25)*24)([{]|%(25)*7b)(jndi|[^}]{0,40}:-?j([}]|%(25)*7d)|lower:|env:|sys:)')
            THEN 'lookup_injection'
        WHEN regexp_like(lower(concat_ws(' ', cs_uri_stem, cs_uri_query, cs_user_agent, cs_headers)), 'class[.]module[.]classloader|java[.]lang[.](runtime|processbuilder)|call_user_func_array|allow_url_include|php://(input|filter)|(^|[^a-z])(phpunit|_ignition)(/|[\\]|%(25)*(2f|5c))')
            THEN 'code_injection'
        WHEN regexp_like(lower(concat_ws(' ', cs_uri_stem, cs_uri_query, cs_user_agent, cs_headers)), 'union([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+(all([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+)?select|(''|%(25)*27)[)]?([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)*(or|and)([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+[^&]{1,20}((=|%(25)*3d)|like)|(sleep|benchmark|extractvalue|updatexml|load_file|pg_sleep)([(]|%(25)*28)|information_schema|waitfor([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+delay|xp_cmdshell|into([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+(outfile|dumpfile)')
            THEN 'sql_injection'
        WHEN regexp_like(lower(concat_ws(' ', cs_uri_stem, cs_uri_query, cs_user_agent, cs_headers)), '(([.]|%(25)*2e)([.]|%(25)*2e)(/|[\\]|%(25)*(2f|5c))){2}|etc(/|[\\]|%(25)*(2f|5c))(passwd|shadow)|(win|boot)([.]|%(25)*2e)ini|proc(/|[\\]|%(25)*(2f|5c))self(/|[\\]|%(25)*(2f|5c))')
            THEN 'path_traversal'
        WHEN regexp_like(lower(concat_ws(' ', cs_uri_stem, cs_uri_query, cs_user_agent, cs_headers)), '([;|`]|&&|[$][(]|%(25)*(3b|7c|60|26%(25)*26|24%(25)*28))([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)*(cat|id|whoami|wget|curl|nc|bash|sh|powershell|uname|nslookup|ping)($|[^a-z0-9_=.-])|bin(/|[\\]|%(25)*(2f|5c))(ba)?sh|cmd([.]|%(25)*2e)exe')
            THEN 'command_injection'
        WHEN regexp_like(lower(concat_ws(' ', cs_uri_stem, cs_uri_query, cs_user_agent, cs_headers)), '(<|%(25)*3c)(script|svg|img|iframe)|javascript(:|%(25)*3a)|on(error|load)(=|%(25)*3d)|document[.]cookie')
            THEN 'script_injection'
        WHEN regexp_like(lower(concat_ws(' ', cs_uri_stem, cs_uri_query, cs_user_agent, cs_headers)), '/[.](git/|svn/|env([./? ]|$)|aws/|ssh/|htpasswd|npmrc|git-credentials|docker/config)|/id_(rsa|ed25519)|wp-config[.]php[.~]|/(backup|dump|database|db)[.](sql|zip|tgz|tar)')
            THEN 'secret_file'
    END AS probe,
    TRY_CAST(NULLIF(sc_status, '-') AS integer) AS sc_status,
    TRY_CAST(NULLIF(sc_bytes, '-') AS bigint) AS sc_bytes,
    TRY_CAST(NULLIF(cs_bytes, '-') AS bigint) AS cs_bytes,
    TRY_CAST(NULLIF(time_taken, '-') AS double) AS time_taken,
    TRY_CAST(NULLIF(time_to_first_byte, '-') AS double) AS time_to_first_byte,
    CASE
        WHEN strpos(cs_referer, '%') > 0
            THEN COALESCE(TRY(url_decode(replace(cs_referer, '+', '%2B'))), cs_referer)
        ELSE NULLIF(cs_referer, '-')
    END AS referer,
    CASE
        WHEN strpos(cs_user_agent, '%') > 0
            THEN COALESCE(TRY(url_decode(replace(cs_user_agent, '+', '%2B'))), cs_user_agent)
        ELSE NULLIF(cs_user_agent, '-')
    END AS user_agent,
    NULLIF(cs_cookie, '-') AS cookie,
    NULLIF(x_edge_location, '-') AS edge_location,
    NULLIF(x_edge_result_type, '-') AS result_type,
    NULLIF(x_edge_response_result_type, '-') AS response_result_type,
    NULLIF(x_edge_detailed_result_type, '-') AS detailed_result_type,
    NULLIF(cs_protocol, '-') AS protocol,
    NULLIF(cs_protocol_version, '-') AS protocol_version,
    NULLIF(x_forwarded_for, '-') AS x_forwarded_for,
    NULLIF(ssl_protocol, '-') AS ssl_protocol,
    NULLIF(ssl_cipher, '-') AS ssl_cipher,
    TRY_CAST(NULLIF(c_port, '-') AS integer) AS c_port,
    NULLIF(c_country, '-') AS c_country,
    TRY_CAST(NULLIF(asn, '-') AS bigint) AS asn,
    NULLIF(s_ip, '-') AS s_ip,
    NULLIF(c_ip_version, '-') AS c_ip_version,
    CASE
        WHEN strpos(cs_accept, '%') > 0
            THEN COALESCE(TRY(url_decode(replace(cs_accept, '+', '%2B'))), cs_accept)
        ELSE NULLIF(cs_accept, '-')
    END AS accept,
    CASE
        WHEN strpos(cs_accept_encoding, '%') > 0
            THEN COALESCE(TRY(url_decode(replace(cs_accept_encoding, '+', '%2B'))), cs_accept_encoding)
        ELSE NULLIF(cs_accept_encoding, '-')
    END AS accept_encoding,
    CASE
        WHEN strpos(cs_headers, '%') > 0
            THEN COALESCE(TRY(url_decode(replace(cs_headers, '+', '%2B'))), cs_headers)
        ELSE NULLIF(cs_headers, '-')
    END AS headers,
    CASE
        WHEN strpos(cs_header_names, '%') > 0
            THEN COALESCE(TRY(url_decode(replace(cs_header_names, '+', '%2B'))), cs_header_names)
        ELSE NULLIF(cs_header_names, '-')
    END AS header_names,
    TRY_CAST(NULLIF(cs_headers_count, '-') AS integer) AS headers_count,
    NULLIF(sc_content_type, '-') AS sc_content_type,
    TRY_CAST(NULLIF(sc_content_len, '-') AS bigint) AS sc_content_len,
    TRY_CAST(NULLIF(sc_range_start, '-') AS bigint) AS sc_range_start,
    TRY_CAST(NULLIF(sc_range_end, '-') AS bigint) AS sc_range_end,
    NULLIF(fle_status, '-') AS fle_status,
    TRY_CAST(NULLIF(fle_encrypted_fields, '-') AS integer) AS fle_encrypted_fields,
    NULLIF(primary_distribution_dns_name, '-') AS primary_distribution_dns_name,
    NULLIF(distribution_tenant_id, '-') AS distribution_tenant_id,
    NULLIF(connection_id, '-') AS connection_id,
    TRY_CAST(NULLIF(origin_fbl, '-') AS double) AS origin_fbl,
    TRY_CAST(NULLIF(origin_lbl, '-') AS double) AS origin_lbl,
    NULLIF(r_host, '-') AS r_host,
    NULLIF(sr_reason, '-') AS sr_reason,
    NULLIF(cmcd_content_id, '-') AS cmcd_content_id,
    NULLIF(cmcd_session_id, '-') AS cmcd_session_id,
    NULLIF(cache_behavior_path_pattern, '-') AS cache_behavior_path_pattern,
    day,
    "$path" AS log_file
FROM cloudfront_realtime_raw
WHERE
    TRY(CAST(from_unixtime(TRY_CAST("timestamp" AS double)) AT TIME ZONE 'UTC' AS timestamp(3))) IS NOT NULL
    -- a row whose cells were moved, or of other fields than the table's, has other things here
    AND COALESCE(regexp_like(sc_status, '^(-|[0-9]+)$'), TRUE)
    AND COALESCE(cs_protocol IN ('http', 'https', 'ws', 'wss', 'grpcs', '-'), TRUE)
    AND COALESCE(regexp_like(cs_protocol_version, '^(-|HTTP/.*)$'), TRUE)
    AND COALESCE(regexp_like(c_port, '^(-|[0-9]+)$'), TRUE);

CREATE EXTERNAL TABLE IF NOT EXISTS `cloudfront_realtime_lines` (
    line string COMMENT 'the line as delivered'
)
PARTITIONED BY (day string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'
WITH SERDEPROPERTIES ('serialization.format'='1', 'input.regex'='(.*)')
STORED AS
    INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
    OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://<bucket cloudfront_realtime>/logs/'
TBLPROPERTIES (
    'projection.enabled'='true',
    'projection.day.type'='date',
    'projection.day.format'='yyyy/MM/dd',
    'projection.day.range'='2024/01/01,NOW',
    'projection.day.interval'='1',
    'projection.day.interval.unit'='DAYS',
    'storage.location.template'='s3://<bucket cloudfront_realtime>/logs/${day}/'
);

CREATE OR REPLACE VIEW cloudfront_realtime_unparsed AS
SELECT
    day,
    line,
    "$path" AS log_file
FROM cloudfront_realtime_lines
WHERE
    NOT COALESCE(TRY(CAST(from_unixtime(TRY_CAST(element_at(split(line, chr(9)), 1) AS double)) AT TIME ZONE 'UTC' AS timestamp(3))) IS NOT NULL
    -- a row whose cells were moved, or of other fields than the table's, has other things here
    AND COALESCE(regexp_like(element_at(split(line, chr(9)), 5), '^(-|[0-9]+)$'), TRUE)
    AND COALESCE(element_at(split(line, chr(9)), 8) IN ('http', 'https', 'ws', 'wss', 'grpcs', '-'), TRUE)
    AND COALESCE(regexp_like(element_at(split(line, chr(9)), 16), '^(-|HTTP/.*)$'), TRUE)
    AND COALESCE(regexp_like(element_at(split(line, chr(9)), 33), '^(-|[0-9]+)$'), TRUE), FALSE)
    AND NOT COALESCE(starts_with(line, '#') OR element_at(split(line, chr(9)), 1) = 'timestamp', FALSE);
