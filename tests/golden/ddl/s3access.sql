CREATE EXTERNAL TABLE IF NOT EXISTS `s3access_raw` (
    bucket_owner string COMMENT 'canonical id of the owner of the bucket',
    bucket string COMMENT 'bucket that the request went to',
    `time` string COMMENT 'when the request came in, dd/MMM/yyyy:HH:mm:ss +0000',
    remote_ip string COMMENT 'address of the client, that of a proxy where there is one; - for none',
    requester string COMMENT 'ARN or canonical id, - for a request without credentials',
    request_id string COMMENT 'id of the request, shared by the objects of one bulk delete',
    operation string COMMENT 'such as REST.GET.OBJECT, BATCH.DELETE.OBJECT, S3.EXPIRE.OBJECT',
    `key` string COMMENT 'object key, URL-encoded, twice for some operations',
    request_uri string COMMENT 'request line as sent',
    http_status string COMMENT 'HTTP status',
    error_code string COMMENT 'error of S3, - for none',
    bytes_sent string COMMENT 'bytes of the answer without its head, - for none',
    object_size string COMMENT 'bytes of the whole object',
    total_time string COMMENT 'milliseconds from the request to the last byte of the answer',
    turn_around_time string COMMENT 'milliseconds that S3 worked on it',
    referer string COMMENT 'Referer as sent',
    user_agent string COMMENT 'User-Agent as sent',
    version_id string COMMENT 'version of the object that was asked for',
    host_id string COMMENT 'x-amz-id-2, since 2019',
    signature_version string COMMENT 'SigV2 or SigV4, - for none, since 2019',
    cipher_suite string COMMENT 'TLS cipher, - for HTTP, since 2019',
    authentication_type string COMMENT 'AuthHeader, QueryString for a presigned URL, - for none',
    host_header string COMMENT 'endpoint that the client named, since 2019',
    tls_version string COMMENT 'TLS version, - for HTTP, since 2019',
    access_point_arn string COMMENT 'access point that the request came through, - for none',
    acl_required string COMMENT 'Yes where an ACL decided, since 2023',
    source_region string COMMENT 'region that the request came from, - for outside of AWS',
    extra string COMMENT 'fields that are newer than this table'
)
PARTITIONED BY (account_id string, region string, source_bucket string, day string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'
WITH SERDEPROPERTIES (
    'serialization.format'='1',
    'input.regex'='([^ ]*) ([^ ]*) [^ ]([0-9A-Za-z/:]+ [-+][0-9]+)[^ ] ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) (?:"(.*?)"|-) (-|[0-9]+) ([^ "]+) (-|[0-9]+) (-|[0-9]+) (-|[0-9]+) (-|[0-9]+) (?:"(.*?)"|-) (?:"(.*)"|-) ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)( [^"]*)?)?)?)?)?)?)?)?)?)? ?'
)
STORED AS
    INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
    OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://<bucket s3access>/logs/'
TBLPROPERTIES (
    'projection.enabled'='true',
    'projection.account_id.type'='enum',
    'projection.account_id.values'='111122223333,444455556666',
    'projection.region.type'='enum',
    'projection.region.values'='us-east-1,eu-west-1',
    'projection.source_bucket.type'='enum',
    'projection.source_bucket.values'='<source_bucket>',
    'projection.day.type'='date',
    'projection.day.format'='yyyy/MM/dd',
    'projection.day.range'='2024/01/01,NOW',
    'projection.day.interval'='1',
    'projection.day.interval.unit'='DAYS',
    'storage.location.template'='s3://<bucket s3access>/logs/${account_id}/${region}/${source_bucket}/${day}/'
);

CREATE OR REPLACE VIEW s3access AS
SELECT
    TRY(CAST(
        parse_datetime("time", 'dd/MMM/yyyy:HH:mm:ss Z') AT TIME ZONE 'UTC' AS timestamp(3)
    )) AS event_time,
    account_id,
    region,
    -- the role for a role session, as in CloudTrail; the address for who has no name
    COALESCE(
        CASE
            WHEN requester LIKE 'arn:%:assumed-role/%'
                THEN 'arn:' || split_part(requester, ':', 2)
                    || ':iam::' || split_part(requester, ':', 5)
                    || ':role/' || split_part(requester, '/', 2)
        END,
        NULLIF(requester, '-'),
        NULLIF(remote_ip, '-')
    ) AS actor,
    NULLIF(remote_ip, '-') AS source_ip,
    operation AS event_name,
    bucket || COALESCE('/' || CASE
        WHEN strpos("key", '%') > 0
            THEN COALESCE(TRY(url_decode(replace("key", '+', '%2B'))), "key")
        ELSE NULLIF("key", '-')
    END, '') AS target,
    CASE
        WHEN http_status IN ('401', '403') THEN 'denied'
        WHEN TRY_CAST(http_status AS integer) BETWEEN 100 AND 399 THEN 'success'
        WHEN TRY_CAST(http_status AS integer) IS NOT NULL THEN 'failure'
    END AS outcome,
    -- the objects of one bulk delete have one request id
    CASE
        WHEN operation LIKE 'BATCH.%' THEN request_id || '/' || "key"
        ELSE NULLIF(request_id, '-')
    END AS event_id,
    bucket_owner,
    bucket,
    CASE
        WHEN strpos("key", '%') > 0
            THEN COALESCE(TRY(url_decode(replace("key", '+', '%2B'))), "key")
        ELSE NULLIF("key", '-')
    END AS object_key,
    NULLIF(requester, '-') AS requester,
    CASE
        WHEN requester LIKE 'arn:%' THEN NULLIF(split_part(requester, ':', 5), '')
    END AS requester_account_id,
    CASE
        WHEN requester LIKE 'arn:%:assumed-role/%' THEN split_part(requester, '/', 3)
    END AS session_name,
    NULLIF(request_id, '-') AS request_id,
    NULLIF(request_uri, '-') AS request_uri,
    TRY_CAST(NULLIF(http_status, '-') AS integer) AS http_status,
    NULLIF(error_code, '-') AS error_code,
    TRY_CAST(NULLIF(bytes_sent, '-') AS bigint) AS bytes_sent,
    TRY_CAST(NULLIF(object_size, '-') AS bigint) AS object_size,
    TRY_CAST(NULLIF(total_time, '-') AS bigint) AS total_time,
    TRY_CAST(NULLIF(turn_around_time, '-') AS bigint) AS turn_around_time,
    NULLIF(referer, '-') AS referer,
    NULLIF(user_agent, '-') AS user_agent,
    NULLIF(version_id, '-') AS version_id,
    NULLIF(host_id, '-') AS host_id,
    NULLIF(signature_version, '-') AS signature_version,
    NULLIF(cipher_suite, '-') AS cipher_suite,
    NULLIF(authentication_type, '-') AS authentication_type,
    NULLIF(host_header, '-') AS host_header,
    NULLIF(tls_version, '-') AS tls_version,
    NULLIF(access_point_arn, '-') AS access_point_arn,
    NULLIF(acl_required, '-') AS acl_required,
    NULLIF(source_region, '-') AS source_region,
    extra,
    day,
    "$path" AS log_file
FROM s3access_raw
WHERE
    TRY(CAST(
        parse_datetime("time", 'dd/MMM/yyyy:HH:mm:ss Z') AT TIME ZONE 'UTC' AS timestamp(3)
    )) IS NOT NULL
    -- A quote in what a client sent can make the line look as if the request line, the referer or
    -- the agent ended there. Where there is a second way to read the line, nobody knows which is
    -- true: what stands behind the request line, or an end of the referer, comes once only.
    AND NOT COALESCE(regexp_like(request_uri, '" "'), FALSE)
    AND NOT COALESCE(regexp_like(
        referer, '" (-|[0-9]+) [^ "]+ (-|[0-9]+) (-|[0-9]+) (-|[0-9]+) (-|[0-9]+) '
    ), FALSE)
    AND NOT COALESCE(regexp_like(
        user_agent,
        '" "|" (-|[0-9]+) [^ "]+ (-|[0-9]+) (-|[0-9]+) (-|[0-9]+) (-|[0-9]+) |" ([^ "]+ ){5}'
    ), FALSE);

CREATE EXTERNAL TABLE IF NOT EXISTS `s3access_lines` (
    line string COMMENT 'the line as delivered'
)
PARTITIONED BY (account_id string, region string, source_bucket string, day string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'
WITH SERDEPROPERTIES ('serialization.format'='1', 'input.regex'='(.*)')
STORED AS
    INPUTFORMAT 'org.apache.hadoop.mapred.TextInputFormat'
    OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://<bucket s3access>/logs/'
TBLPROPERTIES (
    'projection.enabled'='true',
    'projection.account_id.type'='enum',
    'projection.account_id.values'='111122223333,444455556666',
    'projection.region.type'='enum',
    'projection.region.values'='us-east-1,eu-west-1',
    'projection.source_bucket.type'='enum',
    'projection.source_bucket.values'='<source_bucket>',
    'projection.day.type'='date',
    'projection.day.format'='yyyy/MM/dd',
    'projection.day.range'='2024/01/01,NOW',
    'projection.day.interval'='1',
    'projection.day.interval.unit'='DAYS',
    'storage.location.template'='s3://<bucket s3access>/logs/${account_id}/${region}/${source_bucket}/${day}/'
);

CREATE OR REPLACE VIEW s3access_unparsed AS
SELECT
    account_id,
    region,
    source_bucket,
    day,
    line,
    "$path" AS log_file
FROM s3access_lines
WHERE
    NOT COALESCE(TRY(CAST(
        parse_datetime(regexp_extract(line, '(?s)^([^ ]*) ([^ ]*) [^ ]([0-9A-Za-z/:]+ [-+][0-9]+)[^ ] ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) (?:"(.*?)"|-) (-|[0-9]+) ([^ "]+) (-|[0-9]+) (-|[0-9]+) (-|[0-9]+) (-|[0-9]+) (?:"(.*?)"|-) (?:"(.*)"|-) ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)( [^"]*)?)?)?)?)?)?)?)?)?)? ?$', 3), 'dd/MMM/yyyy:HH:mm:ss Z') AT TIME ZONE 'UTC' AS timestamp(3)
    )) IS NOT NULL
    -- A quote in what a client sent can make the line look as if the request line, the referer or
    -- the agent ended there. Where there is a second way to read the line, nobody knows which is
    -- true: what stands behind the request line, or an end of the referer, comes once only.
    AND NOT COALESCE(regexp_like(regexp_extract(line, '(?s)^([^ ]*) ([^ ]*) [^ ]([0-9A-Za-z/:]+ [-+][0-9]+)[^ ] ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) (?:"(.*?)"|-) (-|[0-9]+) ([^ "]+) (-|[0-9]+) (-|[0-9]+) (-|[0-9]+) (-|[0-9]+) (?:"(.*?)"|-) (?:"(.*)"|-) ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)( [^"]*)?)?)?)?)?)?)?)?)?)? ?$', 9), '" "'), FALSE)
    AND NOT COALESCE(regexp_like(
        regexp_extract(line, '(?s)^([^ ]*) ([^ ]*) [^ ]([0-9A-Za-z/:]+ [-+][0-9]+)[^ ] ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) (?:"(.*?)"|-) (-|[0-9]+) ([^ "]+) (-|[0-9]+) (-|[0-9]+) (-|[0-9]+) (-|[0-9]+) (?:"(.*?)"|-) (?:"(.*)"|-) ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)( [^"]*)?)?)?)?)?)?)?)?)?)? ?$', 16), '" (-|[0-9]+) [^ "]+ (-|[0-9]+) (-|[0-9]+) (-|[0-9]+) (-|[0-9]+) '
    ), FALSE)
    AND NOT COALESCE(regexp_like(
        regexp_extract(line, '(?s)^([^ ]*) ([^ ]*) [^ ]([0-9A-Za-z/:]+ [-+][0-9]+)[^ ] ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*) (?:"(.*?)"|-) (-|[0-9]+) ([^ "]+) (-|[0-9]+) (-|[0-9]+) (-|[0-9]+) (-|[0-9]+) (?:"(.*?)"|-) (?:"(.*)"|-) ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)(?: ([^ "]+)( [^"]*)?)?)?)?)?)?)?)?)?)? ?$', 17),
        '" "|" (-|[0-9]+) [^ "]+ (-|[0-9]+) (-|[0-9]+) (-|[0-9]+) (-|[0-9]+) |" ([^ "]+ ){5}'
    ), FALSE), FALSE);
