"""Logs of load balancers: real lines, what a client may send, and what else lies beside them.

Expected values were derived by hand from the AWS documentation of the format.
"""

from datetime import datetime
from pathlib import Path

import pytest

from lakehunt.model import Source
from tests.delivered import PLACES, Delivered, Row, sample
from tests.java import assert_read_alike
from tests.web_lines import ALB_TAILS, alb_line


@pytest.fixture
def alb(tmp_path: Path, sources: dict[str, Source]) -> Delivered:
    return Delivered(tmp_path, sources, "alb")


# Source: Application Load Balancers, "Access log entries" and its examples (HTTP, HTTPS, WSS, and
# a failing Lambda function); the others follow from the list of fields there.
ROWS: dict[str, tuple[str, int, Row]] = {
    "http": (
        "awsdocs/examples.log",
        0,
        {
            "event_time": datetime(2018, 7, 2, 22, 23, 0, 186000),
            "account_id": "111122223333",
            "region": "us-east-1",
            "actor": "192.168.131.39",
            "source_ip": "192.168.131.39",
            "event_name": "GET",
            "target": "www.example.com/",
            "outcome": "success",
            "event_id": "2018-07-02T22:23:00.186641Z/192.168.131.39:2817/"
            "Root=1-58337262-36d228ad5d99923122bbe354",
            "request_type": "http",
            "elb": "app/my-loadbalancer/50dc6c495c0c9188",
            "client_port": 2817,
            "target_ip": "10.0.0.1",
            "target_port": 80,
            "request_processing_time": 0.0,
            "target_processing_time": 0.001,
            "response_processing_time": 0.0,
            "elb_status_code": 200,
            "target_status_code": 200,
            "received_bytes": 34,
            "sent_bytes": 366,
            "request_url": "http://www.example.com:80/",
            "request_host": "www.example.com",
            "request_path": "/",
            "request_query": None,
            "request_proto": "HTTP/1.1",
            "user_agent": "curl/7.46.0",
            "ssl_cipher": None,
            "ssl_protocol": None,
            "target_group_arn": "arn:aws:elasticloadbalancing:us-east-2:123456789012:"
            "targetgroup/my-targets/73e2d6bc24d8a067",
            "trace_id": "Root=1-58337262-36d228ad5d99923122bbe354",
            "domain_name": None,
            "chosen_cert_arn": None,
            "matched_rule_priority": 0,
            "request_creation_time": datetime(2018, 7, 2, 22, 22, 48, 364000),
            "actions_executed": "forward",
            "redirect_url": None,
            "error_reason": None,
            "target_port_list": "10.0.0.1:80",
            "target_status_code_list": "200",
            "classification": None,
            "conn_trace_id": None,
            "lb_node_ip": None,
            "extra": None,
            "probe": None,
            "day": "2026/05/01",
        },
    ),
    "websocket": (
        "awsdocs/examples.log",
        4,
        {"request_type": "wss", "event_name": "GET", "elb_status_code": 101, "user_agent": None},
    ),
    "function-failed": (
        "awsdocs/examples.log",
        6,
        {
            "outcome": "failure",
            "elb_status_code": 502,
            "target_ip": None,
            "target_port": None,
            "target_status_code": None,
            "error_reason": "LambdaInvalidResponse",
        },
    ),
    "client-left": (
        "clo/elb.log",
        1,
        {
            "outcome": "failure",
            "elb_status_code": 460,
            "request_processing_time": 0.003,
            "target_processing_time": None,
            "response_processing_time": None,
            "target": "test.com/_dashboards",
            "domain_name": "nginx.awssolution.xyz",
            "ssl_protocol": "TLSv1.2",
        },
    ),
    "ipv6": (
        "otel/alb_al_valid_logs.log",
        1,
        {
            "source_ip": "fe80::202:b3ff:fe1e:8329",
            "client_port": 443,
            "target_ip": "2001:db8::1",
            "target_port": 80,
            "conn_trace_id": "TID_1234abcd5678ef90",
            "actions_executed": "authenticate,forward",
        },
    ),
}


