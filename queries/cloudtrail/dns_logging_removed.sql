-- ---
-- title: DNS query logging or resolver rule removed
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who switched off the log of DNS queries, a resolver rule or the DNS firewall?
-- attack: [T1685.002, T1686.001]
-- stage: defense impairment
-- group_by: [account_id, target]
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, removed: text,
--   error_code: text, user_agent: text, access_key_id: text, log_file: text}
-- expected:
--   - Networks taken down together with their resolver settings
-- misses:
--   - A log kept, but its log group, stream or bucket deleted
--   - A resolver rule pointed to another address (UpdateResolverRule), a firewall rule set to allow
--   - Instances that ask another resolver than the one of their network
-- next: Put it back, and find out which network it belonged to. List what the actor did around it,
--   and look in flow logs for what talked to the outside while nothing was logged.
-- references:
--   - https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteQueryLoggingConfig.html
--   - https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs.html
--   - https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-rules-managing.html
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
        COALESCE(
            JSON_EXTRACT_SCALAR(request_parameters, '$.resolverQueryLogConfigId'),
            JSON_EXTRACT_SCALAR(request_parameters, '$.id'),
            JSON_EXTRACT_SCALAR(request_parameters, '$.resolverRuleId'),
            JSON_EXTRACT_SCALAR(request_parameters, '$.firewallRuleGroupAssociationId'),
            JSON_EXTRACT_SCALAR(request_parameters, '$.resourceId'),
            target
        ) AS target,
        CASE
            WHEN STRPOS(event_name, 'Query') > 0 THEN 'query log'
            WHEN STRPOS(event_name, 'Firewall') > 0 THEN 'firewall'
            ELSE 'rule'
        END AS removed
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source IN ('route53resolver.amazonaws.com', 'route53.amazonaws.com')
        AND event_name IN (
            'DeleteResolverQueryLogConfig', 'DisassociateResolverQueryLogConfig',
            'DeleteQueryLoggingConfig', 'DeleteResolverRule', 'DisassociateResolverRule',
            'DisassociateFirewallRuleGroup', 'DeleteFirewallRule', 'UpdateFirewallConfig'
        )
        -- to fail open lets every query pass when the firewall does not answer
        AND (
            event_name <> 'UpdateFirewallConfig'
            OR JSON_EXTRACT_SCALAR(request_parameters, '$.firewallFailOpen') = 'ENABLED'
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
    removed,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM removals
ORDER BY event_time, event_id
