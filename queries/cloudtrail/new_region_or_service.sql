-- ---
-- title: First use of a region or service
-- kind: detection
-- severity: low
-- status: draft
-- version: 1
-- sources: [cloudtrail]
-- question: Which known actor used a region or a service that it had not used the days before?
-- attack: [T1535]
-- stage: stealth
-- group_by: [actor]
-- params:
--   baseline: {type: interval, default: 14d, help: how far back before the window to compare}
--   min_earlier: {type: integer, default: 20, help: earlier calls that make an actor known}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text,
--   last_event_time: timestamp, event_count: integer, denied_count: integer,
--   new_regions: texts, new_services: texts, event_names: texts, source_ips: texts,
--   log_files: texts}
-- expected:
--   - People and pipelines that take up something new
-- misses:
--   - Actors without enough calls in the baseline, new ones above all
--   - Misuse within the regions and services that the actor has used before
--   - Calls of services, and of roles that services own
--   - Everything, when the logs do not reach back to the baseline
-- next: Look at what was called there and whether it was denied. A new region with new compute is
--   worth a question to the actor (unusual_compute_started); see also first_seen.
-- references:
--   - https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html
-- ---
WITH recent AS (
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
        aws_region,
        log_file
    FROM cloudtrail
    WHERE
        event_time >= :since
        AND event_time < :until
        AND identity_type IN ('IAMUser', 'AssumedRole', 'Root', 'FederatedUser')
        AND invoked_by IS NULL
        AND STRPOS(actor, '/aws-service-role/') = 0
),

earlier AS (
    SELECT
        actor,
        event_source,
        aws_region,
        COUNT(DISTINCT event_id) AS event_count
    FROM cloudtrail
    WHERE
        event_time >= :since - :baseline
        AND event_time < :since
        AND identity_type IN ('IAMUser', 'AssumedRole', 'Root', 'FederatedUser')
        AND invoked_by IS NULL
    GROUP BY actor, event_source, aws_region
),

known_actors AS (
    SELECT actor
    FROM earlier
    GROUP BY actor
    HAVING SUM(event_count) >= :min_earlier
),

known_regions AS (
    SELECT
        actor,
        aws_region
    FROM earlier
    GROUP BY actor, aws_region
),

known_services AS (
    SELECT
        actor,
        event_source
    FROM earlier
    GROUP BY actor, event_source
),

calls AS (
    SELECT
        recent.event_time,
        recent.account_id,
        recent.region,
        recent.actor,
        recent.source_ip,
        recent.event_name,
        recent.target,
        recent.outcome,
        recent.event_id,
        recent.log_file,
        CASE WHEN known_regions.actor IS NULL THEN recent.aws_region END AS new_region,
        CASE WHEN known_services.actor IS NULL THEN recent.event_source END AS new_service
    FROM recent
    INNER JOIN known_actors
        ON recent.actor = known_actors.actor
    LEFT JOIN known_regions
        ON
            recent.actor = known_regions.actor
            AND recent.aws_region = known_regions.aws_region
    LEFT JOIN known_services
        ON
            recent.actor = known_services.actor
            AND recent.event_source = known_services.event_source
),

actors AS (
    SELECT
        account_id,
        actor,
        CAST(NULL AS varchar) AS event_id,
        MIN(event_time) AS event_time,
        MIN(region) AS region,
        MIN(source_ip) AS source_ip,
        MIN(event_name) AS event_name,
        MIN(target) AS target,
        -- success when any call succeeded
        MAX(outcome) AS outcome,
        MAX(event_time) AS last_event_time,
        COUNT(DISTINCT event_id) AS event_count,
        COUNT(DISTINCT CASE WHEN outcome = 'denied' THEN event_id END) AS denied_count,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT new_region), x -> x IS NOT NULL)), 1, 20
        ) AS new_regions,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT new_service), x -> x IS NOT NULL)), 1, 20
        ) AS new_services,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT event_name), x -> x IS NOT NULL)), 1, 20
        ) AS event_names,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT source_ip), x -> x IS NOT NULL)), 1, 20
        ) AS source_ips,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM calls
    WHERE new_region IS NOT NULL OR new_service IS NOT NULL
    GROUP BY account_id, actor
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
    last_event_time,
    event_count,
    denied_count,
    new_regions,
    new_services,
    event_names,
    source_ips,
    log_files
FROM actors
ORDER BY event_time, account_id, actor
