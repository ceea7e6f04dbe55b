-- ---
-- title: Function or layer opened to outsiders
-- kind: detection
-- severity: high
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Which Lambda function or layer may now be called or read from outside its account?
-- attack: [T1098, T1648]
-- stage: persistence
-- group_by: [account_id, target]
-- params:
--   known_accounts: {type: texts, default: [], help: account ids that may call functions}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, opened_to: text,
--   granted_action: text, error_code: text, user_agent: text, access_key_id: text,
--   log_file: text}
-- expected:
--   - Functions for other accounts of the organization; name those in known_accounts
--   - Functions with a URL that is meant for everybody, such as web hooks
-- misses:
--   - Everybody within an organization (principalOrgID, organizationId)
--   - A service principal without a source account, through which an outsider may call
--   - An API gateway, event source or load balancer in front of the function
-- next: Take the permission or the URL back. Look for Invoke of the function in data events, and
--   read what its role may do.
-- references:
--   - https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
--   - https://docs.aws.amazon.com/lambda/latest/api/API_AddLayerVersionPermission.html
--   - https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunctionUrlConfig.html
-- ---
WITH grants AS (
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
        COALESCE(recipient_account_id, account_id) AS owner_account,
        -- a function may be given as a name or as an ARN: one name for both
        COALESCE(
            NULLIF(SPLIT_PART(SPLIT_PART(target, ':function:', 2), ':', 1), ''),
            target,
            JSON_EXTRACT_SCALAR(request_parameters, '$.layerName')
        ) AS target,
        CASE
            WHEN event_name LIKE '%FunctionUrlConfig%'
                THEN CASE
                    WHEN JSON_EXTRACT_SCALAR(request_parameters, '$.authType') = 'NONE' THEN '*'
                END
            WHEN
                JSON_EXTRACT_SCALAR(request_parameters, '$.principalOrgID') IS NULL
                AND JSON_EXTRACT_SCALAR(request_parameters, '$.organizationId') IS NULL
                THEN JSON_EXTRACT_SCALAR(request_parameters, '$.principal')
        END AS opened_to,
        COALESCE(
            JSON_EXTRACT_SCALAR(request_parameters, '$.sourceAccount'), ''
        ) AS source_account,
        COALESCE(
            JSON_EXTRACT_SCALAR(request_parameters, '$.action'), 'lambda:InvokeFunctionUrl'
        ) AS granted_action
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_source = 'lambda.amazonaws.com'
        -- Lambda writes the version of the API behind its event names
        AND REGEXP_LIKE(
            event_name,
            '^(AddPermission|AddLayerVersionPermission|(Create|Update)FunctionUrlConfig)[0-9v_]*$'
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
    opened_to,
    granted_action,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM grants
WHERE
    opened_to = '*'
    -- an account, or the ARN of a user or role in one
    OR (
        REGEXP_LIKE(opened_to, '^([0-9]+$|arn:)')
        AND COALESCE(NULLIF(SPLIT_PART(opened_to, ':', 5), ''), opened_to) <> owner_account
        AND COALESCE(NULLIF(SPLIT_PART(opened_to, ':', 5), ''), opened_to)
        NOT IN (:known_accounts)
    )
    -- a service that calls for another account
    OR (
        opened_to LIKE '%.amazonaws.com%'
        AND source_account NOT IN ('', owner_account)
        AND source_account NOT IN (:known_accounts)
    )
ORDER BY event_time, event_id
