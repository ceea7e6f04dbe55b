-- ---
-- title: Key tried out like a leaked one
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Which long-lived key asked who it is, then what can be abused, within a short time?
-- attack: [T1078.004, T1526, T1087.004]
-- stage: initial access
-- group_by: [actor]
-- params:
--   within_minutes: {type: integer, default: 60, help: longest time from the question to a probe}
--   abused_services:
--     type: texts
--     default: [ses.amazonaws.com, servicequotas.amazonaws.com, bedrock.amazonaws.com,
--       sns.amazonaws.com, sagemaker.amazonaws.com]
--     help: services that finders of keys look for
--   min_abused: {type: integer, default: 2, help: different ones of them that are enough alone}
--   min_denied: {type: integer, default: 3, help: denied probes that are enough with two services}
--   known_networks: {type: texts, default: [], help: "networks of yours, such as 198.51.100.0/24"}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text,
--   last_event_time: timestamp, event_count: integer, probe_count: integer,
--   denied_count: integer, access_key_id: text, probed_services: texts, event_names: texts,
--   source_ips: texts, user_agents: texts, log_files: texts}
-- expected:
--   - Posture scanners and inventory tools that run with a long-lived key
--   - Somebody who finds out what a new key may do
-- misses:
--   - Keys of role sessions (ASIA...), which scanners seldom meet
--   - A finder who skips GetCallerIdentity or waits longer than within_minutes
--   - Probes of services that are in neither list, and of data such as buckets alone
-- next: Ask the owner whether the address is theirs. If not, disable the key, then follow what it
--   did (key_with_chains); what was denied shows what was wanted.
-- references:
--   - https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
--   - https://docs.aws.amazon.com/ses/latest/APIReference/API_GetSendQuota.html
--   - https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html
--   - https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html
-- ---
WITH calls AS (
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
        access_key_id,
        event_source,
        user_agent,
        log_file,
        CASE WHEN event_source IN (:abused_services) THEN event_source END AS abused_service,
        :within_minutes * 60 AS within_seconds
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        -- a long-lived key
        AND access_key_id LIKE 'AKIA%'
        AND NOT COALESCE(
            ANY_MATCH(
                ARRAY[:known_networks],
                x -> CONTAINS(x, TRY_CAST(source_ip AS ipaddress))
            ), FALSE
        )
        AND (
            event_name = 'GetCallerIdentity'
            OR event_source IN (:abused_services)
            OR (
                event_source IN (
                    'iam.amazonaws.com', 'organizations.amazonaws.com', 'account.amazonaws.com',
                    'ce.amazonaws.com', 'support.amazonaws.com', 's3.amazonaws.com',
                    'ec2.amazonaws.com', 'secretsmanager.amazonaws.com', 'lambda.amazonaws.com'
                )
                AND (
                    event_name LIKE 'List%'
                    OR event_name LIKE 'Get%'
                    OR event_name LIKE 'Describe%'
                    OR event_name LIKE 'Simulate%'
                )
            )
        )
),

asked AS (
    SELECT
        access_key_id,
        source_ip,
        event_time,
        within_seconds
    FROM calls
    WHERE event_name = 'GetCallerIdentity'
    GROUP BY access_key_id, source_ip, event_time, within_seconds
),

-- the question and what the same address asked soon after it, each call once
probes AS (
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
        access_key_id,
        event_source,
        abused_service,
        user_agent,
        log_file
    FROM calls
    WHERE
        EXISTS (
            SELECT 1
            FROM asked
            WHERE
                calls.access_key_id = asked.access_key_id
                AND calls.source_ip = asked.source_ip
                AND calls.event_time >= asked.event_time
                AND DATE_DIFF('second', asked.event_time, calls.event_time)
                <= asked.within_seconds
        )
),

keys AS (
    SELECT
        account_id,
        actor,
        access_key_id,
        source_ip,
        CAST(NULL AS varchar) AS event_id,
        MIN(event_time) AS event_time,
        MIN(region) AS region,
        MIN(event_name) AS event_name,
        MIN(target) AS target,
        -- success when any call succeeded
        MAX(outcome) AS outcome,
        MAX(event_time) AS last_event_time,
        COUNT(DISTINCT event_id) AS event_count,
        COUNT(
            DISTINCT CASE WHEN event_source <> 'sts.amazonaws.com' THEN event_id END
        ) AS probe_count,
        COUNT(
            DISTINCT CASE WHEN event_source <> 'sts.amazonaws.com' THEN event_source END
        ) AS service_count,
        COUNT(DISTINCT abused_service) AS abused_count,
        COUNT(DISTINCT CASE WHEN outcome = 'denied' THEN event_id END) AS denied_count,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT event_source), x -> x IS NOT NULL)), 1, 20
        ) AS probed_services,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT event_name), x -> x IS NOT NULL)), 1, 20
        ) AS event_names,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT source_ip), x -> x IS NOT NULL)), 1, 20
        ) AS source_ips,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT user_agent), x -> x IS NOT NULL)), 1, 20
        ) AS user_agents,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM probes
    GROUP BY account_id, actor, access_key_id, source_ip
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
    probe_count,
    denied_count,
    access_key_id,
    probed_services,
    event_names,
    source_ips,
    user_agents,
    log_files
FROM keys
WHERE
    abused_count >= :min_abused
    OR (service_count >= 2 AND denied_count >= :min_denied)
ORDER BY event_time, account_id, actor, access_key_id, source_ip
