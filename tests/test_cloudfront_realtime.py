"""Real-time logs of CloudFront: a real record, and fields that the user chose.

Expected values were derived by hand from the AWS documentation of the format.
"""

import json
from datetime import datetime
from pathlib import Path

import pytest

from lakehunt.config import Deployment
from lakehunt.content import roots
from lakehunt.model import Source
from lakehunt.sources import load_source
from tests.delivered import Delivered, Row, sample


@pytest.fixture
def realtime(tmp_path: Path, sources: dict[str, Source]) -> Delivered:
    return Delivered(tmp_path, sources, "cloudfront_realtime")


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
    realtime.deliver_lines(_realtime_line())
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
    lake.deliver_lines(good, moved, "soon\t198.51.100.10", "")
    columns = "event_time, source_ip, target, uri_query, outcome, distribution_domain, user_agent"
    (row,), unparsed, _ = lake.told(columns)
    assert list(row.values()) == [
        datetime(2026, 5, 1, 10, 0, 0, 123000),
        "198.51.100.10",
        "www.example.com/a b",
        "x=1",
        "failure",
        "d1.cloudfront.net",
        None,
    ]
    assert sorted(unparsed) == ["", moved, "soon\t198.51.100.10"]
