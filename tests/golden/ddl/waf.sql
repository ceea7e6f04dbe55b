CREATE EXTERNAL TABLE IF NOT EXISTS `waf_raw` (
    `timestamp` bigint COMMENT 'milliseconds since 1970, UTC',
    formatVersion string COMMENT 'version of the record format',
    webaclId string COMMENT 'ARN of the web ACL, an id alone for WAF Classic',
    terminatingRuleId string COMMENT 'rule that decided, Default_Action where none did',
    terminatingRuleType string COMMENT 'RATE_BASED, REGULAR, GROUP or MANAGED_RULE_GROUP',
    action string COMMENT 'ALLOW, BLOCK, CAPTCHA or CHALLENGE',
    terminatingRuleMatchDetails array<struct<
        conditionType: string,
        sensitivityLevel: string,
        location: string,
        matchedData: array<string>,
        matchedFieldName: string>> COMMENT 'for SQL injection and cross-site scripting only',
    httpSourceName string COMMENT 'CF, APIGW, ALB, APPSYNC, COGNITOIDP, APPRUNNER, VERIFIED_ACCESS',
    httpSourceId string COMMENT 'protected resource',
    ruleGroupList array<struct<
        ruleGroupId: string,
        terminatingRule: struct<ruleId: string, action: string>,
        nonTerminatingMatchingRules: array<struct<
            ruleId: string,
            action: string,
            overriddenAction: string>>,
        excludedRules: string>> COMMENT 'rule groups that looked at the request',
    rateBasedRuleList array<struct<
        rateBasedRuleId: string,
        rateBasedRuleName: string,
        limitKey: string,
        limitValue: string,
        maxRateAllowed: string,
        evaluationWindowSec: string>> COMMENT 'rate-based rules that acted on the request',
    nonTerminatingMatchingRules array<struct<
        ruleId: string,
        action: string,
        overriddenAction: string>> COMMENT 'rules that matched and let the request go on',
    requestHeadersInserted array<struct<name: string, value: string>>
        COMMENT 'headers that WAF added',
    responseCodeSent string COMMENT 'status of a custom response',
    httpRequest struct<
        clientIp: string,
        country: string,
        headers: array<struct<name: string, value: string>>,
        uri: string,
        args: string,
        httpVersion: string,
        httpMethod: string,
        requestId: string,
        fragment: string,
        scheme: string,
        host: string> COMMENT 'the request, headers as the client spelled them',
    labels array<struct<name: string>> COMMENT 'first 100 labels that rules put on the request',
    captchaResponse struct<responseCode: string, solveTimestamp: string, failureReason: string>
        COMMENT 'whether the CAPTCHA was solved',
    challengeResponse struct<responseCode: string, solveTimestamp: string, failureReason: string>
        COMMENT 'whether the challenge was passed',
    ja3Fingerprint string COMMENT 'of the TLS client hello, for CloudFront and ALB',
    ja4Fingerprint string COMMENT 'of the TLS client hello, for CloudFront and ALB',
    oversizeFields string COMMENT 'JSON list of what was larger than WAF looks at',
    requestBodySize string COMMENT 'bytes',
    requestBodySizeInspectedByWAF string COMMENT 'bytes',
    clientAsn string COMMENT 'autonomous system of the address, since 2025',
    forwardedAsn string COMMENT 'autonomous system of the forwarded address, since 2025',
    cfDistributionTenantId string COMMENT 'CloudFront tenant, since 2025',
    monetizeVerifyResponse string COMMENT 'JSON text, since 2026'
)
PARTITIONED BY (account_id string, region string, web_acl string, day string)
ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'
WITH SERDEPROPERTIES ('ignore.malformed.json'='true')
STORED AS
    INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
    OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://<bucket waf>/logs/AWSLogs/'