@pytest.mark.parametrize(("file", "number", "expected"), ROWS.values(), ids=ROWS)
def test_a_sample_reads_as_the_documentation_says(
    alb: Delivered, file: str, number: int, expected: Row
) -> None:
    lines = [one for one in sample("alb", file).splitlines() if not one.startswith(b"#")]
    alb.deliver(lines[number] + b"\n")
    (row,) = alb.rows(", ".join(expected))
    assert row == expected


def test_rows_of_every_age_lie_side_by_side(alb: Delivered) -> None:
    whole = alb_line(29)
    before_2019 = whole[: whole.index(' "-" "-" "10.0.0.66')]
    alb.deliver_lines(before_2019, *(alb_line(fields) for fields in ALB_TAILS))
    columns = "classification, conn_trace_id, transformed_host, request_transform_status"
    rows, unparsed, _ = alb.told(f"target_port_list, {columns}, lb_node_ip, extra, elb_status_code")
    assert [row["elb_status_code"] for row in rows] == [403] * 6
    assert [row["target_port_list"] for row in rows] == [None] + ["10.0.0.66:8080"] * 5
    assert [row["conn_trace_id"] for row in rows] == [None, None] + ["TID_1234abcd"] * 4
    assert [row["transformed_host"] for row in rows] == [None] * 3 + ["api.example.com"] * 3
    assert [row["lb_node_ip"] for row in rows] == [None] * 4 + ["192.0.2.10"] * 2
    assert [row["extra"] for row in rows] == [None] * 5 + [' "new one" two']
    assert unparsed == []


def test_fields_that_come_as_bare_dashes_first(alb: Delivered) -> None:
    alb.deliver_lines(alb_line(30) + " - - -", alb_line(30) + ' "-" - "-" 192.0.2.10')
    rows = alb.rows("transformed_host, transformed_uri, request_transform_status, lb_node_ip")
    assert [list(row.values()) for row in rows] == [[None] * 4, [None] * 3 + ["192.0.2.10"]]


_FORGED_TAIL = (
    '" - - - "t" "d" "c" 0 2026-05-01T10:00:00.000000Z "forward" "-" "-" "-" "-" "-" "-"'
    ' TID_1 "h" "u" "s"'
)
# What a client sends, raw, though ALB is known to escape quotes: field, its text, and whether the
# line can still be read in one way only.
HOSTILE = {
    "quote in the agent": ({"agent": 'a"b'}, True),
    "quotes around a word": ({"agent": 'Mozilla/5.0 "odd" thing'}, True),
    "agent that is a quote": ({"agent": '"'}, True),
    "agent that ends in a backslash": ({"agent": "a\\"}, True),
    "escaped quote": ({"url": "https://www.example.com:443/?q=\\x22"}, True),
    "blanks in the URL": ({"url": "https://www.example.com:443/a b c"}, True),
    "quote in the URL": ({"url": 'https://www.example.com:443/?q="x'}, True),
    "control characters": ({"agent": "a\x01\x1b[31m\tb\x7f"}, True),
    "no line feeds, though Java knows them": ({"agent": "a\x0b\x0c\x85\u2028\u2029b"}, True),
    "no UTF-8": ({"agent": "caf\udce9"}, True),
    "long agent": ({"agent": '"x"; ' * 2000}, True),
    "malformed request": ({"verb": "-", "url": "http://www.example.com:80-"}, True),
    "end of the URL in the URL": ({"url": 'https://x/ HTTP/1.1" "good'}, False),
    "end of the URL in the agent": ({"agent": 'a" "b'}, False),
    "forged tail in the agent": ({"agent": f"a{_FORGED_TAIL} 192.0.2.10"}, False),
    "forged tail and more": ({"agent": f"a{_FORGED_TAIL} 192.0.2.10 "}, False),
    "forged tail that wants the real one": ({"agent": f"a{_FORGED_TAIL[:-1]}"}, False),
    "forged tail in the trace id": ({"trace": f"a{_FORGED_TAIL} 192.0.2.10"}, False),
    "quote in the redirect": ({"redirect": 'https://x/?"y'}, False),
    "forged tail, and a quote that spoils the real one": (
        {"agent": f"a{_FORGED_TAIL} 192.0.2.10 ", "redirect": 'https://x/?"y'},
        False,
    ),
    "forged tail cut for the real quote": (
        {"agent": f"a{_FORGED_TAIL[:-1]}", "redirect": 'https://x/?"y'},
        False,
    ),
    "address without a port": ({"client": "198.51.100.10"}, False),
}


