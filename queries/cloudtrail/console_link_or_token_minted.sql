-- ---
-- title: Console link or federation token minted
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who turned a credential into a console link or into a token of its own life?
-- attack: [T1550.001]
-- stage: lateral movement
-- group_by: [actor]
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, minted: text,
--   session_policy: boolean, issued_access_key_id: text, error_code: text, user_agent: text,
--   access_key_id: text, log_file: text}
-- expected:
--   - Portals of your own that sign people in to the console
--   - Tools that wrap long-lived keys in session tokens, such as aws-vault
-- misses:
--   - The links that IAM Identity Center's portal makes for its own roles
--   - GetSessionToken with an MFA code
--   - What is done with the token; it outlives the key it was minted from
-- next: Ask the actor. A token of GetFederationToken stays valid when its key is disabled; deny by
--   policy instead, and follow the issued key (key_with_chains) and the session
--   (console_sessions).
-- references:
--   - https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
--   - https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
--   - https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
-- ---
WITH tokens AS (
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
        issued_access_key_id,
        error_code,
        user_agent,
        access_key_id,
        log_file,
        CASE event_name
            WHEN 'GetSigninToken' THEN 'console link'
            WHEN 'GetFederationToken' THEN 'federation token'
            ELSE 'session token without MFA'
        END AS minted,
        COALESCE(REGEXP_LIKE(request_parameters, '"policy(Arns)?"'), FALSE) AS session_policy
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source IN ('signin.amazonaws.com', 'sts.amazonaws.com')
        AND event_name IN ('GetSigninToken', 'GetFederationToken', 'GetSessionToken')
        AND (
            event_name <> 'GetSessionToken'
            OR JSON_EXTRACT_SCALAR(request_parameters, '$.serialNumber') IS NULL
        )
        -- the portal of IAM Identity Center mints a link for each sign-in of its roles
        AND (
            event_name <> 'GetSigninToken'
            OR STRPOS(actor, '/AWSReservedSSO_') = 0
            OR user_agent IS NULL
            OR user_agent NOT LIKE 'Jersey/%'
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
    minted,
    session_policy,
    issued_access_key_id,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM tokens
ORDER BY event_time, event_id
