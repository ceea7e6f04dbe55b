"""Standard logs of CloudFront, legacy and v2: real lines, what a viewer may send, each format.

Expected values were derived by hand from the AWS documentation of the format.
"""

import io
import json
from datetime import datetime
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from lakehunt.model import Source
from tests.delivered import Delivered, Row, sample
from tests.web_lines import cloudfront_line


@pytest.fixture
def cloudfront(tmp_path: Path, sources: dict[str, Source]) -> Delivered:
    return Delivered(tmp_path, sources, "cloudfront")


# Source: Amazon CloudFront Developer Guide, "Standard logging reference" and its examples.
ROWS: dict[str, tuple[str, int, Row]] = {
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


@pytest.mark.parametrize(("file", "number", "expected"), ROWS.values(), ids=ROWS)
def test_a_sample_reads_as_the_documentation_says(
    cloudfront: Delivered, file: str, number: int, expected: Row
) -> None:
    lines = [one for one in sample("cloudfront", file).splitlines() if not one.startswith(b"#")]
    cloudfront.deliver(lines[number] + b"\n")
    (row,) = cloudfront.rows(", ".join(expected))
    assert row == expected


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
def test_a_viewer_hides_nothing(
    cloudfront: Delivered, values: dict[str, str], is_read: bool
) -> None:
    line = cloudfront_line(**values)
    cloudfront.deliver_lines(cloudfront_line(id="1=="), line, cloudfront_line(id="2=="))
    rows, unparsed, _ = cloudfront.told("event_id, outcome, host, c_port")
    shown = line.encode(errors="surrogateescape").decode(errors="replace")
    assert unparsed == ([] if is_read else [shown])
    expected = ["1==", "abc==", "2=="] if is_read else ["1==", "2=="]
    assert [list(row.values()) for row in rows] == [
        [id_, "denied", "www.example.com", 52817] for id_ in expected
    ]


def test_texts_are_decoded_once(cloudfront: Delivered) -> None:
    agents = ("a%20b+c", "100%25", "%2520", "cut%2", "-")
    cloudfront.deliver_lines(*(cloudfront_line(agent=agent) for agent in agents))
    rows = cloudfront.rows("user_agent")
    assert [row["user_agent"] for row in rows] == ["a b+c", "100%", "%20", "cut%2", None]


NEW = "timestamp(ms) c-ip cs-method x-host-header cs-uri-stem sc-status x-edge-request-id c-country"


@pytest.mark.parametrize("header", ["#Version: 1.0\n#Fields: {}", "#Fields: {}", "{tabbed}"])
def test_the_fields_of_a_v2_delivery_come_from_its_header(
    cloudfront: Delivered, header: str
) -> None:
    cells = "1777629600123\t198.51.100.10\tGET\twww.example.com\t/a\t200\tabc==\tDE"
    text = header.format(NEW, tabbed=NEW.replace(" ", "\t")) + f"\n{cells}\n"
    cloudfront.deliver(text.encode())
    columns = "event_time, source_ip, target, outcome, event_id, c_country, sc_bytes"
    (row,), unparsed, _ = cloudfront.told(columns)
    assert list(row.values()) == [
        datetime(2026, 5, 1, 10, 0, 0, 123000),
        "198.51.100.10",
        "www.example.com/a",
        "success",
        "abc==",
        "DE",
        None,
    ]
    assert unparsed == []


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
    cloudfront.deliver_lines(whole, whole[:40], "{}", whole)
    rows, unparsed, _ = cloudfront.told("event_id")
    assert (len(rows), unparsed) == (2, [whole[:40], "{}"])
