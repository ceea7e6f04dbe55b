CREATE EXTERNAL TABLE IF NOT EXISTS `cloudtrail_raw` (
    eventVersion string COMMENT 'version of the record format, 1.0 and up',
    userIdentity struct<
        type: string,
        principalId: string,
        arn: string,
        accountId: string,
        invokedBy: string,
        accessKeyId: string,
        userName: string,
        identityProvider: string,
        credentialId: string,
        onBehalfOf: struct<userId: string, identityStoreArn: string>,
        inScopeOf: struct<
            sourceArn: string,
            sourceAccount: string,
            issuerType: string,
            credentialsIssuedTo: string>,
        invokedByDelegate: struct<accountId: string>,
        sessionContext: struct<
            attributes: struct<mfaAuthenticated: string, creationDate: string>,
            sessionIssuer: struct<
                type: string,
                principalId: string,
                arn: string,
                accountId: string,
                userName: string>,
            ec2RoleDelivery: string,
            webIdFederationData: struct<
                federatedProvider: string,
                attributes: map<string, string>>,
            sourceIdentity: string,
            assumedRoot: string>> COMMENT 'who called; an absent part is NULL, its members too',
    eventTime string COMMENT 'end of the call, ISO 8601, UTC, whole seconds',
    eventSource string COMMENT 'service endpoint, such as iam.amazonaws.com',
    eventName string COMMENT 'API call or event; not unique across services',
    awsRegion string COMMENT 'region that served the call',
    sourceIPAddress string COMMENT 'address, service host name or AWS Internal',
    userAgent string COMMENT 'cut at 1 KB',
    errorCode string COMMENT 'absent when the call succeeded',
    errorMessage string COMMENT 'cut at 1 KB',
    requestParameters string COMMENT 'JSON text, left out above 100 KB',
    responseElements string COMMENT 'JSON text, NULL for reads, left out above 100 KB',
    additionalEventData string COMMENT 'JSON text, left out above 28 KB',
    requestID string COMMENT 'id that the service gave the request',
    eventID string COMMENT 'unique id of the event: the key for de-duplication',
    readOnly string COMMENT 'true or false as text',
    resources array<struct<ARN: string, accountId: string, type: string>>
        COMMENT 'resources touched, where the service tells',
    eventType string COMMENT 'AwsApiCall, AwsServiceEvent, AwsConsoleAction, AwsConsoleSignIn',
    apiVersion string COMMENT 'version of the API called',
    recipientAccountId string COMMENT 'account that got the record',
    sharedEventID string COMMENT 'pairs the copies of a cross-account event',
    vpcEndpointId string COMMENT 'VPC endpoint that the call went through',
    vpcEndpointAccountId string COMMENT 'owner of that endpoint',
    serviceEventDetails string COMMENT 'JSON text of a service event',
    managementEvent boolean COMMENT 'management or data event, since version 1.06',
    eventCategory string COMMENT 'Management, Data, NetworkActivity or Insight, since version 1.07',
    addendum struct<
        reason: string,
        updatedFields: string,
        originalRequestID: string,
        originalEventID: string> COMMENT 'why a record came late or was corrected',
    sessionCredentialFromConsole string COMMENT 'true when the session came from the console',
    edgeDeviceDetails string COMMENT 'JSON text',
    tlsDetails struct<
        tlsVersion: string,
        cipherSuite: string,
        clientProvidedHostHeader: string,
        keyExchange: string> COMMENT 'TLS of the call'
)
PARTITIONED BY (account_id string, region string, day string)
ROW FORMAT SERDE 'org.apache.hive.hcatalog.data.JsonSerDe'
STORED AS
    INPUTFORMAT 'com.amazon.emr.cloudtrail.CloudTrailInputFormat'
    OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION 's3://my-trail-bucket/logs/AWSLogs/o-a1b2c3d4e5/'
TBLPROPERTIES (
    'projection.enabled'='true',
    'projection.account_id.type'='enum',
    'projection.account_id.values'='111122223333,444455556666',
    'projection.region.type'='enum',
    'projection.region.values'='us-east-1,eu-west-1',
    'projection.day.type'='date',
    'projection.day.format'='yyyy/MM/dd',
    'projection.day.range'='2024/01/01,NOW',
    'projection.day.interval'='1',
    'projection.day.interval.unit'='DAYS',
    'storage.location.template'='s3://my-trail-bucket/logs/AWSLogs/o-a1b2c3d4e5/${account_id}/CloudTrail/${region}/${day}/'
);

