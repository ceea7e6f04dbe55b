-- ---
-- title: MFA device taken from a user
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: From whom was an MFA device taken, by whom, and who signed in afterwards?
-- attack: [T1556.006]
-- stage: persistence
-- group_by: [account_id, target]
-- params:
--   within_hours: {type: integer, default: 24, help: longest time from the removal to a sign-in}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, by_other: boolean,
--   login_count: integer, login_time: timestamp, login_source_ips: texts, error_code: text,
--   user_agent: text, access_key_id: text, log_file: text}
-- expected:
--   - People who change their phone, and administrators who help after a loss
--   - Users taken down, whose devices must go first
-- misses:
--   - A second device registered beside the first (EnableMFADevice)
--   - Devices of IAM Identity Center and of outside identity providers
--   - A policy that no longer asks for MFA
-- next: Ask the owner of the target. If login_count is above zero, see whether the sign-ins came
--   from a new address (address), and list what they did (console_sessions).
-- references:
--   - https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeactivateMFADevice.html
--   - https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
-- ---
WITH removals AS (
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
        -- without a user name it is the caller's own
        COALESCE(
            JSON_EXTRACT_SCALAR(request_parameters, '$.userName'),
            CASE WHEN identity_type = 'Root' THEN 'root' ELSE user_name END
        ) AS target,
        LOWER(CASE WHEN identity_type = 'Root' THEN 'root' ELSE user_name END) AS caller,
        :within_hours * 3600 AS within_seconds
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source = 'iam.amazonaws.com'
        AND event_name = 'DeactivateMFADevice'
),

logins AS (
    SELECT
        event_time,
        account_id,
        source_ip,
        event_id,
        CASE WHEN identity_type = 'Root' THEN 'root' ELSE LOWER(user_name) END AS login_name
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source = 'signin.amazonaws.com'
        AND event_name = 'ConsoleLogin'
        AND identity_type IN ('IAMUser', 'Root')
        AND outcome = 'success'
),

followed AS (
    SELECT
        removals.event_time,
        removals.account_id,
        removals.region,
        removals.actor,
        removals.source_ip,
        removals.event_name,
        removals.target,
        removals.outcome,
        removals.event_id,
        removals.error_code,
        removals.user_agent,
        removals.access_key_id,
        removals.log_file,
        COALESCE(removals.caller <> LOWER(removals.target), TRUE) AS by_other,
        COUNT(DISTINCT logins.event_id) AS login_count,
        MIN(logins.event_time) AS login_time,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT logins.source_ip), x -> x IS NOT NULL)), 1, 20
        ) AS login_source_ips
    FROM removals
    LEFT JOIN logins
        ON
            removals.outcome = 'success'
            AND removals.account_id = logins.account_id
            AND LOWER(removals.target) = logins.login_name
            AND removals.event_time <= logins.event_time
            AND DATE_DIFF('second', removals.event_time, logins.event_time)
            <= removals.within_seconds
    GROUP BY
        removals.event_time,
        removals.account_id,
        removals.region,
        removals.actor,
        removals.source_ip,
        removals.event_name,
        removals.target,
        removals.outcome,
        removals.event_id,
        removals.error_code,
        removals.user_agent,
        removals.access_key_id,
        removals.log_file,
        removals.caller
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
    by_other,
    login_count,
    login_time,
    login_source_ips,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM followed
ORDER BY event_time, event_id
