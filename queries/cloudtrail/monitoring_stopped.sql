-- ---
-- title: Flow log, Config recorder or GuardDuty detector stopped
-- kind: detection
-- severity: high
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who stopped or deleted what watches an account besides CloudTrail, or tried to?
-- attack: [T1685, T1685.002]
-- stage: defense impairment
-- group_by: [account_id, target]
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, event_source: text,
--   error_code: text, user_agent: text, access_key_id: text, log_file: text}
-- expected:
--   - A VPC taken down together with its flow logs
--   - A delegated administrator that moves member accounts
-- misses:
--   - GuardDuty weakened without being stopped, such as a protection plan switched off, a filter
--     that archives findings, or a trusted IP list
--   - Config told to record fewer resource types, or its rules deleted
--   - The log group or bucket behind a flow log deleted
--   - Security Hub, Macie, Inspector, Detective and Access Analyzer
-- next: Turn it on again and find out what happened while it was off. Look in the same account
--   for a stopped trail (trail_stopped) and for what the actor did next.
-- references:
--   - https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteFlowLogs.html
--   - https://docs.aws.amazon.com/config/latest/APIReference/API_StopConfigurationRecorder.html
--   - https://docs.aws.amazon.com/guardduty/latest/APIReference/API_UpdateDetector.html
-- ---
WITH stops AS (
    SELECT
        event_time,
        account_id,
        region,
        actor,
        source_ip,
        event_name,
        outcome,
        event_id,
        event_source,
        error_code,
        user_agent,
        access_key_id,
        log_file,
        COALESCE(
            target,
            -- several flow logs in one call
            JSON_EXTRACT_SCALAR(request_parameters, '$.DeleteFlowLogsRequest.FlowLogId[0].content')
        ) AS target
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source IN (
            'ec2.amazonaws.com', 'config.amazonaws.com', 'guardduty.amazonaws.com'
        )
        AND event_name IN (
            'DeleteFlowLogs',
            'StopConfigurationRecorder', 'DeleteConfigurationRecorder', 'DeleteDeliveryChannel',
            'DeleteDetector', 'UpdateDetector', 'DeletePublishingDestination',
            'StopMonitoringMembers', 'DisassociateMembers', 'DeleteMembers',
            'DisassociateFromMasterAccount', 'DisassociateFromAdministratorAccount'
        )
        AND (
            event_name <> 'UpdateDetector'
            OR JSON_EXTRACT_SCALAR(request_parameters, '$.enable') = 'false'
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
    event_source,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM stops
ORDER BY event_time, event_id
