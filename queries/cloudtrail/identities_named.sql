-- ---
-- title: What a name stands for, and its access keys
-- kind: investigation
-- status: stable
-- version: 2
-- sources: [cloudtrail]
-- question: Which users, roles, sessions and buckets bear this name, and which keys do they hold?
-- params:
--   names: {type: texts, help: "names, ARNs, ids of instances or events, or access keys"}
--   mention: {type: text, default: "%", help: a LIKE pattern that every event of it fits}
-- pivot:
--   part: names
--   takes: {access_key: names, user: names, role: names, session: names, instance: names,
--     bucket: names, event: names, mention: mention}
-- columns: {kind: text, kind_name: text, actor: text, access_key_id: text,
--   first_event_time: timestamp, last_event_time: timestamp, event_count: integer}
-- misses:
--   - Users and roles that did nothing and were not made in the window
--   - Keys that a user was given before the window
-- next: Follow what it stands for (pivot), in the account that you mean.
-- references:
--   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
-- ---
WITH identities AS (
    SELECT
        event_time,
        event_id,
        actor,
        access_key_id,
        identity_arn,
        session_name,
        issued_access_key_id,
        CASE
            WHEN identity_type <> 'AssumedRole'
                THEN REGEXP_EXTRACT(SPLIT_PART(identity_arn, ':', 6), '[^/]+$')
        END AS own_name,
        CASE WHEN identity_type = 'AssumedRole' THEN SPLIT_PART(identity_arn, '/', 2) END
            AS role_name,
        JSON_EXTRACT_SCALAR(
            CASE WHEN event_source = 's3.amazonaws.com' THEN request_parameters END,
            '$.bucketName'
        ) AS bucket_name,
        JSON_EXTRACT_SCALAR(
            CASE WHEN event_name = 'CreateUser' THEN response_elements END, '$.user.arn'
        ) AS made_user_arn,
        JSON_EXTRACT_SCALAR(
            CASE WHEN event_name = 'CreateRole' THEN response_elements END, '$.role.arn'
        ) AS made_role_arn,
        JSON_EXTRACT_SCALAR(
            CASE WHEN event_name = 'CreateAccessKey' THEN response_elements END,
            '$.accessKey.userName'
        ) AS key_owner
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        -- cheap, so that the scan can leave the rest out
        AND (
            :mention = '%'
            OR access_key_id IN (:names)
            OR event_id IN (:names)
            OR identity_arn LIKE :mention
            OR request_parameters LIKE :mention
            OR response_elements LIKE :mention
        )
),

-- under which of its names each event is asked for
borne AS (
    SELECT
        event_time,
        event_id,
        actor,
        ARRAY[
            'access_key', 'event', 'user', 'role', 'session', 'instance', 'bucket', 'user', 'role',
            'user'
        ] AS kinds,
        ARRAY[
            CASE WHEN access_key_id IN (:names) THEN access_key_id END,
            CASE WHEN event_id IN (:names) THEN event_id END,
            CASE
                WHEN role_name IS NULL AND (identity_arn IN (:names) OR own_name IN (:names))
                    THEN identity_arn
            END,
            CASE
                WHEN role_name IS NOT NULL AND (actor IN (:names) OR role_name IN (:names))
                    THEN actor
            END,
            CASE
                WHEN
                    role_name IS NOT NULL
                    AND (identity_arn IN (:names) OR session_name IN (:names))
                    THEN identity_arn
            END,
            CASE
                WHEN session_name LIKE 'i-%' AND session_name IN (:names) THEN session_name
            END,
            CASE WHEN bucket_name IN (:names) THEN bucket_name END,
            CASE
                WHEN
                    made_user_arn IN (:names)
                    OR REGEXP_EXTRACT(made_user_arn, '[^/]+$') IN (:names)
                    THEN made_user_arn
            END,
            CASE
                WHEN
                    made_role_arn IN (:names)
                    OR REGEXP_EXTRACT(made_role_arn, '[^/]+$') IN (:names)
                    THEN made_role_arn
            END,
            -- the answer has no ARN: as it is asked for
            CASE
                WHEN key_owner IN (:names)
                    THEN COALESCE(
                        ELEMENT_AT(
                            FILTER(
                                ARRAY[:names],
                                x -> STARTS_WITH(REVERSE(x), REVERSE('/' || key_owner))
                            ), 1
                        ), key_owner
                    )
            END
        ] AS kind_names,
        -- whoever calls with a key holds it; what a call only names does not
        ARRAY[
            access_key_id, access_key_id, access_key_id, access_key_id, access_key_id,
            access_key_id, NULL, NULL, NULL, issued_access_key_id
        ] AS kind_keys
    FROM identities
),

named AS (
    SELECT
        borne.event_time,
        borne.event_id,
        borne.actor,
        bearers.kind,
        bearers.kind_name,
        bearers.access_key_id
    FROM borne
    CROSS JOIN
        UNNEST(borne.kinds, borne.kind_names, borne.kind_keys)
            AS bearers (kind, kind_name, access_key_id)
    WHERE bearers.kind_name IS NOT NULL
)

SELECT
    kind,
    kind_name,
    actor,
    access_key_id,
    MIN(event_time) AS first_event_time,
    MAX(event_time) AS last_event_time,
    COUNT(DISTINCT event_id) AS event_count
FROM named
GROUP BY kind, kind_name, actor, access_key_id
ORDER BY MIN(event_time), kind, kind_name, actor, access_key_id