TBLPROPERTIES (
    'projection.enabled'='true',
    'projection.account_id.type'='enum',
    'projection.account_id.values'='111122223333,444455556666',
    'projection.region.type'='enum',
    'projection.region.values'='us-east-1,eu-west-1,cloudfront',
    'projection.web_acl.type'='enum',
    'projection.web_acl.values'='<web_acl>',
    'projection.day.type'='date',
    'projection.day.format'='yyyy/MM/dd',
    'projection.day.range'='2024/01/01,NOW',
    'projection.day.interval'='1',
    'projection.day.interval.unit'='DAYS',
    'storage.location.template'='s3://<bucket waf>/logs/AWSLogs/${account_id}/WAFLogs/${region}/${web_acl}/${day}/'
);

CREATE OR REPLACE VIEW waf AS
SELECT
    TRY(CAST(from_unixtime("timestamp" / 1e3) AT TIME ZONE 'UTC' AS timestamp(3))) AS event_time,
    account_id,
    -- `cloudfront` for a web ACL of CloudFront
    region,
    -- WAF sees no user: the client, which is the last proxy before AWS
    httpRequest.clientIp AS actor,
    httpRequest.clientIp AS source_ip,
    httpRequest.httpMethod AS event_name,
    COALESCE(httpRequest.host, element_at(FILTER(httpRequest.headers, h -> lower(h.name) = 'host'), 1).value, '') || httpRequest.uri AS target,
    CASE action
        WHEN 'ALLOW' THEN 'success'
        WHEN 'BLOCK' THEN 'denied'
        -- answered with a puzzle in place of the page
        WHEN 'CAPTCHA' THEN 'denied'
        WHEN 'CHALLENGE' THEN 'denied'
    END AS outcome,
    httpRequest.requestId AS event_id,
    action,
    web_acl,
    terminatingRuleId AS terminating_rule_id,
    terminatingRuleType AS terminating_rule_type,
    httpRequest.country AS country,
    COALESCE(httpRequest.host, element_at(FILTER(httpRequest.headers, h -> lower(h.name) = 'host'), 1).value) AS host,
    httpRequest.uri AS uri,
    httpRequest.args AS args,
    element_at(FILTER(httpRequest.headers, h -> lower(h.name) = 'user-agent'), 1).value AS user_agent,
    element_at(FILTER(httpRequest.headers, h -> lower(h.name) = 'referer'), 1).value AS referer,
    element_at(FILTER(httpRequest.headers, h -> lower(h.name) = 'x-forwarded-for'), 1).value AS forwarded_for,
    CASE
        WHEN regexp_like(lower(concat_ws(' ', httpRequest.uri, httpRequest.args, element_at(FILTER(httpRequest.headers, h -> lower(h.name) = 'user-agent'), 1).value)), '169[.]254[.](169[.]254|170[.]2)|fd00:ec2::254|0xa9fea9fe|[/@=]2852039166|latest(/|[\\]|%(25)*(2f|5c))meta-data')
            THEN 'metadata_address'
        WHEN regexp_like(lower(concat_ws(' ', httpRequest.uri, httpRequest.args, element_at(FILTER(httpRequest.headers, h -> lower(h.name) = 'user-agent'), 1).value)), '([$]|%(25)*24)([{]|%(25)*7b)(jndi|[^}]{0,40}:-?j([}]|%(25)*7d)|lower:|env:|sys:)')
            THEN 'lookup_injection'
        WHEN regexp_like(lower(concat_ws(' ', httpRequest.uri, httpRequest.args, element_at(FILTER(httpRequest.headers, h -> lower(h.name) = 'user-agent'), 1).value)), 'class[.]module[.]classloader|java[.]lang[.](runtime|processbuilder)|call_user_func_array|allow_url_include|php://(input|filter)|(^|[^a-z])(phpunit|_ignition)(/|[\\]|%(25)*(2f|5c))')
            THEN 'code_injection'
        WHEN regexp_like(lower(concat_ws(' ', httpRequest.uri, httpRequest.args, element_at(FILTER(httpRequest.headers, h -> lower(h.name) = 'user-agent'), 1).value)), 'union([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+(all([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+)?select|(''|%(25)*27)[)]?([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)*(or|and)([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+[^&]{1,20}((=|%(25)*3d)|like)|(sleep|benchmark|extractvalue|updatexml|load_file|pg_sleep)([(]|%(25)*28)|information_schema|waitfor([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+delay|xp_cmdshell|into([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)+(outfile|dumpfile)')
            THEN 'sql_injection'
        WHEN regexp_like(lower(concat_ws(' ', httpRequest.uri, httpRequest.args, element_at(FILTER(httpRequest.headers, h -> lower(h.name) = 'user-agent'), 1).value)), '(([.]|%(25)*2e)([.]|%(25)*2e)(/|[\\]|%(25)*(2f|5c))){2}|etc(/|[\\]|%(25)*(2f|5c))(passwd|shadow)|(win|boot)([.]|%(25)*2e)ini|proc(/|[\\]|%(25)*(2f|5c))self(/|[\\]|%(25)*(2f|5c))')
            THEN 'path_traversal'
        WHEN regexp_like(lower(concat_ws(' ', httpRequest.uri, httpRequest.args, element_at(FILTER(httpRequest.headers, h -> lower(h.name) = 'user-agent'), 1).value)), '([;|`]|&&|[$][(]|%(25)*(3b|7c|60|26%(25)*26|24%(25)*28))([+ ]|%(25)*(20|09|0a|0d)|/[*][^*]*[*]/)*(cat|id|whoami|wget|curl|nc|bash|sh|powershell|uname|nslookup|ping)($|[^a-z0-9_=.-])|bin(/|[\\]|%(25)*(2f|5c))(ba)?sh|cmd([.]|%(25)*2e)exe')
            THEN 'command_injection'
        WHEN regexp_like(lower(concat_ws(' ', httpRequest.uri, httpRequest.args, element_at(FILTER(httpRequest.headers, h -> lower(h.name) = 'user-agent'), 1).value)), '(<|%(25)*3c)(script|svg|img|iframe)|javascript(:|%(25)*3a)|on(error|load)(=|%(25)*3d)|document[.]cookie')
            THEN 'script_injection'
        WHEN regexp_like(lower(concat_ws(' ', httpRequest.uri, httpRequest.args, element_at(FILTER(httpRequest.headers, h -> lower(h.name) = 'user-agent'), 1).value)), '/[.](git/|svn/|env([./? ]|$)|aws/|ssh/|htpasswd|npmrc|git-credentials|docker/config)|/id_(rsa|ed25519)|wp-config[.]php[.~]|/(backup|dump|database|db)[.](sql|zip|tgz|tar)')
            THEN 'secret_file'
    END AS probe,
    ja3Fingerprint AS ja3_fingerprint,
    ja4Fingerprint AS ja4_fingerprint,
    TRANSFORM(labels, l -> l.name) AS label_names,
    -- rules of the web ACL and its rule groups that matched and let the request go on
    TRANSFORM(CONCAT(
            COALESCE(nonTerminatingMatchingRules, ARRAY[]),
            FLATTEN(TRANSFORM(
                COALESCE(ruleGroupList, ARRAY[]),
                g -> COALESCE(g.nonTerminatingMatchingRules, ARRAY[])
            ))
        ), r -> r.ruleId) AS passed_rules,
    -- those of them that would have stopped it, had their action not been overridden
    TRANSFORM(
        FILTER(CONCAT(
            COALESCE(nonTerminatingMatchingRules, ARRAY[]),
            FLATTEN(TRANSFORM(
                COALESCE(ruleGroupList, ARRAY[]),
                g -> COALESCE(g.nonTerminatingMatchingRules, ARRAY[])
            ))
        ), r -> r.overriddenAction IN ('BLOCK', 'CAPTCHA', 'CHALLENGE')),
        r -> r.ruleId
    ) AS overridden_rules,
    -- rules that decided in a rule group; the web ACL may still have only counted that
    FILTER(
        TRANSFORM(ruleGroupList, g -> g.ruleGroupId || ':' || g.terminatingRule.ruleId),
        x -> x IS NOT NULL
    ) AS group_rules,
    TRANSFORM(
        rateBasedRuleList, r -> COALESCE(r.rateBasedRuleName, r.rateBasedRuleId)
    ) AS rate_rules,
    captchaResponse.failureReason AS captcha_failure,
    challengeResponse.failureReason AS challenge_failure,
    httpSourceName AS http_source_name,
    httpSourceId AS http_source_id,
    webaclId AS web_acl_arn,
    httpRequest.scheme AS scheme,
    httpRequest.httpVersion AS http_version,
    TRY_CAST(responseCodeSent AS integer) AS response_code_sent,
    TRY_CAST(requestBodySize AS bigint) AS request_body_size,
    TRY_CAST(requestBodySizeInspectedByWAF AS bigint) AS request_body_size_inspected,
    TRY_CAST(clientAsn AS bigint) AS client_asn,
    TRY_CAST(forwardedAsn AS bigint) AS forwarded_asn,
    cfDistributionTenantId AS distribution_tenant_id,
    oversizeFields AS oversize_fields,
    httpRequest.headers AS headers,
    labels,
    terminatingRuleMatchDetails AS terminating_rule_match_details,
    ruleGroupList AS rule_groups,
    rateBasedRuleList AS rate_based_rules,
    nonTerminatingMatchingRules AS non_terminating_rules,
    requestHeadersInserted AS request_headers_inserted,
    captchaResponse AS captcha_response,
    challengeResponse AS challenge_response,
    monetizeVerifyResponse AS monetize_verify_response,
    day,
    "$path" AS log_file
