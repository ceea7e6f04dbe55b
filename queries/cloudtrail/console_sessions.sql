-- ---
-- title: Console sign-ins and what followed them
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: When did this actor sign in to the console, with MFA or not, and what did it do then?
-- params:
--   who: {type: text, help: "the ARN of a user, role or session"}
-- pivot: {part: ask, takes: {user: who, role: who, session: who}}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, session_name: text,
--   mfa: boolean, last_event_time: timestamp, event_count: integer, change_count: integer,
--   denied_count: integer, event_names: texts, user_agent: text, log_files: texts}
-- misses:
--   - What a session did from another address than its sign-in
--   - More than twelve hours after the sign-in, which is as long as a session lives
--   - Programs that run beside the session with temporary keys, from the same address; they count
-- next: Look at the changes of each session (what_they_created), and at sign-ins without MFA or
--   from new addresses (first_seen, address).
-- references:
--   - https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
-- ---
WITH events AS (
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
        session_name,
        mfa,
        read_only,
        event_source,
        access_key_id,
        user_agent,
        log_file
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND (actor = :who OR identity_arn = :who)
),

signins AS (
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
        session_name,
        mfa,
        user_agent,
        log_file,
        LEAD(event_time) OVER (
            PARTITION BY account_id, actor, session_name, source_ip
            ORDER BY event_time, event_id
        ) AS next_signin_time
    FROM events
    WHERE
        event_source = 'signin.amazonaws.com'
        AND event_name IN ('ConsoleLogin', 'SwitchRole')
),

-- a sign-in beside each call of its actor from its address, until the next one
followed AS (
    SELECT
        signins.event_time,
        signins.account_id,
        signins.region,
        signins.actor,
        signins.source_ip,
        signins.event_name,
        signins.target,
        signins.outcome,
        signins.event_id,
        signins.session_name,
        signins.mfa,
        signins.user_agent,
        signins.log_file AS signin_file,
        events.event_time AS call_time,
        events.event_id AS call_id,
        events.event_name AS call_name,
        events.outcome AS call_outcome,
        events.read_only,
        events.log_file
    FROM signins
    LEFT JOIN events
        ON
            signins.outcome = 'success'
            AND signins.account_id = events.account_id
            AND signins.actor = events.actor
            AND COALESCE(signins.session_name, '') = COALESCE(events.session_name, '')
            AND signins.source_ip = events.source_ip
            AND signins.event_time <= events.event_time
            AND (
                signins.next_signin_time IS NULL
                OR signins.next_signin_time > events.event_time
            )
            AND DATE_DIFF('hour', signins.event_time, events.event_time) < 12
            AND events.event_source <> 'signin.amazonaws.com'
            -- a long-lived key is no part of a session
            AND COALESCE(events.access_key_id, '') NOT LIKE 'AKIA%'
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
    session_name,
    mfa,
    COALESCE(MAX(call_time), event_time) AS last_event_time,
    COUNT(DISTINCT call_id) AS event_count,
    COUNT(DISTINCT CASE WHEN read_only = FALSE THEN call_id END) AS change_count,
    COUNT(DISTINCT CASE WHEN call_outcome = 'denied' THEN call_id END) AS denied_count,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT call_name), x -> x IS NOT NULL)), 1, 20
    ) AS event_names,
    user_agent,
    SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT COALESCE(log_file, signin_file))), 1, 20) AS log_files
FROM followed
GROUP BY
    event_time,
    account_id,
    region,
    actor,
    source_ip,
    event_name,
    target,
    outcome,
    event_id,
    session_name,
    mfa,
    user_agent
ORDER BY event_time, event_id
