-- ---
-- title: Who assumed which role
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Which roles did this actor assume, or who assumed this role, and was it used?
-- params:
--   who: {type: text, help: "the ARN of a user, session or role, of either side, or a key"}
-- pivot: {part: ask, takes: {role: who}}
-- columns: {account_id: text, actor: text, role_arn: text, event_name: text,
--   first_event_time: timestamp, last_event_time: timestamp, event_count: integer,
--   denied_count: integer, failed_count: integer, session_count: integer,
--   used_session_count: integer, used_event_count: integer, session_names: texts,
--   access_key_ids: texts, issued_access_key_ids: texts, source_ips: texts, user_agents: texts,
--   log_files: texts}
-- misses:
--   - Role credentials that EC2, ECS and Lambda fetch for themselves; a service assumes those
--   - The use of a session in accounts whose logs are not here
--   - Calls after the window
-- next: Follow each issued key that was used (key_with_chains), and look at denied attempts
--   (denied_calls).
-- references:
--   - https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
--   - https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
-- ---
WITH assumptions AS (
    SELECT
        event_time,
        account_id,
        actor,
        event_name,
        event_id,
        outcome,
        access_key_id,
        issued_access_key_id,
        source_ip,
        user_agent,
        log_file,
        COALESCE(
            JSON_EXTRACT_SCALAR(request_parameters, '$.roleArn'),
            JSON_EXTRACT_SCALAR(request_parameters, '$.targetPrincipal'),
            target
        ) AS role_arn,
        JSON_EXTRACT_SCALAR(request_parameters, '$.roleSessionName') AS assumed_session
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source = 'sts.amazonaws.com'
        AND event_name IN (
            'AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity', 'AssumeRoot'
        )
        AND (
            actor = :who
            OR identity_arn = :who
            OR access_key_id = :who
            OR JSON_EXTRACT_SCALAR(request_parameters, '$.roleArn') = :who
        )
),

uses AS (
    SELECT
        access_key_id AS used_key,
        event_id AS used_event_id
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND access_key_id LIKE 'ASIA%'
),

-- each assumption beside each call of its session
followed AS (
    SELECT
        assumptions.event_time,
        assumptions.account_id,
        assumptions.actor,
        assumptions.event_name,
        assumptions.event_id,
        assumptions.outcome,
        assumptions.access_key_id,
        assumptions.issued_access_key_id,
        assumptions.source_ip,
        assumptions.user_agent,
        assumptions.log_file,
        assumptions.role_arn,
        assumptions.assumed_session,
        uses.used_key,
        uses.used_event_id
    FROM assumptions
    LEFT JOIN uses
        ON assumptions.issued_access_key_id = uses.used_key
)

SELECT
    account_id,
    actor,
    role_arn,
    event_name,
    MIN(event_time) AS first_event_time,
    MAX(event_time) AS last_event_time,
    COUNT(DISTINCT event_id) AS event_count,
    COUNT(DISTINCT CASE WHEN outcome = 'denied' THEN event_id END) AS denied_count,
    COUNT(DISTINCT CASE WHEN outcome = 'failure' THEN event_id END) AS failed_count,
    COUNT(DISTINCT issued_access_key_id) AS session_count,
    COUNT(DISTINCT used_key) AS used_session_count,
    COUNT(DISTINCT used_event_id) AS used_event_count,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT assumed_session), x -> x IS NOT NULL)), 1, 20
    ) AS session_names,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT access_key_id), x -> x IS NOT NULL)), 1, 20
    ) AS access_key_ids,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT issued_access_key_id), x -> x IS NOT NULL)), 1, 20
    ) AS issued_access_key_ids,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT source_ip), x -> x IS NOT NULL)), 1, 20
    ) AS source_ips,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT user_agent), x -> x IS NOT NULL)), 1, 20
    ) AS user_agents,
    SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
FROM followed
GROUP BY account_id, actor, role_arn, event_name
ORDER BY MIN(event_time), account_id, actor, role_arn, event_name
