-- ---
-- title: Traffic of somebody or something
-- kind: investigation
-- status: stable
-- version: 2
-- sources: [activity]
-- question: Which lines of which logs are of this address, machine, bucket or host?
-- params:
--   ends: {type: texts, default: [], help: "addresses, ARNs, ids of instances and interfaces"}
--   machine: {type: texts, default: [], help: what else is the same machine}
--   networks: {type: texts, default: [], help: "networks, such as 198.51.100.0/24"}
--   names: {type: texts, default: [], help: buckets and other things asked for}
--   hosts: {type: texts, default: [], help: "names of hosts; those under them belong to them"}
--   mention: {type: text, default: "%", help: a LIKE pattern that every event of it fits}
-- pivot:
--   part: events
--   takes: {address: ends, instance: ends, interface: ends, user: ends, role: ends,
--     machine: machine, network: networks, bucket: names, host: hosts, resource: names,
--     mention: mention}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, relation: text, subject: text,
--   peer_ip: text, peer_port: integer, bytes: integer, resource: text, log: text, log_file: text}
-- misses:
--   - Traffic whose end is hidden by address translation, unless the flow logs have packet fields
--   - Another machine that had the same private address, in another VPC or before
-- next: Look at a line as it was logged (event).
-- references:
--   - https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
-- ---
WITH events AS (
    SELECT
        source,
        event_time,
        account_id,
        region,
        actor,
        source_ip,
        event_name,
        target,
        outcome,
        event_id,
        peer_ip,
        peer_port,
        bytes,
        resource,
        log_file,
        CASE
            WHEN source_ip IN (:ends) THEN source_ip
            WHEN
                ANY_MATCH(
                    ARRAY[:networks], x -> CONTAINS(x, TRY_CAST(source_ip AS ipaddress))
                )
                THEN source_ip
            WHEN actor IN (:ends) THEN actor
            WHEN resource IN (:ends) THEN resource
            WHEN source_ip IN (:machine) THEN source_ip
            WHEN actor IN (:machine) THEN actor
            WHEN resource IN (:machine) THEN resource
        END AS by_value,
        CASE
            WHEN peer_ip IN (:ends) THEN peer_ip
            WHEN
                ANY_MATCH(
                    ARRAY[:networks], x -> CONTAINS(x, TRY_CAST(peer_ip AS ipaddress))
                )
                THEN peer_ip
            WHEN peer_ip IN (:machine) THEN peer_ip
            WHEN resource IN (:names) THEN resource
            ELSE COALESCE(
                ELEMENT_AT(
                    FILTER(ARRAY[:names], x -> STARTS_WITH(target || '/', LOWER(x) || '/')), 1
                ),
                ELEMENT_AT(
                    FILTER(
                        ARRAY[:hosts],
                        -- whole labels from the end, of what is no bucket and no address
                        x -> source NOT IN ('s3access', 'vpcflow') AND STARTS_WITH(
                            REVERSE('.' || SPLIT_PART(target, '/', 1)), REVERSE('.' || LOWER(x))
                        )
                    ), 1
                )
            )
        END AS on_value
    FROM activity
    WHERE
        event_time >= :since
        AND event_time < :until
        -- what these did is told with their keys and sessions
        AND source <> 'cloudtrail'
        -- cheap, so that the scan can leave the rest out
        AND (
            :mention = '%'
            OR source_ip IN (:machine)
            OR peer_ip IN (:machine)
            OR actor IN (:machine)
            OR resource IN (:machine)
            OR source_ip LIKE :mention
            OR peer_ip LIKE :mention
            OR actor LIKE :mention
            OR resource LIKE :mention
            OR target LIKE :mention
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
    CASE WHEN by_value IS NOT NULL THEN 'by' ELSE 'on' END AS relation,
    COALESCE(by_value, on_value) AS subject,
    peer_ip,
    peer_port,
    bytes,
    resource,
    source AS log,
    log_file
FROM events
WHERE COALESCE(by_value, on_value) IS NOT NULL
ORDER BY event_time, log_file, event_id
