"""Logs of WAF: the guide's requests, newer ones, hostile ones, and what no folder tells.

Expected values were derived by hand from the AWS documentation of the format.
"""

from datetime import datetime
from pathlib import Path

import pytest

from lakehunt.model import Source
from tests.conftest import shared
from tests.delivered import Delivered, Row


@pytest.fixture
def waf(tmp_path: Path, sources: dict[str, Source]) -> Delivered:
    return Delivered(tmp_path, sources, "waf")


# Source: AWS WAF Developer Guide, "Log examples for web ACL traffic".
WAF: dict[str, Row] = {
    "sql-injection-blocked": {
        "event_time": datetime(2019, 12, 13, 23, 40, 12, 771000),
        "actor": "1.1.1.1",
        "source_ip": "1.1.1.1",
        "event_name": "GET",
        "target": "localhost:1989/myUri",
        "outcome": "denied",
        "event_id": "rid",
        "terminating_rule_id": "STMTest_SQLi_XSS",
        "country": "AU",
        "user_agent": "curl/7.61.1",
        "label_names": ["value"],
        "passed_rules": [],
        "region": "us-east-1",
        "web_acl": "shop",
    },
    "counted-then-allowed": {
        "event_time": datetime(2020, 6, 17, 1, 26, 32, 516000),
        "outcome": "success",
        "terminating_rule_id": "Default_Action",
        "passed_rules": ["TestRule"],
    },
    "blocked-in-a-group": {
        "terminating_rule_type": "GROUP",
        "passed_rules": ["RuleB-SQLi"],
        "group_rules": [
            "arn:aws:wafv2:us-east-1:123456789012:global/rulegroup/hello-world/"
            "c05lb698-1f11-4m41-aef4-99a506d53f4b:RuleA-XSS"
        ],
    },
    "captcha-not-solved": {
        "action": "CAPTCHA",
        "outcome": "denied",
        "captcha_failure": "TOKEN_MISSING",
        "response_code_sent": 405,
        "target": "b34myvfw0b.gamma.execute-api.us-east-1.amazonaws.com/pen-test/pets",
        "event_id": "GINKHEssoAMFsrg=",
    },
}


@pytest.mark.parametrize("expected", WAF.values(), ids=WAF)
def test_requests_mean_what_the_guide_says(waf: Delivered, expected: Row) -> None:
    waf.deliver(shared("samples", "waf", "awsdocs", "examples.log").read_bytes())
    rows, _ = waf.ask(f"SELECT {', '.join(expected)} FROM waf")
    assert expected in rows


def test_a_newer_request_has_its_fingerprint_and_rates(waf: Delivered) -> None:
    waf.deliver(shared("samples", "waf", "otel", "valid_log.log").read_bytes())
    columns = "rate_rules, ja4_fingerprint, host, scheme, label_names"
    rows, _ = waf.ask(f"SELECT {columns} FROM waf")
    assert rows == [
        {
            "rate_rules": ["rule-1"],
            "ja4_fingerprint": "t13d1717h2_5b57614c22b0_3cbfd9057e0d",
            "host": "dsx88tsajqz63.cloudfront.net",
            "scheme": "https",
            "label_names": ["awswaf:clientip:geo:country:NL", "awswaf:clientip:geo:region:NL-NH"],
        }
    ]


def test_the_record_tells_what_firehose_has_no_folder_for(waf: Delivered) -> None:
    data = shared("samples", "waf", "awsdocs", "examples.log").read_bytes()
    waf.put("2026/05/01/10/aws-waf-logs-x-1-2026-05-01-10-05-00-a.gz", data)
    rows, _ = waf.ask("SELECT DISTINCT account_id, region, web_acl FROM waf WHERE country = 'AU'")
    assert {tuple(row.values()) for row in rows} == {
        ("111122223333", "ap-southeast-2", "STMTest"),
        ("123456789012", "ap-southeast-2", "test"),
    }


WAF_LINE = b'{"timestamp":1777629600123,"action":"ALLOW","httpRequest":{"clientIp":"192.0.2.1"%s}}'


@pytest.mark.parametrize(
    ("line", "is_row"),
    [
        (WAF_LINE % b"", True),
        (WAF_LINE % b',"uri":"/\\u0000\\"} {\\"action\\":\\"BLOCK\\""', True),
        (WAF_LINE % b',"headers":[{"name":"Host","myValue":"x"}]', True),
        (WAF_LINE % b',"future":[1,{"a":2}]', True),
        (WAF_LINE[:-20] % (), False),
        (b'{"timestamp":null,"action":"ALLOW","httpRequest":{}}', False),
        (b'{"timestamp":1777629600123,"action":null,"httpRequest":{}}', False),
        (b'["timestamp"]', False),
        (b"not JSON", False),
    ],
)
def test_a_hostile_request_is_a_row_or_left_out(waf: Delivered, line: bytes, is_row: bool) -> None:
    waf.deliver(WAF_LINE % b"" + b"\n" + line + b"\n")
    assert waf.count() == ((2, 0) if is_row else (1, 1))
