CREATE EXTERNAL TABLE IF NOT EXISTS `alb_raw` (
    `type` string COMMENT 'http, https, h2, grpcs, ws or wss',
    `time` string COMMENT 'end of the request, ISO 8601, UTC, microseconds',
    elb string COMMENT 'load balancer as app/NAME/ID',
    client_ip string COMMENT 'address of the client',
    client_port string COMMENT 'port of the client',
    target_ip string COMMENT 'target that got the request; NULL where none did, or a function',
    target_port string COMMENT 'port of the target',
    request_processing_time string COMMENT 'seconds until a target got the request, or -1',
    target_processing_time string COMMENT 'seconds until the target began to answer, or -1',
    response_processing_time string COMMENT 'seconds until the answer was passed on, or -1',
    elb_status_code string COMMENT 'status that the client got',
    target_status_code string COMMENT 'status that the target gave',
    received_bytes string COMMENT 'bytes from the client',
    sent_bytes string COMMENT 'bytes to the client',
    request_verb string COMMENT 'HTTP method',
    request_url string COMMENT 'protocol://host:port/path?query as sent, quotes as \\x22',
    request_proto string COMMENT 'HTTP version',
    user_agent string COMMENT 'cut at 8 KB',
    ssl_cipher string COMMENT 'cipher of the listener, - for HTTP',
    ssl_protocol string COMMENT 'TLS version of the listener, - for HTTP',
    target_group_arn string COMMENT 'ARN of the target group',
    trace_id string COMMENT 'X-Amzn-Trace-Id, of which the client may have sent a part',
    domain_name string COMMENT 'server name that the client asked for in TLS',
    chosen_cert_arn string COMMENT 'ARN of the certificate shown, or session-reused',
    matched_rule_priority string COMMENT 'priority of the listener rule, 0 for the default, -1 for an error',
    request_creation_time string COMMENT 'when the request came in, ISO 8601, UTC',
    actions_executed string COMMENT 'comma-separated: authenticate, forward, redirect, waf and others',
    redirect_url string COMMENT 'where the answer redirects to',
    error_reason string COMMENT 'code of a failed authentication, function or WAF',
    target_port_list string COMMENT 'targets as address:port, blank-separated',
    target_status_code_list string COMMENT 'their statuses, blank-separated',
    classification string COMMENT 'desync guard: Acceptable, Ambiguous or Severe',
    classification_reason string COMMENT 'why it is not Acceptable',
    conn_trace_id string COMMENT 'id of the connection, also in the connection log, since 2024',
    transformed_host string COMMENT 'host after the rewrite of a rule, since 2025',
    transformed_uri string COMMENT 'path and query after the rewrite, since 2025',
    request_transform_status string COMMENT 'TransformSuccess or why not, since 2025',
    lb_node_ip string COMMENT 'address of the node, since 2026',
    extra string COMMENT 'fields that are newer than this table'
)
PARTITIONED BY (account_id string, region string, day string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'
WITH SERDEPROPERTIES (
    'serialization.format'='1',
    'input.regex'='([^ ]*) ([^ ]*) ([^ ]*) (?:([^ ]*):([0-9]+)|-) (?:([^ ]*):([0-9]+)|-) ([-.0-9]*) ([-.0-9]*) ([-.0-9]*) ([^ ]*) ([^ ]*) ([-0-9]*) ([-0-9]*) "([^ ]*) (.*?) ([^ "]*)" "(.*)" ([^ "]+) ([^ "]+) ([^ "]+) "([^"]*)" "([^"]*)" "([^"]*)" ([^ "]+) ([^ "]+) "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: ([^ "]+)(?: (?:"([^"]*)"|-)(?: (?:"([^"]*)"|-)(?: (?:"([^"]*)"|-)(?: ([^ "]+)( .*)?)?)?)?)?)?)?)?)?)?)?)? ?'
)
STORED AS
    INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
    OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://<bucket alb>/logs/AWSLogs/'
TBLPROPERTIES (
    'projection.enabled'='true',
    'projection.account_id.type'='enum',
    'projection.account_id.values'='111122223333,444455556666',
    'projection.region.type'='enum',
    'projection.region.values'='us-east-1,eu-west-1',
    'projection.day.type'='date',
    'projection.day.format'='yyyy/MM/dd',
    'projection.day.range'='2024/01/01,NOW',
    'projection.day.interval'='1',
    'projection.day.interval.unit'='DAYS',
    'storage.location.template'='s3://<bucket alb>/logs/AWSLogs/${account_id}/elasticloadbalancing/${region}/${day}/'
);

CREATE OR REPLACE VIEW alb AS
SELECT
    TRY(CAST(from_iso8601_timestamp("time") AT TIME ZONE 'UTC' AS timestamp(3))) AS event_time,
    account_id,
    region,
    NULLIF(CASE WHEN client_ip LIKE '[%]' THEN substr(client_ip, 2, length(client_ip) - 2) ELSE client_ip END, '-') AS actor,
    NULLIF(CASE WHEN client_ip LIKE '[%]' THEN substr(client_ip, 2, length(client_ip) - 2) ELSE client_ip END, '-') AS source_ip,
    NULLIF(request_verb, '-') AS event_name,
    lower(regexp_extract(request_url, '^[A-Za-z]+://(.*?)(?::[0-9]*)?(?:[/?]|$)', 1)) || regexp_extract(request_url, '^[A-Za-z]+://[^/?]*([^?]*)', 1) AS target,
    CASE
        WHEN elb_status_code IN ('401', '403') THEN 'denied'
        WHEN TRY_CAST(elb_status_code AS integer) BETWEEN 100 AND 399 THEN 'success'
        WHEN TRY_CAST(elb_status_code AS integer) IS NOT NULL THEN 'failure'
    END AS outcome,
    -- the trace id alone will not do: a client may send one, and the same with every request
    "time" || '/' || client_ip || ':' || client_port || '/' || trace_id AS event_id,
    "type" AS request_type,
    elb,
    TRY_CAST(NULLIF(client_port, '-') AS integer) AS client_port,
    NULLIF(CASE WHEN target_ip LIKE '[%]' THEN substr(target_ip, 2, length(target_ip) - 2) ELSE target_ip END, '-') AS target_ip,
    TRY_CAST(NULLIF(target_port, '-') AS integer) AS target_port,
    NULLIF(TRY_CAST(NULLIF(request_processing_time, '-') AS double), -1) AS request_processing_time,
    NULLIF(TRY_CAST(NULLIF(target_processing_time, '-') AS double), -1) AS target_processing_time,
    NULLIF(TRY_CAST(NULLIF(response_processing_time, '-') AS double), -1) AS response_processing_time,
    TRY_CAST(NULLIF(elb_status_code, '-') AS integer) AS elb_status_code,
    TRY_CAST(NULLIF(target_status_code, '-') AS integer) AS target_status_code,
    TRY_CAST(NULLIF(received_bytes, '-') AS bigint) AS received_bytes,
    TRY_CAST(NULLIF(sent_bytes, '-') AS bigint) AS sent_bytes,
    request_url,
    lower(regexp_extract(request_url, '^[A-Za-z]+://(.*?)(?::[0-9]*)?(?:[/?]|$)', 1)) AS request_host,
    regexp_extract(request_url, '^[A-Za-z]+://[^/?]*([^?]*)', 1) AS request_path,
    regexp_extract(request_url, '[?](.*)$', 1) AS request_query,
    NULLIF(request_proto, '-') AS request_proto,
    CASE
        WHEN regexp_like(lower(request_url || ' ' || user_agent), '169[.]254[.](169[.]254|170[.]2)|fd00:ec2::254|0xa9fea9fe|[/@=]2852039166|latest(/|[\\]|%(25)*(2f|5c))meta-data')
            THEN 'metadata_address'
        WHEN regexp_like(lower(request_url || ' ' || user_agent), '([$]|%(25)*24)([{]|%(25)*7b)(jndi|[^}]{0,40}:-?j([}]|%(25)*7d)|lower:|env:|sys:)')
            THEN 'lookup_injection'
        WHEN regexp_like(lower(request_url || ' ' || user_agent), 'class[.]module[.]classloader|java[.]lang[.](runtime|processbuilder)|call_user_func_array|allow_url_include|php://(input|filter)|(^|[^a-z])(phpunit|_ignition)(/|[\\]|%(25)*(2f|5c))')
            THEN 'code_injection'
        WHEN regexp_like(lower(request_url || ' ' || user_agent), 'union([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+(all([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+)?select|(''|%(25)*27)[)]?([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)*(or|and)([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+[^&]{1,20}((=|%(25)*3d)|like)|(sleep|benchmark|extractvalue|updatexml|load_file|pg_sleep)([(]|%(25)*28)|information_schema|waitfor([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+delay|xp_cmdshell|into([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+(outfile|dumpfile)')
            THEN 'sql_injection'
        WHEN regexp_like(lower(request_url || ' ' || user_agent), '(([.]|%(25)*2e)([.]|%(25)*2e)(/|[\\]|%(25)*(2f|5c))){2}|etc(/|[\\]|%(25)*(2f|5c))(passwd|shadow)|(win|boot)([.]|%(25)*2e)ini|proc(/|[\\]|%(25)*(2f|5c))self(/|[\\]|%(25)*(2f|5c))')
            THEN 'path_traversal'
        WHEN regexp_like(lower(request_url || ' ' || user_agent), '([;|`]|&&|[$][(]|%(25)*(3b|7c|60|26%(25)*26|24%(25)*28))([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)*(cat|id|whoami|wget|curl|nc|bash|sh|powershell|uname|nslookup|ping)($|[^a-z0-9_=.-])|bin(/|[\\]|%(25)*(2f|5c))(ba)?sh|cmd([.]|%(25)*2e)exe')
            THEN 'command_injection'
        WHEN regexp_like(lower(request_url || ' ' || user_agent), '(<|%(25)*3c)(script|svg|img|iframe)|javascript(:|%(25)*3a)|on(error|load)(=|%(25)*3d)|document[.]cookie')
            THEN 'script_injection'
        WHEN regexp_like(lower(request_url || ' ' || user_agent), '/[.](git/|svn/|env([./? ]|$)|aws/|ssh/|htpasswd|npmrc|git-credentials|docker/config)|/id_(rsa|ed25519)|wp-config[.]php[.~]|/(backup|dump|database|db)[.](sql|zip|tgz|tar)')
            THEN 'secret_file'
    END AS probe,
    NULLIF(user_agent, '-') AS user_agent,
    NULLIF(ssl_cipher, '-') AS ssl_cipher,
    NULLIF(ssl_protocol, '-') AS ssl_protocol,
    NULLIF(target_group_arn, '-') AS target_group_arn,
    NULLIF(trace_id, '-') AS trace_id,
    NULLIF(domain_name, '-') AS domain_name,
    NULLIF(chosen_cert_arn, '-') AS chosen_cert_arn,
    TRY_CAST(NULLIF(matched_rule_priority, '-') AS integer) AS matched_rule_priority,
    TRY(CAST(from_iso8601_timestamp(request_creation_time) AT TIME ZONE 'UTC' AS timestamp(3))) AS request_creation_time,
    NULLIF(actions_executed, '-') AS actions_executed,
    NULLIF(redirect_url, '-') AS redirect_url,
    NULLIF(error_reason, '-') AS error_reason,
    NULLIF(target_port_list, '-') AS target_port_list,
    NULLIF(target_status_code_list, '-') AS target_status_code_list,
    NULLIF(classification, '-') AS classification,
    NULLIF(classification_reason, '-') AS classification_reason,
    NULLIF(conn_trace_id, '-') AS conn_trace_id,
    NULLIF(transformed_host, '-') AS transformed_host,
    NULLIF(transformed_uri, '-') AS transformed_uri,
    NULLIF(request_transform_status, '-') AS request_transform_status,
    NULLIF(lb_node_ip, '-') AS lb_node_ip,
    extra,
    day,
    "$path" AS log_file
FROM alb_raw
WHERE
    TRY(CAST(from_iso8601_timestamp("time") AT TIME ZONE 'UTC' AS timestamp(3))) IS NOT NULL
    -- What a client sends is quoted, and a quote in it should not be there. One that makes the line
    -- look as if a field ended there could be read in two ways: an end of the URL, or the three
    -- words that stand behind the user agent.
    AND NOT COALESCE(regexp_like(user_agent, '" "|" [^ "]+ [^ "]+ [^ "]+ "'), FALSE)
    AND NOT COALESCE(regexp_like('" ' || lb_node_ip || extra, '" [^ "]+ [^ "]+ [^ "]+ "'), FALSE);

CREATE EXTERNAL TABLE IF NOT EXISTS `alb_lines` (
    line string COMMENT 'the line as delivered'
)
PARTITIONED BY (account_id string, region string, day string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'
WITH SERDEPROPERTIES ('serialization.format'='1', 'input.regex'='(.*)')
STORED AS
    INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
    OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://<bucket alb>/logs/AWSLogs/'
TBLPROPERTIES (
    'projection.enabled'='true',
    'projection.account_id.type'='enum',
    'projection.account_id.values'='111122223333,444455556666',
    'projection.region.type'='enum',
    'projection.region.values'='us-east-1,eu-west-1',
    'projection.day.type'='date',
    'projection.day.format'='yyyy/MM/dd',
    'projection.day.range'='2024/01/01,NOW',
    'projection.day.interval'='1',
    'projection.day.interval.unit'='DAYS',
    'storage.location.template'='s3://<bucket alb>/logs/AWSLogs/${account_id}/elasticloadbalancing/${region}/${day}/'
);

CREATE OR REPLACE VIEW alb_unparsed AS
SELECT
    account_id,
    region,
    day,
    line,
    "$path" AS log_file
FROM alb_lines
WHERE
    NOT COALESCE(TRY(CAST(from_iso8601_timestamp(regexp_extract(line, '(?s)^([^ ]*) ([^ ]*) ([^ ]*) (?:([^ ]*):([0-9]+)|-) (?:([^ ]*):([0-9]+)|-) ([-.0-9]*) ([-.0-9]*) ([-.0-9]*) ([^ ]*) ([^ ]*) ([-0-9]*) ([-0-9]*) "([^ ]*) (.*?) ([^ "]*)" "(.*)" ([^ "]+) ([^ "]+) ([^ "]+) "([^"]*)" "([^"]*)" "([^"]*)" ([^ "]+) ([^ "]+) "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: ([^ "]+)(?: (?:"([^"]*)"|-)(?: (?:"([^"]*)"|-)(?: (?:"([^"]*)"|-)(?: ([^ "]+)( .*)?)?)?)?)?)?)?)?)?)?)?)? ?$', 2)) AT TIME ZONE 'UTC' AS timestamp(3))) IS NOT NULL
    -- What a client sends is quoted, and a quote in it should not be there. One that makes the line
    -- look as if a field ended there could be read in two ways: an end of the URL, or the three
    -- words that stand behind the user agent.
    AND NOT COALESCE(regexp_like(regexp_extract(line, '(?s)^([^ ]*) ([^ ]*) ([^ ]*) (?:([^ ]*):([0-9]+)|-) (?:([^ ]*):([0-9]+)|-) ([-.0-9]*) ([-.0-9]*) ([-.0-9]*) ([^ ]*) ([^ ]*) ([-0-9]*) ([-0-9]*) "([^ ]*) (.*?) ([^ "]*)" "(.*)" ([^ "]+) ([^ "]+) ([^ "]+) "([^"]*)" "([^"]*)" "([^"]*)" ([^ "]+) ([^ "]+) "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: ([^ "]+)(?: (?:"([^"]*)"|-)(?: (?:"([^"]*)"|-)(?: (?:"([^"]*)"|-)(?: ([^ "]+)( .*)?)?)?)?)?)?)?)?)?)?)?)? ?$', 18), '" "|" [^ "]+ [^ "]+ [^ "]+ "'), FALSE)
    AND NOT COALESCE(regexp_like('" ' || regexp_extract(line, '(?s)^([^ ]*) ([^ ]*) ([^ ]*) (?:([^ ]*):([0-9]+)|-) (?:([^ ]*):([0-9]+)|-) ([-.0-9]*) ([-.0-9]*) ([-.0-9]*) ([^ ]*) ([^ ]*) ([-0-9]*) ([-0-9]*) "([^ ]*) (.*?) ([^ "]*)" "(.*)" ([^ "]+) ([^ "]+) ([^ "]+) "([^"]*)" "([^"]*)" "([^"]*)" ([^ "]+) ([^ "]+) "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: ([^ "]+)(?: (?:"([^"]*)"|-)(?: (?:"([^"]*)"|-)(?: (?:"([^"]*)"|-)(?: ([^ "]+)( .*)?)?)?)?)?)?)?)?)?)?)?)? ?$', 38) || regexp_extract(line, '(?s)^([^ ]*) ([^ ]*) ([^ ]*) (?:([^ ]*):([0-9]+)|-) (?:([^ ]*):([0-9]+)|-) ([-.0-9]*) ([-.0-9]*) ([-.0-9]*) ([^ ]*) ([^ ]*) ([-0-9]*) ([-0-9]*) "([^ ]*) (.*?) ([^ "]*)" "(.*)" ([^ "]+) ([^ "]+) ([^ "]+) "([^"]*)" "([^"]*)" "([^"]*)" ([^ "]+) ([^ "]+) "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: "([^"]*)"(?: ([^ "]+)(?: (?:"([^"]*)"|-)(?: (?:"([^"]*)"|-)(?: (?:"([^"]*)"|-)(?: ([^ "]+)( .*)?)?)?)?)?)?)?)?)?)?)?)? ?$', 39), '" [^ "]+ [^ "]+ [^ "]+ "'), FALSE), FALSE)
    AND NOT regexp_like("$path", '(^|[/_])(conn_log|health_check_log|ELBAccessLogTestFile)([/_]|$)');
