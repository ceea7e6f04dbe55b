-- ---
-- title: Role opened to another account
-- kind: detection
-- severity: high
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Which role was made assumable by everybody or by another account, and by whom?
-- attack: [T1098.003]
-- stage: persistence
-- group_by: [account_id, target]
-- params:
--   known_accounts: {type: texts, default: [], help: account ids that may be trusted}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, outsiders: texts,
--   escaped_letters: boolean, external_id: boolean, error_code: text, user_agent: text,
--   access_key_id: text, log_file: text}
-- expected:
--   - Roles for vendors and for other accounts of the organization; name them in known_accounts
--   - A trust policy that names another account only to deny it
-- misses:
--   - Federated principals, such as a GitHub provider without a condition on the subject
--   - Unique principal ids (AIDA..., AROA...) in place of an ARN
--   - Roles Anywhere trust anchors, and roles that already trusted the account
-- next: Restore the former trust policy. Look for AssumeRole of the role from the trusted account,
--   and for what those sessions did.
-- references:
--   - https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html
--   - https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
--   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
-- ---
WITH trusts AS (
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
        COALESCE(recipient_account_id, account_id) AS role_account,
        COALESCE(
            JSON_EXTRACT_SCALAR(request_parameters, '$.policyDocument'),
            JSON_EXTRACT_SCALAR(request_parameters, '$.assumeRolePolicyDocument')
        ) AS trust_text
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source = 'iam.amazonaws.com'
        AND event_name IN ('UpdateAssumeRolePolicy', 'CreateRole')
),

named AS (
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
        role_account,
        trust_text,
        -- a letter, digit or asterisk as a JSON escape: nobody needs that, unless to hide
        REGEXP_LIKE(
            LOWER(trust_text), '\\u00(2a|3[0-9]|[46][1-9a-f]|[57][0-9a])'
        ) AS escaped_letters,
        -- what stands behind each "AWS" key: one string, or a list; or "Principal": "*"
        ARRAY_JOIN(
            TRANSFORM(
                SPLIT(trust_text, '"AWS"'),
                x -> COALESCE(REGEXP_EXTRACT(x, '^\s*:\s*(\[[^\]]*|"[^"]*")', 1), '')
            ), ','
        )
        || COALESCE(REGEXP_EXTRACT(trust_text, '"Principal"\s*:\s*("\*")', 1), '') AS principal_text
    FROM trusts
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
        escaped_letters,
        STRPOS(LOWER(trust_text), 'sts:externalid') > 0 AS external_id,
        FILTER(
            SPLIT(principal_text, '"'),
            x -> x = '*'
            OR (
                REGEXP_LIKE(x, '^([0-9]+$|arn:)')
                AND COALESCE(NULLIF(SPLIT_PART(x, ':', 5), ''), x) <> role_account
                AND COALESCE(NULLIF(SPLIT_PART(x, ':', 5), ''), x) NOT IN (:known_accounts)
            )
        ) AS outsiders
    FROM named
    WHERE REGEXP_LIKE(trust_text, '"Effect"\s*:\s*"Allow"') OR escaped_letters
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
    outsiders,
    escaped_letters,
    external_id,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM opened
WHERE CARDINALITY(outsiders) > 0 OR escaped_letters
ORDER BY event_time, event_id
