-- ---
-- title: Interfaces, addresses and role of a machine, by the calls that made them
-- kind: investigation
-- status: stable
-- version: 2
-- sources: [cloudtrail]
-- question: Which interfaces, addresses and role were given to this instance, or who has them?
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
--   - Machines that were made before the window, unless an address was given to them in it
--   - Public addresses that a subnet gives by itself; no call names them
-- next: Follow the role and the interfaces (pivot); was the address given back in between?
-- references:
--   - https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
--   - https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html
-- ---
WITH calls AS (
    SELECT
        event_time,
        event_name,
        actor,
        session_name,
        request_parameters,
        response_elements,
        TRY_CAST(
            JSON_EXTRACT(
                CASE WHEN event_name = 'RunInstances' THEN response_elements END,
                '$.instancesSet.items'
            ) AS ARRAY(JSON)
        ) AS launched,
        JSON_EXTRACT_SCALAR(request_parameters, '$.allocationId') AS allocation_id,
        CASE event_name
            WHEN 'AllocateAddress' THEN JSON_EXTRACT_SCALAR(response_elements, '$.allocationId')
        END AS allocated_id
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND outcome = 'success'
        -- cheap, so that the scan can leave the rest out
        AND (
            event_name IN (
                'RunInstances', 'CreateNetworkInterface', 'AttachNetworkInterface',
                'AssociateAddress', 'AllocateAddress', 'AssignPrivateIpAddresses',
                'AssociateIamInstanceProfile'
            )
            OR identity_arn LIKE :mention
        )
),

allocated AS (
    SELECT
        allocated_id,
        MAX(JSON_EXTRACT_SCALAR(response_elements, '$.publicIp')) AS public_ip
    FROM calls
    WHERE allocated_id IS NOT NULL
    GROUP BY allocated_id
),

started AS (
    SELECT
        calls.event_time,
        calls.event_name,
        launches.item
    FROM calls
    CROSS JOIN UNNEST(calls.launched) AS launches (item)
),

machines AS (
    -- with the first interface of the machine
    SELECT
        event_time,
        event_name,
        JSON_EXTRACT_SCALAR(item, '$.instanceId') AS instance_id,
        JSON_EXTRACT_SCALAR(item, '$.networkInterfaceSet.items[0].networkInterfaceId')
            AS interface_id,
        JSON_EXTRACT_SCALAR(item, '$.privateIpAddress') AS private_ip,
        JSON_EXTRACT_SCALAR(item, '$.ipAddress') AS public_ip,
        JSON_EXTRACT_SCALAR(item, '$.iamInstanceProfile.arn') AS profile_name
    FROM started
    UNION ALL
    SELECT
        calls.event_time,
        calls.event_name,
        COALESCE(
            JSON_EXTRACT_SCALAR(calls.request_parameters, '$.instanceId'),
            JSON_EXTRACT_SCALAR(
                calls.request_parameters, '$.AssociateIamInstanceProfileRequest.InstanceId'
            )
        ) AS instance_id,
        COALESCE(
            JSON_EXTRACT_SCALAR(calls.request_parameters, '$.networkInterfaceId'),
            JSON_EXTRACT_SCALAR(
                calls.response_elements, '$.networkInterface.networkInterfaceId'
            )
        ) AS interface_id,
        COALESCE(
            JSON_EXTRACT_SCALAR(calls.request_parameters, '$.privateIpAddress'),
            JSON_EXTRACT_SCALAR(calls.response_elements, '$.networkInterface.privateIpAddress'),
            JSON_EXTRACT_SCALAR(
                calls.request_parameters, '$.privateIpAddressesSet.item[0].privateIpAddress'
            )
        ) AS private_ip,
        COALESCE(
            JSON_EXTRACT_SCALAR(calls.request_parameters, '$.publicIp'), allocated.public_ip
        ) AS public_ip,
        COALESCE(
            JSON_EXTRACT_SCALAR(
                calls.request_parameters,
                '$.AssociateIamInstanceProfileRequest.IamInstanceProfile.Arn'
            ),
            JSON_EXTRACT_SCALAR(
                calls.request_parameters,
                '$.AssociateIamInstanceProfileRequest.IamInstanceProfile.Name'
            )
        ) AS profile_name
    FROM calls
    LEFT JOIN allocated ON calls.allocation_id = allocated.allocated_id
    WHERE calls.event_name NOT IN ('RunInstances', 'AllocateAddress')
),

asked AS (
    SELECT
        event_time,
        event_name,
        ARRAY['instance', 'interface', 'address', 'address', 'resource'] AS kinds,
        ARRAY[instance_id, interface_id, private_ip, public_ip, profile_name] AS kind_names
    FROM machines
    WHERE
        instance_id IN (:ids)
        OR interface_id IN (:ids)
        OR private_ip IN (:ids)
        OR public_ip IN (:ids)
        -- not by its addresses: public ones pass on, private ones are in other networks too
        OR instance_id IN (:machine)
        OR interface_id IN (:machine)
),

named AS (
    SELECT
        asked.event_time,
        asked.event_name AS told_by,
        known.same_kind,
        known.same_name
    FROM asked
    CROSS JOIN UNNEST(asked.kinds, asked.kind_names) AS known (same_kind, same_name)
    UNION ALL
    -- credentials of a machine are sessions that have its id for a name
    SELECT
        event_time,
        'calls of its role' AS told_by,
        'role' AS same_kind,
        actor AS same_name
    FROM calls
    WHERE session_name IN (:ids) OR session_name IN (:machine)
)

SELECT
    same_kind,
    same_name,
    told_by,
    MIN(event_time) AS first_event_time,
    MAX(event_time) AS last_event_time,
    COUNT(*) AS event_count
FROM named
WHERE same_name IS NOT NULL
GROUP BY same_kind, same_name, told_by
ORDER BY same_kind, MIN(event_time), same_name, told_by
