CREATE EXTERNAL TABLE IF NOT EXISTS `cloudfront_raw` (
    `date` string COMMENT 'day of the event, UTC',
    `time` string COMMENT 'end of the answer, UTC, whole seconds',
    `x_edge_location` string COMMENT 'edge location that answered',
    `sc_bytes` string COMMENT 'bytes to the viewer',
    `c_ip` string COMMENT 'address of the viewer, or of a proxy before it',
    `cs_method` string COMMENT 'HTTP method',
    `cs_host` string COMMENT 'domain name of the distribution, such as d111111abcdef8.cloudfront.net',
    `cs_uri_stem` string COMMENT 'path',
    `sc_status` string COMMENT 'HTTP status, 000 where the viewer left',
    `cs_referer` string COMMENT 'Referer as sent',
    `cs_user_agent` string COMMENT 'User-Agent as sent',
    `cs_uri_query` string COMMENT 'query string',
    `cs_cookie` string COMMENT 'cookies, where they are logged',
    `x_edge_result_type` string COMMENT 'Hit, Miss, Error, LimitExceeded and others, after the last byte',
    `x_edge_request_id` string COMMENT 'unique id of the request',
    `x_host_header` string COMMENT 'host that the viewer asked for',
    `cs_protocol` string COMMENT 'http, https, ws, wss or grpcs',
    `cs_bytes` string COMMENT 'bytes from the viewer',
    `time_taken` string COMMENT 'seconds from the request to the last byte of the answer',
    `x_forwarded_for` string COMMENT 'what a proxy of the viewer told',
    `ssl_protocol` string COMMENT 'TLS version',
    `ssl_cipher` string COMMENT 'TLS cipher',
    `x_edge_response_result_type` string COMMENT 'result as it was when the answer began',
    `cs_protocol_version` string COMMENT 'HTTP version',
    `fle_status` string COMMENT 'outcome of field-level encryption',
    `fle_encrypted_fields` string COMMENT 'fields that were encrypted',
    `c_port` string COMMENT 'port of the viewer',
    `time_to_first_byte` string COMMENT 'seconds until the first byte of the answer',
    `x_edge_detailed_result_type` string COMMENT 'why the result is an error',
    `sc_content_type` string COMMENT 'Content-Type of the answer',
    `sc_content_len` string COMMENT 'Content-Length of the answer',
    `sc_range_start` string COMMENT 'first byte of the range',
    `sc_range_end` string COMMENT 'last byte of the range',
    `distribution_tenant_id` string COMMENT 'tenant of a multi-tenant distribution',
    `connection_id` string COMMENT 'id of the TLS connection'
)

ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe'
WITH SERDEPROPERTIES ('serialization.format'='\t', 'field.delim'='\t')
STORED AS
    INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
    OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://<bucket cloudfront>/logs/'
TBLPROPERTIES (
    'projection.enabled'='false'
);

