-- ---
-- title: Unusual compute started
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who started, or tried to start, accelerated, very large or very many instances?
-- attack: [T1496.001, T1578.002]
-- stage: impact
-- group_by: [actor]
-- params:
--   families:
--     type: texts
--     default: [p2, p3, p3dn, p4d, p4de, p5, p5e, p5en, p6-b200, g3, g3s, g4dn, g4ad, g5, g5g,
--       g6, g6e, gr6, inf1, inf2, trn1, trn1n, trn2, dl1, dl2q, f1, f2, vt1]
--     help: families that carry accelerators
--   min_xlarge: {type: integer, default: 16, help: "the number in sizes such as 16xlarge"}
--   min_instances: {type: integer, default: 10, help: instances asked for in one call}
--   known_principals: {type: texts, default: [], help: principals that may start it}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, instance_types: texts,
--   asked_count: integer, reason: text, error_code: text, user_agent: text, access_key_id: text,
--   log_file: text}
-- expected:
--   - Teams that train models or render; compare actor and region with what they use
--   - Batch and cluster tools that start machines by the dozen
-- misses:
--   - Machines started through launch templates alone, whose type is not in the call
--   - ECS, Batch, SageMaker, Lightsail and Bedrock, and small instances a few at a time
--   - Very many calls for one instance each
-- next: Stop the instances in every region. A failed call (a limit exceeded) is the same attempt;
--   list what else the actor did, and the first use of regions (new_region_or_service).
-- references:
--   - https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
--   - https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestSpotInstances.html
--   - https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFleet.html
--   - https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
-- ---
WITH requests AS (
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
        error_code,
        user_agent,
        access_key_id,
        log_file,
        -- a type is a family, a point and a size
        ARRAY_SORT(
            FILTER(
                SPLIT(request_parameters, '"'),
                x -> REGEXP_LIKE(
                    x, '^[a-z][-a-z0-9]*\.(nano|micro|small|medium|[0-9]*x?large|metal[-a-z0-9]*)$'
                )
            )
        ) AS instance_types,
        COALESCE(
            TRY_CAST(
                JSON_EXTRACT_SCALAR(
                    request_parameters, '$.instancesSet.items[0].maxCount'
                ) AS bigint
            ),
            TRY_CAST(JSON_EXTRACT_SCALAR(request_parameters, '$.instanceCount') AS bigint),
            -- fleets write the number they aim at as a text or a number
            TRY_CAST(
                REGEXP_EXTRACT(
                    request_parameters, '"([tT]otalT|t)argetCapacity"\s*:\s*"?([0-9]+)', 2
                ) AS bigint
            )
        ) AS asked_count
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND actor NOT IN (:known_principals)
        AND event_source = 'ec2.amazonaws.com'
        AND event_name IN (
            'RunInstances', 'RequestSpotInstances', 'RequestSpotFleet', 'CreateFleet'
        )
),

weighed AS (
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
        error_code,
        user_agent,
        access_key_id,
        log_file,
        instance_types,
        asked_count,
        CASE
            WHEN ANY_MATCH(instance_types, x -> SPLIT_PART(x, '.', 1) IN (:families))
                THEN 'accelerated'
            WHEN
                ANY_MATCH(
                    instance_types,
                    x -> SPLIT_PART(x, '.', 2) LIKE 'metal%'
                    OR COALESCE(
                        TRY_CAST(REGEXP_EXTRACT(x, '\.([0-9]+)xlarge', 1) AS bigint), 0
                    ) >= :min_xlarge
                )
                THEN 'large'
            WHEN asked_count >= :min_instances THEN 'many'
        END AS reason
    FROM requests
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
    instance_types,
    asked_count,
    reason,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM weighed
WHERE reason IS NOT NULL
ORDER BY event_time, event_id
