"""What `show` and `list` tell of queries and relations."""

import json
from collections.abc import Callable

import pytest

from tests.conftest import Ran

Run = Callable[..., Ran]


def test_show_prints_what_would_be_sent(lakehunt: Run) -> None:
    window = ("--since", "2026-05-01", "--until", "2026-05-01")
    athena = lakehunt("show", "cloudtrail.trail_stopped", "--sql", *window)
    assert "day >= '2026/05/01'" in athena.out
    local = lakehunt("show", "cloudtrail.trail_stopped", "--sql", "--engine", "local", *window)
    assert local.code == 0
    assert "FROM" in local.out
    shown = lakehunt("show", "cloudtrail.trail_stopped")
    assert "question" in shown.out
    assert "T1685.002" in shown.out
    assert "userIdentity" in lakehunt("show", "cloudtrail").out


def test_links_are_shown_whole(lakehunt: Run) -> None:
    shown = lakehunt("show", "cloudtrail.trail_stopped").out
    links = [word for word in shown.split() if "https" in word]
    assert len(links) == 4
    assert all(link.startswith("https://") and link.endswith(".html") for link in links)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cloudtrail_raw", "userIdentity"),
        ("vpcflow_raw", "log_account_id"),
        ("alb_lines", "line, account_id, region, day, $path"),
        ("cloudtrail_unparsed", "line, log_file"),
        ("activity", "peer_port"),
    ],
)
def test_show_tells_the_columns_of_what_queries_read(
    lakehunt: Run, name: str, expected: str
) -> None:
    ran = lakehunt("show", name)
    assert (ran.code, ran.out.startswith(name)) == (0, True)
    assert expected in ran.out


def test_list_shows_queries_and_sources(lakehunt: Run) -> None:
    ran = lakehunt("list")
    assert "cloudtrail.trail_stopped" in ran.out
    assert "AWS CloudTrail management and data events" in ran.out
    listed = json.loads(lakehunt("list", "--kind", "investigation", "--format", "json").out)
    assert {query["kind"] for query in listed} == {"investigation"}