FROM waf_raw
WHERE
    "timestamp" BETWEEN 0 AND 253402300799999
    AND action IS NOT NULL
    AND httpRequest IS NOT NULL;

CREATE EXTERNAL TABLE IF NOT EXISTS `waf_lines` (
    line string COMMENT 'the line as delivered'
)
PARTITIONED BY (account_id string, region string, web_acl string, day string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'
WITH SERDEPROPERTIES ('serialization.format'='1', 'input.regex'='(.*)')
STORED AS
    INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
    OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://<bucket waf>/logs/AWSLogs/'
TBLPROPERTIES (
    'projection.enabled'='true',
    'projection.account_id.type'='enum',
    'projection.account_id.values'='111122223333,444455556666',
    'projection.region.type'='enum',
    'projection.region.values'='us-east-1,eu-west-1,cloudfront',
    'projection.web_acl.type'='enum',
    'projection.web_acl.values'='<web_acl>',
    'projection.day.type'='date',
    'projection.day.format'='yyyy/MM/dd',
    'projection.day.range'='2024/01/01,NOW',
    'projection.day.interval'='1',
    'projection.day.interval.unit'='DAYS',
    'storage.location.template'='s3://<bucket waf>/logs/AWSLogs/${account_id}/WAFLogs/${region}/${web_acl}/${day}/'
);

CREATE OR REPLACE VIEW waf_unparsed AS
SELECT
    account_id,
    region,
    web_acl,
    day,
    line,
    "$path" AS log_file
FROM waf_lines
WHERE
    NOT COALESCE(TRY_CAST(json_extract_scalar(line, '$["timestamp"]') AS bigint) BETWEEN 0 AND 253402300799999
    AND COALESCE(json_extract_scalar(line, '$["action"]'), NULLIF(json_format(json_extract(line, '$["action"]')), 'null')) IS NOT NULL
    AND NULLIF(json_format(json_extract(line, '$["httpRequest"]')), 'null') IS NOT NULL, FALSE);
