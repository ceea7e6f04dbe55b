"""The Athena User Guide's own example queries, the records they are asked of, what they return.

They are printed at https://docs.aws.amazon.com/athena/latest/ug/, the page beside each (read
2026-11-29), white space aside. What they return was derived by hand.
"""

from collections.abc import Mapping

_ROLE = "arn:aws:iam::111122223333:role/ops"
_ALICE = "arn:aws:iam::111122223333:user/alice"
_ACL = "arn:aws:wafv2:us-east-1:111122223333:regional/webacl/shop/1"
_RULE = "e9dd190d-7a43-4c06-bcea-409613d9506e"
_MARCH_5 = 1_614_902_400_000  # 2021-03-05T00:00:00Z in milliseconds
_APRIL_2 = 1_617_321_600_000
RECORDS: Mapping[str, list[dict[str, object]]] = {
    "cloudtrail": [
        {
            "eventTime": "2026-05-01T10:00:00Z",
            "eventSource": "ec2.amazonaws.com",
            "eventName": "RunInstances",
            "userIdentity": {
                "type": "AssumedRole",
                "arn": "arn:aws:sts::111122223333:assumed-role/ops/alice",
                "sessionContext": {
                    "attributes": {"creationDate": "2026-05-01T09:00:00Z"},
                    "sessionIssuer": {"type": "Role", "arn": _ROLE},
                },
            },
        },
        {
            "eventTime": "2026-05-01T10:01:00Z",
            "eventName": "DeleteBucket",
            "userIdentity": {"type": "IAMUser", "arn": _ALICE, "userName": "alice"},
            "resources": [{"ARN": "arn:aws:s3:::old-logs", "accountId": "111122223333"}],
        },
        {
            "eventTime": "2026-05-01T10:02:00Z",
            "eventName": "GetObject",
            "userAgent": "curl/8.5.0",
            "sourceIPAddress": "203.0.113.9",
            "userIdentity": {"type": "AWSAccount", "accountId": "ANONYMOUS_PRINCIPAL"},
            "requestParameters": {"bucketName": "[your bucket name ]", "key": "datafile.txt"},
            "resources": [{"ARN": "arn:aws:s3:::example/datafile.txt"}],
        },
    ],
    "waf": [
        {
            "timestamp": stamp,
            "webaclId": _ACL,
            "action": action,
            "terminatingRuleId": rule,
            "terminatingRuleType": "RATE_BASED" if rule == "limit" else "REGULAR",
            "httpRequest": {
                "clientIp": address,
                "country": country,
                "uri": uri,
                "headers": [
                    {"name": "Host", "value": "shop.example.com"},
                    {"name": "Referer", "value": referer},
                ],
            },
        }
        for stamp, action, rule, address, country, uri, referer in (
            (_MARCH_5 + 61_000, "BLOCK", "limit", "53.21.198.66", "IE", "/login",
             "https://www.amazon.com/"),
            (_MARCH_5 + 180_000, "BLOCK", _RULE, "53.21.198.66", "IE", "/admin",
             "https://example.com/"),
            (_MARCH_5 + 450_000, "ALLOW", "Default_Action", "198.51.100.7", "US", "/",
             "https://amazon.example/"),
            (_APRIL_2, "BLOCK", "limit", "53.21.198.66", "IE", "/login",
             "https://www.amazon.com/"),
        )
    ],
    "route53_resolver": [
        {
            "query_timestamp": "2020-09-24T00:03:00Z",
            "answers": [{"Rdata": "203.0.113.16", "Type": "A", "Class": "IN"}],
        },
        {
            "query_timestamp": "2020-09-24T00:05:00Z",
            "query_name": "shop.example.com.",
            "srcids": {"resolver_endpoint": "rslvr-in-0example01"},
            "answers": [
                {"Rdata": "cdn.example.net.", "Type": "CNAME", "Class": "IN"},
                {"Rdata": "198.51.100.3", "Type": "A", "Class": "IN"},
            ],
        },
        {
            "query_timestamp": "2020-09-24T00:09:00Z",
            "query_name": "nothing.example.net.",
            "rcode": "NXDOMAIN",
            "answers": [],
        },
    ],
}  # fmt: skip
# Of the examples that return every column, those in the name after the query are looked at.
QUERIES: Mapping[str, tuple[str, list[list[object]]]] = {
    # cloudtrail-logs, "Tips for querying CloudTrail logs"
    "who called what from where": (
        """
        SELECT
         useridentity.arn,
         eventname,
         sourceipaddress,
         eventtime
        FROM cloudtrail_logs
        LIMIT 100;
        """,
        [
            ["arn:aws:sts::111122223333:assumed-role/ops/alice", "RunInstances", "198.51.100.10",
             "2026-05-01T10:00:00Z"],
            [_ALICE, "DeleteBucket", "198.51.100.10", "2026-05-01T10:01:00Z"],
            [None, "GetObject", "203.0.113.9", "2026-05-01T10:02:00Z"],
        ],
    ),
    # cloudtrail-logs, "Querying nested fields"
    "nested fields": (
        """
        SELECT
            eventsource,
            eventname,
            useridentity.sessioncontext.attributes.creationdate,
            useridentity.sessioncontext.sessionissuer.arn
        FROM cloudtrail_logs
        WHERE useridentity.sessioncontext.sessionissuer.arn IS NOT NULL
        ORDER BY eventsource, eventname
        LIMIT 10
        """,
        [["ec2.amazonaws.com", "RunInstances", "2026-05-01T09:00:00Z", _ROLE]],
    ),
    "a resource": (
        """
        SELECT
            awsregion,
            replace(unnested.resources_entry.ARN,'arn:aws:s3:::') as s3_resource,
            eventname,
            eventtime,
            useragent
        FROM cloudtrail_logs t
        CROSS JOIN UNNEST(t.resources) unnested (resources_entry)
        WHERE unnested.resources_entry.ARN LIKE '%example/datafile.txt'
        ORDER BY eventtime
        """,
        [["us-east-1", "example/datafile.txt", "GetObject", "2026-05-01T10:02:00Z", "curl/8.5.0"]],
    ),
    "deleted buckets": (
        """
        SELECT
            awsregion,
            replace(unnested.resources_entry.ARN,'arn:aws:s3:::') as deleted_bucket,
            eventtime AS time_deleted,
            useridentity.username,
            unnested.resources_entry.accountid as bucket_acct_id
        FROM cloudtrail_logs t
        CROSS JOIN UNNEST(t.resources) unnested (resources_entry)
        WHERE eventname = 'DeleteBucket'
        ORDER BY eventtime
        """,
        [["us-east-1", "old-logs", "2026-05-01T10:01:00Z", "alice", "111122223333"]],
    ),
    # cloudtrail-logs, "Example query"
    "anonymous requests: eventname, sourceipaddress": (
        """
        SELECT *
        FROM cloudtrail_logs
        WHERE
            eventsource = 's3.amazonaws.com' AND
            eventname in ('GetObject') AND
            useridentity.accountid LIKE '%ANONYMOUS%' AND
            useridentity.arn IS NULL AND
            requestparameters LIKE '%[your bucket name ]%';
        """,
        [["GetObject", "203.0.113.9"]],
    ),
    # query-examples-waf-logs-count
    "referrers": (
        """
        WITH test_dataset AS
          (SELECT header FROM waf_logs
            CROSS JOIN UNNEST(httprequest.headers) AS t(header) WHERE day >= '2021/03/01'
            AND day < '2021/03/31')
        SELECT COUNT(*) referer_count
        FROM test_dataset
        WHERE LOWER(header.name)='referer' AND header.value LIKE '%amazon%'
        """,
        [[2]],
    ),
    # query-examples-waf-logs-date-time
    "time in ISO 8601: time_ISO_8601, httpsourcename": (
        """
        SELECT to_iso8601(from_unixtime(timestamp / 1000)) as time_ISO_8601,
               httpsourcename,
               httpsourceid,
               httprequest
        FROM waf_logs
        LIMIT 10;
        """,
        [
            ["2021-03-05T00:01:01.000Z", "ALB"],
            ["2021-03-05T00:03:00.000Z", "ALB"],
            ["2021-03-05T00:07:30.000Z", "ALB"],
            ["2021-04-02T00:00:00.000Z", "ALB"],
        ],
    ),
    "an address in a range of days: terminatingruleid, day": (
        """
        SELECT *
        FROM waf_logs
        WHERE httprequest.clientip='53.21.198.66' AND day >= '2021/03/01' AND day < '2021/03/31'
        """,
        [["limit", "2021/03/05"], [_RULE, "2021/03/05"]],
    ),
    "addresses in five minutes": (
        """
        WITH test_dataset AS
          (SELECT
             format_datetime(
               from_unixtime((timestamp/1000) - ((minute(from_unixtime(timestamp / 1000))%5) * 60)),
               'yyyy-MM-dd HH:mm') AS five_minutes_ts,
             "httprequest"."clientip"
             FROM waf_logs
             WHERE day >= '2021/03/01' AND day < '2021/03/31')
        SELECT five_minutes_ts,"clientip",count(*) ip_count
        FROM test_dataset
        GROUP BY five_minutes_ts,"clientip"
        """,
        [["2021-03-05 00:00", "53.21.198.66", 2], ["2021-03-05 00:05", "198.51.100.7", 1]],
    ),
    # query-examples-waf-logs-blocked-requests
    "addresses blocked by a rate": (
        """
        SELECT COUNT(httpRequest.clientIp) as count,
        httpRequest.clientIp
        FROM waf_logs
        WHERE terminatingruletype='RATE_BASED' AND action='BLOCK' and day >= '2021/03/01'
        AND day < '2021/03/31'
        GROUP BY httpRequest.clientIp
        ORDER BY count DESC
        LIMIT 100
        """,
        [[1, "53.21.198.66"]],
    ),
    "a country": (
        """
        SELECT COUNT(httpRequest.country) as count,
        httpRequest.country
        FROM waf_logs
        WHERE
          terminatingruletype='RATE_BASED' AND
          httpRequest.country='IE'
        GROUP BY httpRequest.country
        ORDER BY count
        LIMIT 100;
        """,
        [[2, "IE"]],
    ),
    "what was blocked": (
        """
        SELECT COUNT(*) AS
          count,
          webaclid,
          terminatingruleid,
          httprequest.clientip,
          httprequest.uri
        FROM waf_logs
        WHERE action='BLOCK'
        GROUP BY webaclid, terminatingruleid, httprequest.clientip, httprequest.uri
        ORDER BY count DESC
        LIMIT 100;
        """,
        [
            [2, _ACL, "limit", "53.21.198.66", "/login"],
            [1, _ACL, _RULE, "53.21.198.66", "/admin"],
        ],
    ),
    "a rule": (
        """
        SELECT COUNT(*) AS
          count,
          webaclid,
          action,
          httprequest.clientip,
          httprequest.uri
        FROM waf_logs
        WHERE terminatingruleid='e9dd190d-7a43-4c06-bcea-409613d9506e'
        GROUP BY webaclid, action, httprequest.clientip, httprequest.uri
        ORDER BY count DESC
        LIMIT 100;
        """,
        [[1, _ACL, "BLOCK", "53.21.198.66", "/admin"]],
    ),
    "addresses blocked in a range of days": (
        """
        SELECT "httprequest"."clientip", "count"(*) "ipcount", "httprequest"."country"
        FROM waf_logs
        WHERE "action" = 'BLOCK' and day >= '2021/03/01'
        AND day < '2021/03/31'
        GROUP BY "httprequest"."clientip", "httprequest"."country"
        ORDER BY "ipcount" DESC limit 100
        """,
        [["53.21.198.66", 2, "IE"]],
    ),
    # querying-r53-resolver-logs, examples 1 to 5
    "latest first: query_name, rcode": (
        """
        SELECT * FROM "r53_rlogs"
        ORDER BY query_timestamp DESC
        """,
        [
            ["nothing.example.net.", "NXDOMAIN"],
            ["shop.example.com.", "NOERROR"],
            ["www.example.com.", "NOERROR"],
        ],
    ),
    # example 2 is printed with a pattern that ends inside a quoted text, which Athena takes
    "a range of times": (
        """
        SELECT query_timestamp, srcids.instance, srcaddr, srcport, query_name, rcode
        FROM "r53_rlogs"
        WHERE (parse_datetime(query_timestamp,'yyyy-MM-dd''T''HH:mm:ss''Z')
             BETWEEN parse_datetime('2020-09-24-00:00:00','yyyy-MM-dd-HH:mm:ss')
             AND parse_datetime('2020-09-24-00:08:00','yyyy-MM-dd-HH:mm:ss'))
        ORDER BY query_timestamp DESC
        """,
        [
            ["2020-09-24T00:05:00Z", None, "10.0.1.20", "40000", "shop.example.com.", "NOERROR"],
            ["2020-09-24T00:03:00Z", "i-0example00000001", "10.0.1.20", "40000",
             "www.example.com.", "NOERROR"],
        ],
    ),
    "a name: query_timestamp, instance, query_name": (
        """
        SELECT query_timestamp, srcids.instance, srcaddr, srcport, query_name, rcode, answers
        FROM "r53_rlogs"
        WHERE query_name LIKE '%example.com%'
        ORDER BY query_timestamp DESC
        """,
        [
            ["2020-09-24T00:05:00Z", None, "shop.example.com."],
            ["2020-09-24T00:03:00Z", "i-0example00000001", "www.example.com."],
        ],
    ),
    "no answer": (
        """
        SELECT query_timestamp, srcids.instance, srcaddr, srcport, query_name, rcode, answers
        FROM "r53_rlogs"
        WHERE cardinality(answers) = 0
        """,
        [["2020-09-24T00:09:00Z", "i-0example00000001", "10.0.1.20", "40000",
          "nothing.example.net.", "NXDOMAIN", []]],
    ),
    "an answer": (
        """
        SELECT query_timestamp, srcids.instance, srcaddr, srcport, query_name, rcode, answer.Rdata
        FROM "r53_rlogs"
        CROSS JOIN UNNEST(r53_rlogs.answers) as st(answer)
        WHERE answer.Rdata='203.0.113.16';
        """,
        [["2020-09-24T00:03:00Z", "i-0example00000001", "10.0.1.20", "40000", "www.example.com.",
          "NOERROR", "203.0.113.16"]],
    ),
}  # fmt: skip
