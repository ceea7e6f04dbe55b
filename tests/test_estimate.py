"""What a run on Athena would read is told before it starts, refused where it is too much, and kept
beside what it read."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from lakehunt.config import Athena, Deployment
from lakehunt.content import roots
from lakehunt.engines.athena.engine import AthenaEngine
from lakehunt.engines.base import Limits
from lakehunt.errors import LimitError
from lakehunt.model import Forecast, Source, Window
from lakehunt.sandbox.faults import Faults
from lakehunt.sandbox.lake import load_lake, make_tables
from lakehunt.sandbox.server import RESULTS, Sandbox
from lakehunt.sources import load_sources
from lakehunt.sql.compile import Draft
from tests.buckets import Server
from tests.conftest import ATHENA_TOML, Ran
from tests.lakes import lake_of

Lakehunt = Callable[..., Ran]
_MAY = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
_SETTINGS = Athena(workgroup="primary", results=f"s3://{RESULTS}/run/")
_WINDOW = ("--since", "2026-05-01", "--until", "2026-05-31")
_COUNT = "SELECT count(*) AS n FROM cloudtrail"


@pytest.fixture
def two(sources: dict[str, Source]) -> dict[str, Source]:
    """A source of JSON and one of lines."""
    return {name: sources[name] for name in ("cloudtrail", "alb")}


@pytest.fixture
def lake(lakehunt_sandbox: Sandbox, two: dict[str, Source], tmp_path: Path) -> Sandbox:
    """A local Athena with a lake of both, over three days, two accounts and two regions."""
    events = [
        {
            "eventTime": f"2026-05-0{n}T10:00:00Z",
            "recipientAccountId": account,
            "awsRegion": region,
            "eventName": "E" * n,
        }
        for account, region in (("111122223333", "us-east-1"), ("444455556666", "eu-west-1"))
        for n in (1, 2, 3)
    ]
    lake_of(tmp_path / "lake", two["cloudtrail"], *events)
    lake_of(tmp_path / "lake", two["alb"], {"time": "2026-05-01T10:00:00.000000Z"})
    deployment = load_lake(lakehunt_sandbox, tmp_path / "lake", two)
    make_tables(lakehunt_sandbox, roots(), deployment, "lakehunt")
    return lakehunt_sandbox


@pytest.fixture
def engine(lake: Sandbox, two: dict[str, Source]) -> Iterator[AthenaEngine]:
    engine = AthenaEngine(_SETTINGS, two)
    yield engine
    engine.close()


def forecast_and_scanned(
    engine: AthenaEngine, sql: str, narrow: Mapping[str, tuple[str, ...]], window: Window = _MAY
) -> tuple[Forecast, int]:
    """Run one query and return what was forecast of it and what it scanned."""
    run = engine.run(
        [Draft("q", sql, narrow=narrow)],
        window,
        Limits(count=False, all_time=True),
        lambda share: None,
    )
    assert run.bill is not None
    assert run.bill.forecast is not None
    assert not isinstance(run.results["q"], Exception), run.results["q"]
    return run.bill.forecast, run.bill.scanned_bytes


def started(sandbox: Sandbox) -> list[str]:
    """The queries that were started since the tables were made."""
    every = sandbox.service().executions.values()
    return [one.request.sql for one in every if one.request.sql.startswith("-- lakehunt")]


def stored_bytes(sandbox: Sandbox, part: str) -> int:
    """The bytes of the lake's objects with a part of a path in their key."""
    objects = sandbox.store.objects("s3://lakehunt-lake/")
    return sum(one.size_bytes for one in objects if part in one.key)