CREATE OR REPLACE VIEW cloudfront AS
SELECT
    COALESCE(
        TRY(CAST(from_unixtime(TRY_CAST(CAST(NULL AS varchar) AS double) / 1000) AT TIME ZONE 'UTC' AS timestamp(3))),
        TRY(CAST(from_iso8601_timestamp("date" || 'T' || "time" || 'Z') AT TIME ZONE 'UTC' AS timestamp(3)))
    ) AS event_time,
    CAST(NULL AS varchar) AS account_id,
    -- delivered by a global service
    CAST(NULL AS varchar) AS region,
    NULLIF(c_ip, '-') AS actor,
    NULLIF(c_ip, '-') AS source_ip,
    NULLIF(cs_method, '-') AS event_name,
    lower(COALESCE(NULLIF(x_host_header, '-'), NULLIF(cs_host, '-')))
    || COALESCE(CASE
        WHEN strpos(cs_uri_stem, '%') > 0
            THEN COALESCE(TRY(url_decode(replace(cs_uri_stem, '+', '%2B'))), cs_uri_stem)
        ELSE NULLIF(cs_uri_stem, '-')
    END, '') AS target,
    CASE
        WHEN sc_status IN ('401', '403') THEN 'denied'
        WHEN TRY_CAST(sc_status AS integer) BETWEEN 100 AND 399 THEN 'success'
        WHEN TRY_CAST(sc_status AS integer) IS NOT NULL THEN 'failure'
    END AS outcome,
    NULLIF(x_edge_request_id, '-') AS event_id,
    COALESCE(
        CAST(NULL AS varchar),
        regexp_extract("$path", '(E[0-9A-Z]+)[.][0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{2}[.][^/]*$', 1)
    ) AS distribution_id,
    -- in real-time logs the fields of these two are called the other way round
    lower(NULLIF(x_host_header, '-')) AS host,
    lower(NULLIF(cs_host, '-')) AS distribution_domain,
    CASE
        WHEN strpos(cs_uri_stem, '%') > 0
            THEN COALESCE(TRY(url_decode(replace(cs_uri_stem, '+', '%2B'))), cs_uri_stem)
        ELSE NULLIF(cs_uri_stem, '-')
    END AS uri_path,
    NULLIF(cs_uri_query, '-') AS uri_query,
    CASE
        WHEN regexp_like(lower(concat_ws(' ', cs_uri_stem, cs_uri_query, cs_user_agent)), '169[.]254[.](169[.]254|170[.]2)|fd00:ec2::254|0xa9fea9fe|[/@=]2852039166|latest(/|[\\]|%(25)*(2f|5c))meta-data')
            THEN 'metadata_address'
        WHEN regexp_like(lower(concat_ws(' ', cs_uri_stem, cs_uri_query, cs_user_agent)), '([$]|%(25)*24)([{]|%(25)*7b)(jndi|[^}]{0,40}:-?j([}]|%(25)*7d)|lower:|env:|sys:)')
            THEN 'lookup_injection'
        WHEN regexp_like(lower(concat_ws(' ', cs_uri_stem, cs_uri_query, cs_user_agent)), 'class[.]module[.]classloader|java[.]lang[.](runtime|processbuilder)|call_user_func_array|allow_url_include|php://(input|filter)|(^|[^a-z])(phpunit|_ignition)(/|[\\]|%(25)*(2f|5c))')
            THEN 'code_injection'
        WHEN regexp_like(lower(concat_ws(' ', cs_uri_stem, cs_uri_query, cs_user_agent)), 'union([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+(all([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+)?select|(''|%(25)*27)[)]?([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)*(or|and)([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+[^&]{1,20}((=|%(25)*3d)|like)|(sleep|benchmark|extractvalue|updatexml|load_file|pg_sleep)([(]|%(25)*28)|information_schema|waitfor([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+delay|xp_cmdshell|into([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+(outfile|dumpfile)')
            THEN 'sql_injection'
        WHEN regexp_like(lower(concat_ws(' ', cs_uri_stem, cs_uri_query, cs_user_agent)), '(([.]|%(25)*2e)([.]|%(25)*2e)(/|[\\]|%(25)*(2f|5c))){2}|etc(/|[\\]|%(25)*(2f|5c))(passwd|shadow)|(win|boot)([.]|%(25)*2e)ini|proc(/|[\\]|%(25)*(2f|5c))self(/|[\\]|%(25)*(2f|5c))')
            THEN 'path_traversal'
        WHEN regexp_like(lower(concat_ws(' ', cs_uri_stem, cs_uri_query, cs_user_agent)), '([;|`]|&&|[$][(]|%(25)*(3b|7c|60|26%(25)*26|24%(25)*28))([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)*(cat|id|whoami|wget|curl|nc|bash|sh|powershell|uname|nslookup|ping)($|[^a-z0-9_=.-])|bin(/|[\\]|%(25)*(2f|5c))(ba)?sh|cmd([.]|%(25)*2e)exe')
            THEN 'command_injection'
        WHEN regexp_like(lower(concat_ws(' ', cs_uri_stem, cs_uri_query, cs_user_agent)), '(<|%(25)*3c)(script|svg|img|iframe)|javascript(:|%(25)*3a)|on(error|load)(=|%(25)*3d)|document[.]cookie')
            THEN 'script_injection'
        WHEN regexp_like(lower(concat_ws(' ', cs_uri_stem, cs_uri_query, cs_user_agent)), '/[.](git/|svn/|env([./? ]|$)|aws/|ssh/|htpasswd|npmrc|git-credentials|docker/config)|/id_(rsa|ed25519)|wp-config[.]php[.~]|/(backup|dump|database|db)[.](sql|zip|tgz|tar)')
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
    NULLIF(CAST(NULL AS varchar), '-') AS c_country,
    TRY_CAST(NULLIF(CAST(NULL AS varchar), '-') AS bigint) AS asn,
    NULLIF(sc_content_type, '-') AS sc_content_type,
    TRY_CAST(NULLIF(sc_content_len, '-') AS bigint) AS sc_content_len,
    TRY_CAST(NULLIF(sc_range_start, '-') AS bigint) AS sc_range_start,
    TRY_CAST(NULLIF(sc_range_end, '-') AS bigint) AS sc_range_end,
    NULLIF(fle_status, '-') AS fle_status,
    TRY_CAST(NULLIF(fle_encrypted_fields, '-') AS integer) AS fle_encrypted_fields,
    NULLIF(distribution_tenant_id, '-') AS distribution_tenant_id,
    NULLIF(connection_id, '-') AS connection_id,
    TRY_CAST(NULLIF(CAST(NULL AS varchar), '-') AS double) AS origin_fbl,
    TRY_CAST(NULLIF(CAST(NULL AS varchar), '-') AS double) AS origin_lbl,
    NULLIF(CAST(NULL AS varchar), '-') AS cache_behavior_path_pattern,
    date_format(COALESCE(
        TRY(CAST(from_unixtime(TRY_CAST(CAST(NULL AS varchar) AS double) / 1000) AT TIME ZONE 'UTC' AS timestamp(3))),
        TRY(CAST(from_iso8601_timestamp("date" || 'T' || "time" || 'Z') AT TIME ZONE 'UTC' AS timestamp(3)))
    ), '%Y/%m/%d') AS day,
    "$path" AS log_file
