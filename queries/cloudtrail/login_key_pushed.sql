-- ---
-- title: Login key pushed to an instance
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who pushed an SSH key to an instance or its serial console, or enabled that console?
-- attack: [T1021.004, T1098.004]
-- stage: lateral movement
-- group_by: [actor]
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, pushed_to: text,
--   os_user: text, error_code: text, user_agent: text, access_key_id: text, log_file: text}
-- expected:
--   - People who reach instances by EC2 Instance Connect; compare actor, address and instance
-- misses:
--   - Keys given when an instance is launched, and keys written on the instance itself
--   - A tunnel through an instance connect endpoint (OpenTunnel), which takes any credential
--   - What is typed in the session
-- next: Ask the actor. Look at the instance's own log for the login within the minute the key is
--   valid, and at what the instance's role did next.
-- references:
--   - https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/Welcome.html
--   - https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-serial-console.html
--   - https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EnableSerialConsoleAccess.html
-- ---
WITH pushes AS (
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
            JSON_EXTRACT_SCALAR(request_parameters, '$.instanceId'), target, account_id
        ) AS target,
        CASE event_name
            WHEN 'SendSSHPublicKey' THEN 'instance'
            WHEN 'SendSerialConsoleSSHPublicKey' THEN 'serial console'
            ELSE 'serial console enabled'
        END AS pushed_to,
        COALESCE(
            JSON_EXTRACT_SCALAR(request_parameters, '$.instanceOSUser'),
            JSON_EXTRACT_SCALAR(request_parameters, '$.osUser')
        ) AS os_user
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source IN ('ec2-instance-connect.amazonaws.com', 'ec2.amazonaws.com')
        AND event_name IN (
            'SendSSHPublicKey', 'SendSerialConsoleSSHPublicKey', 'EnableSerialConsoleAccess'
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
    pushed_to,
    os_user,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM pushes
ORDER BY event_time, event_id
