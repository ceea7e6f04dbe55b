-- ---
-- title: What a public bucket gave away
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [cloudtrail, s3access]
-- question: When was this bucket open, by whose doing, and what did strangers read meanwhile?
-- params:
--   bucket: {type: text, help: "the name, such as example-data"}
--   max_keys: {type: integer, default: 20, help: keys that a row of reads lists}
-- pivot: {part: ask, takes: {bucket: bucket}}
-- columns: {step: text, bucket_state: text, event_time: timestamp, last_event_time: timestamp,
--   log: text, how: text, event_name: text, actor: text, source_ips: texts, outcome: text,
--   event_count: integer, object_count: integer, bytes: integer, object_keys: texts,
--   log_files: texts}
-- misses:
--   - How the bucket stood before its first change in the window (not known); widen the window
--   - Openings by access points, by objects written with a public ACL, by a policy with a Condition
--     or with NotPrincipal, and for single accounts (cloudtrail.bucket_shared_with_account)
--   - Reads through presigned URLs, whose requester is the one who signed, and through CloudFront
--   - Reads that S3 logged nowhere; access logs are delivered as well as can be, not for certain
-- next: Where neither log has a row of the bucket, nobody can tell what was read; take all of it as
--   read. Else list all that a reader did (s3access.bucket), ask who else knows the addresses
--   (activity.address), and what the one who opened it did besides (pivot).
-- references:
--   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
--   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
--   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
-- ---
WITH trail AS (
    SELECT
        event_time,
        account_id,
        actor,
        source_ip,
        event_name,
        outcome,
        event_id,
        request_id,
        event_category,
        identity_type,
        actor_account_id,
        request_parameters,
        additional_event_data,
        log_file,
        JSON_EXTRACT_SCALAR(request_parameters, '$.bucketName') AS bucket_name,
        JSON_EXTRACT_SCALAR(request_parameters, '$.key') AS object_key
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source = 's3.amazonaws.com'
        AND (
            event_category = 'Data'
            OR event_name IN (
                'CreateBucket', 'DeleteBucket', 'PutBucketAcl', 'PutBucketPolicy',
                'DeleteBucketPolicy', 'PutBucketOwnershipControls', 'PutObjectAcl',
                'PutBucketPublicAccessBlock', 'DeleteBucketPublicAccessBlock',
                'PutAccountPublicAccessBlock', 'DeleteAccountPublicAccessBlock'
            )
        )
        AND (
            JSON_EXTRACT_SCALAR(request_parameters, '$.bucketName') = :bucket
            -- the block of a whole account names no bucket
            OR event_name IN ('PutAccountPublicAccessBlock', 'DeleteAccountPublicAccessBlock')
        )
),

access_rows AS (
    SELECT
        event_time,
        account_id,
        actor,
        source_ip,
        event_name,
        request_id,
        event_id,
        bucket_owner,
        requester,
        requester_account_id,
        http_status,
        object_key,
        bytes_sent,
        log_file
    FROM s3access
    WHERE
        event_time >= :since
        AND event_time < :until
        AND bucket = :bucket
),

-- one row: whose bucket it is, NULL where neither log tells
owners AS (
    SELECT
        COALESCE(
            (
                SELECT MIN(account_id)
                FROM trail
                WHERE
                    bucket_name IS NOT NULL
                    AND COALESCE(event_category, 'Management') <> 'Data'
            ),
            (SELECT MIN(account_id) FROM access_rows)
        ) AS owner_account
),