def test_a_hunt_reads_what_was_forecast_and_the_history_says_so(
    place: Path, sandbox: Sandbox, lakehunt: Lakehunt
) -> None:
    asked = ("--severity", "high", *_WINDOW, "--format", "json")
    estimated = lakehunt("estimate", "--hunt", *asked)
    assert estimated.code == 0, estimated.err
    assert not started(sandbox)
    forecast = json.loads(estimated.out)
    ran = lakehunt("hunt", "--engine", "athena", *asked)
    bill = json.loads(ran.out)["run"]["bill"]
    assert forecast["bytes"] == bill["forecast_bytes"] == bill["scanned_bytes"] > 100_000
    assert forecast["usd"] == bill["usd"]
    assert len(forecast["queries"]) == bill["queries"] == len(started(sandbox))
    history = lakehunt("estimate", "--history", "--format", "json")
    past = json.loads(history.out)["queries"]
    assert len(past) == bill["queries"]
    assert {one["share"] for one in past} == {1.0}
    assert {one["query"] for one in past} >= {
        "cloudtrail.trail_stopped v1",
        "account of cloudtrail",
    }
    assert f"{bill['queries']} queries with a forecast" in history.err
    assert "100.0% of it; 0 read more than was expected" in history.err


@pytest.mark.parametrize(
    ("sql", "narrow"),
    [
        (_COUNT, {}),
        (f"{_COUNT} AS a JOIN cloudtrail AS b ON a.event_id = b.event_id", {}),
        ("SELECT count(*) AS n FROM cloudtrail_unparsed", {}),
        ("SELECT count(*) AS n FROM alb_unparsed", {}),
        ("SELECT count(*) AS n FROM cloudtrail_raw WHERE day = '2026/05/01'", {}),
        (_COUNT, {"account_id": ("444455556666",)}),
        (f"{_COUNT} WHERE region IN ('eu-west-1', 'nowhere-1')", {}),
        ("SELECT count(*) AS n FROM activity", {}),
        ("SELECT 1 AS n", {}),
    ],
    ids=["view", "twice", "json unparsed", "lines", "raw day", "account", "region", "activity",
         "nothing"],
)  # fmt: skip
def test_each_read_is_forecast_as_it_is_scanned(
    engine: AthenaEngine, sql: str, narrow: dict[str, tuple[str, ...]]
) -> None:
    forecast, scanned = forecast_and_scanned(engine, sql, narrow)
    assert forecast.amount.size_bytes == scanned
    assert not forecast.unknown
    assert (scanned > 0) is ("FROM" in sql)


def test_partitions_objects_and_bytes_are_those_of_the_days_asked_for(
    engine: AthenaEngine, lake: Sandbox
) -> None:
    day = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 1, 12, tzinfo=UTC))
    narrow = {"region": ("us-east-1",)}
    forecast, scanned = forecast_and_scanned(engine, _COUNT, narrow, day)
    # of two accounts the day, and the next for what is delivered late
    assert forecast.amount.partitions == 2 * 2
    wanted = [f"us-east-1/2026/05/0{n}/" for n in (1, 2)]
    expected = sum(stored_bytes(lake, f"CloudTrail/{part}") for part in wanted)
    assert forecast.amount.size_bytes == scanned == expected > 0
    assert forecast.amount.objects == 2
    assert forecast.listings <= 2 * 2


def test_equal_reads_are_listed_once(engine: AthenaEngine) -> None:
    drafts = [Draft(f"q{n}", f"{_COUNT} WHERE event_name = 'E{n}'") for n in range(20)]
    forecast, failed = engine.forecast(drafts, _MAY, Limits(count=False))
    assert (len(forecast.queries), failed) == (20, {})
    assert forecast.listings <= 2 * 3
    again, _ = engine.forecast(drafts, _MAY, Limits(count=False))
    assert again.amount == forecast.amount
    assert again.listings == 0


