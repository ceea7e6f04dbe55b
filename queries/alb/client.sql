-- ---
-- title: What one client asked of the load balancers
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [alb]
-- question: What did this address ask, of which hosts, and what did it get?
-- params:
--   addresses: {type: texts, help: "addresses, such as 198.51.100.10"}
-- pivot: {part: ask, takes: {address: addresses}}
-- columns: {account_id: text, elb: text, request_host: text, event_name: text, status: integer,
--   first_event_time: timestamp, last_event_time: timestamp, event_count: integer,
--   target_count: integer, received_bytes: integer, sent_bytes: integer, probes: texts,
--   request_paths: texts, user_agents: texts, log_files: texts}
-- misses:
--   - Requests that came by way of CloudFront or another proxy; they carry its address
--   - The same IPv6 address in another spelling
-- next: Look for answers of 200 to what it should not have got, and at sent_bytes for what was
--   taken. See the address in every other log (activity.address).
-- references:
--   - "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/\
--     load-balancer-access-logs.html"
-- ---
SELECT
    account_id,
    elb,
    request_host,
    event_name,
    elb_status_code AS status,
    MIN(event_time) AS first_event_time,
    MAX(event_time) AS last_event_time,
    COUNT(DISTINCT event_id) AS event_count,
    COUNT(DISTINCT target) AS target_count,
    SUM(received_bytes) AS received_bytes,
    SUM(sent_bytes) AS sent_bytes,
    ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT probe), x -> x IS NOT NULL)) AS probes,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT request_path), x -> x IS NOT NULL)), 1, 20
    ) AS request_paths,
    SLICE(
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT user_agent), x -> x IS NOT NULL)), 1, 20
    ) AS user_agents,
    SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
FROM alb
WHERE
    event_time >= :since
    AND event_time < :until
    AND source_ip IN (:addresses)
GROUP BY account_id, elb, request_host, event_name, elb_status_code
ORDER BY MIN(event_time), account_id, elb, request_host, event_name, elb_status_code
