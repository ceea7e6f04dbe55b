-- ---
-- title: Outside identity provider added or changed
-- kind: detection
-- severity: high
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who added or changed a Roles Anywhere, SAML or OIDC provider of identities?
-- attack: [T1484.002, T1556]
-- stage: persistence
-- group_by: [actor]
-- params:
--   known_principals: {type: texts, default: [], help: principals that set providers up}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, provider: text,
--   role_arns: text, error_code: text, user_agent: text, access_key_id: text, log_file: text}
-- expected:
--   - Clusters and pipelines set up, whose tools add an OIDC provider
--   - Signing certificates of a SAML provider renewed
-- misses:
--   - The identity source and the outside provider of IAM Identity Center, and Cognito pools
--   - A private certificate authority that issues more certificates below an anchor that exists
--   - The trust policy of a role opened to a provider that exists already
-- next: Ask who runs the provider. Delete it, then look for AssumeRoleWithSAML,
--   AssumeRoleWithWebIdentity or CreateSession through it and follow those sessions
--   (who_assumed_what).
-- references:
--   - https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_CreateTrustAnchor.html
--   - https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_CreateProfile.html
--   - https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html
--   - https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
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
            target,
            JSON_EXTRACT_SCALAR(request_parameters, '$.name'),
            JSON_EXTRACT_SCALAR(request_parameters, '$.url'),
            JSON_EXTRACT_SCALAR(request_parameters, '$.trustAnchorId'),
            JSON_EXTRACT_SCALAR(request_parameters, '$.profileId')
        ) AS target,
        CASE
            WHEN event_source = 'rolesanywhere.amazonaws.com' THEN 'Roles Anywhere'
            WHEN STRPOS(event_name, 'SAML') > 0 THEN 'SAML'
            ELSE 'OIDC'
        END AS provider,
        -- what a profile of Roles Anywhere hands out
        REGEXP_EXTRACT(request_parameters, '"roleArns"\s*:\s*\[([^\]]*)', 1) AS role_arns
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND actor NOT IN (:known_principals)
        AND event_source IN ('rolesanywhere.amazonaws.com', 'iam.amazonaws.com')
        AND event_name IN (
            'CreateTrustAnchor', 'UpdateTrustAnchor', 'EnableTrustAnchor',
            'CreateProfile', 'UpdateProfile', 'EnableProfile', 'DisableCrl', 'DeleteCrl',
            'CreateSAMLProvider', 'UpdateSAMLProvider',
            'CreateOpenIDConnectProvider', 'UpdateOpenIDConnectProviderThumbprint',
            'AddClientIDToOpenIDConnectProvider'
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
    provider,
    role_arns,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM changes
ORDER BY event_time, event_id
