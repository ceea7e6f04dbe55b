-- ---
-- title: Attack strings that a target answered
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [alb]
-- question: Which client sent strings of an attack and got a page from a target for them?
-- attack: [T1190]
-- stage: initial access
-- group_by: [source_ip]
-- params:
--   page_targets: {type: integer, default: 5, help: "different paths answered in one size, which
--     tells one page for everything"}
--   known_networks: {type: texts, default: [], help: "networks of yours, such as 198.51.100.0/24"}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, target_count: integer, probes: texts, elb: text, request_urls: texts,
--   answer_sizes: integers, user_agents: texts, log_files: texts}
-- expected:
--   - A scanner of your own, and a test of the WAF rules
--   - An application that ignores what it does not know answers with its ordinary page
-- misses:
--   - Strings in the body, in cookies and in other headers, which this log does not hold
--   - Attacks that are answered with an error or a redirect, and strings that `probe` does not name
--   - A client whose answers from page_targets or more paths of one load balancer in one hour all
--     have one size, as those of an application that shows one page for everything
-- next: Repeat a request of request_urls by hand and see what comes back; answers of other sizes
--   than the ordinary page first. Read what the client asked besides (alb.client), and for a
--   metadata_address look for the use of the target's role from elsewhere.
-- references:
--   - "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/\
--     load-balancer-access-logs.html"
--   - https://owasp.org/www-community/attacks/
-- ---
WITH answers AS (
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
        request_url,
        sent_bytes,
        user_agent,
        log_file,
        DATE_TRUNC('hour', event_time) AS answered_hour
    FROM alb
    WHERE
        event_time >= :since
        AND event_time < :until
        -- the target's own status: an answer that the load balancer made has none
        AND target_status_code BETWEEN 200 AND 299
        AND probe IS NOT NULL
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
        elb,
        actor,
        source_ip,
        answered_hour,
        CAST(NULL AS varchar) AS event_id,
        MIN(event_time) AS event_time,
        MIN(region) AS region,
        MIN(event_name) AS event_name,
        MIN(target) AS target,
        MAX(outcome) AS outcome,
        MAX(event_time) AS last_event_time,
        COUNT(DISTINCT event_id) AS event_count,
        COUNT(DISTINCT target) AS target_count,
        COUNT(DISTINCT sent_bytes) AS size_count,
        ARRAY_SORT(ARRAY_AGG(DISTINCT probe)) AS probes,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT request_url)), 1, 20) AS request_urls,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT sent_bytes), x -> x IS NOT NULL)), 1, 20
        ) AS answer_sizes,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT user_agent), x -> x IS NOT NULL)), 1, 20
        ) AS user_agents,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM answers
    GROUP BY account_id, elb, actor, source_ip, answered_hour
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
    target_count,
    probes,
    elb,
    request_urls,
    answer_sizes,
    user_agents,
    log_files
FROM clients
WHERE target_count < :page_targets OR size_count <> 1
ORDER BY event_time, account_id, elb, source_ip
