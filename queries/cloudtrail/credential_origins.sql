-- ---
-- title: Where credentials come from
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who got these access keys issued, how, from where and for which role or user?
-- params:
--   access_keys: {type: texts, help: "access keys, such as ASIA..."}
-- pivot:
--   part: origins
--   takes: {access_key: access_keys, held: access_keys, issued: access_keys, issuer: access_keys}
-- columns: {issued_access_key_id: text, access_key_id: text, actor: text, issued_to: text,
--   session_name: text, event_name: text, first_event_time: timestamp, event_count: integer,
--   source_ip: text, user_agent: text, log_file: text}
-- misses:
--   - Keys issued outside the window or in accounts whose logs are not here
--   - The temporary keys of console sessions and of Identity Center, which nothing shows
-- next: Follow whoever asked for the key (pivot). A service that asked did so for one of its
--   resources; the name of the session tells which.
-- references:
--   - https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
-- ---
SELECT
    issued_access_key_id,
    access_key_id,
    actor,
    COALESCE(
        JSON_EXTRACT_SCALAR(request_parameters, '$.roleArn'),
        JSON_EXTRACT_SCALAR(request_parameters, '$.targetPrincipal'),
        JSON_EXTRACT_SCALAR(response_elements, '$.federatedUser.arn'),
        JSON_EXTRACT_SCALAR(response_elements, '$.accessKey.userName'),
        target
    ) AS issued_to,
    JSON_EXTRACT_SCALAR(request_parameters, '$.roleSessionName') AS session_name,
    event_name,
    MIN(event_time) AS first_event_time,
    COUNT(DISTINCT event_id) AS event_count,
    MIN(source_ip) AS source_ip,
    MIN(user_agent) AS user_agent,
    MIN(log_file) AS log_file
FROM cloudtrail
WHERE
    event_time >= :since
    AND event_time < :until
    -- says early what the next condition says, so that the scan can leave the rest out
    AND response_elements LIKE '%accessKeyId%'
    AND issued_access_key_id IN (:access_keys)
GROUP BY
    issued_access_key_id,
    access_key_id,
    actor,
    COALESCE(
        JSON_EXTRACT_SCALAR(request_parameters, '$.roleArn'),
        JSON_EXTRACT_SCALAR(request_parameters, '$.targetPrincipal'),
        JSON_EXTRACT_SCALAR(response_elements, '$.federatedUser.arn'),
        JSON_EXTRACT_SCALAR(response_elements, '$.accessKey.userName'),
        target
    ),
    JSON_EXTRACT_SCALAR(request_parameters, '$.roleSessionName'),
    event_name
ORDER BY MIN(event_time), issued_access_key_id, access_key_id, actor
