"""The findings that a pivot shows: those on what was asked for, and no others."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lakehunt.model import Source
from tests.conftest import Ran
from tests.dossiers import told
from tests.lakes import lake_of

Run = Callable[..., Ran]
_STOPPED = "11111111-2222-4333-8444-555555555555"
_SECRET = "11111111-2222-4333-8444-{:012d}"
_WHO = {"userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/bob"}}


def calls() -> list[dict[str, object]]:
    """Return secrets read by somebody who stops a trail in between."""
    stopped: dict[str, object] = {
        "at": "2026-05-01T10:05:00Z",
        "eventID": _STOPPED,
        "eventSource": "cloudtrail.amazonaws.com",
        "eventName": "StopLogging",
        "requestParameters": {"name": "main"},
        **_WHO,
    }
    read: list[dict[str, object]] = [
        {
            "at": f"2026-05-01T10:{2 * number:02d}:00Z",
            "eventID": _SECRET.format(number),
            "eventSource": "secretsmanager.amazonaws.com",
            "eventName": "GetSecretValue",
            "requestParameters": {"secretId": f"app/{number}"},
            **_WHO,
        }
        for number in range(12)
    ]
    return [stopped, *read]


def records() -> dict[str, list[dict[str, object]]]:
    """Return what each log holds of an attack, by source."""
    return {
        "cloudtrail": calls(),
        "alb": [
            {
                "at": "2026-05-01T10:00:00Z",
                "client_ip": "203.0.113.7",
                "request_url": "https://www.example.com:443/page?file=../../../../etc/passwd",
            }
        ],
        "vpcflow": [
            {
                "at": "2026-05-01T10:00:00Z",
                "srcaddr": "203.0.113.9",
                "srcport": "50000",
                "dstaddr": "10.0.1.21",
                "dstport": "22",
            }
        ],
        "route53_resolver": [
            {
                "at": f"2026-05-01T10:00:{number:02d}Z",
                "query_name": f"{number:02d}{'4d5a9000030000000400' * 2}.t.example.org.",
                "srcaddr": "10.0.1.30",
            }
            for number in range(55)
        ],
    }


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, sources: dict[str, Source]) -> Path:
    """Secrets read, a trail stopped, a page read, a port reached and a tunnel."""
    folder = tmp_path_factory.mktemp("found") / "lake"
    for name, some in records().items():
        lake_of(folder, sources[name], *some)
    return folder


@pytest.mark.parametrize(
    ("value", "found"),
    [
        # by the same actor, at the time of the other
        (_STOPPED, {"cloudtrail.trail_stopped"}),
        # one of many
        (_SECRET.format(3), {"cloudtrail.secrets_read_in_bulk"}),
        ("www.example.com", {"alb.attack_strings_answered"}),
        ("example.com", {"alb.attack_strings_answered"}),
        # the load balancer
        ("app/web/50dc6c495c0c9188", {"alb.attack_strings_answered"}),
        ("10.0.1.21", {"vpcflow.admin_port_reached_from_internet"}),
        ("example.org", {"route53_resolver.tunnel_in_names"}),
        # names that begin or end alike
        ("10.0.1.2", set()),
        ("xample.org", set()),
        ("www.example.co", set()),
    ],
)
def test_the_findings_on_a_value(lake: Path, lakehunt: Run, value: str, found: set[str]) -> None:
    dossier = told(lakehunt("pivot", value, "--lake", lake, "--format", "json"))
    assert {finding["query_id"] for finding in dossier["findings"]} == found


@pytest.mark.parametrize("value", ["example.org", "EXAMPLE.ORG.", "t.example[.]org"])
def test_a_domain_is_known_by_the_names_under_it(lake: Path, lakehunt: Run, value: str) -> None:
    ran = lakehunt("pivot", value, "--lake", lake)
    assert "taken for a host" in ran.out
    assert "55 events of others that name it" in ran.out
