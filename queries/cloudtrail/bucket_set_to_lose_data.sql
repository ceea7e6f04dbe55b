-- ---
-- title: Bucket set to lose its data
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Which bucket was set to expire its objects soon, or lost versions, locks or its key?
-- attack: [T1485.001, T1490, T1486]
-- stage: impact
-- group_by: [account_id, target]
-- params:
--   max_days: {type: integer, default: 3, help: an expiry after as many days or fewer is seen}
--   known_accounts: {type: texts, default: [], help: account ids whose keys may encrypt buckets}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, setting: text,
--   expires_after_days: integer, key_arn: text, error_code: text, user_agent: text,
--   access_key_id: text, log_file: text}
-- expected:
--   - Buckets for scratch data and build results, whose objects live for a day
-- misses:
--   - An expiry longer than max_days, or one that only takes old versions away
--   - Deletion itself (objects_deleted_in_bulk), and MFA delete switched off
--   - Replication stopped, and a retention taken off one object at a time
--   - The key of an outsider given as an alias or bare id, or for a single object
--     (objects_encrypted_with_foreign_key)
-- next: Take the setting back at once; lifecycle rules run once a day. See whether the bucket holds
--   the logs of a trail, and list what else the actor did to buckets (resource_history).
-- references:
--   - https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
--   - https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
--   - https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html
--   - https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html
-- ---
WITH settings AS (
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
        request_parameters,
        COALESCE(recipient_account_id, account_id) AS owner_account,
        -- what stands behind each "Expiration" key of the rules
        SPLIT(request_parameters, '"Expiration"') AS expirations,
        REGEXP_EXTRACT(
            request_parameters, '"KMSMasterKeyID"\s*:\s*"(arn:[^"]*)"', 1
        ) AS key_arn
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source = 's3.amazonaws.com'
        AND event_name IN (
            'PutBucketLifecycle', 'PutBucketLifecycleConfiguration', 'PutBucketVersioning',
            'PutBucketObjectLockConfiguration', 'PutObjectLockConfiguration',
            'PutBucketEncryption'
        )
),

measured AS (
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
        request_parameters,
        owner_account,
        key_arn,
        CASE
            WHEN
                event_name LIKE 'PutBucketLifecycle%'
                -- a rule that is off takes nothing away
                AND REGEXP_LIKE(request_parameters, '"Status"\s*:\s*"Enabled"')
                THEN ELEMENT_AT(
                    ARRAY_SORT(
                        FILTER(
                            TRANSFORM(
                                expirations,
                                x -> COALESCE(
                                    TRY_CAST(
                                        REGEXP_EXTRACT(
                                            x, '^\s*:\s*\{[^{}]*"Days"\s*:\s*"?([0-9]+)', 1
                                        ) AS bigint
                                    ),
                                    DATE_DIFF(
                                        'day',
                                        event_time,
                                        TRY_CAST(
                                            REGEXP_EXTRACT(
                                                x,
                                                '^\s*:\s*\{[^{}]*"Date"\s*:\s*"([-0-9]{10})',
                                                1
                                            ) AS timestamp(3)
                                        )
                                    )
                                )
                            ),
                            x -> x IS NOT NULL
                        )
                    ),
                    1
                )
        END AS expires_after_days
    FROM settings
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
        expires_after_days,
        CASE WHEN event_name = 'PutBucketEncryption' THEN key_arn END AS key_arn,
        CASE
            WHEN expires_after_days <= :max_days THEN 'expiry'
            WHEN
                event_name = 'PutBucketVersioning'
                AND REGEXP_LIKE(request_parameters, '"Status"\s*:\s*"Suspended"')
                THEN 'versioning suspended'
            WHEN
                event_name LIKE '%ObjectLockConfiguration'
                AND STRPOS(request_parameters, '"ObjectLockConfiguration"') > 0
                AND STRPOS(request_parameters, '"DefaultRetention"') = 0
                THEN 'object lock without retention'
            WHEN
                event_name = 'PutBucketEncryption'
                AND SPLIT_PART(key_arn, ':', 5) <> owner_account
                AND SPLIT_PART(key_arn, ':', 5) NOT IN (:known_accounts)
                THEN 'foreign key'
        END AS setting
    FROM measured
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
    setting,
    expires_after_days,
    key_arn,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM named
WHERE setting IS NOT NULL
ORDER BY event_time, event_id
