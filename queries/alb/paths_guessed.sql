-- ---
-- title: Paths guessed by a scanner
-- kind: detection
-- severity: low
-- status: stable
-- version: 1
-- sources: [alb]
-- question: Which client asked for many paths that are not there or not open within one hour?
-- attack: [T1595.002, T1595.003]
-- stage: reconnaissance
-- group_by: [source_ip]
-- params:
--   min_paths: {type: integer, default: 30, help: different paths refused in one hour}
--   known_networks: {type: texts, default: [], help: "networks of yours, such as 198.51.100.0/24"}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, path_count: integer, denied_count: integer, probe_count: integer,
--   elbs: texts, probes: texts, request_paths: texts, user_agents: texts, log_files: texts}
-- expected:
--   - A scanner of your own, and search engines after pages were moved
--   - An application with many dead links, and a client of an API that asks for what is gone
-- misses:
--   - Slow scanning, below min_paths an hour, and scanning spread over many addresses
--   - Paths that differ in numbers and hexadecimal ids only, which count as one
--   - A site that answers every path with a page and status 200
-- next: See what the client got besides (alb.client), above all answers of 200 and 500. It is
--   ordinary for an open address; where paths of yours were guessed, somebody knows the site.
-- references:
--   - "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/\
--     load-balancer-access-logs.html"
-- ---
WITH refused AS (
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
        elb,
        probe,
        request_path,
        user_agent,
        log_file,
        DATE_TRUNC('hour', event_time) AS refused_hour,
        -- ids of things are no names that somebody guesses
        REGEXP_REPLACE(LOWER(request_path), '[0-9a-f-]*[0-9][0-9a-f-]*', '0') AS path_pattern
    FROM alb
    WHERE
        event_time >= :since
        AND event_time < :until
        AND elb_status_code IN (400, 401, 403, 404, 405, 410)
        AND source_ip IS NOT NULL
        AND NOT COALESCE(
            ANY_MATCH(
                ARRAY[:known_networks],
                x -> CONTAINS(x, TRY_CAST(source_ip AS ipaddress))
            ), FALSE
        )
),

clients AS (
    SELECT
        account_id,
        actor,
        source_ip,
        refused_hour,
        CAST(NULL AS varchar) AS event_id,
        MIN(event_time) AS event_time,
        MIN(region) AS region,
        MIN(event_name) AS event_name,
        MIN(target) AS target,
        -- failure when any path was not there
        MAX(outcome) AS outcome,
        MAX(event_time) AS last_event_time,
        COUNT(DISTINCT event_id) AS event_count,
        COUNT(DISTINCT path_pattern) AS path_count,
        COUNT(DISTINCT CASE WHEN outcome = 'denied' THEN event_id END) AS denied_count,
        COUNT(DISTINCT CASE WHEN probe IS NOT NULL THEN event_id END) AS probe_count,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT elb)), 1, 20) AS elbs,
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT probe), x -> x IS NOT NULL)) AS probes,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT request_path), x -> x IS NOT NULL)), 1, 20
        ) AS request_paths,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT user_agent), x -> x IS NOT NULL)), 1, 20
        ) AS user_agents,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM refused
    GROUP BY account_id, actor, source_ip, refused_hour
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
    path_count,
    denied_count,
    probe_count,
    elbs,
    probes,
    request_paths,
    user_agents,
    log_files
FROM clients
WHERE path_count >= :min_paths
ORDER BY event_time, account_id, source_ip
