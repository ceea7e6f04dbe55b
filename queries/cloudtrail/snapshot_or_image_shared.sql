-- ---
-- title: Snapshot or image shared outside the account
-- kind: detection
-- severity: high
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Which snapshot or machine image was shared with another account or everybody?
-- attack: [T1537]
-- stage: exfiltration
-- group_by: [account_id, target]
-- params:
--   known_accounts: {type: texts, default: [], help: account ids that may be given a copy}
--   known_principals: {type: texts, default: [], help: principals that may share copies}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, shared_with: texts,
--   error_code: text, user_agent: text, access_key_id: text, log_file: text}
-- expected:
--   - Images and snapshots for other accounts of the organization; name them in known_accounts
-- misses:
--   - A snapshot copied or exported to a place the other account reads already (CopySnapshot,
--     StartExportTask, CreateStoreImageTask), or read block by block (GetSnapshotBlock)
--   - A disk attached in place, or a database restored in the open
--   - The use of the share itself, which is logged in the other account; only a volume made of a
--     shared snapshot leaves an event here (SharedSnapshotVolumeCreated)
-- next: Take the share back. Look for SharedSnapshotVolumeCreated and SharedSnapshotCopyInitiated
--   of the target, and find out what the source disk or database held.
-- references:
--   - https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySnapshotAttribute.html
--   - https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyImageAttribute.html
--   - https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBSnapshotAttribute.html
--   - https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html
-- ---
WITH shares AS (
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
        -- EC2: {"add": {"items": [{"userId": "..."}, {"group": "all"}]}}; RDS: a list of texts
        REGEXP_EXTRACT(
            request_parameters,
            '"(add"\s*:\s*\{\s*"items|valuesToAdd)"\s*:\s*\[([^\]]*)',
            2
        ) AS added
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND actor NOT IN (:known_principals)
        AND event_source IN ('ec2.amazonaws.com', 'rds.amazonaws.com')
        AND event_name IN (
            'ModifySnapshotAttribute', 'ModifyImageAttribute',
            'ModifyDBSnapshotAttribute', 'ModifyDBClusterSnapshotAttribute'
        )
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
            SPLIT(added, '"'),
            x -> x = 'all'
            OR (
                -- an account, or the ARN of an organization or of a unit of one
                REGEXP_LIKE(x, '^([0-9]+$|arn:)')
                AND x <> owner_account
                AND x NOT IN (:known_accounts)
            )
        ) AS shared_with
    FROM shares
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
    shared_with,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM opened
WHERE CARDINALITY(shared_with) > 0
ORDER BY event_time, event_id
