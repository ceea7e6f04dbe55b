-- ---
-- title: One TLS client behind many addresses and browsers
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [waf]
-- question: Which TLS fingerprint posted from many addresses and claimed to be several browsers?
-- attack: [T1110.004, T1090.002]
-- stage: credential access
-- group_by: [fingerprint]
-- params:
--   min_addresses: {type: integer, default: 20, help: different addresses in one hour}
--   min_browsers: {type: integer, default: 2, help: "engines claimed: Chromium, Gecko, WebKit"}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, fingerprint: text, address_count: integer, stopped_count: integer,
--   browsers: texts, web_acl: text, targets: texts, countries: texts, source_ips: texts,
--   user_agents: texts, log_files: texts}
-- expected:
--   - A proxy that opens TLS, such as of a large company with many exits
-- misses:
--   - A tool that keeps to the browser whose TLS it imitates
--   - Fewer addresses than min_addresses an hour, and requests other than POST
--   - Web ACLs of services other than CloudFront and load balancers, which log no fingerprint
-- next: See where it posts to; where that is a login, look for one that succeeded (login_guessed of
--   alb or cloudfront). A rule of the web ACL can block or challenge by the fingerprint.
-- references:
--   - https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html
--   - https://github.com/FoxIO-LLC/ja4
-- ---
WITH posts AS (
    SELECT
        event_time,
        account_id,
        region,
        source_ip,
        event_name,
        target,
        outcome,
        event_id,
        web_acl,
        country,
        user_agent,
        log_file,
        COALESCE(ja4_fingerprint, ja3_fingerprint) AS fingerprint,
        DATE_TRUNC('hour', event_time) AS posted_hour,
        -- each engine has a TLS of its own; all browsers of iOS have that of WebKit
        CASE
            WHEN user_agent LIKE '%Firefox/%' THEN 'Gecko'
            WHEN user_agent LIKE '%Chrome/%' THEN 'Chromium'
            WHEN user_agent LIKE '%Safari/%' THEN 'WebKit'
        END AS browser
    FROM waf
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_name = 'POST'
        AND COALESCE(ja4_fingerprint, ja3_fingerprint) IS NOT NULL
),

fingerprints AS (
    SELECT
        account_id,
        region,
        web_acl,
        fingerprint,
        posted_hour,
        CAST(NULL AS varchar) AS event_id,
        MIN(event_time) AS event_time,
        MIN(event_name) AS event_name,
        MIN(target) AS target,
        -- success when any request was allowed
        MAX(outcome) AS outcome,
        MAX(event_time) AS last_event_time,
        COUNT(DISTINCT event_id) AS event_count,
        COUNT(DISTINCT source_ip) AS address_count,
        COUNT(DISTINCT browser) AS browser_count,
        COUNT(DISTINCT CASE WHEN outcome = 'denied' THEN event_id END) AS stopped_count,
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT browser), x -> x IS NOT NULL)) AS browsers,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT target), x -> x IS NOT NULL)), 1, 20
        ) AS targets,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT country), x -> x IS NOT NULL)), 1, 20
        ) AS countries,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT source_ip), x -> x IS NOT NULL)), 1, 20
        ) AS source_ips,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT user_agent), x -> x IS NOT NULL)), 1, 20
        ) AS user_agents,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM posts
    GROUP BY account_id, region, web_acl, fingerprint, posted_hour
)

SELECT
    event_time,
    account_id,
    region,
    -- the one who acts has no address of its own
    fingerprint AS actor,
    CAST(NULL AS varchar) AS source_ip,
    event_name,
    target,
    outcome,
    event_id,
    last_event_time,
    event_count,
    fingerprint,
    address_count,
    stopped_count,
    browsers,
    web_acl,
    targets,
    countries,
    source_ips,
    user_agents,
    log_files
FROM fingerprints
WHERE address_count >= :min_addresses AND browser_count >= :min_browsers
ORDER BY event_time, account_id, web_acl, fingerprint
