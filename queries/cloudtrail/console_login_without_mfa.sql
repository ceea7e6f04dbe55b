-- ---
-- title: Console login without MFA
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Which IAM user or root user signed in to the console with a password alone?
-- attack: [T1078.004]
-- stage: initial access
-- group_by: [actor]
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, identity_type: text,
--   user_name: text, mfa: boolean, user_agent: text, access_key_id: text, log_file: text}
-- expected:
--   - The first sign-in of a new user, who registers the device afterwards
-- misses:
--   - Federated sign-ins (SAML, IAM Identity Center, GetSigninToken), whose MFA happens elsewhere
--   - API calls with long-lived keys, which need no sign-in at all
--   - MFA satisfied by an attacker's own device; look for EnableMFADevice before the sign-in
-- next: Confirm the sign-in with the user. List what the user did afterwards from this address
--   (address), and enforce MFA by policy.
-- references:
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
    identity_type,
    user_name,
    mfa,
    user_agent,
    access_key_id,
    log_file
FROM cloudtrail
WHERE
    event_time >= :since
    AND event_time < :until
    AND event_source = 'signin.amazonaws.com'
    AND event_name = 'ConsoleLogin'
    AND identity_type IN ('IAMUser', 'Root')
    AND outcome = 'success'
    -- a record that does not say counts as none
    AND COALESCE(mfa, FALSE) = FALSE
ORDER BY event_time, event_id