CREATE OR REPLACE VIEW cloudtrail AS
SELECT
    TRY(CAST(from_iso8601_timestamp(eventTime) AT TIME ZONE 'UTC' AS timestamp(3))) AS event_time,
    account_id,
    region,
    -- the role for a role session: stable over sessions, so that findings of one actor join
    COALESCE(
        CASE
            WHEN userIdentity.type = 'AssumedRole'
                THEN COALESCE(
                    userIdentity.sessionContext.sessionIssuer.arn,
                    'arn:' || split_part(userIdentity.arn, ':', 2)
                    || ':iam::' || split_part(userIdentity.arn, ':', 5)
                    || ':role/' || split_part(userIdentity.arn, '/', 2)
                )
        END,
        userIdentity.arn,
        -- an anonymous read has an empty principalId
        NULLIF(userIdentity.principalId, ''),
        userIdentity.invokedBy,
        sourceIPAddress,
        'unknown'
    ) AS actor,
    sourceIPAddress AS source_ip,
    eventName AS event_name,
    COALESCE(
        element_at(resources, 1).ARN,
        CASE eventSource
            WHEN 'iam.amazonaws.com' THEN COALESCE(
                json_extract_scalar(requestParameters, '$.userName'),
                json_extract_scalar(requestParameters, '$.roleName'),
                json_extract_scalar(requestParameters, '$.groupName'),
                json_extract_scalar(requestParameters, '$.policyArn'),
                json_extract_scalar(requestParameters, '$.instanceProfileName'),
                json_extract_scalar(requestParameters, '$.sAMLProviderArn'),
                json_extract_scalar(requestParameters, '$.openIDConnectProviderArn'),
                json_extract_scalar(requestParameters, '$.serialNumber'),
                json_extract_scalar(requestParameters, '$.policyName')
            )
            WHEN 'sts.amazonaws.com' THEN COALESCE(
                json_extract_scalar(requestParameters, '$.roleArn'),
                json_extract_scalar(requestParameters, '$.targetPrincipal'),
                json_extract_scalar(requestParameters, '$.name')
            )
            WHEN 's3.amazonaws.com' THEN json_extract_scalar(requestParameters, '$.bucketName')
            WHEN 'ec2.amazonaws.com' THEN COALESCE(
                json_extract_scalar(requestParameters, '$.instanceId'),
                json_extract_scalar(requestParameters, '$.groupId'),
                json_extract_scalar(requestParameters, '$.snapshotId'),
                json_extract_scalar(requestParameters, '$.imageId'),
                json_extract_scalar(requestParameters, '$.volumeId'),
                json_extract_scalar(
                    requestParameters, '$.DeleteFlowLogsRequest.FlowLogId.content'
                ),
                json_extract_scalar(requestParameters, '$.instancesSet.items[0].instanceId'),
                json_extract_scalar(responseElements, '$.instancesSet.items[0].instanceId'),
                json_extract_scalar(requestParameters, '$.networkInterfaceId'),
                json_extract_scalar(requestParameters, '$.subnetId'),
                json_extract_scalar(requestParameters, '$.vpcId'),
                json_extract_scalar(requestParameters, '$.keyName')
            )
            WHEN 'cloudtrail.amazonaws.com' THEN COALESCE(
                json_extract_scalar(requestParameters, '$.name'),
                json_extract_scalar(requestParameters, '$.trailName'),
                json_extract_scalar(requestParameters, '$.trailNameList[0]'),
                json_extract_scalar(requestParameters, '$.eventDataStore')
            )
            WHEN 'secretsmanager.amazonaws.com' THEN COALESCE(
                json_extract_scalar(requestParameters, '$.secretId'),
                json_extract_scalar(requestParameters, '$.name')
            )
            WHEN 'ssm.amazonaws.com' THEN COALESCE(
                json_extract_scalar(requestParameters, '$.target'),
                json_extract_scalar(requestParameters, '$.instanceIds[0]'),
                json_extract_scalar(requestParameters, '$.name'),
                json_extract_scalar(requestParameters, '$.names[0]'),
                json_extract_scalar(requestParameters, '$.path'),
                json_extract_scalar(requestParameters, '$.documentName')
            )
            WHEN 'kms.amazonaws.com' THEN json_extract_scalar(requestParameters, '$.keyId')
            WHEN 'lambda.amazonaws.com'
                THEN json_extract_scalar(requestParameters, '$.functionName')
            WHEN 'rds.amazonaws.com' THEN COALESCE(
                json_extract_scalar(requestParameters, '$.dBSnapshotIdentifier'),
                json_extract_scalar(requestParameters, '$.dBClusterSnapshotIdentifier'),
                json_extract_scalar(requestParameters, '$.dBInstanceIdentifier'),
                json_extract_scalar(requestParameters, '$.dBClusterIdentifier')
            )
            WHEN 'guardduty.amazonaws.com'
                THEN json_extract_scalar(requestParameters, '$.detectorId')
            WHEN 'config.amazonaws.com' THEN COALESCE(
                json_extract_scalar(requestParameters, '$.configurationRecorderName'),
                json_extract_scalar(requestParameters, '$.configurationRecorder.name'),
                json_extract_scalar(requestParameters, '$.deliveryChannelName'),
                json_extract_scalar(requestParameters, '$.configRuleName')
            )
            WHEN 'signin.amazonaws.com' THEN userIdentity.userName
            ELSE COALESCE(
                json_extract_scalar(requestParameters, '$.resourceArn'),
                json_extract_scalar(requestParameters, '$.resourceARN'),
                json_extract_scalar(requestParameters, '$.arn'),
                json_extract_scalar(requestParameters, '$.name')
            )
        END
    ) AS target,
    CASE
        WHEN regexp_like(errorCode, 'AccessDenied|Unauthorized|NotAuthorized|Forbidden') THEN 'denied'
        WHEN errorCode IS NOT NULL THEN 'failure'
        -- a failed console sign-in has no errorCode, only {"ConsoleLogin": "Failure"}
        WHEN
            eventSource = 'signin.amazonaws.com' AND strpos(responseElements, '"Failure"') > 0
            THEN 'failure'
        ELSE 'success'
    END AS outcome,
    eventID AS event_id,
    CASE
        WHEN userIdentity.type = 'AssumedRole' THEN split_part(userIdentity.arn, '/', 3)
    END AS session_name,
    userIdentity.accessKeyId AS access_key_id,
    userIdentity.accountId AS actor_account_id,
    userAgent AS user_agent,
    eventSource AS event_source,
    errorCode AS error_code,
    errorMessage AS error_message,
    CASE COALESCE(
        json_extract_scalar(additionalEventData, '$.MFAUsed'),
        userIdentity.sessionContext.attributes.mfaAuthenticated
    )
        WHEN 'Yes' THEN TRUE
        WHEN 'true' THEN TRUE
        WHEN 'No' THEN FALSE
        WHEN 'false' THEN FALSE
    END AS mfa,
    COALESCE(
        json_extract_scalar(responseElements, '$.credentials.accessKeyId'),
        json_extract_scalar(responseElements, '$.accessKey.accessKeyId')
    ) AS issued_access_key_id,
    userIdentity.type AS identity_type,
    userIdentity.arn AS identity_arn,
    userIdentity.principalId AS principal_id,
    userIdentity.userName AS user_name,
    userIdentity.invokedBy AS invoked_by,
    userIdentity.sessionContext.sourceIdentity AS source_identity,
    userIdentity.sessionContext.attributes.creationDate AS session_created,
    CASE readOnly WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END AS read_only,
    eventType AS event_type,
    COALESCE(
        eventCategory,
        CASE managementEvent WHEN TRUE THEN 'Management' WHEN FALSE THEN 'Data' END
    ) AS event_category,
    recipientAccountId AS recipient_account_id,
    awsRegion AS aws_region,
    requestID AS request_id,
    sharedEventID AS shared_event_id,
    vpcEndpointId AS vpc_endpoint_id,
    tlsDetails.tlsVersion AS tls_version,
    tlsDetails.clientProvidedHostHeader AS host_header,
    resources,
    requestParameters AS request_parameters,
    responseElements AS response_elements,
    additionalEventData AS additional_event_data,
    serviceEventDetails AS service_event_details,
    eventVersion AS event_version,
    day,
    "$path" AS log_file