@pytest.mark.parametrize(("values", "is_read"), HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("fields", ALB_TAILS)
def test_a_client_hides_nothing(
    alb: Delivered, values: dict[str, str], is_read: bool, fields: int
) -> None:
    line = alb_line(fields, **values)
    alb.deliver_lines(alb_line(client="203.0.113.1:1"), line, alb_line(client="203.0.113.2:2"))
    columns = "source_ip, request_url, user_agent, elb_status_code, trace_id, redirect_url"
    rows, unparsed, _ = alb.told(columns)
    shown = line.encode(errors="surrogateescape").decode(errors="replace")
    assert unparsed == ([] if is_read else [shown])
    assert [row["elb_status_code"] for row in rows] == [403] * (3 if is_read else 2)
    if is_read:
        agent = values.get("agent", "curl/8.0").replace("\udce9", "\ufffd")
        assert rows[1]["user_agent"] == agent
        assert rows[1]["request_url"] == values.get("url", "https://www.example.com:443/")
        assert rows[1]["trace_id"] == "Root=1-58337281-1d84f3d73c47ec4e58577259"


def test_java_and_we_read_the_same(alb: Delivered) -> None:
    hostile = [alb_line(n, **values) for values, _ in HOSTILE.values() for n in ALB_TAILS]
    assert_read_alike(alb, hostile)


def test_a_line_break_leaves_two_halves_unread(alb: Delivered) -> None:
    alb.deliver_lines(alb_line(), alb_line(agent="a\nb"), alb_line(agent="a\rb"))
    assert alb.count() == (1, 4)


def test_other_logs_in_the_folder_are_left_out_by_name(alb: Delivered) -> None:
    alb.deliver_lines(alb_line())
    folder, _, name = PLACES["alb"].format("b").rpartition("/")
    connection = (
        b"2026-05-01T10:00:00.000000Z 198.51.100.10 52817 443 TLSv1.3 TLS_AES_128_GCM_SHA256"
        b' 4.036 "-" - - Success TID_1234abcd\n'
    )
    health = b"http 2026-05-01T10:00:00.000000Z 0.001 10.0.0.66:8080 web/1 PASS 200 -\n"
    alb.put(f"{folder}/conn_log_{name}", connection)
    alb.put(f"{folder}/health_check_log_{name}", health)
    alb.put("AWSLogs/111122223333/ELBAccessLogTestFile", b"Enable AccessLog for ELB: app/web/1\n")
    rows, unparsed, account = alb.told("log_file")
    assert (len(rows), unparsed) == (1, [])
    reasons = sorted(note.reason for note in account.skipped)
    assert reasons == [
        "connection log, a source of its own",
        "health check log, holds no requests",
        "what AWS writes to try the bucket",
    ]


@pytest.mark.parametrize(
    ("url", "host", "path", "query", "target"),
    [
        (
            "https://A.example.com:443/x/y?a=1&b=?",
            "a.example.com",
            "/x/y",
            "a=1&b=?",
            "a.example.com/x/y",
        ),
        ("http://[2001:db8::1]:80/", "[2001:db8::1]", "/", None, "[2001:db8::1]/"),
        ("https://www.example.com:443?x", "www.example.com", "", "x", "www.example.com"),
        ("http://www.example.com:80-", "www.example.com:80-", "", None, "www.example.com:80-"),
        ("ws://h/%2e%2e/:x", "h", "/%2e%2e/:x", None, "h/%2e%2e/:x"),
    ],
)
def test_the_parts_of_a_url(
    alb: Delivered, url: str, host: str, path: str, query: str | None, target: str
) -> None:
    alb.deliver_lines(alb_line(url=url))
    (row,) = alb.rows("request_host, request_path, request_query, target")
    assert list(row.values()) == [host, path, query, target]
