-- ---
-- title: Administrator policy given
-- kind: detection
-- severity: high
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who gave, or tried to give, an identity the rights of an administrator?
-- attack: [T1098.003]
-- stage: privilege escalation
-- group_by: [actor]
-- params:
--   policy_names: {type: texts, default: [AdministratorAccess, IAMFullAccess, PowerUserAccess],
--     help: "what follows :policy/ in the ARN of a policy that makes an administrator"}
--   known_principals: {type: texts, default: [], help: principals that give rights}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, given_policy: text,
--   escaped_letters: boolean, error_code: text, user_agent: text, access_key_id: text,
--   log_file: text}
-- expected:
--   - Account set-up and infrastructure pipelines that create their own administrator roles
-- misses:
--   - Rights short of administrator that lead there, such as iam:PassRole
--   - A statement with a Condition between its Effect, Action and Resource, and wildcards such as
--     "i*" or an ARN in place of the resource "*"
--   - An older version of a policy made the default (SetDefaultPolicyVersion), a user put in an
--     administrators group (AddUserToGroup), permission sets of IAM Identity Center
-- next: Detach the policy, or delete the inline policy or the version. Then list what the target
--   did with it, and whether the actor made a credential for it (credential_made_for_other_user).
-- references:
--   - https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachUserPolicy.html
--   - https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html
--   - https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html
--   - https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html
-- ---
WITH grants AS (
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
        JSON_EXTRACT_SCALAR(request_parameters, '$.policyArn') AS policy_arn,
        COALESCE(
            JSON_EXTRACT_SCALAR(request_parameters, '$.policyArn'),
            JSON_EXTRACT_SCALAR(request_parameters, '$.policyName')
        ) AS given_policy,
        -- lower case, because actions are compared without case
        LOWER(JSON_EXTRACT_SCALAR(request_parameters, '$.policyDocument')) AS policy_text,
        -- a letter, digit or asterisk as a JSON escape: nobody needs that, unless to hide
        COALESCE(
            REGEXP_LIKE(
                LOWER(JSON_EXTRACT_SCALAR(request_parameters, '$.policyDocument')),
                '\\u00(2a|3[0-9]|[46][1-9a-f]|[57][0-9a])'
            ), FALSE
        ) AS escaped_letters
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND actor NOT IN (:known_principals)
        AND event_source = 'iam.amazonaws.com'
        AND event_name IN (
            'AttachUserPolicy', 'AttachRolePolicy', 'AttachGroupPolicy',
            'PutUserPolicy', 'PutRolePolicy', 'PutGroupPolicy',
            'CreatePolicy', 'CreatePolicyVersion'
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
    given_policy,
    escaped_letters,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM grants
WHERE
    SPLIT_PART(policy_arn, ':policy/', 2) IN (:policy_names)
    OR escaped_letters
    -- an identity policy has no nested object but Condition: a brace ends the statement
    OR ANY_MATCH(
        SPLIT(policy_text, '}'),
        x -> REGEXP_LIKE(x, '"effect"\s*:\s*"allow"')
        AND REGEXP_LIKE(x, '"resource"\s*:\s*(\[[^\]]*)?"\*"')
        AND REGEXP_LIKE(x, '"(notaction"\s*:|action"\s*:\s*(\[[^\]]*)?"(\*|\*:\*|iam:\*)")')
    )
ORDER BY event_time, event_id