-- what a call says of the bucket's policy, its ACL, and the two blocks; NULL where nothing
calls AS (
    SELECT
        trail.event_time,
        trail.actor,
        trail.source_ip,
        trail.event_name,
        trail.outcome,
        trail.event_id,
        trail.object_key,
        trail.log_file,
        CASE
            WHEN trail.event_name IN ('CreateBucket', 'DeleteBucket', 'DeleteBucketPolicy')
                THEN FALSE
            WHEN trail.event_name = 'PutBucketPolicy'
                -- between two objects of a list: only Statement is a list of objects
                THEN ANY_MATCH(
                    SPLIT(REPLACE(trail.request_parameters, '}, {', '},{'), '},{'),
                    x -> REGEXP_LIKE(x, '"Effect"\s*:\s*"Allow"')
                    AND REGEXP_LIKE(
                        x, '"Principal"\s*:\s*("\*"|\{[^{}]*"AWS"\s*:\s*(\[[^\]]*)?"\*")'
                    )
                    AND STRPOS(x, '"Condition"') = 0
                )
        END AS policy_is_public,
        CASE
            WHEN trail.event_name = 'DeleteBucket' THEN FALSE
            WHEN
                trail.event_name = 'PutBucketOwnershipControls'
                AND STRPOS(trail.request_parameters, '"BucketOwnerEnforced"') > 0
                THEN FALSE
            WHEN trail.event_name IN ('CreateBucket', 'PutBucketAcl', 'PutObjectAcl')
                THEN REGEXP_LIKE(
                    trail.request_parameters, 'global[^"A-Za-z]*(AllUsers|AuthenticatedUsers)'
                )
                OR REGEXP_LIKE(
                    trail.request_parameters,
                    '"x-amz-acl"\s*:\s*\[?\s*"(public-read|authenticated-read)(-write)?"'
                )
        END AS acl_is_public,
        -- a flag left out is a flag cleared
        CASE
            WHEN
                trail.event_name IN (
                    'DeleteBucketPublicAccessBlock', 'DeleteAccountPublicAccessBlock'
                )
                THEN FALSE
            WHEN trail.event_name LIKE 'Put%PublicAccessBlock'
                THEN COALESCE(JSON_EXTRACT_SCALAR(
                    trail.request_parameters,
                    '$.PublicAccessBlockConfiguration.RestrictPublicBuckets'
                ), 'false') = 'true'
        END AS blocks_policy,
        CASE
            WHEN
                trail.event_name IN (
                    'DeleteBucketPublicAccessBlock', 'DeleteAccountPublicAccessBlock'
                )
                THEN FALSE
            WHEN trail.event_name LIKE 'Put%PublicAccessBlock'
                THEN COALESCE(JSON_EXTRACT_SCALAR(
                    trail.request_parameters,
                    '$.PublicAccessBlockConfiguration.IgnorePublicAcls'
                ), 'false') = 'true'
        END AS blocks_acl,
        ROW_NUMBER() OVER (PARTITION BY trail.event_id ORDER BY trail.log_file) AS copy_number
    FROM trail
    CROSS JOIN owners
    WHERE
        (
            COALESCE(trail.event_category, 'Management') <> 'Data'
            OR trail.event_name = 'PutObjectAcl'
        )
        AND (trail.bucket_name IS NOT NULL OR trail.account_id = owners.owner_account)
),

told AS (
    SELECT
        event_time,
        actor,
        source_ip,
        event_name,
        outcome,
        event_id,
        object_key,
        log_file,
        policy_is_public,
        acl_is_public,
        blocks_policy,
        blocks_acl,
        outcome = 'success' AND event_name <> 'PutObjectAcl' AS changes_bucket,
        event_name IN (
            'PutAccountPublicAccessBlock', 'DeleteAccountPublicAccessBlock'
        ) AS is_of_account
    FROM calls
    WHERE copy_number = 1
),

