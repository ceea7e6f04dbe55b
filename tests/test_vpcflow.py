"""Flow logs of a VPC: the guide's records, hostile lines, and fields that the user chose.

Expected values were derived by hand from the AWS documentation of the format.
"""

import io
from datetime import datetime
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from lakehunt.config import Deployment
from lakehunt.content import roots
from lakehunt.model import Source
from lakehunt.sources import load_source
from tests.conftest import shared
from tests.delivered import PLACES, Delivered, Row


@pytest.fixture
def flows(tmp_path: Path, sources: dict[str, Source]) -> Delivered:
    return Delivered(tmp_path, sources, "vpcflow")


PARQUET = PLACES["vpcflow"].replace(".gz", ".parquet")
V2 = "2 111122223333 eni-0a 192.0.2.9 10.0.0.5 40000 22 6 20 4249 1777629600 1777629660 ACCEPT OK"
# Source: Amazon VPC User Guide, "Flow log record examples": the rows and what they mean.
FLOWS: dict[str, tuple[str, Row]] = {
    "ssh-accepted": (
        "v2-no-header.log",
        {
            "event_time": datetime(2014, 12, 14, 4, 6, 50),
            "actor": "eni-1235b8ca123456789",
            "source_ip": "172.31.16.139",
            "event_name": "ACCEPT",
            "target": "172.31.16.21:22",
            "outcome": "success",
            "protocol_name": "TCP",
            "packets": 20,
            "bytes": 4249,
            "end_time": datetime(2014, 12, 14, 4, 7, 50),
            "interface_account_id": "123456789010",
            "account_id": "111122223333",
            "version": 2,
            "direction": None,
            "tcp_flags": None,
        },
    ),
    "rdp-rejected": (
        "v2-no-header.log",
        {"event_name": "REJECT", "outcome": "denied", "target": "172.31.9.12:3389"},
    ),
    "no-data": (
        "v2-no-header.log",
        {"event_name": "NODATA", "outcome": None, "target": None, "source_ip": None, "bytes": None},
    ),
    "skipped": (
        "v2-no-header.log",
        {"event_name": "SKIPDATA", "actor": "eni-11111111aaaaaaaaa", "log_status": "SKIPDATA"},
    ),
    "ping": (
        "v2-no-header.log",
        {
            "source_ip": "203.0.113.12",
            "protocol_name": "ICMP",
            "target": "172.31.16.139",
            "direction": "ingress",
            "event_name": "ACCEPT",
        },
    ),
    "ipv6": (
        "v2-no-header.log",
        {"target": "[2001:db8:1234:a102:3304:8879:34cf:4071]:22", "srcport": 34892},
    ),
    "first-packets-of-a-connection": (
        "custom-1.log",
        {
            "actor": "i-01234567890123456",
            "interface_id": "eni-1235b8ca123456789",
            "vpc_id": "vpc-abcdefab012345678",
            "subnet_id": "subnet-aaaaaaaa012345678",
            "target": "10.0.0.62:5001",
            "tcp_flags": 2,
            "tcp_flag_names": "SYN",
            "type": "IPv4",
            "bytes": 568,
            "packets": 8,
            "srcport": 43416,
            "version": 3,
        },
    ),
    "answer-to-it": ("custom-1.log", {"tcp_flag_names": "SYN ACK", "dstport": 43416}),
    "short-connection": ("custom-1.log", {"tcp_flag_names": "SYN FIN", "bytes": 1260}),
    "from-s3": (
        "custom-4.log",
        {
            "actor": "i-0c50d5961bcb2d47b",
            "interface_region": "ap-southeast-2",
            "az_id": "apse2-az3",
            "pkt_src_aws_service": "S3",
            "pkt_dst_aws_service": None,
            "flow_direction": "ingress",
            "direction": "ingress",
            "traffic_path": None,
            "tcp_flag_names": "SYN ACK FIN",
        },
    ),
    "to-s3": (
        "custom-4.log",
        {"flow_direction": "egress", "traffic_path": 8, "pkt_dst_aws_service": "S3", "bytes": 471},
    ),
}


@pytest.mark.parametrize(("file", "expected"), FLOWS.values(), ids=FLOWS)
def test_flows_mean_what_the_guide_says(flows: Delivered, file: str, expected: Row) -> None:
    flows.deliver(shared("samples", "vpcflow", "awsdocs", file).read_bytes())
    rows, _ = flows.ask(f"SELECT {', '.join(expected)} FROM vpcflow")
    assert expected in rows


def test_each_header_of_a_joined_file_holds_for_the_rows_behind_it(flows: Delivered) -> None:
    head = "version account-id interface-id {} srcport dstport protocol packets bytes start end"
    row = "2 111122223333 {} 192.0.2.9 10.0.0.5 40000 22 6 20 4249 1777629600 1777629660 ACCEPT OK"
    flows.deliver_lines(
        row.format("eni-no-header"),
        f"{head.format('dstaddr srcaddr')} action log-status",
        row.format("eni-swapped"),
        f"{head.format('srcaddr dstaddr')} action log-status",
        row.format("eni-as-ever"),
        "version interface-id srcaddr start",
        "2 eni-narrow 192.0.2.7 1777629600",
    )
    query = "SELECT interface_id, source_ip, target FROM vpcflow ORDER BY source_ip, interface_id"
    rows, account = flows.ask(query)
    assert [tuple(row.values()) for row in rows] == [
        ("eni-swapped", "10.0.0.5", "192.0.2.9:22"),
        ("eni-narrow", "192.0.2.7", None),
        ("eni-as-ever", "192.0.2.9", "10.0.0.5:22"),
        ("eni-no-header", "192.0.2.9", "10.0.0.5:22"),
    ]
    assert (account.rows_unparsed, account.header_lines) == (0, 3)


