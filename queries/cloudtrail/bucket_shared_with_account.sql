-- ---
-- title: Bucket opened to another account
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Which bucket's policy was made to let another account in, and by whom?
-- attack: [T1530, T1537]
-- stage: exfiltration
-- group_by: [account_id, target]
-- params:
--   known_accounts: {type: texts, default: [], help: account ids that may be let in}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, outsiders: texts,
--   error_code: text, user_agent: text, access_key_id: text, log_file: text}
-- expected:
--   - Accounts of AWS to which a load balancer's region writes its logs, and other accounts of the
--     organization; name them in known_accounts
-- misses:
--   - Everybody (bucket_made_public), and principals given as a canonical user or a unique id
--   - Access points, replication, ACLs and grants of S3 Access Grants
--   - A policy too large to be kept in the record
-- next: Restore the former policy. Look for data events of the outside account on the bucket, and
--   see what else the actor opened.
-- references:
--   - https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
--   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
-- ---
WITH policies AS (
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
        error_code,
        user_agent,
        access_key_id,
        log_file,
        COALESCE(recipient_account_id, account_id) AS owner_account,
        -- between two objects of a list: only Statement is a list of objects
        SPLIT(REPLACE(request_parameters, '}, {', '},{'), '},{') AS statements
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source = 's3.amazonaws.com'
        AND event_name = 'PutBucketPolicy'
),

named AS (
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
        error_code,
        user_agent,
        access_key_id,
        log_file,
        owner_account,
        -- what stands behind "AWS" in each statement that allows: one string, or a list
        ARRAY_JOIN(
            TRANSFORM(
                FILTER(statements, x -> REGEXP_LIKE(x, '"Effect"\s*:\s*"Allow"')),
                x -> COALESCE(
                    REGEXP_EXTRACT(
                        x, '"Principal"\s*:\s*\{[^{}]*"AWS"\s*:\s*(\[[^\]]*|"[^"]*")', 1
                    ), ''
                )
            ), ','
        ) AS principal_text
    FROM policies
),

opened AS (
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
        error_code,
        user_agent,
        access_key_id,
        log_file,
        FILTER(
            SPLIT(principal_text, '"'),
            x -> REGEXP_LIKE(x, '^([0-9]+$|arn:)')
            AND COALESCE(NULLIF(SPLIT_PART(x, ':', 5), ''), x) NOT IN (owner_account, 'cloudfront')
            AND COALESCE(NULLIF(SPLIT_PART(x, ':', 5), ''), x) NOT IN (:known_accounts)
        ) AS outsiders
    FROM named
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
    outsiders,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM opened
WHERE CARDINALITY(outsiders) > 0
ORDER BY event_time, event_id
