-- ---
-- title: The rest of what the owner of a key did
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Which other keys did the owners of these keys use, how much, and what without one?
-- params:
--   access_keys: {type: texts, help: "access keys, such as AKIA..."}
-- pivot: {part: siblings, takes: {access_key: access_keys}}
-- columns: {actor: text, access_key_id: text, first_event_time: timestamp,
--   last_event_time: timestamp, event_count: integer, denied_count: integer, source_ips: texts,
--   log_files: texts}
-- misses:
--   - Keys that were not used in the window
--   - Sessions of a role are different people's when several may assume it
-- next: A temporary key of a user that no call issued comes from a console session. Follow those
--   from another network than the rest (pivot).
-- references:
--   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
-- ---
WITH uses AS (
    SELECT
        event_time,
        event_id,
        actor,
        outcome,
        source_ip,
        log_file,
        NULLIF(access_key_id, '') AS access_key_id,
        COALESCE(access_key_id IN (:access_keys), FALSE) AS is_asked
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
),

owners AS (
    SELECT actor AS owner_arn
    FROM uses
    WHERE is_asked
    GROUP BY actor
)

SELECT
    uses.actor,
    uses.access_key_id,
    MIN(uses.event_time) AS first_event_time,
    MAX(uses.event_time) AS last_event_time,
    COUNT(DISTINCT uses.event_id) AS event_count,
    COUNT(DISTINCT CASE WHEN uses.outcome = 'denied' THEN uses.event_id END) AS denied_count,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT uses.source_ip), x -> x IS NOT NULL)), 1, 20
    ) AS source_ips,
    SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT uses.log_file)), 1, 20) AS log_files
FROM uses
INNER JOIN owners
    ON uses.actor = owners.owner_arn
WHERE NOT uses.is_asked
GROUP BY uses.actor, uses.access_key_id
ORDER BY MIN(uses.event_time), uses.access_key_id, uses.actor
