-- ---
-- title: Trail stopped, deleted or narrowed
-- kind: detection
-- severity: high
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who stopped, deleted or narrowed a trail, or tried to, and from where?
-- attack: [T1685.002]
-- stage: defense impairment
-- group_by: [account_id, target]
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, trail_change: text,
--   error_code: text, user_agent: text, access_key_id: text, log_file: text}
-- expected:
--   - Trails replaced or taken down by the platform team
--   - A second trail meant for data events alone, whose selectors leave management events out
-- misses:
--   - Logs sent to another bucket (UpdateTrail with s3BucketName), or encrypted with a foreign key
--   - The bucket itself emptied, given an expiry rule or a policy that keeps CloudTrail out
--   - An organization trail made an account trail, excludeManagementEventSources, and an advanced
--     selector that narrows the event source
-- next: Turn the trail on again. Compare the hours around it with the digest files, and list what
--   the actor did in the hour before and, in other logs, after.
-- references:
--   - https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopLogging.html
--   - https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateTrail.html
--   - https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
--   - https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html
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
        -- a trail may be given as a name or as an ARN: one name for both
        COALESCE(NULLIF(SPLIT_PART(target, ':trail/', 2), ''), target) AS target,
        CASE
            WHEN event_name IN ('StopLogging', 'StopEventDataStoreIngestion') THEN 'stopped'
            WHEN event_name IN ('DeleteTrail', 'DeleteEventDataStore') THEN 'deleted'
            WHEN
                event_name = 'UpdateTrail'
                AND 'false' IN (
                    COALESCE(JSON_EXTRACT_SCALAR(request_parameters, '$.isMultiRegionTrail'), ''),
                    COALESCE(
                        JSON_EXTRACT_SCALAR(request_parameters, '$.includeGlobalServiceEvents'), ''
                    ),
                    COALESCE(
                        JSON_EXTRACT_SCALAR(request_parameters, '$.enableLogFileValidation'), ''
                    )
                )
                THEN 'narrowed'
            WHEN
                event_name = 'PutEventSelectors'
                AND REGEXP_LIKE(request_parameters, '"(advancedE|e)ventSelectors"')
                -- a basic selector of all management events; what it leaves out means All and true.
                -- Its two keys stand together: only the list dataResources has objects in it
                AND NOT ANY_MATCH(
                    SPLIT(request_parameters, '}'),
                    x -> REGEXP_LIKE(x, '"(readWriteType|includeManagementEvents)"')
                    AND NOT REGEXP_LIKE(x, '"readWriteType"\s*:\s*"(Read|Write)Only"')
                    AND NOT REGEXP_LIKE(x, '"includeManagementEvents"\s*:\s*false')
                )
                -- an advanced selector of all management events
                AND NOT ANY_MATCH(
                    SPLIT(request_parameters, '"fieldSelectors"'),
                    x -> REGEXP_LIKE(x, '"equals"\s*:\s*\[\s*"Management"')
                    AND NOT REGEXP_LIKE(
                        x, '"(readOnly|eventName|eventType|sessionCredential.*|userIdentity.arn)"'
                    )
                )
                THEN 'narrowed'
        END AS trail_change
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source = 'cloudtrail.amazonaws.com'
        AND event_name IN (
            'StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors',
            'StopEventDataStoreIngestion', 'DeleteEventDataStore'
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
    trail_change,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM changes
WHERE trail_change IS NOT NULL
ORDER BY event_time, event_id