def test_what_cannot_be_read_tells_of_no_account(flows: Delivered) -> None:
    flows.put("flow.log", f"{V2}\n{V2.replace('1777629600', 'x').replace('1111', 'b')}\n".encode())
    _, account = flows.ask("SELECT actor FROM vpcflow")
    assert (account.rows_unparsed, account.accounts) == (1, ("111122223333",))


def test_the_header_of_each_file_decides(flows: Delivered) -> None:
    """Several formats, one without a header and Parquet lie side by side in one folder."""
    flows.deliver(f"{V2}\n".encode(), "plain")
    flows.deliver(b"bytes srcaddr start\n11 10.0.0.1 1777629600\n", "short")
    flows.deliver(
        b"end start new-field dstport dstaddr\n1777629660 1777629600 x 443 192.0.2.1\n",
        "future",
    )
    table = pyarrow.table(
        {
            "srcaddr": ["10.0.0.7", "-"],
            "dstport": pyarrow.array([8443, None], pyarrow.int32()),
            "bytes": pyarrow.array([77, None], pyarrow.int64()),
            "start": pyarrow.array([1777629600, 1777629600], pyarrow.int64()),
            "log_status": ["OK", "NODATA"],
        }
    )
    out = io.BytesIO()
    pyarrow.parquet.write_table(table, out)
    flows.put(PARQUET.format("parquet"), out.getvalue())
    rows, account = flows.ask("SELECT srcaddr, dstport, bytes, event_name FROM vpcflow")
    assert sorted((tuple(row.values()) for row in rows), key=str) == [
        ("10.0.0.1", None, 11, None),
        ("10.0.0.7", 8443, 77, "OK"),
        ("192.0.2.9", 22, 4249, "ACCEPT"),
        (None, 443, None, None),
        (None, None, None, "NODATA"),
    ]
    assert (account.rows_unparsed, account.header_lines) == (0, 2)
    assert "new-field" in account.partial[0].reason


@pytest.mark.parametrize(
    ("line", "is_row"),
    [
        (V2, True),
        (f"{V2} future fields", True),
        (V2.replace(" 10.0.0.5", ""), False),
        (V2.replace(" 10.0.0.5", "  10.0.0.5"), False),
        (f"forged {V2}", False),
        (V2.replace(" 6 ", " 999 "), False),
        (V2.replace("1777629600", "yesterday"), False),
        (V2.replace("1777629600", "99999999999999999999"), False),
        (V2.replace("ACCEPT", "MAYBE"), False),
        (V2.replace("192.0.2.9", "\x00\x1b[31m"), True),
        ("version account-id interface-id", False),
        ("2 - - - - - - - - - 1777629600 1777629660 - SKIPDATA", True),
        ("", False),
    ],
)
def test_a_hostile_flow_is_a_row_or_left_out(flows: Delivered, line: str, is_row: bool) -> None:
    flows.deliver(f"{V2}\n{line}\n".encode())
    rows, unparsed, _ = flows.told("log_file")
    assert (len(rows), unparsed) == ((2, []) if is_row else (1, [line]))


def test_a_parquet_file_that_is_none_of_aws_is_refused_by_name(flows: Delivered) -> None:
    # pandas made it, with texts where AWS writes numbers
    data = shared("samples", "vpcflow", "flowlogs-reader", "flows.parquet").read_bytes()
    flows.put(PARQUET.format("a"), data)
    _, account = flows.ask("SELECT log_file FROM vpcflow")
    assert [str(note.path).endswith("_a.log.parquet") for note in account.refused] == [True]


def test_deployed_columns_are_the_users_own(sources: dict[str, Source]) -> None:
    chosen = Deployment(fields={"vpcflow": ("start", "srcaddr", "pkt-dstaddr", "tcp-flags")})
    source = load_source(roots(), "vpcflow", chosen)
    columns = [column.name for column in source.table.columns]
    assert columns == ["start", "srcaddr", "pkt_dstaddr", "tcp_flags"]
    places = [column.name for column in source.table.partition_columns]
    assert places == ["log_account_id", "log_region", "day"]
    assert source.event_view.columns == sources["vpcflow"].event_view.columns
    # what was not chosen is NULL, the word that ends a CASE is no column
    assert "CAST(NULL AS varchar) AS event_id" in source.event_view.sql
    assert "CASE CAST(NULL AS varchar)" in source.event_view.sql
    assert source.event_view.sql.count("END") == sources["vpcflow"].event_view.sql.count("END")
    parquet = load_source(
        roots(), "vpcflow", Deployment(formats={"vpcflow": "parquet"}, layouts={"vpcflow": "hive"})
    )
    assert len(parquet.table.columns) == len(sources["vpcflow"].partitions.fields)
    assert parquet.table.properties["projection.day.format"] == "'year='yyyy'/month='MM'/day='dd"
