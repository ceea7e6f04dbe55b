-- ---
-- title: Account left or was taken out of its organization
-- kind: detection
-- severity: high
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Which account left its organization, was removed or closed, or joined another one?
-- attack: [T1685]
-- stage: defense impairment
-- group_by: [account_id, target]
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, identity_type: text,
--   error_code: text, user_agent: text, access_key_id: text, log_file: text}
-- expected:
--   - Accounts sold, closed or taken over, which the owners of the organization announce
--   - A new account that accepts the invitation of its own organization
-- misses:
--   - Service control policies detached or changed, and an account moved below another unit
--   - An invitation that has not been accepted yet
--   - What happens in an account that has left; the organization's trail ends there
-- next: Ask the owners of the organization. A denied attempt is evidence all the same; list what
--   else the actor did, and what the account's own trail shows after it has left.
-- references:
--   - https://docs.aws.amazon.com/organizations/latest/APIReference/API_LeaveOrganization.html
--   - https://docs.aws.amazon.com/organizations/latest/APIReference/API_AcceptHandshake.html
--   - https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_remove.html
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
        identity_type,
        error_code,
        user_agent,
        access_key_id,
        log_file,
        -- an account leaves by itself without naming anything
        COALESCE(
            JSON_EXTRACT_SCALAR(request_parameters, '$.accountId'),
            JSON_EXTRACT_SCALAR(request_parameters, '$.handshakeId'),
            target,
            account_id
        ) AS target
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source = 'organizations.amazonaws.com'
        AND event_name IN (
            'LeaveOrganization', 'RemoveAccountFromOrganization', 'CloseAccount',
            'DeleteOrganization', 'AcceptHandshake'
        )
        -- other handshakes turn on features of the organization the account is in already
        AND (
            event_name <> 'AcceptHandshake'
            OR COALESCE(
                JSON_EXTRACT_SCALAR(response_elements, '$.handshake.action'), 'INVITE'
            ) = 'INVITE'
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
    identity_type,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM changes
ORDER BY event_time, event_id
