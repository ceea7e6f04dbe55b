"""`--engine trino` on a real one: the findings of the local engine, and no query left behind."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lakehunt.config import Deployment, Trino
from lakehunt.content import roots
from lakehunt.demo import make_lake
from lakehunt.deploy.trino import trino_statements
from lakehunt.engines.base import Limits, Run
from lakehunt.engines.trino.engine import TrinoEngine
from lakehunt.engines.trino.queries import Queries
from lakehunt.errors import EngineError, LakehuntError, UnboundedError
from lakehunt.model import Result, Source, Window
from lakehunt.sandbox.lake import BUCKET, deployment_of, told_by_files
from lakehunt.sources import load_sources
from lakehunt.sql.compile import Draft
from tests.conftest import Ran

from .judge import Judge
from .server import CATALOG

pytestmark = pytest.mark.live
MAY = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
DAY = ("--since", "2026-05-19", "--until", "2026-05-19")
# A hunt is a hunt with few detections: `test_queries` asks each query.
HUNTED = ("--severity", "high", "--source", "cloudtrail", "--attack", "T1685", "--attack", "T1098")
SLOW = "SELECT count(*) FROM {} WHERE a.n + b.n + c.n < 0".format(
    ", ".join(f"UNNEST(sequence(1, 10000)) AS {name}(n)" for name in "abc")
)


@pytest.fixture(scope="module")
def demo_lake(sources: dict[str, Source], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's bucket of CloudTrail with few ordinary events: Trino fetches each file anew."""
    folder = tmp_path_factory.mktemp("small") / "lake"
    make_lake(folder, sources, lambda share: None, events=60)
    return folder / sources["cloudtrail"].partitions.bucket


@pytest.fixture(scope="module")
def settings(judge: Judge, demo_lake: Path, sources: dict[str, Source]) -> Trino:
    """The demo's lake in S3, the tables of what is hunted made by those of `ddl --format trino`."""
    judge.database("demo", BUCKET)
    judge.sandbox.load(demo_lake, BUCKET)
    judge.sandbox.store.make_bucket("demo-nothing")
    deployed = load_sources(roots(), demo_deployment(demo_lake, sources))
    for statement in trino_statements(deployed["cloudtrail"]):
        judge.run(statement, "demo")
    return Trino("127.0.0.1", judge.port, "test", CATALOG, "demo")


def demo_deployment(lake: Path, sources: dict[str, Source]) -> Deployment:
    """Return the deployment of the demo's lake; what is not in it has a bucket of its own."""
    own = deployment_of(told_by_files(lake, sources), sources)
    others = {source.partitions.bucket: "demo-nothing" for source in sources.values()}
    names = ("web_acl", "vpc", "source_bucket", "distribution_id")
    return Deployment(
        buckets={**others, **own.buckets},
        accounts=own.accounts,
        regions=own.regions,
        first_day=own.first_day,
        layouts=own.layouts,
        values={**{name: ("none",) for name in names}, **own.values},
    )


@pytest.fixture
def place(settings: Trino, demo_lake: Path, tmp_path: Path, monkeypatch: Any) -> Path:
    """A folder with a lakehunt.toml for the server."""
    write_config(tmp_path, settings)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_config(folder: Path, settings: Trino, **more: str) -> None:
    text = f"""
[trino]
host = "{settings.host}"
port = {settings.port}
user = "test"
catalog = "{settings.catalog}"
schema = "{settings.schema}"
"""
    text += "".join(f"{key} = {value}\n" for key, value in more.items())
    (folder / "lakehunt.toml").write_text(text)


def quiet(share: float) -> None:
    """Draw nothing."""


def run(settings: Trino, sql: str, window: Window | None = MAY, **limits: Any) -> Run:
    engine = TrinoEngine(settings, load_sources(roots()))
    return engine.run([Draft("q", sql)], window, Limits(**{"count": False, **limits}), quiet)


def result(of: Run) -> Result:
    found = of.results["q"]
    assert isinstance(found, Result), found
    return found


def test_a_hunt_finds_the_same_on_trino_as_locally(
    place: Path, demo_lake: Path, lakehunt: Callable[..., Ran]
) -> None:
    rows = ("--rows", "--format", "jsonl", *HUNTED, *DAY)
    there = lakehunt("hunt", "--engine", "trino", *rows)
    here = lakehunt("hunt", demo_lake, *rows)
    assert (there.code, here.code) == (1, 1), there.err
    on_disk = here.out.replace(str(demo_lake), f"s3://{BUCKET}")
    assert in_order(there.out) == in_order(on_disk)
    assert there.out.count("\n") > 5
    counted = [line for line in there.err.splitlines() if line.startswith("cloudtrail:")]
    assert counted, there.err


def in_order(lines: str) -> list[str]:
    """Return rows as JSON in order, lists in order as well."""
    values = [json.loads(line) for line in lines.splitlines()]
    for value in values:
        for key, inner in value.items():
            value[key] = sorted(map(str, inner)) if isinstance(inner, list) else inner
    return sorted(json.dumps(value, sort_keys=True) for value in values)


