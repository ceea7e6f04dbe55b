-- ---
-- title: Interfaces and addresses of a machine, by its traffic
-- kind: investigation
-- status: stable
-- version: 2
-- sources: [vpcflow]
-- question: Which interfaces and addresses are of this instance, or which instance has them?
-- params:
--   ids: {type: texts, help: "ids of instances and interfaces, or addresses"}
--   machine: {type: texts, default: [], help: what else is the same machine}
--   mention: {type: text, default: "%", help: a LIKE pattern that every event of it fits}
-- pivot:
--   part: same
--   takes: {instance: ids, interface: ids, address: ids, machine: machine, mention: mention}
-- columns: {same_kind: text, same_name: text, told_by: text, first_event_time: timestamp,
--   last_event_time: timestamp, event_count: integer}
-- misses:
--   - Formats without flow-direction, where both ends of a flow are private
--   - Which of several machines had an address that was asked for, in another VPC or before
--   - An interface known by its address alone, when others had that address too
--   - Public addresses; flow logs show an interface's private one
-- next: Follow the instance and its interfaces (pivot).
-- references:
--   - https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
-- ---
WITH machines AS (
    SELECT
        event_time,
        instance_id,
        interface_id,
        CASE direction WHEN 'egress' THEN srcaddr WHEN 'ingress' THEN dstaddr END AS own_address
    FROM vpcflow
    WHERE
        event_time >= :since
        AND event_time < :until
        -- cheap, so that the scan can leave the rest out
        AND (
            :mention = '%'
            OR instance_id IN (:ids)
            OR interface_id IN (:ids)
            OR srcaddr IN (:ids)
            OR dstaddr IN (:ids)
            OR instance_id IN (:machine)
            OR interface_id IN (:machine)
            OR srcaddr IN (:machine)
            OR dstaddr IN (:machine)
            OR instance_id LIKE :mention
            OR interface_id LIKE :mention
            OR srcaddr LIKE :mention
            OR dstaddr LIKE :mention
        )
),

held AS (
    SELECT
        event_time,
        instance_id,
        interface_id,
        own_address,
        MIN(interface_id) OVER (PARTITION BY own_address)
        = MAX(interface_id) OVER (PARTITION BY own_address) AS has_one_holder
    FROM machines
),

asked AS (
    SELECT
        event_time,
        ARRAY['instance', 'interface', 'address'] AS kinds,
        ARRAY[instance_id, interface_id, own_address] AS kind_names
    FROM held
    WHERE
        instance_id IN (:ids)
        OR interface_id IN (:ids)
        OR own_address IN (:ids)
        OR instance_id IN (:machine)
        OR interface_id IN (:machine)
        -- other networks have the same private addresses: one tells an interface only where
        -- nothing else does
        OR (
            own_address IN (:machine)
            AND instance_id IS NULL
            AND has_one_holder
            AND NOT ANY_MATCH(ARRAY[:ids], x -> STARTS_WITH(x, 'eni-'))
            AND NOT ANY_MATCH(ARRAY[:machine], x -> STARTS_WITH(x, 'eni-'))
        )
),

named AS (
    SELECT
        asked.event_time,
        known.same_kind,
        known.same_name
    FROM asked
    CROSS JOIN UNNEST(asked.kinds, asked.kind_names) AS known (same_kind, same_name)
)

SELECT
    same_kind,
    same_name,
    'flow logs' AS told_by,
    MIN(event_time) AS first_event_time,
    MAX(event_time) AS last_event_time,
    COUNT(*) AS event_count
FROM named
WHERE same_name IS NOT NULL
GROUP BY same_kind, same_name
ORDER BY same_kind ASC, COUNT(*) DESC, same_name ASC
