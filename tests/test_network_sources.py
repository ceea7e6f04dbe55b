"""Flow logs, WAF and DNS logs: samples and hostile lines through the tables that ship.

Expected values were derived by hand from the AWS documentation of each format.
"""

import gzip
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from lakehunt.config import Deployment
from lakehunt.content import roots
from lakehunt.engines.base import Limits
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.layouts import locate
from lakehunt.model import Result, Source, SourceAccount
from lakehunt.sources import load_source
from lakehunt.sql.compile import Draft
from tests.conftest import shared

# Where AWS delivers a file of each source.
_PLACES = {
    "vpcflow": "AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/05/01/"
    "111122223333_vpcflowlogs_us-east-1_fl-0a_20260501T1005Z_{}.log",
    "waf": "AWSLogs/111122223333/WAFLogs/us-east-1/shop/2026/05/01/10/05/"
    "111122223333_waflogs_us-east-1_shop_20260501T1005Z_{}.log",
    "route53_resolver": "AWSLogs/111122223333/vpcdnsquerylogs/vpc-0a/2026/05/01/"
    "vpc-0a_vpcdnsquerylogs_111122223333_20260501T1005Z_{}.log",
    "route53_public": "2026/05/01/10/aws-route53-queries-1-2026-05-01-10-05-00-{}",
}
V2 = "2 111122223333 eni-0a 192.0.2.9 10.0.0.5 40000 22 6 20 4249 1777629600 1777629660 ACCEPT OK"
Row = dict[str, object]


@dataclass(frozen=True)
class Lake:
    """A folder that files of one source are put into as AWS would."""

    folder: Path
    sources: Mapping[str, Source]

    def put(self, source: str, data: bytes, name: str = "a", ending: str = ".gz") -> None:
        path = self.folder / (_PLACES[source].format(name) + ending)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data) if ending == ".gz" else data)

    def ask(self, sql: str, source: str) -> tuple[list[Row], SourceAccount]:
        engine = LocalEngine(self.folder, self.sources)
        try:
            run = engine.run([Draft("q", sql)], None, Limits(), lambda _: None)
        finally:
            engine.close()
        result = run.results["q"]
        assert isinstance(result, Result), result
        return result.rows(), next(a for a in run.accounts if a.source == source)

    def count(self, source: str) -> tuple[int, int]:
        """Return how many rows a source has and how many lines are left out."""
        found = []
        for relation in (source, f"{source}_unparsed"):
            rows, _ = self.ask(f"SELECT log_file FROM {relation}", source)
            found.append(len(rows))
        return found[0], found[1]


@pytest.fixture
def lake(tmp_path: Path, sources: dict[str, Source]) -> Lake:
    return Lake(tmp_path, sources)


def _samples(source: str) -> list[str]:
    folder = Path(__file__).parent.parent.parent / "shared" / "samples" / source
    files = (path for path in folder.rglob("*.*") if path.suffix != ".parquet")
    return sorted(path.relative_to(folder).as_posix() for path in files if path.is_file())


@pytest.mark.parametrize(
    ("source", "name"), [(source, name) for source in _PLACES for name in _samples(source)]
)
def test_every_line_of_a_sample_is_a_row_a_header_or_left_out(
    lake: Lake, source: str, name: str
) -> None:
    data = shared("samples", source, name).read_bytes()
    text = gzip.decompress(data) if name.endswith(".gz") else data
    lake.put(source, text)
    rows, unparsed = lake.count(source)
    _, account = lake.ask(f"SELECT log_file FROM {source}", source)
    lines = len(text.splitlines())
    assert rows + unparsed + account.header_lines == lines
    assert (account.rows_read, account.rows_unparsed) == (rows + unparsed, unparsed)
    assert account.refused == ()