FROM cloudfront_raw
WHERE
    COALESCE(
        TRY(CAST(from_unixtime(TRY_CAST(CAST(NULL AS varchar) AS double) / 1000) AT TIME ZONE 'UTC' AS timestamp(3))),
        TRY(CAST(from_iso8601_timestamp("date" || 'T' || "time" || 'Z') AT TIME ZONE 'UTC' AS timestamp(3)))
    ) IS NOT NULL
    -- a row whose cells were moved by a stray tab has other things here
    AND COALESCE(regexp_like(sc_status, '^(-|[0-9]+)$'), TRUE)
    AND COALESCE(cs_protocol IN ('http', 'https', 'ws', 'wss', 'grpcs', '-'), TRUE)
    AND COALESCE(regexp_like(cs_protocol_version, '^(-|HTTP/.*)$'), TRUE)
    AND COALESCE(regexp_like(c_port, '^(-|[0-9]+)$'), TRUE);

CREATE EXTERNAL TABLE IF NOT EXISTS `cloudfront_lines` (
    line string COMMENT 'the line as delivered'
)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'
WITH SERDEPROPERTIES ('serialization.format'='1', 'input.regex'='(.*)')
STORED AS
    INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
    OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://<bucket cloudfront>/logs/'
TBLPROPERTIES (
    'projection.enabled'='false'
);

CREATE OR REPLACE VIEW cloudfront_unparsed AS
SELECT
    CAST(NULL AS varchar) AS account_id,
    CAST(NULL AS varchar) AS distribution_id,
    CAST(NULL AS varchar) AS day,
    line,
    "$path" AS log_file
FROM cloudfront_lines
WHERE
    NOT COALESCE(COALESCE(
        TRY(CAST(from_unixtime(TRY_CAST(CAST(NULL AS varchar) AS double) / 1000) AT TIME ZONE 'UTC' AS timestamp(3))),
        TRY(CAST(from_iso8601_timestamp(element_at(split(line, chr(9)), 1) || 'T' || element_at(split(line, chr(9)), 2) || 'Z') AT TIME ZONE 'UTC' AS timestamp(3)))
    ) IS NOT NULL
    -- a row whose cells were moved by a stray tab has other things here
    AND COALESCE(regexp_like(element_at(split(line, chr(9)), 9), '^(-|[0-9]+)$'), TRUE)
    AND COALESCE(element_at(split(line, chr(9)), 17) IN ('http', 'https', 'ws', 'wss', 'grpcs', '-'), TRUE)
    AND COALESCE(regexp_like(element_at(split(line, chr(9)), 24), '^(-|HTTP/.*)$'), TRUE)
    AND COALESCE(regexp_like(element_at(split(line, chr(9)), 27), '^(-|[0-9]+)$'), TRUE), FALSE)
    AND NOT COALESCE(starts_with(line, '#') OR element_at(split(line, chr(9)), 1) = 'date', FALSE);
