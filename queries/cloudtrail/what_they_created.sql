-- ---
-- title: What somebody created, and whether it was removed
-- kind: investigation
-- status: stable
-- version: 2
-- sources: [cloudtrail]
-- question: What did these actors, keys or addresses create or attach, and what is still there?
-- params:
--   who: {type: texts, help: "ARNs of users, roles or sessions, access keys, addresses"}
-- pivot:
--   part: created
--   takes: {access_key: who, issued: who, user: who, role: who, session: who, address: who}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, event_id: text, event_source: text, created_kind: text,
--   created_name: text, clean_up_state: text, removed_time: timestamp,
--   removed_by: text, access_key_id: text, log_file: text}
-- misses:
--   - Things changed in place, such as a trust policy, a security group's rule or a function's code
--   - Removal together with a parent, after the window, or by the end of a life of its own
--   - All but the first instance of a call that starts several
--   - Names that a service hides; what has no name counts as left
-- next: Remove what is left, identities and credentials first. Follow each created access key
--   (key_with_chains) and each left resource (resource_history).
-- references:
--   - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
-- ---
WITH calls AS (
    SELECT
        event_time,
        account_id,
        region,
        actor,
        source_ip,
        event_name,
        event_id,
        event_source,
        target,
        identity_arn,
        access_key_id,
        issued_access_key_id,
        request_parameters,
        response_elements,
        log_file,
        -- some services write the version of their API behind the name
        CASE event_name
            WHEN 'ScheduleKeyDeletion' THEN 'DeleteKey'
            ELSE REGEXP_EXTRACT(event_name, '^[A-Za-z]+')
        END AS call_name
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND outcome = 'success'
        AND COALESCE(read_only, FALSE) = FALSE
        -- plain, so that the scan can leave the rest out
        AND (
            event_name LIKE 'Create%'
            OR event_name LIKE 'Delete%'
            OR event_name LIKE 'Run%'
            OR event_name LIKE 'Terminate%'
            OR event_name LIKE 'Allocate%'
            OR event_name LIKE 'Release%'
            OR event_name LIKE 'Register%'
            OR event_name LIKE 'Deregister%'
            OR event_name LIKE 'Attach%'
            OR event_name LIKE 'Detach%'
            OR event_name LIKE 'Add%'
            OR event_name LIKE 'Remove%'
            OR event_name LIKE 'Import%'
            OR event_name LIKE 'PutRolePolicy%'
            OR event_name LIKE 'PutUserPolicy%'
            OR event_name LIKE 'PutGroupPolicy%'
            OR event_name LIKE 'PutParameter%'
            OR event_name LIKE 'ScheduleKeyDeletion%'
        )
        AND event_name NOT IN ('CreateTags', 'DeleteTags', 'CreateLogStream', 'CreateGrant')
),

