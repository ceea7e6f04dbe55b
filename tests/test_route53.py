"""Logs of DNS queries, of a VPC's resolver and of a public zone: the guide's records, hostile ones.

Expected values were derived by hand from the AWS documentation of each format.
"""

from datetime import datetime
from pathlib import Path

import pytest

from lakehunt.config import Deployment
from lakehunt.content import roots
from lakehunt.model import Source
from lakehunt.sources import load_source
from tests.conftest import shared
from tests.delivered import Delivered, Row


@pytest.fixture
def resolver(tmp_path: Path, sources: dict[str, Source]) -> Delivered:
    return Delivered(tmp_path, sources, "route53_resolver")


@pytest.fixture
def zone(tmp_path: Path, sources: dict[str, Source]) -> Delivered:
    return Delivered(tmp_path, sources, "route53_public")


def test_a_query_of_a_vpc_means_what_the_guide_says(resolver: Delivered) -> None:
    sample = shared("samples", "route53_resolver", "awsdocs", "example.log")
    resolver.deliver(sample.read_bytes())
    # Source: Route 53 Developer Guide, "Resolver query log example".
    expected: Row = {
        "event_time": datetime(2021, 2, 4, 17, 51, 55),
        "account_id": "111122223333",
        "region": "us-east-1",
        "actor": "i-0d15cd0d3example",
        "source_ip": "4.5.64.102",
        "event_name": "PTR",
        "target": "15.3.4.32.in-addr.arpa",
        # DNS Firewall blocked it, whatever the response code
        "outcome": "denied",
        "rcode": "NOERROR",
        "answer_records": ["PTR 203.0.113.9"],
        "answer_addresses": [],
        "srcport": 56067,
        "firewall_rule_action": "BLOCK",
        "parent_domain": "in-addr.arpa",
        "vpc": "vpc-0a",
        "vpc_id": "vpc-7example",
    }
    columns = ", ".join(expected)
    rows, _ = resolver.ask(f"SELECT {columns} FROM route53_resolver")
    assert rows == [expected]


QUERY = (
    '{"version":"1.100000","query_timestamp":"2026-05-01T10:00:00Z","query_name":%s,'
    '"query_type":"A","rcode":"NOERROR","answers":%s,"srcaddr":"10.0.0.5","srcids":{}}\n'
)


def test_answers_are_told_apart(resolver: Delivered) -> None:
    answers = (
        '[{"Rdata":"App.example.NET.","Type":"CNAME","Class":"IN"},'
        '{"Rdata":"192.0.2.7","Type":"A","Class":"IN"},'
        '{"Rdata":"2001:db8::7","Type":"AAAA","Class":"IN"}]'
    )
    resolver.deliver((QUERY % ('"WWW.Example.co.uk."', answers)).encode())
    rows, _ = resolver.ask(
        "SELECT actor, query_name, parent_domain, name_length, answer_names, answer_addresses"
        " FROM route53_resolver",
    )
    assert rows == [
        {
            "actor": "10.0.0.5",
            "query_name": "www.example.co.uk",
            "parent_domain": "example.co.uk",
            "name_length": 17,
            "answer_names": ["app.example.net"],
            "answer_addresses": ["192.0.2.7", "2001:db8::7"],
        }
    ]


@pytest.mark.parametrize(
    ("line", "is_row"),
    [
        (QUERY % ('"a\\u0000\\n\\"b."', "[]"), True),
        (QUERY % ('"."', "null"), True),
        (QUERY % ("null", "[]"), False),
        (QUERY.replace("2026-05-01", "2026-99-01") % ('"a."', "[]"), False),
        (QUERY[:60] + "\n", False),
        ("<html>\n", False),
    ],
)
def test_a_hostile_query_is_a_row_or_left_out(resolver: Delivered, line: str, is_row: bool) -> None:
    resolver.deliver((QUERY % ('"a."', "[]") + line).encode())
    assert resolver.count() == ((2, 0) if is_row else (1, 1))


# Source: Route 53 Developer Guide, "Public DNS query logging", the example log.
PUBLIC: list[Row] = [
    {
        "event_time": datetime(2017, 12, 13, 8, 16, 2, 130000),
        "actor": "192.168.1.1",
        "event_name": "A",
        "target": "example.com",
        "outcome": "success",
        "hosted_zone_id": "Z123412341234",
        "edns_client_subnet": None,
        "protocol": "UDP",
        "account_id": None,
        "day": "2026/05/01",
    },
    {
        "event_time": datetime(2017, 12, 13, 8, 16, 3, 983000),
        "actor": "2001:db8::1234",
        "event_name": "ANY",
        "edns_client_subnet": "2001:db8:abcd::/48",
    },
    {
        "event_time": datetime(2017, 12, 13, 8, 15, 50, 342000),
        "target": "bad.example.com",
        "parent_domain": "example.com",
        "outcome": "failure",
        "response_code": "NXDOMAIN",
        "edns_client_subnet": "192.168.111.0/24",
    },
]


@pytest.mark.parametrize("expected", PUBLIC, ids=lambda row: str(row["event_time"]))
@pytest.mark.parametrize("stamp", ["", "2026-05-01T10:00:00.123Z "], ids=["firehose", "export"])
def test_a_query_of_a_zone_means_what_the_guide_says(
    zone: Delivered, stamp: str, expected: Row
) -> None:
    sample = shared("samples", "route53_public", "awsdocs", "examples.log")
    text = "".join(f"{stamp}{line}\n" for line in sample.read_text().splitlines())
    zone.deliver(text.encode())
    rows, account = zone.ask(f"SELECT {', '.join(expected)} FROM route53_public")
    assert expected in rows
    assert (len(rows), account.rows_unparsed) == (5, 0)


ZONE_LINE = "1.0 2026-05-01T10:00:00.000Z Z0A www.example.com A NOERROR UDP FRA6 192.0.2.53 -"


@pytest.mark.parametrize(
    ("line", "is_row"),
    [
        (f"{ZONE_LINE} future fields", True),
        (ZONE_LINE.replace("www", "\\303\\244\\\\\"'"), True),
        (ZONE_LINE.replace("www", "a b"), False),
        (f"x {ZONE_LINE}", False),
        (ZONE_LINE.replace("2026-05-01T", "2026-99-01T"), False),
        (ZONE_LINE.removesuffix(" -"), False),
        ("", False),
    ],
)
def test_a_hostile_name_is_a_row_or_left_out(zone: Delivered, line: str, is_row: bool) -> None:
    zone.deliver(f"{ZONE_LINE}\n{line}\n".encode())
    assert zone.count() == ((2, 0) if is_row else (1, 1))


def test_a_zone_without_folders_has_the_day_of_its_events() -> None:
    source = load_source(roots(), "route53_public", Deployment())
    assert "date_format(" in source.event_view.sql
    assert source.table.partition_columns == ()
    assert source.table.properties["projection.enabled"] == "false"
