-- ---
-- title: History of one resource
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who changed this bucket, role, group or key, when, from where and to what?
-- params:
--   resource: {type: text, help: "a name, an id or an ARN, such as ops-role or sg-0123"}
-- pivot: {part: ask, takes: {bucket: resource, instance: resource, resource: resource}}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, event_source: text,
--   requested: text, answered: text, error_code: text, access_key_id: text, user_agent: text,
--   log_file: text}
-- misses:
--   - Changes that name the resource by another name, such as its id in place of its ARN
--   - Parameters too large for the record or hidden by the service
--   - Reads, and events whose readOnly says true
-- next: Compare each step with the one before. Ask about every actor that is not the owner's
--   pipeline, and follow its key (key_with_chains).
-- references:
--   - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
-- ---
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
    event_source,
    request_parameters AS requested,
    response_elements AS answered,
    error_code,
    access_key_id,
    user_agent,
    log_file
FROM cloudtrail
WHERE
    event_time >= :since
    AND event_time < :until
    AND COALESCE(read_only, FALSE) = FALSE
    AND (
        -- the whole target, or whole parts of its ARN
        STRPOS(
            '/' || REPLACE(target, ':', '/') || '/', '/' || REPLACE(:resource, ':', '/') || '/'
        ) > 0
        OR STRPOS(request_parameters, '"' || :resource || '"') > 0
        OR STRPOS(response_elements, '"' || :resource || '"') > 0
    )
ORDER BY event_time, event_id
