-- ---
-- title: Failed console logins, then a success
-- kind: detection
-- severity: high
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Which console login succeeded after a row of failures of its address or its user?
-- attack: [T1110.001, T1110.003]
-- stage: credential access
-- group_by: [source_ip]
-- params:
--   min_failures: {type: integer, default: 5, help: failed logins before the success}
--   within_minutes: {type: integer, default: 60, help: longest time from a failure to the success}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, failed_count: integer, failed_users: texts, failed_addresses: texts,
--   mfa: boolean, log_files: texts}
-- expected:
--   - A user who mistypes a new password several times
--   - An office whose people share one address; raise min_failures there
-- misses:
--   - Guessing slower than min_failures within within_minutes
--   - Spraying in which neither the address nor the user repeats, and failures before the window
--   - Guessing that has not succeeded yet, and sign-ins at IAM Identity Center or another provider
-- next: Ask the user about the success. If it is not theirs, disable the login profile and the
--   keys, list what the session did (address), and warn the others in failed_users.
-- references:
--   - https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
-- ---
WITH logins AS (
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
        mfa,
        log_file,
        -- a name that does not exist is hidden in the record, and says nothing about the user
        CASE
            WHEN identity_type = 'Root' THEN 'root'
            WHEN user_name <> 'HIDDEN_DUE_TO_SECURITY_REASONS' THEN LOWER(user_name)
        END AS login_name,
        :within_minutes * 60 AS within_seconds
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source = 'signin.amazonaws.com'
        AND event_name = 'ConsoleLogin'
),

-- a success beside itself and beside each failure that may have led to it
pairs AS (
    SELECT
        opened.event_id AS opened_event_id,
        opened.account_id,
        opened.region,
        opened.actor,
        opened.source_ip,
        opened.event_name,
        opened.target,
        opened.outcome,
        opened.mfa,
        tried.event_time,
        tried.event_id,
        tried.log_file,
        CASE WHEN tried.outcome <> 'success' THEN tried.event_id END AS failed_event_id,
        CASE
            WHEN tried.outcome <> 'success' THEN COALESCE(tried.login_name, 'unknown')
        END AS failed_user,
        CASE WHEN tried.outcome <> 'success' THEN tried.source_ip END AS failed_address
    FROM logins AS opened
    INNER JOIN logins AS tried
        ON
            opened.event_time >= tried.event_time
            AND DATE_DIFF('second', tried.event_time, opened.event_time) <= opened.within_seconds
            AND (
                opened.event_id = tried.event_id
                OR (
                    tried.outcome <> 'success'
                    AND (
                        opened.source_ip = tried.source_ip
                        OR (
                            opened.account_id = tried.account_id
                            AND opened.login_name = tried.login_name
                        )
                    )
                )
            )
    WHERE opened.outcome = 'success'
),

successes AS (
    SELECT
        opened_event_id,
        account_id,
        actor,
        source_ip,
        mfa,
        CAST(NULL AS varchar) AS event_id,
        MIN(region) AS region,
        MIN(event_name) AS event_name,
        MIN(target) AS target,
        MIN(outcome) AS outcome,
        MIN(event_time) AS event_time,
        MAX(event_time) AS last_event_time,
        COUNT(DISTINCT event_id) AS event_count,
        COUNT(DISTINCT failed_event_id) AS failed_count,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT failed_user), x -> x IS NOT NULL)), 1, 20
        ) AS failed_users,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT failed_address), x -> x IS NOT NULL)), 1, 20
        ) AS failed_addresses,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM pairs
    GROUP BY opened_event_id, account_id, actor, source_ip, mfa
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
    last_event_time,
    event_count,
    failed_count,
    failed_users,
    failed_addresses,
    mfa,
    log_files
FROM successes
WHERE failed_count >= :min_failures
ORDER BY last_event_time, opened_event_id
