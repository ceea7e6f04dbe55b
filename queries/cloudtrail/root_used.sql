-- ---
-- title: Root user used
-- kind: detection
-- severity: high
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who signed in or called an API as the root user of an account, and from where?
-- attack: [T1078.004]
-- stage: initial access
-- group_by: [account_id]
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, event_source: text,
--   mfa: boolean, access_key_id: text, user_agent: text, log_file: text}
-- expected:
--   - The few tasks that only root can do, announced beforehand and done with MFA
--   - Short root sessions of a management account in a member account (AssumeRoot)
-- misses:
--   - Calls that a service makes as root (invokedBy is set, or eventType is AwsServiceEvent)
--   - Everything done in a role session that root has opened; follow the role from the AssumeRole
-- next: Ask the holder of the root e-mail address. If nobody knows, reset the password and the MFA
--   device, delete root access keys, and list the changes made in the session (key_with_chains).
-- references:
--   - https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html
--   - https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
-- ---
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
    event_source,
    mfa,
    access_key_id,
    user_agent,
    log_file
FROM cloudtrail
WHERE
    event_time >= :since
    AND event_time < :until
    AND identity_type = 'Root'
    AND invoked_by IS NULL
    AND COALESCE(event_type, 'AwsApiCall') <> 'AwsServiceEvent'
ORDER BY event_time, event_id
