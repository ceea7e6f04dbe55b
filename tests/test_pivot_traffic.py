"""A pivot over all sources: what a machine, an address, a bucket or a host did in other logs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lakehunt.model import Source
from tests.conftest import Ran
from tests.dossiers import facet, told
from tests.lakes import lake_of

Run = Callable[..., Ran]
INSTANCE, INTERFACE = "i-0example00000001", "eni-0example000000001"
ROLE = "arn:aws:iam::111122223333:role/web"
EVIL = "\x1b[2J';$(reboot)<b>"


def at(minute: int, **fields: object) -> dict[str, object]:
    return {"at": f"2026-05-01T10:{minute:02d}:00Z", **fields}


def records() -> dict[str, list[dict[str, object]]]:
    """Return what each log holds of the attack, by source."""
    attacker, own = "198.51.100.77", "10.0.1.20"
    return {
        "cloudtrail": [
            at(
                0,
                eventSource="ec2.amazonaws.com",
                eventName="RunInstances",
                responseElements={
                    "instancesSet": {"items": [{"instanceId": INSTANCE, "privateIpAddress": own}]}
                },
            ),
            at(
                6,
                eventName="GetObject",
                sourceIPAddress=attacker,
                userIdentity={
                    "type": "AssumedRole",
                    "arn": f"arn:aws:sts::111122223333:assumed-role/web/{INSTANCE}",
                    "accessKeyId": "ASIAEXAMPLEKEY000001",
                },
            ),
        ],
        "alb": [
            at(1, client_ip=attacker, target_ip=own, sent_bytes="100"),
            at(2, client_ip=attacker, target_ip=own, elb_status_code="403", user_agent=EVIL),
            at(3, client_ip="198.51.100.78", target_ip="10.0.1.21"),
        ],
        "route53_resolver": [
            at(4, query_name="drop.example.org.", srcids={"instance": INSTANCE}, srcaddr=own),
            at(
                4,
                query_name="www.example.org.",
                srcids={"instance": "i-0example00000002"},
                srcaddr="10.0.1.21",
            ),
        ],
        "vpcflow": [
            at(5, srcaddr=own, dstaddr="203.0.113.9", bytes="7000000"),
            at(5, srcaddr="203.0.113.9", dstaddr=own, dstport="49152", bytes="400"),
            at(5, srcaddr="10.0.1.21", interface_id="eni-0example000000002"),
        ],
        "s3access": [at(7, remote_ip=attacker, requester="-", key=EVIL, bucket="example-data")],
    }


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, sources: dict[str, Source]) -> Path:
    """An instance that is attacked through its load balancer, asks for a name and sends data."""
    folder = tmp_path_factory.mktemp("mixed") / "lake"
    for name, some in records().items():
        lake_of(folder, sources[name], *some)
    return folder


def test_an_instance_is_asked_for_with_its_interface_and_address(lake: Path, lakehunt: Run) -> None:
    ran = lakehunt("pivot", INSTANCE, "--lake", lake, "--format", "json")
    absent = "cloudfront, cloudfront_realtime, route53_public, waf"
    assert f"no logs of {absent} are here: what they would show is not known" in ran.err
    dossier = told(ran)
    assert {(row["same_kind"], row["same_name"]) for row in dossier["same"]} == {
        ("instance", INSTANCE),
        ("interface", INTERFACE),
        ("address", "10.0.1.20"),
        ("role", ROLE),
    }
    assert facet(dossier, "log", "by") == {"route53_resolver": 1, "vpcflow": 1}
    assert facet(dossier, "log", "on") == {"alb": 2, "vpcflow": 1}
    assert facet(dossier, "target", "by") == {"drop.example.org": 1}
    assert facet(dossier, "peer", "by")["203.0.113.9:443"] == 1
    assert facet(dossier, "address", "on")["198.51.100.77"] == 2


def test_a_private_address_of_another_network_is_another_machine(
    tmp_path: Path, sources: dict[str, Source], lakehunt: Run
) -> None:
    instances = (
        {
            "instanceId": f"i-0example0000000{n}",
            "privateIpAddress": "10.0.1.10",
            "vpcId": f"vpc-{n}",
        }
        for n in (1, 2)
    )
    launched = [
        at(
            minute,
            eventSource="ec2.amazonaws.com",
            eventName="RunInstances",
            responseElements={"instancesSet": {"items": [item]}},
        )
        for minute, item in enumerate(instances)
    ]
    lake = lake_of(tmp_path / "lake", sources["cloudtrail"], *launched)
    dossier = told(lakehunt("pivot", "i-0example00000001", "--lake", lake, "--format", "json"))
    assert {row["same_name"] for row in dossier["same"]} == {"i-0example00000001", "10.0.1.10"}
    # of the address itself both are told
    address = told(lakehunt("pivot", "10.0.1.10", "--lake", lake, "--format", "json"))
    assert {row["same_name"] for row in address["same"]} == {
        "10.0.1.10",
        "i-0example00000001",
        "i-0example00000002",
    }


def test_the_summary_says_how_its_parts_are_known_and_where_to_go_on(
    lake: Path, lakehunt: Run
) -> None:
    ran = lakehunt("pivot", INSTANCE, "--lake", lake)
    same = ran.out.partition("The same machine\n")[2].partition("\n\n")[0]
    assert [line.split()[:2] for line in same.splitlines()] == [
        ["address", "10.0.1.20"],
        ["role", ROLE],
        ["interface", INTERFACE],
    ]
    assert "203.0.113.9:443 (1, 7.0 MB)" in ran.out
    assert f"lakehunt pivot {INTERFACE} --lake" in ran.out
    assert f"lakehunt pivot {ROLE} --lake" in ran.out


def test_an_address_is_found_at_both_ends_and_only_itself(lake: Path, lakehunt: Run) -> None:
    dossier = told(lakehunt("pivot", "10.0.1.20", "--lake", lake, "--format", "json"))
    assert facet(dossier, "log", "by") == {"route53_resolver": 1, "vpcflow": 1}
    assert facet(dossier, "log", "on") == {"alb": 2, "vpcflow": 1}
    assert {row["same_name"] for row in dossier["same"]} >= {INSTANCE, INTERFACE}
    attacker = told(
        lakehunt("pivot", "198.51.100.77", "--rows", "--lake", lake, "--format", "json")
    )
    assert facet(attacker, "log", "by") == {"alb": 2, "s3access": 1}
    # of CloudTrail's own profile
    assert facet(attacker, "call", "by") == {"s3:GetObject": 1}
    assert attacker["same"] == []
    # of all logs in order of time
    names = [row["event_name"] for row in attacker["rows"]]
    assert names == ["GET", "GET", "GetObject", "REST.GET.OBJECT"]


@pytest.mark.parametrize(
    ("value", "kind", "log"),
    [
        ("example-data", "bucket", {"s3access": 1}),
        ("drop.example.org", "host", {"route53_resolver": 1}),
        ("WWW.example.com", "host", {"alb": 3}),
    ],
)
def test_a_bucket_and_a_host_are_known_by_the_logs_that_name_them(
    lake: Path, lakehunt: Run, value: str, kind: str, log: dict[str, int]
) -> None:
    dossier = told(lakehunt("pivot", value, "--lake", lake, "--format", "json"))
    assert dossier["kind"] == kind
    assert facet(dossier, "log", "on") == log


def test_an_interface_and_a_network(lake: Path, lakehunt: Run) -> None:
    interface = told(lakehunt("pivot", INTERFACE, "--lake", lake, "--format", "json"))
    assert facet(interface, "log", "by") == {"route53_resolver": 1, "vpcflow": 2}
    network = told(lakehunt("pivot", "203.0.113.0/24", "--lake", lake, "--format", "json"))
    assert facet(network, "subject", "by") == {"203.0.113.9": 1}
    assert facet(network, "subject", "on") == {"203.0.113.9": 1}


def test_what_a_client_sent_reaches_no_terminal(lake: Path, lakehunt: Run) -> None:
    ran = lakehunt("pivot", "198.51.100.77", "--lake", lake)
    assert "\x1b" not in ran.out + ran.err
    assert "reboot" in ran.out
    assert not [line for line in ran.out.splitlines() if line.startswith("  lakehunt $(")]
