-- ---
-- title: Command or session through Systems Manager
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who ran a command or opened a shell on instances through Systems Manager?
-- attack: [T1651, T1021.007]
-- stage: execution
-- group_by: [actor]
-- params:
--   known_principals: {type: texts, default: [], help: principals that may run commands}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, document_name: text,
--   first_command: text, error_code: text, user_agent: text, access_key_id: text, log_file: text}
-- expected:
--   - Patch and health jobs, and people who administer instances by Session Manager
-- misses:
--   - What is typed in a session; it is in the session's own log, if there is one
--   - Commands that run through associations, automation documents or maintenance windows
--   - The parameters of a command, when the service hides them
--   - Shells into containers (ecs ExecuteCommand) and EC2 Instance Connect
-- next: Compare the actor, address and document with what is usual there. Read the command's output
--   (GetCommandInvocation) or the session log, and see what the instance's own role did next.
-- references:
--   - https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
--   - https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartSession.html
-- ---
WITH requests AS (
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
        COALESCE(target, JSON_EXTRACT_SCALAR(request_parameters, '$.sessionId')) AS target,
        JSON_EXTRACT_SCALAR(request_parameters, '$.documentName') AS document_name,
        COALESCE(
            JSON_EXTRACT_SCALAR(request_parameters, '$.parameters.commands[0]'),
            JSON_EXTRACT_SCALAR(request_parameters, '$.parameters.command[0]')
        ) AS first_command
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND actor NOT IN (:known_principals)
        AND event_source = 'ssm.amazonaws.com'
        AND event_name IN ('SendCommand', 'StartSession', 'ResumeSession')
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
    document_name,
    first_command,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM requests
ORDER BY event_time, event_id