def test_a_parquet_file_that_is_none_of_aws_is_refused_by_name(lake: Lake) -> None:
    # pandas made it, with texts where AWS writes numbers
    data = shared("samples", "vpcflow", "flowlogs-reader", "flows.parquet").read_bytes()
    lake.put("vpcflow", data, ending=".parquet")
    _, account = lake.ask("SELECT log_file FROM vpcflow", "vpcflow")
    assert [str(note.path).endswith("_a.log.parquet") for note in account.refused] == [True]


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
def test_flows_mean_what_the_guide_says(lake: Lake, file: str, expected: Row) -> None:
    lake.put("vpcflow", shared("samples", "vpcflow", "awsdocs", file).read_bytes())
    rows, _ = lake.ask(f"SELECT {', '.join(expected)} FROM vpcflow", "vpcflow")
    assert expected in rows


def test_the_header_of_each_file_decides(lake: Lake) -> None:
    """Several formats, one without a header and Parquet lie side by side in one folder."""
    lake.put("vpcflow", f"{V2}\n".encode(), "plain")
    lake.put("vpcflow", b"bytes srcaddr start\n11 10.0.0.1 1777629600\n", "short")
    lake.put(
        "vpcflow",
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
    lake.put("vpcflow", out.getvalue(), "parquet", ending=".parquet")
    rows, account = lake.ask("SELECT srcaddr, dstport, bytes, event_name FROM vpcflow", "vpcflow")
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
def test_a_hostile_flow_is_a_row_or_left_out(lake: Lake, line: str, is_row: bool) -> None:
    lake.put("vpcflow", f"{V2}\n{line}\n".encode())
    assert lake.count("vpcflow") == (2, 0) if is_row else (1, 1)
    rows, _ = lake.ask("SELECT line FROM vpcflow_unparsed", "vpcflow")
    assert rows == ([] if is_row else [{"line": line}])


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


@pytest.mark.parametrize(
    ("source", "path", "values"),
    [
        (
            "vpcflow",
            "AWSLogs/aws-account-id=111122223333/aws-service=vpcflowlogs/aws-region=eu-west-1/"
            "year=2026/month=05/day=01/hour=07/x",
            {"account_id": "111122223333", "region": "eu-west-1", "day": "2026/05/01"},
        ),
        (
            "vpcflow",
            "p/AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/05/01/10/x",
            {"account_id": "111122223333", "region": "us-east-1", "day": "2026/05/01"},
        ),
        (
            "waf",
            "AWSLogs/111122223333/WAFLogs/cloudfront/TEST-WEBACL/2026/10/28/19/50/x",
            {"region": "cloudfront", "web_acl": "TEST-WEBACL", "day": "2026/10/28"},
        ),
        (
            "waf",
            "2026/10/28/19/aws-waf-logs-shop-1-2026-10-28-19-50-31-0a1b2c3d-4e5f.gz",
            {"day": "2026/10/28"},
        ),
        (
            "route53_resolver",
            "AWSLogs/111122223333/vpcdnsquerylogs/vpc-0a/2026/02/11/x",
            {"account_id": "111122223333", "vpc": "vpc-0a", "day": "2026/02/11"},
        ),
    ],
)
def test_folders_tell_where_a_file_was_delivered(
    sources: dict[str, Source], source: str, path: str, values: dict[str, str]
) -> None:
    place = locate(sources[source].partitions, path)
    assert place is not None
    assert values.items() <= dict(place.values).items()


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
def test_requests_mean_what_the_guide_says(lake: Lake, expected: Row) -> None:
    lake.put("waf", shared("samples", "waf", "awsdocs", "examples.log").read_bytes())
    rows, _ = lake.ask(f"SELECT {', '.join(expected)} FROM waf", "waf")
    assert expected in rows


def test_a_newer_request_has_its_fingerprint_and_rates(lake: Lake) -> None:
    lake.put("waf", shared("samples", "waf", "otel", "valid_log.log").read_bytes())
    columns = "rate_rules, ja4_fingerprint, host, scheme, label_names"
    rows, _ = lake.ask(f"SELECT {columns} FROM waf", "waf")
    assert rows == [
        {
            "rate_rules": ["rule-1"],
            "ja4_fingerprint": "t13d1717h2_5b57614c22b0_3cbfd9057e0d",
            "host": "dsx88tsajqz63.cloudfront.net",
            "scheme": "https",
            "label_names": ["awswaf:clientip:geo:country:NL", "awswaf:clientip:geo:region:NL-NH"],
        }
    ]


def test_the_record_tells_what_firehose_has_no_folder_for(
    tmp_path: Path, sources: dict[str, Source]
) -> None:
    data = shared("samples", "waf", "awsdocs", "examples.log").read_bytes()
    path = tmp_path / "2026/05/01/10/aws-waf-logs-x-1-2026-05-01-10-05-00-a.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(data))
    rows, _ = Lake(tmp_path, sources).ask(
        "SELECT DISTINCT account_id, region, web_acl FROM waf WHERE country = 'AU'", "waf"
    )
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
def test_a_hostile_request_is_a_row_or_left_out(lake: Lake, line: bytes, is_row: bool) -> None:
    lake.put("waf", WAF_LINE % b"" + b"\n" + line + b"\n")
    assert lake.count("waf") == ((2, 0) if is_row else (1, 1))


def test_a_query_of_a_vpc_means_what_the_guide_says(lake: Lake) -> None:
    sample = shared("samples", "route53_resolver", "awsdocs", "example.log")
    lake.put("route53_resolver", sample.read_bytes())
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
    rows, _ = lake.ask(f"SELECT {columns} FROM route53_resolver", "route53_resolver")
    assert rows == [expected]


QUERY = (
    '{"version":"1.100000","query_timestamp":"2026-05-01T10:00:00Z","query_name":%s,'
    '"query_type":"A","rcode":"NOERROR","answers":%s,"srcaddr":"10.0.0.5","srcids":{}}\n'
)


def test_answers_are_told_apart(lake: Lake) -> None:
    answers = (
        '[{"Rdata":"App.example.NET.","Type":"CNAME","Class":"IN"},'
        '{"Rdata":"192.0.2.7","Type":"A","Class":"IN"},'
        '{"Rdata":"2001:db8::7","Type":"AAAA","Class":"IN"}]'
    )
    lake.put("route53_resolver", (QUERY % ('"WWW.Example.co.uk."', answers)).encode())
    rows, _ = lake.ask(
        "SELECT actor, query_name, parent_domain, name_length, answer_names, answer_addresses"
        " FROM route53_resolver",
        "route53_resolver",
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
def test_a_hostile_query_is_a_row_or_left_out(lake: Lake, line: str, is_row: bool) -> None:
    lake.put("route53_resolver", (QUERY % ('"a."', "[]") + line).encode())
    assert lake.count("route53_resolver") == ((2, 0) if is_row else (1, 1))


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
def test_a_query_of_a_zone_means_what_the_guide_says(lake: Lake, stamp: str, expected: Row) -> None:
    sample = shared("samples", "route53_public", "awsdocs", "examples.log")
    text = "".join(f"{stamp}{line}\n" for line in sample.read_text().splitlines())
    lake.put("route53_public", text.encode())
    rows, account = lake.ask(f"SELECT {', '.join(expected)} FROM route53_public", "route53_public")
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
def test_a_hostile_name_is_a_row_or_left_out(lake: Lake, line: str, is_row: bool) -> None:
    lake.put("route53_public", f"{ZONE_LINE}\n{line}\n".encode())
    assert lake.count("route53_public") == ((2, 0) if is_row else (1, 1))


def test_a_zone_without_folders_has_the_day_of_its_events() -> None:
    source = load_source(roots(), "route53_public", Deployment())
    assert "date_format(" in source.event_view.sql
    assert source.table.partition_columns == ()
    assert source.table.properties["projection.enabled"] == "false"
