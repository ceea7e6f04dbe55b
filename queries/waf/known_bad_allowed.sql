-- ---
-- title: Attack strings that the web ACL let through
-- kind: detection
-- severity: medium
-- status: stable
-- version: 1
-- sources: [waf]
-- question: Whose requests were allowed though they carry what attacks look like?
-- attack: [T1190]
-- stage: initial access
-- group_by: [source_ip]
-- params:
--   bad_labels:
--     type: text
--     default: "managed:aws:(known-bad-inputs|sql-database|linux-os|posix-os|windows-os|php-app|\
--       wordpress-app):|managed:aws:core-rule-set:(genericlfi|genericrfi|crosssitescripting|\
--       ec2metadatassrf|restrictedextensions)"
--     help: regular expression of the labels that tell an attack, in lower case
--   ignored_probes: {type: texts, default: [secret_file], help: "what `probe` names and everybody
--     is asked for all day"}
--   known_networks: {type: texts, default: [], help: "networks of yours, such as 198.51.100.0/24"}
-- columns: {event_time: timestamp, account_id: text, region: text, actor: text, source_ip: text,
--   event_name: text, target: text, outcome: text, event_id: text, last_event_time: timestamp,
--   event_count: integer, target_count: integer, web_acl: text, probes: texts, bad_labels: texts,
--   counted_rules: texts, uris: texts, user_agents: texts, log_files: texts}
-- expected:
--   - A managed rule that is set to Count because it stops what is ordinary here
--   - A scanner of your own, and editors who write about SQL or HTML in a form
-- misses:
--   - Strings in the body and in other headers where no rule put a label on them
--   - Labels of rules that are not AWS's, unless bad_labels has them
--   - Attacks that look like no string that `probe` names
-- next: Ask the load balancer or CloudFront what came back (attack_strings_answered there). Where
--   counted_rules names a rule, see what else it would stop (waf.would_have_been_blocked).
-- references:
--   - https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html
--   - https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
-- ---
WITH allowed AS (
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
        web_acl,
        uri,
        user_agent,
        passed_rules,
        log_file,
        DATE_TRUNC('hour', event_time) AS allowed_hour,
        CASE WHEN probe NOT IN (:ignored_probes) THEN probe END AS probe,
        FILTER(
            COALESCE(label_names, ARRAY[]), x -> REGEXP_LIKE(LOWER(x), :bad_labels)
        ) AS bad_names
    FROM waf
    WHERE
        event_time >= :since
        AND event_time < :until
        AND action = 'ALLOW'
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
        region,
        web_acl,
        actor,
        source_ip,
        allowed_hour,
        CAST(NULL AS varchar) AS event_id,
        MIN(event_time) AS event_time,
        MIN(event_name) AS event_name,
        MIN(target) AS target,
        MAX(outcome) AS outcome,
        MAX(event_time) AS last_event_time,
        COUNT(DISTINCT event_id) AS event_count,
        COUNT(DISTINCT target) AS target_count,
        ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT probe), x -> x IS NOT NULL)) AS probes,
        SLICE(
            ARRAY_SORT(ARRAY_DISTINCT(FLATTEN(ARRAY_AGG(bad_names)))), 1, 20
        ) AS bad_labels,
        SLICE(
            ARRAY_SORT(ARRAY_DISTINCT(FLATTEN(ARRAY_AGG(passed_rules)))), 1, 20
        ) AS counted_rules,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT uri), x -> x IS NOT NULL)), 1, 20
        ) AS uris,
        SLICE(
            ARRAY_SORT(FILTER(ARRAY_AGG(DISTINCT user_agent), x -> x IS NOT NULL)), 1, 20
        ) AS user_agents,
        SLICE(ARRAY_SORT(ARRAY_AGG(DISTINCT log_file)), 1, 20) AS log_files
    FROM allowed
    WHERE probe IS NOT NULL OR CARDINALITY(bad_names) > 0
    GROUP BY account_id, region, web_acl, actor, source_ip, allowed_hour
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
    web_acl,
    probes,
    bad_labels,
    counted_rules,
    uris,
    user_agents,
    log_files
FROM clients
ORDER BY event_time, account_id, web_acl, source_ip