def test_too_much_is_refused_before_anything_starts(
    place: Path, sandbox: Sandbox, lakehunt: Lakehunt
) -> None:
    asked = ("sql", _COUNT, "--engine", "athena", *_WINDOW)
    ran = lakehunt(*asked, "--max-scan", "1KB")
    assert ran.code == 2
    assert "nothing was started: this would scan" in ran.err
    assert "more than the 1,000 bytes allowed; most of it sql" in ran.err
    assert "`max_scan` under [athena] in lakehunt.toml" in ran.err
    assert not started(sandbox)
    (place / "lakehunt.toml").write_text(f'{ATHENA_TOML}max_scan = "50 KB"\n')
    ran = lakehunt(*asked)
    assert "more than the 50,000 bytes allowed" in ran.err
    assert "allow it with --max-scan 1GB, or with `max_scan`" in ran.err
    assert not started(sandbox)
    assert lakehunt(*asked, "--max-scan", "1GB").code == 0
    told = lakehunt("estimate", _COUNT, *_WINDOW)
    assert told.code == 0
    assert "a run would be refused: 50.0 kB are allowed; --max-scan 1GB allows it" in told.err
    wrong = lakehunt(*asked, "--max-scan", "much")
    assert (wrong.code, "--max-scan much: expected a number of bytes" in wrong.err) == (2, True)


def test_far_above_the_limit_listing_ends_early(
    sandbox: Sandbox, sources: dict[str, Source]
) -> None:
    engine = AthenaEngine(replace(_SETTINGS, max_scan=1), sources)
    try:
        with pytest.raises(LimitError, match="would scan at least"):
            engine.run([Draft("q", _COUNT)], _MAY, Limits(), lambda share: None)
    finally:
        engine.close()
    assert not started(sandbox)


def test_a_bucket_that_may_not_be_listed_is_named_and_the_run_goes_on(
    place: Path, sandbox: Sandbox, lakehunt: Lakehunt
) -> None:
    sandbox.faults = Faults(denied="s3:ListBucket")
    ran = lakehunt("sql", _COUNT, "--engine", "athena", *_WINDOW, "--format", "json")
    assert ran.code == 0, ran.err
    assert "no forecast of lakehunt.cloudtrail_raw: s3://lakehunt-lake" in ran.err
    assert "s3:ListBucket is missing" in ran.err
    assert json.loads(ran.out)["run"]["bill"]["forecast_bytes"] is None
    past = json.loads(lakehunt("estimate", "--history", "--format", "json").out)["queries"]
    assert [(one["forecast_bytes"], one["share"]) for one in past] == [(None, None)]


def test_a_table_that_is_not_there_is_athenas_to_refuse(
    place: Path, sandbox: Sandbox, lakehunt: Lakehunt
) -> None:
    boto3.client("glue").delete_table(DatabaseName="lakehunt", Name="cloudtrail_raw")
    told = lakehunt("estimate", _COUNT, *_WINDOW)
    assert "no forecast of lakehunt.cloudtrail_raw: reading the table" in told.err
    ran = lakehunt("sql", _COUNT, "--engine", "athena", *_WINDOW)
    assert (ran.code, "TABLE_NOT_FOUND" in ran.err) == (3, True)


def test_an_organizations_layout_and_several_buckets(
    lakehunt_sandbox: Sandbox, sources: dict[str, Source], tmp_path: Path
) -> None:
    deployment = Deployment(
        buckets={"trail": "org-trail", "alb": "org-alb"},
        organization="o-a1b2c3d4e5",
        accounts=("111122223333", "444455556666"),
        regions=("us-east-1",),
        first_day=datetime(2026, 5, 1, tzinfo=UTC).date(),
        layouts={"cloudtrail": "organization", "alb": "account"},
    )
    for bucket in ("org-trail", "org-alb", RESULTS):
        lakehunt_sandbox.store.make_bucket(bucket)
    make_tables(lakehunt_sandbox, roots(), deployment, "lakehunt")
    below = "AWSLogs/o-a1b2c3d4e5/111122223333/CloudTrail/us-east-1/2026/05/01/"
    lakehunt_sandbox.store.put(f"s3://org-trail/{below}a.json.gz", b"x" * 11)
    lakehunt_sandbox.store.put(f"s3://org-trail/{below}b/c.json.gz", b"x" * 13)
    lakehunt_sandbox.store.put(
        f"s3://org-trail/{below.replace('CloudTrail', 'CloudTrail-Digest')}d.json.gz", b"x" * 17
    )
    alb = "AWSLogs/444455556666/elasticloadbalancing/us-east-1/2026/05/03/a.log.gz"
    lakehunt_sandbox.store.put(f"s3://org-alb/{alb}", b"x" * 19)
    engine = AthenaEngine(_SETTINGS, load_sources(roots(), deployment))
    sql = f"{_COUNT} UNION ALL SELECT count(*) AS n FROM alb"
    try:
        forecast, failed = engine.forecast([Draft("q", sql)], _MAY, Limits(count=False))
    finally:
        engine.close()
    assert not failed
    assert (forecast.amount.objects, forecast.amount.size_bytes) == (3, 11 + 13 + 19)


