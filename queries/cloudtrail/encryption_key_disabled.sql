-- ---
-- title: Encryption key disabled or set for deletion
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who disabled a KMS key, scheduled its deletion or took its material away?
-- attack: [T1485, T1490]
-- stage: impact
-- group_by: [actor]
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, key_change: text,
--   pending_days: integer, error_code: text, user_agent: text, access_key_id: text,
--   log_file: text}
-- expected:
--   - Stacks and test environments taken down with their keys
-- misses:
--   - A key policy that locks the owner out (PutKeyPolicy), and grants retired or revoked
--   - Deletion that a service does on behalf of the account, and keys of CloudHSM
-- next: Cancel the deletion (CancelKeyDeletion) or enable the key; deletion takes 7 to 30 days.
--   List what is encrypted with it and what else the actor removed.
-- references:
--   - https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
--   - https://docs.aws.amazon.com/kms/latest/APIReference/API_DisableKey.html
--   - https://docs.aws.amazon.com/kms/latest/APIReference/API_DeleteImportedKeyMaterial.html
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
        COALESCE(
            target, JSON_EXTRACT_SCALAR(request_parameters, '$.customKeyStoreId')
        ) AS target,
        CASE event_name
            WHEN 'DisableKey' THEN 'disabled'
            WHEN 'ScheduleKeyDeletion' THEN 'deletion scheduled'
            WHEN 'DeleteImportedKeyMaterial' THEN 'material deleted'
            ELSE 'key store disconnected'
        END AS key_change,
        TRY_CAST(
            JSON_EXTRACT_SCALAR(request_parameters, '$.pendingWindowInDays') AS bigint
        ) AS pending_days
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source = 'kms.amazonaws.com'
        AND event_name IN (
            'DisableKey', 'ScheduleKeyDeletion', 'DeleteImportedKeyMaterial',
            'DisconnectCustomKeyStore'
        )
        -- KMS itself reports the end of the waiting time
        AND COALESCE(event_type, 'AwsApiCall') <> 'AwsServiceEvent'
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
    key_change,
    pending_days,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM changes
ORDER BY event_time, event_id