def test_values_have_the_types_that_the_query_gives_them(settings: Trino) -> None:
    sql = """SELECT
        CAST(1 AS integer) AS i, 2 AS b, 1.50 AS d, 0.5e0 AS f, nan() AS nan, infinity() AS inf,
        true AS yes, 'x' AS t, DATE '2026-05-01' AS day, TIMESTAMP '2026-05-01 10:00:00.123' AS ms,
        ARRAY['a', NULL] AS list, MAP(ARRAY[1], ARRAY['x']) AS map,
        CAST(ROW(1, 'x') AS row(n integer, t varchar)) AS row, X'00ff' AS bytes, NULL AS nothing,
        CAST('{"a":1}' AS json) AS json,
        TIMESTAMP '2026-05-01 10:00:00.123 UTC' AS zoned"""
    (row,) = result(run(settings, sql)).rows()
    assert row.pop("nan") != row["inf"]
    assert row == {
        "i": 1, "b": 2, "d": Decimal("1.50"), "f": 0.5, "inf": float("inf"), "yes": True, "t": "x",
        "day": date(2026, 5, 1), "ms": datetime(2026, 5, 1, 10, 0, 0, 123000), "list": ["a", None],
        "map": [(1, "x")], "row": {"n": 1, "t": "x"}, "bytes": b"\x00\xff", "nothing": None,
        "json": '"{\\"a\\":1}"', "zoned": "2026-05-01 10:00:00.123 UTC",
    }  # fmt: skip


def test_no_more_rows_are_read_than_asked_for(settings: Trino) -> None:
    many = "SELECT n FROM UNNEST(sequence(1, 5000)) AS t(n), UNNEST(sequence(1, 500)) AS u(m)"
    found = result(run(settings, many, max_rows=10))
    assert (found.table.num_rows, found.truncated) == (10, True)
    assert not result(run(settings, "SELECT 1 AS n", max_rows=1)).truncated


def test_what_runs_says_which_query_it_is(settings: Trino, judge: Judge) -> None:
    found = result(run(settings, "SELECT 42 AS answer"))
    sql = "SELECT query, source FROM system.runtime.queries WHERE query_id = '{}'"
    ((text, source),) = judge.run(sql.format(found.execution_id), "demo")
    assert str(text).startswith("-- lakehunt: q\n")
    assert source == "lakehunt"


def test_an_unbounded_query_is_refused(settings: Trino) -> None:
    with pytest.raises(UnboundedError, match="--all-time"):
        run(settings, "SELECT count(*) FROM cloudtrail", None)


def test_an_error_of_a_query_keeps_no_other(settings: Trino) -> None:
    engine = TrinoEngine(settings, load_sources(roots()))
    drafts = [Draft("bad", "SELECT 1 / 0 AS x"), Draft("good", "SELECT 1 AS x")]
    found = engine.run(drafts, MAY, Limits(count=False), quiet).results
    assert isinstance(found["bad"], EngineError)
    assert "DIVISION_BY_ZERO" in str(found["bad"])
    assert isinstance(found["good"], Result)


def test_a_missing_table_names_the_command_that_makes_it(settings: Trino, judge: Judge) -> None:
    judge.sandbox.store.make_database("empty")
    sql = "SELECT event_id FROM cloudtrail WHERE event_time > TIMESTAMP '2026-05-01'"
    found = run(Trino("127.0.0.1", judge.port, "test", CATALOG, "empty"), sql).results["q"]
    assert isinstance(found, LakehuntError)
    assert "TABLE_NOT_FOUND" in str(found)
    assert "lakehunt ddl --format trino" in str(found)


def running(judge: Judge) -> list[object]:
    """Return the slow queries that have not ended."""
    sql = (
        "SELECT query_id FROM system.runtime.queries WHERE query LIKE '%c.n < 0%' AND state NOT IN"
    )
    return [*judge.run(f"{sql} ('FAILED', 'FINISHED') AND query NOT LIKE '%runtime%'", "demo")]


def waited(judge: Judge, is_running: bool) -> bool:
    """Tell whether a slow query runs, or none does, within a minute."""
    for _ in range(120):
        if bool(running(judge)) is is_running:
            return True
        time.sleep(0.5)
    return False


def test_an_interrupt_leaves_no_query_running(settings: Trino, judge: Judge) -> None:
    def interrupt() -> None:
        if waited(judge, True):
            os.kill(os.getpid(), signal.SIGINT)

    # whoever runs tests in the background may have it ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    waiting = threading.Thread(target=interrupt)
    waiting.start()
    engine = TrinoEngine(settings, load_sources(roots()))
    with pytest.raises(KeyboardInterrupt):
        engine.run([Draft("a", SLOW), Draft("b", SLOW)], MAY, Limits(count=False), quiet)
    waiting.join()
    assert waited(judge, False)


def test_an_error_leaves_no_query_running(settings: Trino, judge: Judge) -> None:
    def heard(name: str, answer: object) -> None:
        assert waited(judge, True)
        raise RuntimeError("what hears of it fails")

    with pytest.raises(RuntimeError):
        Queries(settings, None).run({"slow": SLOW, "quick": "SELECT 1"}, heard)
    assert waited(judge, False)


def test_nothing_that_listens(
    lakehunt: Callable[..., Ran], tmp_path: Path, monkeypatch: Any
) -> None:
    write_config(tmp_path, Trino("127.0.0.1", 1))
    monkeypatch.chdir(tmp_path)
    ran = lakehunt("sql", "SELECT 1 AS n", "--engine", "trino", *DAY)
    assert ran.code == 3
    assert "127.0.0.1:1: no answer of a Trino: " in ran.err
    assert "refused" in ran.err
    assert "`host`, `port` and `tls` under [trino]" in ran.err
