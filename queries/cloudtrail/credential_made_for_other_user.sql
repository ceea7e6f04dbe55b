-- ---
-- title: Access key or password made for another user
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who made, or tried to make, an access key or a console password for somebody else?
-- attack: [T1098.001]
-- stage: persistence
-- group_by: [actor]
-- params:
--   known_principals: {type: texts, default: [], help: principals that provision users}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, identity_type: text,
--   issued_access_key_id: text, password_reset_required: boolean, error_code: text,
--   user_agent: text, access_key_id: text, log_file: text}
-- expected:
--   - Administrators and provisioning tools that create users and hand out their first credential
-- misses:
--   - A key or password that users make for themselves, root access keys among them (see root_used)
--   - Service-specific credentials, SSH keys and signing certificates
--   - Records too large to keep their request parameters, in which the user is not named
-- next: Ask the owner of the target. Disable the key or delete the login profile, then follow what
--   the new key did (key_with_chains with issued_access_key_id).
-- references:
--   - https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
--   - https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html
--   - https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateLoginProfile.html
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
        identity_type,
        user_name,
        issued_access_key_id,
        error_code,
        user_agent,
        access_key_id,
        log_file,
        JSON_EXTRACT_SCALAR(request_parameters, '$.userName') AS other_user,
        CASE JSON_EXTRACT_SCALAR(request_parameters, '$.passwordResetRequired')
            WHEN 'true' THEN TRUE
            WHEN 'false' THEN FALSE
        END AS password_reset_required
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND actor NOT IN (:known_principals)
        AND event_source = 'iam.amazonaws.com'
        AND event_name IN ('CreateAccessKey', 'CreateLoginProfile', 'UpdateLoginProfile')
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
    identity_type,
    issued_access_key_id,
    password_reset_required,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM requests
WHERE
    -- a request without a user name is about the caller
    other_user IS NOT NULL
    -- only an IAM user can be the target itself; IAM compares names without case
    AND (
        identity_type IS NULL
        OR identity_type <> 'IAMUser'
        OR user_name IS NULL
        OR LOWER(user_name) <> LOWER(other_user)
    )
ORDER BY event_time, event_id
