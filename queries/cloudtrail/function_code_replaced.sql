-- ---
-- title: Function code or layer replaced
-- kind: detection
-- severity: low
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who replaced the code of a Lambda function, or put a foreign layer into it?
-- attack: [T1648, T1525]
-- stage: execution
-- group_by: [actor]
-- params:
--   known_accounts: {type: texts, default: [], help: account ids whose layers may be used}
--   known_principals: {type: texts, default: [], help: principals that deploy functions}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, changed: text,
--   code_bucket: text, function_role: text, error_code: text, user_agent: text,
--   access_key_id: text, log_file: text}
-- expected:
--   - Deployments; compare the actor with the pipeline of the function
--   - Layers that AWS and vendors publish in accounts of theirs
-- misses:
--   - A new function with bad code (CreateFunction), and a layer of the own account
--   - Code that is exchanged in its bucket and deployed later by the ordinary pipeline
--   - Handler, environment and role changed without new code
-- next: Compare the code's hash with what the pipeline built last. Roll back, and follow what the
--   role of the function did since (key_with_chains, who_assumed_what).
-- references:
--   - https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html
--   - https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
-- ---
WITH updates AS (
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
            NULLIF(SPLIT_PART(SPLIT_PART(target, ':function:', 2), ':', 1), ''), target
        ) AS target,
        SPLIT(
            REGEXP_EXTRACT(request_parameters, '"layers"\s*:\s*\[([^\]]*)', 1), '"'
        ) AS layer_parts,
        JSON_EXTRACT_SCALAR(request_parameters, '$.s3Bucket') AS code_bucket,
        JSON_EXTRACT_SCALAR(response_elements, '$.role') AS function_role,
        JSON_EXTRACT_SCALAR(request_parameters, '$.dryRun') AS dry_run
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND actor NOT IN (:known_principals)
        AND event_source = 'lambda.amazonaws.com'
        -- Lambda writes the version of the API behind its event names
        AND REGEXP_LIKE(event_name, '^UpdateFunction(Code|Configuration)[0-9v_]*$')
),

replaced AS (
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
        code_bucket,
        function_role,
        CASE
            WHEN event_name LIKE 'UpdateFunctionCode%'
                THEN CASE WHEN COALESCE(dry_run, 'false') <> 'true' THEN 'code' END
            WHEN
                ANY_MATCH(
                    layer_parts,
                    x -> STRPOS(x, ':layer:') > 0
                    AND SPLIT_PART(x, ':', 5) <> owner_account
                    AND SPLIT_PART(x, ':', 5) NOT IN (:known_accounts)
                )
                THEN 'layer of another account'
        END AS changed
    FROM updates
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
    changed,
    code_bucket,
    function_role,
    error_code,
    user_agent,
    access_key_id,
    log_file
FROM replaced
WHERE changed IS NOT NULL
ORDER BY event_time, event_id