changes AS (
    SELECT
        event_time,
        account_id,
        region,
        actor,
        source_ip,
        event_name,
        event_id,
        event_source,
        identity_arn,
        access_key_id,
        log_file,
        REGEXP_LIKE(call_name, '^(Create|Run|Allocate|Register|Attach|Add|Import|Put)') AS is_new,
        -- what is left of the name is the kind of thing: Role, Bucket, Instances
        REPLACE(
            REGEXP_EXTRACT(
                call_name,
                '^(Create|Delete|Run|Terminate|Allocate|Release|Register|Deregister|Attach|Detach'
                || '|Add|Remove|Import|Put)([A-Za-z]*)',
                2
            ), 'From', 'To'
        ) AS kind,
        CASE
            WHEN event_source = 'iam.amazonaws.com'
                THEN COALESCE(
                    issued_access_key_id,
                    JSON_EXTRACT_SCALAR(request_parameters, '$.accessKeyId'),
                    JSON_EXTRACT_SCALAR(response_elements, '$.policy.arn'),
                    -- a policy on an identity has both names
                    COALESCE(
                        JSON_EXTRACT_SCALAR(request_parameters, '$.userName'),
                        JSON_EXTRACT_SCALAR(request_parameters, '$.roleName'),
                        JSON_EXTRACT_SCALAR(request_parameters, '$.groupName')
                    ) || ' ' || COALESCE(
                        JSON_EXTRACT_SCALAR(request_parameters, '$.policyArn'),
                        JSON_EXTRACT_SCALAR(request_parameters, '$.policyName'),
                        JSON_EXTRACT_SCALAR(request_parameters, '$.instanceProfileName')
                    ),
                    JSON_EXTRACT_SCALAR(response_elements, '$.openIDConnectProviderArn'),
                    JSON_EXTRACT_SCALAR(response_elements, '$.sAMLProviderArn'),
                    target
                )
            WHEN event_source = 'ec2.amazonaws.com'
                THEN COALESCE(
                    JSON_EXTRACT_SCALAR(response_elements, '$.vpc.vpcId'),
                    JSON_EXTRACT_SCALAR(response_elements, '$.subnet.subnetId'),
                    JSON_EXTRACT_SCALAR(
                        response_elements, '$.internetGateway.internetGatewayId'
                    ),
                    JSON_EXTRACT_SCALAR(response_elements, '$.routeTable.routeTableId'),
                    JSON_EXTRACT_SCALAR(
                        response_elements, '$.networkInterface.networkInterfaceId'
                    ),
                    JSON_EXTRACT_SCALAR(
                        response_elements, '$.CreateNatGatewayResponse.natGateway.natGatewayId'
                    ),
                    JSON_EXTRACT_SCALAR(
                        response_elements, '$.CreateFlowLogsResponse.flowLogIdSet.item'
                    ),
                    JSON_EXTRACT_SCALAR(response_elements, '$.instancesSet.items[0].instanceId'),
                    JSON_EXTRACT_SCALAR(response_elements, '$.snapshotId'),
                    JSON_EXTRACT_SCALAR(response_elements, '$.volumeId'),
                    JSON_EXTRACT_SCALAR(response_elements, '$.imageId'),
                    JSON_EXTRACT_SCALAR(response_elements, '$.groupId'),
                    JSON_EXTRACT_SCALAR(response_elements, '$.allocationId'),
                    JSON_EXTRACT_SCALAR(
                        request_parameters, '$.DeleteNatGatewayRequest.NatGatewayId'
                    ),
                    JSON_EXTRACT_SCALAR(request_parameters, '$.allocationId'),
                    JSON_EXTRACT_SCALAR(request_parameters, '$.internetGatewayId'),
                    JSON_EXTRACT_SCALAR(request_parameters, '$.routeTableId'),
                    target
                )
            WHEN event_source = 'secretsmanager.amazonaws.com'
                THEN COALESCE(
                    JSON_EXTRACT_SCALAR(response_elements, '$.arn'),
                    JSON_EXTRACT_SCALAR(response_elements, '$.aRN'),
                    target
                )
            WHEN event_source = 's3.amazonaws.com'
                THEN JSON_EXTRACT_SCALAR(request_parameters, '$.bucketName')
            WHEN event_source = 'lambda.amazonaws.com'
                THEN COALESCE(
                    JSON_EXTRACT_SCALAR(request_parameters, '$.functionName') || ' '
                    || JSON_EXTRACT_SCALAR(request_parameters, '$.statementId'),
                    target
                )
            WHEN event_source = 'rolesanywhere.amazonaws.com'
                THEN COALESCE(
                    JSON_EXTRACT_SCALAR(response_elements, '$.trustAnchor.trustAnchorId'),
                    JSON_EXTRACT_SCALAR(response_elements, '$.profile.profileId'),
                    target
                )
            WHEN event_source = 'kms.amazonaws.com'
                THEN COALESCE(
                    JSON_EXTRACT_SCALAR(response_elements, '$.keyMetadata.keyId'),
                    NULLIF(SPLIT_PART(target, ':key/', 2), ''),
                    target
                )
            ELSE COALESCE(
                target,
                JSON_EXTRACT_SCALAR(request_parameters, '$.logGroupName'),
                JSON_EXTRACT_SCALAR(request_parameters, '$.dBSubnetGroupName')
            )
        END AS changed_name
    FROM calls
),

created AS (
    SELECT
        event_time,
        account_id,
        region,
        actor,
        source_ip,
        event_name,
        event_id,
        event_source,
        kind,
        changed_name,
        access_key_id,
        log_file
    FROM changes
    WHERE
        is_new
        AND (
            actor IN (:who)
            OR identity_arn IN (:who)
            OR access_key_id IN (:who)
            OR source_ip IN (:who)
        )
),

removed AS (
    SELECT
        event_time,
        account_id,
        actor,
        event_source,
        kind,
        changed_name
    FROM changes
    WHERE NOT is_new
)

SELECT
    created.event_time,
    created.account_id,
    created.region,
    created.actor,
    created.source_ip,
    created.event_name,
    created.event_id,
    created.event_source,
    created.kind AS created_kind,
    created.changed_name AS created_name,
    CASE WHEN COUNT(removed.event_time) > 0 THEN 'removed' ELSE 'left' END AS clean_up_state,
    MIN(removed.event_time) AS removed_time,
    MIN_BY(removed.actor, removed.event_time) AS removed_by,
    created.access_key_id,
    created.log_file
FROM created
LEFT JOIN removed
    ON
        created.account_id = removed.account_id
        AND created.event_source = removed.event_source
        AND created.kind = removed.kind
        AND LOWER(created.changed_name) = LOWER(removed.changed_name)
        AND created.event_time <= removed.event_time
GROUP BY
    created.event_time,
    created.account_id,
    created.region,
    created.actor,
    created.source_ip,
    created.event_name,
    created.event_id,
    created.event_source,
    created.kind,
    created.changed_name,
    created.access_key_id,
    created.log_file
ORDER BY created.event_time, created.event_id
