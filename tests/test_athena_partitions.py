"""Partitions that Athena reads: what bounds them, and what is asked for and is in none of them."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lakehunt.config import read_config
from lakehunt.content import roots
from lakehunt.model import Source
from lakehunt.sandbox.lake import BUCKET, load_lake, make_tables
from lakehunt.sandbox.server import Sandbox
from tests.conftest import ATHENA_TOML, Ran
from tests.lakes import lake_of

_WINDOW = ("--since", "2026-05-01", "--until", "2026-05-31")
_DEPLOYED = f"""
{ATHENA_TOML}
[deployment]
accounts = ["111122223333"]
regions = ["us-east-1"]
first_day = 2026-05-02
[deployment.buckets]
trail = "{BUCKET}"
"""
_THREE_DAYS = ("--since", "2026-05-01", "--until", "2026-05-03")
_LOOKING_BACK = "cloudtrail.new_region_or_service"
_COUNT = "SELECT count(*) AS n FROM cloudtrail"


@pytest.fixture
def recent(
    lakehunt_sandbox: Sandbox, cloudtrail: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A lake with an event of yesterday and one of 60 days ago, and the tables over it."""
    (tmp_path / "lakehunt.toml").write_text(ATHENA_TOML)
    monkeypatch.chdir(tmp_path)
    events = [
        {"eventTime": f"{_ago(days):%Y-%m-%dT%H:%M:%SZ}", "eventName": f"Ago{days}"}
        for days in (1, 60)
    ]
    lake = lake_of(tmp_path / "lake", cloudtrail, *events)
    deployment = load_lake(lakehunt_sandbox, lake, {"cloudtrail": cloudtrail})
    make_tables(lakehunt_sandbox, roots(), deployment, "lakehunt")
    return lake


def _ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


@pytest.mark.parametrize(
    ("condition", "name"),
    [
        ("event_time > current_timestamp - INTERVAL '7' DAY", "Ago1"),
        ("event_time BETWEEN now() - INTERVAL '3' MONTH AND current_date - INTERVAL '7' DAY",
         "Ago60"),
        ("date(event_time) = DATE '{:%Y-%m-%d}'", "Ago1"),
    ],
    ids=["since the clock", "until the clock", "a day"],
)  # fmt: skip
def test_a_bound_by_the_clock_or_by_days_leaves_folders_unread_here_and_there(
    recent: Path, lakehunt: Callable[..., Ran], condition: str, name: str
) -> None:
    sql = f"SELECT event_name FROM cloudtrail WHERE {condition.format(_ago(1))}"
    asked = ("sql", sql, "--format", "json")
    there = json.loads(lakehunt(*asked, "--engine", "athena").out)
    here = json.loads(lakehunt(*asked, "--lake", recent).out)
    assert there["rows"] == here["rows"] == [{"event_name": name}]
    assert here["run"]["sources"][0]["files"]["outside_window"] == 1
    bill = there["run"]["bill"]
    whole = sum(file.stat().st_size for file in recent.rglob("*.gz"))
    assert 0 < bill["scanned_bytes"] == bill["forecast_bytes"] < whole


@pytest.fixture
def narrow(
    lakehunt_sandbox: Sandbox,
    cloudtrail: Source,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tables of one account, one region and the days from 2 May; the bucket holds more."""
    events = [
        {"eventTime": f"2026-05-0{day}T10:00:00Z", "recipientAccountId": account,
         "awsRegion": "us-east-1", "eventName": "E"}
        for account in ("111122223333", "444455556666") for day in (1, 2, 3)
    ]  # fmt: skip
    lake_of(tmp_path / "lake", cloudtrail, *events)
    load_lake(lakehunt_sandbox, tmp_path / "lake", {"cloudtrail": cloudtrail})
    config = tmp_path / "lakehunt.toml"
    config.write_text(_DEPLOYED)
    monkeypatch.chdir(tmp_path)
    deployment = replace(read_config(config).deployment, layouts={"cloudtrail": "account"})
    make_tables(lakehunt_sandbox, roots(), deployment, "lakehunt")


@pytest.mark.parametrize(("strict", "code"), [((), 0), (("--strict",), 3)], ids=["lax", "strict"])
def test_days_before_the_tables_first_are_said_not_to_be_read(
    narrow: None, lakehunt: Callable[..., Ran], strict: tuple[str, ...], code: int
) -> None:
    ran = lakehunt("run", _LOOKING_BACK, "--engine", "athena", *_THREE_DAYS, *strict)
    assert ran.code == code, ran.err
    assert "NOT READ: lakehunt.cloudtrail_raw: day 2026/05/01 to 2026/05/04" in ran.err
    assert "its partitions have 2026/05/02 to 20" in ran.err
    assert "change `first_day` under [deployment]" in ran.err
    counted = lakehunt("sql", _COUNT, "--engine", "athena", *_THREE_DAYS, "--format", "json")
    (account,) = json.loads(counted.out)["run"]["sources"]
    assert [gap["column"] for gap in account["gaps"]] == ["day"]


def test_what_the_tables_have_is_no_gap_whatever_a_query_compares_it_with(
    narrow: None, lakehunt: Callable[..., Ran]
) -> None:
    asked = ("--since", "2026-05-02", "--until", "2999-01-01", "--account", "111122223333")
    ran = lakehunt("run", _LOOKING_BACK, "--engine", "athena", *asked, "--strict")
    assert "NOT READ" not in ran.err
    assert ran.code == 0, ran.err


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (("--account", "444455556666"), ("--account 444455556666", "111122223333", "`accounts`")),
        (("--region", "eu-west-1"), ("--region eu-west-1", "us-east-1", "`regions`")),
    ],
    ids=["account", "region"],
)
def test_an_account_or_region_that_no_table_has_is_refused(
    narrow: None, lakehunt: Callable[..., Ran], asked: tuple[str, ...], named: tuple[str, ...]
) -> None:
    for command in (("hunt", "--engine", "athena"), ("estimate", "--hunt")):
        ran = lakehunt(*command, *_WINDOW, *asked)
        assert ran.code == 2
        assert all(part in ran.err for part in named), ran.err


def test_a_query_that_names_an_account_outside_of_the_tables_is_told(
    narrow: None, lakehunt: Callable[..., Ran]
) -> None:
    sql = f"{_COUNT} WHERE account_id IN ('111122223333', '444455556666')"
    ran = lakehunt("sql", sql, "--engine", "athena", "--since", "2026-05-02")
    assert ran.code == 0
    assert "NOT READ: lakehunt.cloudtrail_raw: account_id 444455556666 was asked for" in ran.err
