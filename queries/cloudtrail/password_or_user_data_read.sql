-- ---
-- title: Instance password or user data read or replaced
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who asked for the administrator password or the start-up script of instances?
-- attack: [T1552, T1580, T1059.004]
-- stage: credential access
-- group_by: [actor]
-- params:
--   known_principals: {type: texts, default: [], help: principals that may read them}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, asked_for: text,
--   error_code: text, user_agent: text, access_key_id: text, log_file: text}
-- expected:
--   - Terraform and similar tools, which read the user data of every instance they manage
--   - Administrators who fetch the first password of a new Windows instance
-- misses:
--   - User data read on the instance itself, from its metadata service, which is not logged
--   - User data in launch templates (DescribeLaunchTemplateVersions) and launch configurations
--   - User data given with a new instance (RunInstances)
-- next: See how many instances were asked for and how many calls were denied; many of both means a
--   search. Rotate secrets that the user data holds, and look for a stop and a start of an
--   instance whose user data was replaced.
-- references:
--   - https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetPasswordData.html
--   - https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceAttribute.html
--   - https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html
-- ---
WITH requests AS (
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
        CASE
            WHEN event_name = 'GetPasswordData' THEN 'password'
            WHEN
                event_name = 'DescribeInstanceAttribute'
                AND LOWER(JSON_EXTRACT_SCALAR(request_parameters, '$.attribute')) = 'userdata'
                THEN 'user data'
            WHEN
                event_name = 'ModifyInstanceAttribute'
                -- {"userData": ...}, {"userData": {"value": ...}} or {"attribute": "userData"}
                AND STRPOS(LOWER(request_parameters), '"userdata"') > 0
                THEN 'new user data'
        END AS asked_for
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND actor NOT IN (:known_principals)
        AND event_source = 'ec2.amazonaws.com'
        AND event_name IN (
            'GetPasswordData', 'DescribeInstanceAttribute', 'ModifyInstanceAttribute'
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
    asked_for,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM requests
WHERE asked_for IS NOT NULL
ORDER BY event_time, event_id
