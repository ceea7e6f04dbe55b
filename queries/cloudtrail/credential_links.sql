-- ---
-- title: Which access keys were issued with which
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Which access key was used to issue which other one?
-- pivot: {part: links}
-- columns: {access_key_id: text, issued_access_key_id: text, first_event_time: timestamp,
--   event_count: integer}
-- misses:
--   - Credentials asked for without a key, with a web identity or SAML token, by a service or from
--     the console; see credential_origins
-- next: Follow a chain of keys (pivot), or see what was done with one (key_with_chains).
-- references:
--   - https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
-- ---
SELECT
    access_key_id,
    issued_access_key_id,
    MIN(event_time) AS first_event_time,
    COUNT(DISTINCT event_id) AS event_count
FROM cloudtrail
WHERE
    event_time >= :since
    AND event_time < :until
    AND access_key_id IS NOT NULL
    -- says early what the next condition says, so that the scan can leave the rest out
    AND response_elements LIKE '%accessKeyId%'
    AND issued_access_key_id IS NOT NULL
    AND issued_access_key_id <> access_key_id
GROUP BY access_key_id, issued_access_key_id
ORDER BY MIN(event_time), access_key_id, issued_access_key_id
