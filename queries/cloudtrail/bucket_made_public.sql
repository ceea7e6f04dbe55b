-- ---
-- title: Bucket or object made public
-- kind: detection
-- severity: high
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Which bucket or object was opened to everybody, or lost the block against that?
-- attack: [T1530]
-- stage: collection
-- group_by: [account_id, target]
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, opened_by: text,
--   error_code: text, user_agent: text, access_key_id: text, log_file: text}
-- expected:
--   - Buckets meant to serve a public site
--   - Block public access taken off by a tool just before it deletes the bucket
-- misses:
--   - A policy statement for everybody with a Condition, however weak, and one with NotPrincipal
--   - A policy for one other account, an access point policy, or replication to another account
--   - A public ACL given while the object is written (PutObject); PutObjectAcl needs data events
--   - A bucket policy too large to be kept in the record
-- next: Put block public access back, for the whole account if you can. See what was
--   fetched while it was open, and whether the logs could show it (activity.public_bucket).
-- references:
--   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
--   - https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html
--   - https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
--   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
-- ---
WITH changes AS (
    SELECT
        event_time,
        account_id,
        region,
        actor,
        source_ip,
        event_name,
        outcome,
        event_id,
        error_code,
        user_agent,
        access_key_id,
        log_file,
        -- the block of a whole account has the account for its target
        COALESCE(target, JSON_EXTRACT_SCALAR(request_parameters, '$.accountId')) AS target,
        CASE
            WHEN event_name IN ('DeleteBucketPublicAccessBlock', 'DeleteAccountPublicAccessBlock')
                THEN 'block removed'
            WHEN
                event_name IN ('PutBucketPublicAccessBlock', 'PutAccountPublicAccessBlock')
                AND STRPOS(request_parameters, '"PublicAccessBlockConfiguration"') > 0
                -- a flag left out is a flag cleared
                AND 'true,true,true,true' <> COALESCE(
                    JSON_EXTRACT_SCALAR(
                        request_parameters, '$.PublicAccessBlockConfiguration.BlockPublicAcls'
                    ) || ','
                    || JSON_EXTRACT_SCALAR(
                        request_parameters, '$.PublicAccessBlockConfiguration.IgnorePublicAcls'
                    ) || ','
                    || JSON_EXTRACT_SCALAR(
                        request_parameters, '$.PublicAccessBlockConfiguration.BlockPublicPolicy'
                    ) || ','
                    || JSON_EXTRACT_SCALAR(
                        request_parameters, '$.PublicAccessBlockConfiguration.RestrictPublicBuckets'
                    ), 'left out'
                )
                THEN 'block weakened'
            WHEN
                event_name IN ('PutBucketAcl', 'PutObjectAcl', 'CreateBucket')
                AND (
                    REGEXP_LIKE(
                        request_parameters, 'global[^"A-Za-z]*(AllUsers|AuthenticatedUsers)'
                    )
                    OR REGEXP_LIKE(
                        request_parameters,
                        '"x-amz-acl"\s*:\s*\[?\s*"(public-read|authenticated-read)(-write)?"'
                    )
                )
                THEN 'acl'
            WHEN
                event_name = 'PutBucketPolicy'
                -- between two objects of a list: only Statement is a list of objects
                AND ANY_MATCH(
                    SPLIT(REPLACE(request_parameters, '}, {', '},{'), '},{'),
                    x -> REGEXP_LIKE(x, '"Effect"\s*:\s*"Allow"')
                    AND REGEXP_LIKE(
                        x, '"Principal"\s*:\s*("\*"|\{[^{}]*"AWS"\s*:\s*(\[[^\]]*)?"\*")'
                    )
                    AND STRPOS(x, '"Condition"') = 0
                )
                THEN 'policy'
        END AS opened_by
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source = 's3.amazonaws.com'
        AND event_name IN (
            'PutBucketAcl', 'PutObjectAcl', 'CreateBucket', 'PutBucketPolicy',
            'PutBucketPublicAccessBlock', 'DeleteBucketPublicAccessBlock',
            'PutAccountPublicAccessBlock', 'DeleteAccountPublicAccessBlock'
        )
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
    opened_by,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM changes
WHERE opened_by IS NOT NULL
ORDER BY event_time, event_id
