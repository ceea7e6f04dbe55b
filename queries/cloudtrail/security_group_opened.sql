-- ---
-- title: Security group opened to the world
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Which security group lets the whole internet in on administration ports?
-- attack: [T1686.001]
-- stage: defense impairment
-- group_by: [account_id, target]
-- params:
--   ports: {type: integers, help: ports that nobody should reach from everywhere,
--     default: [20, 21, 22, 23, 135, 139, 445, 1433, 1434, 1521, 2375, 2376, 2379, 3306, 3389,
--       5432, 5439, 5601, 5900, 5985, 5986, 6379, 6443, 8020, 9042, 9200, 9300, 10250, 11211,
--       27017]}
--   known_principals: {type: texts, default: [], help: principals that may open groups}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, from_port: integer,
--   to_port: integer, all_traffic: boolean, error_code: text, user_agent: text,
--   access_key_id: text, log_file: text}
-- expected:
--   - Test machines opened for an hour; bastions that should be closed too
-- misses:
--   - Web ports, such as 80 and 443 (add them to ports to see them)
--   - The internet in pieces smaller than /7 (IPv4) or /3 (IPv6), and prefix lists
--   - Several permissions in one call whose keys were put in another order than CloudTrail's
--   - Rules of network ACLs, and an instance moved into a group that was open already
-- next: Revoke the rule. List the instances in the group, look for accepted connections in the flow
--   logs since the event (vpcflow.admin_port_reached_from_internet), and see what else the actor
--   changed.
-- references:
--   - https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html
--   - https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySecurityGroupRules.html
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
        COALESCE(
            target,
            JSON_EXTRACT_SCALAR(request_parameters, '$.ModifySecurityGroupRulesRequest.GroupId'),
            JSON_EXTRACT_SCALAR(request_parameters, '$.groupName')
        ) AS target,
        -- the two calls spell the same keys differently
        LOWER(request_parameters) AS request
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND actor NOT IN (:known_principals)
        AND event_source = 'ec2.amazonaws.com'
        AND event_name IN ('AuthorizeSecurityGroupIngress', 'ModifySecurityGroupRules')
),

-- a permission says its first port and its protocol once, before its addresses: what follows, up
-- to the next one, is one permission. With one alone the order of the keys does not matter
permissions AS (
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
        CASE
            WHEN CARDINALITY(SPLIT(request, '"fromport"')) = 2 THEN ARRAY[request]
            ELSE SPLIT(request, '"fromport"')
        END AS first_ports,
        CASE
            WHEN CARDINALITY(SPLIT(request, '"ipprotocol"')) = 2 THEN ARRAY[request]
            ELSE SPLIT(request, '"ipprotocol"')
        END AS protocols
    FROM requests
),

rules AS (
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
        FILTER(
            first_ports,
            x -> REGEXP_LIKE(x, '"([0-9.]+/[0-7]|[0-9a-f:]+/[0-3])"')
            AND ANY_MATCH(
                ARRAY[:ports],
                p -> p BETWEEN
                TRY_CAST(REGEXP_EXTRACT(x, '(^|"fromport")\s*:\s*(-?[0-9]+)', 2) AS bigint)
                AND TRY_CAST(REGEXP_EXTRACT(x, '"toport"\s*:\s*(-?[0-9]+)', 1) AS bigint)
            )
        ) AS open_ranges,
        -- -1 is every protocol and every port
        ANY_MATCH(
            protocols,
            x -> REGEXP_LIKE(x, '(^|"ipprotocol")\s*:\s*"-1"')
            AND REGEXP_LIKE(x, '"([0-9.]+/[0-7]|[0-9a-f:]+/[0-3])"')
        ) AS all_traffic
    FROM permissions
),

opened AS (
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
        all_traffic,
        error_code,
        user_agent,
        access_key_id,
        log_file,
        TRY_CAST(
            REGEXP_EXTRACT(
                ELEMENT_AT(open_ranges, 1), '(^|"fromport")\s*:\s*(-?[0-9]+)', 2
            ) AS bigint
        ) AS from_port,
        TRY_CAST(
            REGEXP_EXTRACT(ELEMENT_AT(open_ranges, 1), '"toport"\s*:\s*(-?[0-9]+)', 1) AS bigint
        ) AS to_port
    FROM rules
    WHERE CARDINALITY(open_ranges) > 0 OR all_traffic
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
    from_port,
    to_port,
    all_traffic,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM opened
ORDER BY event_time, event_id
