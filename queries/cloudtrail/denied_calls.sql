-- ---
-- title: What somebody was not allowed to do
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Which calls of this actor or key were denied, from where, and did they succeed later?
-- params:
--   who: {type: text, help: "the ARN of a user, role or session, or an access key"}
-- pivot: {part: ask, takes: {user: who, role: who, session: who, access_key: who}}
-- columns: {account_id: text, actor: text, event_source: text, event_name: text,
--   first_event_time: timestamp, last_event_time: timestamp, denied_count: integer,
--   success_count: integer, first_success_time: timestamp, access_key_ids: texts,
--   source_ips: texts, regions: texts, error_codes: texts, targets: texts, log_files: texts}
-- misses:
--   - Denials that a service reports as success or as another error, and dry runs
--   - Requests refused before they reach CloudTrail, such as those with a wrong signature
-- next: What succeeded after it was denied shows where a right was gained; look for the change
--   in between (resource_history of the user or role).
-- references:
--   - https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
-- ---
WITH calls AS (
    SELECT
        event_time,
        account_id,
        actor,
        event_source,
        event_name,
        event_id,
        outcome,
        access_key_id,
        source_ip,
        aws_region,
        error_code,
        target,
        log_file
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND outcome IN ('denied', 'success')
        AND (actor = :who OR identity_arn = :who OR access_key_id = :who)
)

SELECT
    account_id,
    actor,
    event_source,
    event_name,
    MIN(CASE WHEN outcome = 'denied' THEN event_time END) AS first_event_time,
    MAX(CASE WHEN outcome = 'denied' THEN event_time END) AS last_event_time,
    COUNT(DISTINCT CASE WHEN outcome = 'denied' THEN event_id END) AS denied_count,
    COUNT(DISTINCT CASE WHEN outcome = 'success' THEN event_id END) AS success_count,
    MIN(CASE WHEN outcome = 'success' THEN event_time END) AS first_success_time,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT access_key_id), x -> x IS NOT NULL)), 1, 20
    ) AS access_key_ids,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT source_ip), x -> x IS NOT NULL)), 1, 20
    ) AS source_ips,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT aws_region), x -> x IS NOT NULL)), 1, 20
    ) AS regions,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT error_code), x -> x IS NOT NULL)), 1, 20
    ) AS error_codes,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT target), x -> x IS NOT NULL)), 1, 20
    ) AS targets,
    SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
FROM calls
GROUP BY account_id, actor, event_source, event_name
HAVING COUNT(DISTINCT CASE WHEN outcome = 'denied' THEN event_id END) > 0
ORDER BY
    MIN(CASE WHEN outcome = 'denied' THEN event_time END),
    event_source,
    event_name,
    account_id,
    actor