-- what holds after each call
standing AS (
    SELECT
        event_time,
        actor,
        source_ip,
        event_name,
        outcome,
        event_id,
        object_key,
        log_file,
        policy_is_public,
        acl_is_public,
        blocks_policy,
        blocks_acl,
        changes_bucket,
        LAST_VALUE(CASE WHEN changes_bucket THEN policy_is_public END) IGNORE NULLS OVER (
            ORDER BY event_time, event_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS policy_stands,
        LAST_VALUE(CASE WHEN changes_bucket THEN acl_is_public END) IGNORE NULLS OVER (
            ORDER BY event_time, event_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS acl_stands,
        LAST_VALUE(
            CASE WHEN changes_bucket AND NOT is_of_account THEN blocks_policy END
        ) IGNORE NULLS OVER (
            ORDER BY event_time, event_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS bucket_blocks_policy,
        LAST_VALUE(
            CASE WHEN changes_bucket AND NOT is_of_account THEN blocks_acl END
        ) IGNORE NULLS OVER (
            ORDER BY event_time, event_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS bucket_blocks_acl,
        LAST_VALUE(
            CASE WHEN changes_bucket AND is_of_account THEN blocks_policy END
        ) IGNORE NULLS OVER (
            ORDER BY event_time, event_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS account_blocks_policy,
        LAST_VALUE(
            CASE WHEN changes_bucket AND is_of_account THEN blocks_acl END
        ) IGNORE NULLS OVER (
            ORDER BY event_time, event_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS account_blocks_acl
    FROM told
),

blocked AS (
    SELECT
        event_time,
        actor,
        source_ip,
        event_name,
        outcome,
        event_id,
        object_key,
        log_file,
        policy_is_public,
        acl_is_public,
        blocks_policy,
        blocks_acl,
        changes_bucket,
        policy_stands,
        acl_stands,
        COALESCE(bucket_blocks_policy, FALSE)
        OR COALESCE(account_blocks_policy, FALSE) AS is_policy_blocked,
        COALESCE(bucket_blocks_acl, FALSE)
        OR COALESCE(account_blocks_acl, FALSE) AS is_acl_blocked,
        -- a block that was taken off lets an older policy or ACL count again
        NOT COALESCE(bucket_blocks_policy, account_blocks_policy, TRUE) AS is_policy_freed,
        NOT COALESCE(bucket_blocks_acl, account_blocks_acl, TRUE) AS is_acl_freed
    FROM standing
),

states AS (
    SELECT
        event_time,
        actor,
        source_ip,
        event_name,
        outcome,
        event_id,
        object_key,
        log_file,
        policy_is_public,
        acl_is_public,
        blocks_policy,
        blocks_acl,
        changes_bucket,
        CASE
            WHEN
                (COALESCE(policy_stands, FALSE) AND NOT is_policy_blocked)
                OR (COALESCE(acl_stands, FALSE) AND NOT is_acl_blocked)
                THEN 'open'
            WHEN
                (policy_stands IS NULL AND is_policy_freed AND NOT is_policy_blocked)
                OR (acl_stands IS NULL AND is_acl_freed AND NOT is_acl_blocked)
                THEN 'unblocked'
            WHEN
                policy_stands IS NOT NULL
                OR acl_stands IS NOT NULL
                OR is_policy_blocked
                OR is_acl_blocked
                THEN 'closed'
            ELSE 'not known'
        END AS bucket_state
    FROM blocked
),

spells AS (
    SELECT
        event_time,
        actor,
        source_ip,
        event_name,
        outcome,
        event_id,
        object_key,
        log_file,
        policy_is_public,
        acl_is_public,
        blocks_policy,
        blocks_acl,
        changes_bucket,
        bucket_state,
        COALESCE(
            LAG(bucket_state) OVER (ORDER BY event_time, event_id), 'not known'
        ) AS earlier_state,
        COALESCE(LEAD(event_time) OVER (ORDER BY event_time, event_id), :until) AS next_time
    FROM states
),

fetches AS (
    SELECT
        's3access' AS log,
        access_rows.event_time,
        access_rows.event_name,
        access_rows.actor,
        access_rows.source_ip,
        access_rows.object_key,
        access_rows.bytes_sent AS bytes,
        access_rows.log_file,
        COALESCE(access_rows.request_id, access_rows.event_id) AS read_id,
        CASE
            WHEN access_rows.requester IS NULL THEN 'anonymous'
            WHEN access_rows.requester = access_rows.bucket_owner THEN 'owner'
            WHEN access_rows.requester_account_id = owners.owner_account THEN 'owner'
            WHEN
                access_rows.requester_account_id <> owners.owner_account
                -- the canonical id of another account
                OR REGEXP_LIKE(access_rows.requester, '^[0-9a-f]{64}$')
                THEN 'other account'
            WHEN access_rows.requester_account_id IS NOT NULL THEN 'some account'
        END AS reader
    FROM access_rows
    CROSS JOIN owners
    WHERE
        access_rows.http_status IN (200, 206, 304)
        AND access_rows.event_name IN (
            'REST.GET.OBJECT', 'REST.COPY.OBJECT_GET', 'REST.COPY.PART_GET',
            'REST.SELECT.OBJECT', 'REST.GET.BUCKET', 'REST.GET.BUCKETVERSIONS',
            'WEBSITE.GET.OBJECT'
        )
    UNION ALL
    SELECT
        'cloudtrail' AS log,
        trail.event_time,
        trail.event_name,
        trail.actor,
        trail.source_ip,
        trail.object_key,
        TRY_CAST(TRY_CAST(
            JSON_EXTRACT_SCALAR(trail.additional_event_data, '$.bytesTransferredOut') AS double
        ) AS bigint) AS bytes,
        trail.log_file,
        COALESCE(trail.request_id, trail.event_id) AS read_id,
        CASE
            WHEN LOWER(trail.actor_account_id) LIKE 'anonymous%' THEN 'anonymous'
            WHEN trail.actor_account_id = COALESCE(owners.owner_account, trail.account_id)
                THEN 'owner'
            WHEN trail.actor_account_id IS NOT NULL THEN 'other account'
        END AS reader
    FROM trail
    CROSS JOIN owners
    WHERE
        trail.outcome = 'success'
        AND trail.event_category = 'Data'
        AND trail.event_name IN (
            'GetObject', 'ListObjects', 'ListObjectVersions', 'SelectObjectContent'
        )
        AND trail.bucket_name IS NOT NULL
),

-- the same read is in the trails of both accounts, and may be delivered twice
strangers AS (
    SELECT
        log,
        event_time,
        event_name,
        actor,
        source_ip,
        object_key,
        bytes,
        log_file,
        reader,
        ROW_NUMBER() OVER (
            PARTITION BY log, read_id, object_key
            ORDER BY log_file
        ) AS copy_number
    FROM fetches
    WHERE reader <> 'owner'
),

placed AS (
    SELECT
        strangers.log,
        strangers.event_time,
        strangers.event_name,
        strangers.source_ip,
        strangers.object_key,
        strangers.bytes,
        strangers.log_file,
        strangers.reader,
        CASE WHEN strangers.reader <> 'anonymous' THEN strangers.actor END AS actor,
        COALESCE(spells.bucket_state, 'not known') AS bucket_state,
        spells.event_time AS spell_time
    FROM strangers
    LEFT JOIN spells
        ON
            strangers.event_time >= spells.event_time
            AND strangers.event_time < spells.next_time
    WHERE strangers.copy_number = 1
),

steps AS (
    SELECT
        CASE
            WHEN outcome <> 'success' THEN 'tried'
            WHEN event_name = 'PutObjectAcl' AND acl_is_public THEN 'object opened'
            WHEN bucket_state <> earlier_state AND bucket_state = 'open' THEN 'opened'
            WHEN bucket_state <> earlier_state AND bucket_state <> 'not known' THEN bucket_state
            ELSE 'changed'
        END AS step,
        bucket_state,
        event_time,
        event_time AS last_event_time,
        'cloudtrail' AS log,
        CASE
            WHEN policy_is_public THEN 'policy for everybody'
            WHEN acl_is_public THEN 'acl for everybody'
            WHEN event_name = 'CreateBucket' THEN 'new bucket'
            WHEN event_name = 'DeleteBucket' THEN 'bucket deleted'
            WHEN event_name = 'DeleteBucketPolicy' THEN 'policy deleted'
            WHEN event_name = 'PutBucketPolicy' THEN 'policy not for everybody'
            WHEN event_name = 'PutBucketOwnershipControls' THEN 'ownership of objects'
            WHEN event_name IN ('PutBucketAcl', 'PutObjectAcl') THEN 'acl not for everybody'
            WHEN blocks_policy AND blocks_acl THEN 'block put on'
            WHEN event_name LIKE 'Put%' THEN 'block weakened'
            ELSE 'block taken off'
        END AS how,
        event_name,
        actor,
        ARRAY[source_ip] AS source_ips,
        outcome,
        1 AS event_count,
        NULL AS object_count,
        NULL AS bytes,
        FILTER(ARRAY[object_key], x -> x IS NOT NULL) AS object_keys,
        ARRAY[log_file] AS log_files
    FROM spells
    WHERE event_name <> 'PutObjectAcl' OR acl_is_public
    UNION ALL
    SELECT
        'read' AS step,
        bucket_state,
        MIN(event_time) AS event_time,
        MAX(event_time) AS last_event_time,
        log,
        reader AS how,
        MIN(event_name) AS event_name,
        actor,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT source_ip), x -> x IS NOT NULL)), 1, 20
        ) AS source_ips,
        'success' AS outcome,
        COUNT(*) AS event_count,
        COUNT(DISTINCT object_key) AS object_count,
        SUM(bytes) AS bytes,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT object_key), x -> x IS NOT NULL)), 1, :max_keys
        ) AS object_keys,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM placed
    GROUP BY log, reader, actor, bucket_state, spell_time
    UNION ALL
    SELECT
        'logs' AS step,
        NULL AS bucket_state,
        MIN(event_time) AS event_time,
        MAX(event_time) AS last_event_time,
        's3access' AS log,
        CASE
            WHEN COUNT(*) = 0 THEN 'no access log of the bucket: reads would not show'
            ELSE 'access log of the bucket'
        END AS how,
        NULL AS event_name,
        NULL AS actor,
        NULL AS source_ips,
        NULL AS outcome,
        COUNT(*) AS event_count,
        COUNT(DISTINCT object_key) AS object_count,
        SUM(bytes_sent) AS bytes,
        NULL AS object_keys,
        NULL AS log_files
    FROM access_rows
    UNION ALL
    SELECT
        'logs' AS step,
        NULL AS bucket_state,
        MIN(event_time) AS event_time,
        MAX(event_time) AS last_event_time,
        'cloudtrail' AS log,
        CASE
            WHEN COUNT(*) = 0 THEN 'no data events of the bucket: reads would not show'
            ELSE 'data events of the bucket'
        END AS how,
        NULL AS event_name,
        NULL AS actor,
        NULL AS source_ips,
        NULL AS outcome,
        COUNT(*) AS event_count,
        COUNT(DISTINCT object_key) AS object_count,
        NULL AS bytes,
        NULL AS object_keys,
        NULL AS log_files
    FROM trail
    WHERE
        event_category = 'Data'
        AND bucket_name IS NOT NULL
)

SELECT
    step,
    bucket_state,
    event_time,
    last_event_time,
    log,
    how,
    event_name,
    actor,
    source_ips,
    outcome,
    event_count,
    object_count,
    bytes,
    object_keys,
    log_files
FROM steps
ORDER BY
    CASE WHEN step = 'logs' THEN 1 ELSE 0 END,
    CASE WHEN step = 'logs' THEN NULL ELSE event_time END,
    log,
    how,
    actor