def test_what_ran_on_a_sandbox_does_not_stand_beside_what_was_paid(
    place: Path, lake: Sandbox, lakehunt: Lakehunt, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lakehunt("sql", _COUNT, "--engine", "athena", *_WINDOW).code == 0

    def shown() -> list[str]:
        told = json.loads(lakehunt("estimate", "--history", "--format", "json").out)
        return [one["query"] for one in told["queries"]]

    assert len(shown()) == 1
    for name in lake.environment:
        monkeypatch.delenv(name, raising=False)
    assert not shown()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://vpce-1.athena.eu-west-1.vpce.amazonaws.com")
    assert not shown()


def test_a_history_that_is_broken_is_named(place: Path, lakehunt: Lakehunt) -> None:
    empty = lakehunt("estimate", "--history")
    assert (empty.code, "0 queries in " in empty.err) == (0, True)
    path = Path(empty.err.partition(" in ")[2].splitlines()[0])
    path.parent.mkdir(parents=True)
    path.write_text("{}\n")
    broken = lakehunt("estimate", "--history")
    assert broken.code == 2
    assert "athena.jsonl:1: a line that lakehunt did not write" in broken.err


def test_what_cannot_be_estimated_is_said(
    place: Path, sandbox: Sandbox, lakehunt: Lakehunt
) -> None:
    for asked in ((), (_COUNT, "--hunt")):
        wrong = lakehunt("estimate", *asked, *_WINDOW)
        assert (wrong.code, "or --hunt" in wrong.err) == (2, True)
    unbounded = lakehunt("estimate", _COUNT)
    assert (unbounded.code, "--all-time" in unbounded.err) == (2, True)
    wrong = lakehunt("estimate", "SELECT nope FROM cloudtrail", *_WINDOW)
    assert (wrong.code, "COLUMN_NOT_FOUND" in wrong.err) == (2, True)
    assert lakehunt("estimate", "cloudtrail.trail_stopped", *_WINDOW).code == 0


def test_of_a_lake_in_s3_it_is_told_what_has_to_be_fetched(
    tmp_path: Path, s3: Server, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    events = [{"eventTime": f"2026-05-0{day}T10:00:00Z"} for day in (1, 2, 3)]
    s3.upload("trail", lake_of(tmp_path / "lake", cloudtrail, *events))
    s3.asked.clear()
    asked = ("--lake", "s3://trail", "--since", "2026-05-03", "--until", "2026-05-03")
    before = lakehunt("estimate", _COUNT, "--engine", "local", *asked, "--format", "jsonl")
    assert before.code == 0, before.err
    row = json.loads(before.out)
    assert (row["source"], row["objects"]) == ("cloudtrail", 1)
    assert row["bytes"] == row["bytes_to_fetch"] > 0
    assert not s3.fetched
    assert lakehunt("sql", _COUNT, *asked).code == 0
    after = json.loads(
        lakehunt("estimate", _COUNT, "--engine", "local", *asked, "--format", "jsonl").out
    )
    assert (after["bytes"], after["bytes_to_fetch"]) == (row["bytes"], 0)
