-- ---
-- title: Objects read that look like secrets
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [s3access]
-- question: Who read objects whose names are those of keys, credentials, dumps or state?
-- attack: [T1552.001, T1530]
-- stage: credential access
-- group_by: [actor]
-- params:
--   secret_key:
--     type: text
--     default: "(^|/)([.]env([.][a-z]+)?|id_(rsa|dsa|ecdsa|ed25519)|[.]?htpasswd|[.]netrc|\
--       [.]pgpass|[.]git-credentials|[.]npmrc|[.]pypirc|[.]aws/credentials|[.]kube/config|\
--       kubeconfig|[.]docker/config[.]json|wp-config[.]php|ntds[.]dit|shadow|master[.]key|\
--       (credentials?|secrets?|passwords?)([.][a-z]+)?|\
--       [^/]*(backup|dump)[^/]*[.](sql|bak|dump|zip|tgz|tar|gz)|\
--       [^/]*[.](tfstate|pem|ppk|pfx|p12|jks|keystore|kdbx|ovpn|bak|sql[.](gz|zip|xz|zst)))$"
--     help: regular expression of the keys, in lower case
--   known_principals: {type: texts, default: [], help: principals that read such objects}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, object_count: integer, bytes_sent: integer, is_anonymous: boolean,
--   bucket: text, object_keys: texts, source_ips: texts, user_agents: texts, log_files: texts}
-- expected:
--   - A backup job that reads back what it wrote, a restore, and hosts that fetch a certificate
-- misses:
--   - Names that tell nothing, or that secret_key does not have
--   - State that Terraform or OpenTofu itself reads, by its user agent, which anybody can claim
--   - Requests of which S3 delivered no log record; delivery is not guaranteed
-- next: Ask the owner of the actor. If it is not theirs, rotate what the objects hold, and look for
--   its use from the same addresses (activity.address).
-- references:
--   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
--   - https://developer.hashicorp.com/terraform/language/state/sensitive-data
-- ---
WITH fetches AS (
    SELECT
        event_time,
        account_id,
        region,
        actor,
        source_ip,
        event_name,
        outcome,
        event_id,
        bucket,
        object_key,
        bytes_sent,
        requester,
        user_agent,
        log_file,
        DATE_TRUNC('day', event_time) AS read_day
    FROM s3access
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_name IN (
            'REST.GET.OBJECT', 'REST.COPY.OBJECT_GET', 'REST.COPY.PART_GET', 'REST.SELECT.OBJECT',
            'WEBSITE.GET.OBJECT'
        )
        AND http_status IN (200, 206)
        AND COALESCE(actor, 'unknown') NOT IN (:known_principals)
        AND REGEXP_LIKE(LOWER(object_key), :secret_key)
        AND NOT (
            LOWER(object_key) LIKE '%.tfstate'
            AND REGEXP_LIKE(COALESCE(LOWER(user_agent), 'none'), 'terraform|opentofu')
        )
),

readers AS (
    SELECT
        account_id,
        actor,
        bucket,
        read_day,
        CAST(NULL AS varchar) AS event_id,
        MIN(event_time) AS event_time,
        MIN(region) AS region,
        MIN(source_ip) AS source_ip,
        MIN(event_name) AS event_name,
        MIN(bucket || '/' || object_key) AS target,
        MIN(outcome) AS outcome,
        MAX(event_time) AS last_event_time,
        COUNT(DISTINCT event_id) AS event_count,
        COUNT(DISTINCT object_key) AS object_count,
        SUM(bytes_sent) AS bytes_sent,
        BOOL_OR(requester IS NULL) AS is_anonymous,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT object_key)), 1, 20) AS object_keys,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT source_ip), x -> x IS NOT NULL)), 1, 20
        ) AS source_ips,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT user_agent), x -> x IS NOT NULL)), 1, 20
        ) AS user_agents,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM fetches
    GROUP BY account_id, actor, bucket, read_day
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
    object_count,
    bytes_sent,
    is_anonymous,
    bucket,
    object_keys,
    source_ips,
    user_agents,
    log_files
FROM readers
ORDER BY event_time, account_id, actor, bucket
