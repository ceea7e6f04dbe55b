-- ---
-- title: Who was given which credential
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who took on which role, or made a credential for another user, and until when?
-- serves: stories
-- params:
--   lasting: {type: interval, default: 12h, help: "how long before the window a session may begin"}
-- columns: {event_time: timestamp, account_id: text, actor: text, source_ip: text,
--   event_name: text, event_id: text, access_key_id: text, given_actor: text,
--   given_access_key_id: text, until_time: timestamp, only_from_ip: text, log_file: text}
-- misses:
--   - Role credentials that EC2, ECS and Lambda fetch for themselves; a service assumes those
--   - Users below a path whose password was made here; a password hands out no key to go by
--   - Sessions that began more than `lasting` before the window
-- next: Follow a given key (key_with_chains), or what a role did under all its sessions
--   (who_assumed_what).
-- references:
--   - https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
--   - https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
--   - https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
-- ---
WITH requests AS (
    SELECT
        event_time,
        account_id,
        actor,
        source_ip,
        event_name,
        event_id,
        access_key_id,
        identity_type,
        log_file,
        issued_access_key_id AS given_access_key_id,
        JSON_EXTRACT_SCALAR(request_parameters, '$.userName') AS other_user,
        COALESCE(
            JSON_EXTRACT_SCALAR(request_parameters, '$.roleArn'),
            JSON_EXTRACT_SCALAR(response_elements, '$.federatedUser.arn'),
            JSON_EXTRACT_SCALAR(request_parameters, '$.targetPrincipal'),
            'arn:' || COALESCE(NULLIF(SPLIT_PART(identity_arn, ':', 2), ''), 'aws')
            || ':iam::' || actor_account_id
            || ':user/' || JSON_EXTRACT_SCALAR(request_parameters, '$.userName')
        ) AS given_actor,
        COALESCE(
            TRY_CAST(JSON_EXTRACT_SCALAR(request_parameters, '$.durationSeconds') AS bigint),
            CASE event_name WHEN 'GetFederationToken' THEN 43200 ELSE 3600 END
        ) AS lasting_seconds,
        -- an organization sees the call twice: with the caller's name, and from the role's account
        ROW_NUMBER() OVER (
            PARTITION BY COALESCE(issued_access_key_id, event_id)
            ORDER BY CASE identity_type WHEN 'AWSAccount' THEN 1 ELSE 0 END, event_time, event_id
        ) AS copy_number
    FROM cloudtrail
    WHERE
        event_time >= :since - :lasting
        AND event_time < :until
        AND event_source IN ('sts.amazonaws.com', 'iam.amazonaws.com')
        AND event_name IN (
            'AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity', 'AssumeRoot',
            'GetFederationToken', 'CreateAccessKey', 'CreateLoginProfile', 'UpdateLoginProfile'
        )
        AND (identity_type IS NULL OR identity_type <> 'AWSService')
        AND error_code IS NULL
)

SELECT
    event_time,
    account_id,
    actor,
    source_ip,
    event_name,
    event_id,
    access_key_id,
    given_actor,
    given_access_key_id,
    -- a key or password of a user lasts
    CASE
        WHEN other_user IS NULL THEN DATE_ADD('second', lasting_seconds, event_time)
    END AS until_time,
    -- and may be meant for somebody else
    CASE WHEN other_user IS NOT NULL THEN source_ip END AS only_from_ip,
    log_file
FROM requests
WHERE
    copy_number = 1
    AND given_actor IS NOT NULL
    AND given_actor <> actor
ORDER BY event_time, event_id
