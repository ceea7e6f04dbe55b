-- ---
-- title: Login guessed until it was let in
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [alb]
-- question: Which client was let in at a login page after many failed tries in a row?
-- attack: [T1110.001, T1110.004]
-- stage: credential access
-- group_by: [source_ip]
-- params:
--   min_failures: {type: integer, default: 10, help: failed tries in a row before the success}
--   within_minutes: {type: integer, default: 60, help: longest time from a failure to the success}
--   login_path:
--     type: text
--     default: "(^|/)(log-?in|sign-?in|log-?on|auth|authenticate|sessions?|token|\
--       wp-login|j_security_check)([./]|$)"
--     help: regular expression of the paths that take a password, in lower case
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, failed_count: integer, refused_count: integer, elb: text,
--   user_agents: texts, log_files: texts}
-- expected:
--   - Somebody who tries every password that they know, and a script with an old one
--   - An office, a proxy or CloudFront in front, whose users share one address
-- misses:
--   - Guessing spread over many addresses, below min_failures each, or slower than within_minutes
--   - A page that answers success and failure alike, such as by a redirect for both
--   - Passwords sent otherwise than by POST, such as in the Authorization header of each request
--   - Guessing that has not succeeded yet
-- next: Find in the application's log which user was let in, end its sessions and reset its
--   password. Read what the client did then (alb.client).
-- references:
--   - "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/\
--     load-balancer-access-logs.html"
--   - https://owasp.org/www-community/attacks/Credential_stuffing
-- ---
WITH tries AS (
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
        user_agent,
        log_file,
        CASE
            WHEN elb_status_code IN (400, 401, 403, 422, 423, 429) THEN 'refused'
            -- the target's own status: the redirect to HTTPS is the load balancer's
            WHEN target_status_code IN (302, 303) THEN 'redirect'
            WHEN target_status_code BETWEEN 200 AND 299 THEN 'page'
        END AS answer
    FROM alb
    WHERE
        event_time >= :since
        AND event_time < :until
        AND event_name = 'POST'
        AND REGEXP_LIKE(LOWER(request_path), :login_path)
        AND source_ip IS NOT NULL
),

-- A form answers a wrong password with itself and a right one with a redirect. Where nobody is
-- redirected, a page is what a right one gets.
answered AS (
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
        user_agent,
        log_file,
        answer,
        MAX(CASE WHEN answer = 'redirect' THEN 1 ELSE 0 END) OVER (
            PARTITION BY account_id, elb, target
        ) AS is_form
    FROM tries
    WHERE answer IS NOT NULL
),

judged AS (
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
        user_agent,
        log_file,
        answer,
        CASE
            WHEN answer = 'redirect' OR (answer = 'page' AND is_form = 0) THEN 1 ELSE 0
        END AS let_in
    FROM answered
),

-- tries since the last success, and the success that ends them
numbered AS (
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
        user_agent,
        log_file,
        answer,
        let_in,
        SUM(let_in) OVER (
            PARTITION BY account_id, elb, target, source_ip
            ORDER BY event_time DESC, let_in DESC, event_id DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS successes_from_here
    FROM judged
),

timed AS (
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
        user_agent,
        log_file,
        answer,
        let_in,
        successes_from_here,
        :within_minutes * 60 AS within_seconds,
        MAX(event_time) OVER (
            PARTITION BY account_id, elb, target, source_ip, successes_from_here
        ) AS let_in_time
    FROM numbered
    -- what came after the last success led to none
    WHERE successes_from_here > 0
),

clients AS (
    SELECT
        account_id,
        elb,
        actor,
        source_ip,
        target,
        successes_from_here,
        CAST(NULL AS varchar) AS event_id,
        MIN(event_time) AS event_time,
        MIN(region) AS region,
        MIN(event_name) AS event_name,
        -- that of the success
        MAX(CASE WHEN let_in = 1 THEN outcome END) AS outcome,
        MAX(event_time) AS last_event_time,
        COUNT(DISTINCT event_id) AS event_count,
        COUNT(DISTINCT CASE WHEN let_in = 0 THEN event_id END) AS failed_count,
        COUNT(DISTINCT CASE WHEN answer = 'refused' THEN event_id END) AS refused_count,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT user_agent), x -> x IS NOT NULL)), 1, 20
        ) AS user_agents,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM timed
    WHERE DATE_DIFF('second', event_time, let_in_time) <= within_seconds
    GROUP BY account_id, elb, actor, source_ip, target, successes_from_here
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
    failed_count,
    refused_count,
    elb,
    user_agents,
    log_files
FROM clients
WHERE failed_count >= :min_failures
ORDER BY last_event_time, account_id, elb, source_ip, target