FROM cloudtrail_raw
WHERE
    TRY(CAST(from_iso8601_timestamp(eventTime) AT TIME ZONE 'UTC' AS timestamp(3))) IS NOT NULL
    AND eventName IS NOT NULL;

CREATE OR REPLACE VIEW cloudtrail_unparsed AS
SELECT
    account_id,
    region,
    day,
    -- the text fields of the record as JSON, keys in the order that Trino gives a map
    json_format(CAST(MAP(
        ARRAY[
            'awsRegion', 'errorCode', 'eventID', 'eventName', 'eventSource', 'eventTime',
            'eventType', 'eventVersion', 'recipientAccountId', 'requestID', 'requestParameters',
            'responseElements', 'sourceIPAddress', 'userAgent', 'userIdentity.arn'
        ],
        ARRAY[
            awsRegion, errorCode, eventID, eventName, eventSource, eventTime,
            eventType, eventVersion, recipientAccountId, requestID, requestParameters,
            responseElements, sourceIPAddress, userAgent, userIdentity.arn
        ]
    ) AS JSON)) AS line,
    "$path" AS log_file
FROM cloudtrail_raw
WHERE
    TRY(CAST(from_iso8601_timestamp(eventTime) AT TIME ZONE 'UTC' AS timestamp(3))) IS NULL
    OR eventName IS NULL;
