"""Server access logs of S3: real lines, what a client may send, and how they are delivered.

Expected values were derived by hand from the AWS documentation of the format.
"""

from datetime import datetime
from pathlib import Path

import pytest

from lakehunt.model import Source
from tests.delivered import PLACES, Delivered, Row, sample
from tests.java import assert_read_alike
from tests.web_lines import S3ACCESS_TAILS, s3access_line


@pytest.fixture
def s3access(tmp_path: Path, sources: dict[str, Source]) -> Delivered:
    return Delivered(tmp_path, sources, "s3access")


# Source: Amazon S3 User Guide, "Server access log format" and its examples.
ROWS: dict[str, tuple[str, int, Row]] = {
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


@pytest.mark.parametrize(("file", "number", "expected"), ROWS.values(), ids=ROWS)
def test_a_sample_reads_as_the_documentation_says(
    s3access: Delivered, file: str, number: int, expected: Row
) -> None:
    lines = [one for one in sample("s3access", file).splitlines() if not one.startswith(b"#")]
    s3access.deliver(lines[number] + b"\n")
    (row,) = s3access.rows(", ".join(expected))
    assert row == expected


_FORGED_STATUS = '" 200 - 1 1 1 1 "-" "good" - h= SigV4 c AuthHeader b.s3.amazonaws.com t - - r'
HOSTILE = {
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


@pytest.mark.parametrize(("values", "is_read"), HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("fields", S3ACCESS_TAILS)
def test_a_client_hides_nothing(
    s3access: Delivered, values: dict[str, str], is_read: bool, fields: int
) -> None:
    line = s3access_line(fields, **values)
    s3access.deliver_lines(s3access_line(ip="203.0.113.1"), line, s3access_line(ip="203.0.113.2"))
    columns = "source_ip, outcome, http_status, request_uri, referer, user_agent"
    rows, unparsed, _ = s3access.told(columns)
    shown = line.encode(errors="surrogateescape").decode(errors="replace")
    assert unparsed == ([] if is_read else [shown])
    assert [row["outcome"] for row in rows] == ["denied"] * (3 if is_read else 2)
    if is_read:
        agent = values.get("agent", "curl/8.0").replace("\udce9", "\ufffd")
        assert rows[1]["user_agent"] == agent
        assert rows[1]["request_uri"] == values.get("uri", "GET /a.txt HTTP/1.1")
        assert rows[1]["referer"] == values.get("referer")


def test_java_and_we_read_the_same(s3access: Delivered) -> None:
    hostile = [s3access_line(n, **values) for values, _ in HOSTILE.values() for n in S3ACCESS_TAILS]
    assert_read_alike(s3access, hostile)


def test_rows_of_every_age_lie_side_by_side(s3access: Delivered) -> None:
    s3access.deliver_lines(*(s3access_line(fields) for fields in S3ACCESS_TAILS))
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
    s3access.deliver_lines(line)
    (row,) = s3access.rows("actor, source_ip, outcome, target, object_size, user_agent")
    expected = ["AmazonS3", None, None, "example-data/a/b++c", 77, None]
    assert list(row.values()) == expected


def test_the_objects_of_one_bulk_delete_are_events_of_their_own(s3access: Delivered) -> None:
    line = s3access_line().replace("REST.GET.OBJECT a.txt", "{}")
    s3access.deliver_lines(
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
def test_both_layouts(
    s3access: Delivered, path: str, account_id: str | None, region: str | None, day: str
) -> None:
    s3access.put(path, s3access_line().encode())
    (row,) = s3access.rows("account_id, region, day")
    assert list(row.values()) == [account_id, region, day]
