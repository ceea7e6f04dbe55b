-- ---
-- title: Instance role used away from its instance
-- kind: detection
-- severity: high
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Which instance's role credential was used from another network than the instance's?
-- attack: [T1552.005, T1550.001]
-- stage: credential access
-- group_by: [account_id, target]
-- params:
--   known_networks: {type: texts, default: [], help: "networks that instances leave through, such
--     as 198.51.100.0/24"}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text,
--   last_event_time: timestamp, event_count: integer, denied_count: integer,
--   own_source_ip: text, access_key_ids: texts, event_names: texts, source_ips: texts,
--   user_agents: texts, log_files: texts}
-- expected:
--   - Instances that leave through several gateways or proxies at once; name those in
--     known_networks
--   - An elastic address moved to or from a running instance
-- misses:
--   - A thief on the instance itself, behind the same gateway, or who begins after the instance has
--     fallen silent and fetched a newer key
--   - An instance whose own calls are not logged; there is nothing to compare with then
--   - A thief who calls through a VPC endpoint, when the instance uses none, and the reverse
--   - Role credentials of containers and functions, whose sessions have other names
-- next: Stop the instance or revoke the role's older sessions. Read what was called from the other
--   network (address), and find out how the credential got out, by a shell on the instance or by
--   an application that could be made to fetch from the metadata service.
-- references:
--   - https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html
--   - https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
-- ---
WITH calls AS (
    SELECT
        event_time,
        account_id,
        region,
        actor,
        source_ip,
        event_name,
        outcome,
        event_id,
        access_key_id,
        user_agent,
        log_file,
        session_name AS target,
        -- one instance may use an endpoint, IPv4 and IPv6 side by side
        CASE
            WHEN vpc_endpoint_id IS NOT NULL THEN 'endpoint'
            WHEN STRPOS(source_ip, ':') > 0 THEN 'IPv6'
            ELSE 'IPv4'
        END AS way,
        -- /24 or /64; an address that is written short stands for itself
        COALESCE(
            REGEXP_EXTRACT(source_ip, '^[0-9]+\.[0-9]+\.[0-9]+\.'),
            REGEXP_EXTRACT(source_ip, '^[0-9a-f]+:[0-9a-f]+:[0-9a-f]+:[0-9a-f]+:'),
            source_ip
        ) AS network,
        CASE WHEN STRPOS(user_agent, 'amazon-ssm-agent') > 0 THEN 0 ELSE 1 END AS own_rank,
        COALESCE(
            ANY_MATCH(
                ARRAY[:known_networks], x -> CONTAINS(x, TRY_CAST(source_ip AS ipaddress))
            ), FALSE
        ) AS from_known_network
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND identity_type = 'AssumedRole'
        -- EC2 names the session after the instance; as logged, so that the scan is cut by it
        AND REGEXP_LIKE(identity_arn, '/i-[0-9a-z]+$')
        AND REGEXP_LIKE(source_ip, '^([0-9.]+|[0-9a-f:.]*:[0-9a-f:.]*)$')
        AND invoked_by IS NULL
),

networks AS (
    SELECT
        account_id,
        actor,
        target,
        way,
        network,
        -- the agent of Systems Manager runs on the instance
        MIN(own_rank) AS own_rank,
        MIN(event_time) AS first_event_time,
        MAX(event_time) AS last_event_time,
        MIN(source_ip) AS source_ip,
        ARRAY_AGG(DISTINCT COALESCE(access_key_id, '')) AS access_key_ids
    FROM calls
    GROUP BY account_id, actor, target, way, network
),

-- a network beside one that belongs to the instance rather: at the same time or with the same key
elsewhere AS (
    SELECT
        away.account_id,
        away.actor,
        away.target,
        away.way,
        away.network,
        MIN(own.source_ip) AS own_source_ip
    FROM networks AS own
    INNER JOIN networks AS away
        ON
            own.account_id = away.account_id
            AND own.actor = away.actor
            AND own.target = away.target
            AND own.way = away.way
            AND (
                own.own_rank < away.own_rank
                OR (
                    own.own_rank = away.own_rank
                    AND (
                        own.first_event_time < away.first_event_time
                        OR (
                            own.first_event_time = away.first_event_time
                            AND own.network < away.network
                        )
                    )
                )
            )
            AND (
                (
                    own.first_event_time <= away.last_event_time
                    AND own.last_event_time >= away.first_event_time
                )
                OR ANY_MATCH(
                    away.access_key_ids, x -> x <> '' AND CONTAINS(own.access_key_ids, x)
                )
            )
    GROUP BY away.account_id, away.actor, away.target, away.way, away.network
),

uses AS (
    SELECT
        calls.account_id,
        calls.actor,
        calls.target,
        calls.way,
        calls.network,
        elsewhere.own_source_ip,
        CAST(NULL AS varchar) AS event_id,
        MIN(calls.event_time) AS event_time,
        MIN(calls.region) AS region,
        MIN(calls.source_ip) AS source_ip,
        MIN(calls.event_name) AS event_name,
        -- success when any call succeeded
        MAX(calls.outcome) AS outcome,
        MAX(calls.event_time) AS last_event_time,
        COUNT(DISTINCT calls.event_id) AS event_count,
        COUNT(
            DISTINCT CASE WHEN calls.outcome = 'denied' THEN calls.event_id END
        ) AS denied_count,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT calls.access_key_id), x -> x IS NOT NULL)), 1, 20
        ) AS access_key_ids,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT calls.event_name), x -> x IS NOT NULL)), 1, 20
        ) AS event_names,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT calls.source_ip), x -> x IS NOT NULL)), 1, 20
        ) AS source_ips,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT calls.user_agent), x -> x IS NOT NULL)), 1, 20
        ) AS user_agents,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT calls.log_file)), 1, 20) AS log_files
    FROM calls
    INNER JOIN elsewhere
        ON
            calls.account_id = elsewhere.account_id
            AND calls.actor = elsewhere.actor
            AND calls.target = elsewhere.target
            AND calls.way = elsewhere.way
            AND calls.network = elsewhere.network
    WHERE NOT calls.from_known_network
    GROUP BY
        calls.account_id,
        calls.actor,
        calls.target,
        calls.way,
        calls.network,
        elsewhere.own_source_ip
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
    denied_count,
    own_source_ip,
    access_key_ids,
    event_names,
    source_ips,
    user_agents,
    log_files
FROM uses
ORDER BY event_time, account_id, target, source_ip
