"""The Athena engine against the sandbox: the rows are those of the local engine, and no query is
left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from lakehunt.config import Athena
from lakehunt.engines.athena.engine import AthenaEngine
from lakehunt.engines.base import Limits, Run
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.errors import CloudError, LimitError, UnboundedError
from lakehunt.model import Result, Source, Window
from lakehunt.sandbox.executions import ENDED, Execution
from lakehunt.sandbox.faults import Faults
from lakehunt.sandbox.lake import BUCKET
from lakehunt.sandbox.server import RESULTS, Sandbox
from lakehunt.sql.compile import Draft
from tests.conftest import Ran

_MAY = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
_SETTINGS = Athena(workgroup="primary", results=f"s3://{RESULTS}/run/", concurrency=10)
_WINDOW = ("--since", "2026-05-01", "--until", "2026-05-31")
_CONFIG = f"""
[athena]
workgroup = "primary"
results = "s3://{RESULTS}/run/"
concurrency = 10

[deployment]
accounts = ["111122223333", "444455556666"]
regions = ["ap-southeast-2", "eu-west-1", "us-east-1"]
"""


@pytest.fixture
def engine(sandbox: Sandbox, sources: dict[str, Source]) -> Iterator[AthenaEngine]:
    engine = AthenaEngine(_SETTINGS, sources)
    yield engine
    engine.close()


@pytest.fixture
def place(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a lakehunt.toml for the sandbox."""
    (tmp_path / "lakehunt.toml").write_text(_CONFIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _quiet(share: float) -> None:
    pass


def _run(engine: AthenaEngine, *queries: str, window: Window | None = _MAY, **limits: Any) -> Run:
    drafts = [Draft(f"q{number}", sql) for number, sql in enumerate(queries)]
    return engine.run(drafts, window, Limits(**{"count": False, **limits}), _quiet)


def _result(run: Run) -> Result:
    result = run.results["q0"]
    assert isinstance(result, Result), result
    return result


def _executions(sandbox: Sandbox) -> list[Execution]:
    """Return what was run since the tables were made."""
    every = sandbox.service().executions.values()
    return [one for one in every if one.request.sql.startswith("-- lakehunt")]


def test_a_hunt_finds_the_same_on_athena_as_locally(
    place: Path, demo_lake: Path, lakehunt: Callable[..., Ran]
) -> None:
    rows = ("--rows", "--format", "jsonl", *_WINDOW)
    there = lakehunt("hunt", "--engine", "athena", *rows)
    here = lakehunt("hunt", demo_lake, *rows)
    assert (there.code, here.code) == (1, 1)
    on_disk = here.out.replace(str(demo_lake), f"s3://{BUCKET}")
    assert _sorted(there.out) == _sorted(on_disk)
    assert there.out.count("\n") > 20
    assert "about 0.00" in there.err


def _sorted(lines: str) -> list[str]:
    return sorted(_canonical(json.loads(line)) for line in lines.splitlines())


def _canonical(value: dict[str, Any]) -> str:
    for key in ("log_files", "targets", "source_ips"):
        if isinstance(value.get(key), list):
            value[key] = sorted(map(str, value[key]))
    return json.dumps(value, sort_keys=True)


def test_findings_and_the_account_of_a_hunt_are_those_of_the_local_engine(
    place: Path, sandbox: Sandbox, demo_lake: Path, lakehunt: Callable[..., Ran]
) -> None:
    asked = ("--format", "json", *_WINDOW)
    found_there = json.loads(lakehunt("hunt", "--engine", "athena", *asked).out)
    found_here = json.loads(lakehunt("hunt", demo_lake, *asked).out)
    assert _told(found_there) == _told(found_here)
    assert len(_told(found_there)) > 10
    there, here = found_there["run"], found_here["run"]
    for key in ("rows", "first_event_time", "last_event_time", "accounts", "regions",
                "hours_with_events", "event_classes"):  # fmt: skip
        assert there["sources"][0][key] == here["sources"][0][key]
    assert "files" in there["sources"][0]["not_counted"]
    assert "files" not in there["sources"][0]
    bill = there["bill"]
    assert bill["queries"] == len(_executions(sandbox)) > 20
    assert 0 < bill["counting_usd"] < bill["usd"]


def _told(document: dict[str, Any]) -> list[tuple[Any, ...]]:
    keys = ("query_id", "fingerprint", "first_event_time", "last_event_time", "event_count")
    return sorted(tuple(finding[key] for key in keys) for finding in document["findings"])


_TYPED = """
SELECT
    CAST(1 AS tinyint) AS a, 2 AS b, BIGINT '9007199254740993' AS c, 1.50 AS d, 1e-7 AS e,
    CAST(0.1 AS real) AS f, true AS g, '' AS h, CAST(NULL AS varchar) AS i, 'x, "y"
z' AS j, DATE '2026-05-01' AS k, TIMESTAMP '2026-05-01 10:00:00.120' AS l, X'00FF' AS m,
    ARRAY['a, b', NULL, ''] AS n, MAP(ARRAY['k'], ARRAY[1.5]) AS o,
    CAST(ROW(1, ARRAY['z']) AS ROW(p integer, q array(varchar))) AS r,
    ARRAY[TIMESTAMP '2026-05-01 10:00:00.120'] AS s, nan() AS t, infinity() AS u,
    json_parse('{"w": 1}') AS v
FROM (VALUES 1)
"""


def test_values_have_the_types_and_the_exactness_that_they_have_locally(
    engine: AthenaEngine, demo_lake: Path, sources: dict[str, Source]
) -> None:
    local = LocalEngine(demo_lake, sources)
    try:
        here = local.run([Draft("q0", _TYPED)], _MAY, Limits(), _quiet).results["q0"]
    finally:
        local.close()
    assert isinstance(here, Result), here
    there = _result(_run(engine, _TYPED))
    assert there.table.schema == here.table.schema
    assert str(there.rows()) == str(here.rows())


def test_what_is_sent_says_whose_it_is_and_bounds_partitions(
    engine: AthenaEngine, sandbox: Sandbox
) -> None:
    draft = Draft("cloudtrail.x\ny", "SELECT count(*) AS n FROM cloudtrail", version=3)
    engine.run([draft], _MAY, Limits(), _quiet)
    first, counting = sorted(_executions(sandbox), key=lambda one: one.request.sql)[::-1]
    assert first.request.sql.startswith("-- lakehunt: cloudtrail.x y v3\nSELECT")
    assert counting.request.sql.startswith("-- lakehunt: account of cloudtrail\nSELECT")
    for one in (first, counting):
        assert "day >= '2026/05/01' AND day <= '2026/06/01'" in " ".join(one.request.sql.split())


def test_large_results_are_read_whole_and_no_row_more_than_asked_for(
    engine: AthenaEngine, sandbox: Sandbox
) -> None:
    many = (
        "SELECT x, IF(x % 3 = 0, NULL, IF(x % 3 = 1, '', 'a\"b')) AS y"
        " FROM UNNEST(sequence(1, 5000)) AS t(x)"
    )
    expected = [{"x": x, "y": (None, "", 'a"b')[x % 3]} for x in range(1, 5001)]
    ordered = _result(_run(engine, f"{many} ORDER BY x"))
    assert ordered.rows() == expected
    assert not ordered.truncated
    some = _result(_run(engine, f"{many} ORDER BY x", max_rows=2000))
    assert (some.rows(), some.truncated) == (expected[:2000], True)
    few = _result(_run(engine, f"{many} ORDER BY x", max_rows=3))
    assert (few.rows(), few.truncated) == (expected[:3], True)
    unloaded = _result(_run(engine, many, max_rows=200_000))
    assert sorted(unloaded.rows(), key=lambda row: int(str(row["x"]))) == expected
    assert [one.request.sql for one in _executions(sandbox) if "UNLOAD (" in one.request.sql]


def test_one_column_of_null_is_a_row(engine: AthenaEngine) -> None:
    sql = "SELECT IF(x > 1, NULL, 'a') AS y FROM UNNEST(sequence(1, 1500)) AS t(x) ORDER BY x"
    rows = _result(_run(engine, sql)).rows()
    assert rows == [{"y": "a"}, *({"y": None} for _ in range(1499))]


def test_one_failing_query_does_not_keep_the_others(engine: AthenaEngine, sandbox: Sandbox) -> None:
    sandbox.faults = Faults(failing="doomed")
    run = _run(engine, "SELECT 'doomed' AS a", "SELECT nope FROM cloudtrail", "SELECT 1 AS b")
    assert "injected" in str(run.results["q0"])
    assert "COLUMN_NOT_FOUND" in str(run.results["q1"])
    assert isinstance(run.results["q2"], Result)


def test_a_missing_permission_is_named(engine: AthenaEngine, sandbox: Sandbox) -> None:
    reason = (
        "Insufficient permissions to execute the query. User:"
        " arn:aws:sts::111122223333:assumed-role/analyst/alice is not authorized to perform:"
        " glue:GetTable on resource: arn:aws:glue:us-east-1:111122223333:table/lakehunt/cloudtrail"
    )
    sandbox.faults = Faults(failing="SELECT", reason=reason)
    error = _run(engine, "SELECT 1 AS a").results["q0"]
    assert isinstance(error, CloudError)
    assert "glue:GetTable is missing on arn:aws:glue:us-east-1:111122223333:table/" in str(error)
    assert "assumed-role/analyst/alice" in str(error)


def test_an_unbounded_query_is_refused_before_anything_runs(
    engine: AthenaEngine, sandbox: Sandbox
) -> None:
    with pytest.raises(UnboundedError, match="Athena is paid by what it reads"):
        _run(engine, "SELECT count(*) AS n FROM cloudtrail", window=None)
    assert not _executions(sandbox)
    run = _run(engine, "SELECT count(*) AS n FROM cloudtrail", window=None, all_time=True)
    assert _result(run).rows()[0]["n"]


def test_a_run_that_scans_too_much_is_stopped(sandbox: Sandbox, sources: dict[str, Source]) -> None:
    engine = AthenaEngine(replace(_SETTINGS, max_scan=10), sources)
    # what cannot be listed is not forecast either: only what was scanned shows that it is too much
    sandbox.faults = Faults(denied="s3:ListBucket", slow="slowly", slow_seconds=600)
    slow = "SELECT 'slowly' AS a"
    try:
        with pytest.raises(LimitError, match="more than the 0.0 GB allowed"):
            _run(engine, slow, "SELECT count(*) AS n FROM cloudtrail")
    finally:
        engine.close()
    assert {one.state for one in _executions(sandbox)} <= {"CANCELLED", "SUCCEEDED"}


@pytest.mark.parametrize(
    "faults", [Faults(throttled=0.2), Faults(lost=0.2)], ids=["throttled", "lost"]
)
def test_every_query_completes_and_only_once_when_calls_fail(
    engine: AthenaEngine, sandbox: Sandbox, faults: Faults
) -> None:
    sandbox.faults = faults
    queries = [f"SELECT {number} AS n" for number in range(30)]
    run = _run(engine, *queries)
    rows = [result.rows() for result in run.results.values() if isinstance(result, Result)]
    assert rows == [[{"n": number}] for number in range(30)]
    sent = [one.request.sql for one in _executions(sandbox)]
    assert len(sent) == len({*sent}) == 30
    assert {one.state for one in _executions(sandbox)} == {"SUCCEEDED"}


def test_an_exception_stops_what_runs(engine: AthenaEngine, sandbox: Sandbox) -> None:
    sandbox.faults = Faults(slow="slowly", slow_seconds=600)

    def broken(share: float) -> None:
        raise RuntimeError("the terminal is gone")

    drafts = [Draft("quick", "SELECT 1 AS a")]
    drafts += [Draft(f"slow{n}", f"SELECT 'slowly' AS a, {n} AS b") for n in range(30)]
    with pytest.raises(RuntimeError):
        engine.run(drafts, _MAY, Limits(), broken)
    found = _executions(sandbox)
    assert len(found) >= 10
    assert {one.state for one in found} == {"SUCCEEDED", "CANCELLED"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_hunt_that_is_killed_leaves_no_query_running(
    place: Path, sandbox: Sandbox, number: signal.Signals
) -> None:
    sandbox.faults = Faults(slow="SELECT", slow_seconds=600)
    # whoever runs tests in the background may have it ignored, and a child inherits that
    signal.signal(signal.SIGINT, signal.default_int_handler)
    command = [sys.executable, "-m", "lakehunt", "hunt", "--engine", "athena", *_WINDOW]
    # own session: what is sent to the process does not reach its children by the way
    with subprocess.Popen(
        command, env={**os.environ}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:  # fmt: skip
        _until(lambda: len(_running(sandbox)) >= 10)
        process.send_signal(number)
        process.communicate()
    _until(lambda: not _running(sandbox))
    assert {one.state for one in _executions(sandbox)} == {"CANCELLED"}


def _running(sandbox: Sandbox) -> list[Execution]:
    return [one for one in _executions(sandbox) if one.state not in ENDED]


def _until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, and give up after a time that no machine needs for it."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_start_that_was_never_answered_is_stopped_too(
    engine: AthenaEngine, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.faults = Faults(slow="slowly", slow_seconds=600)
    client = engine.account.athena
    start = client.start_query_execution

    def interrupted(**request: Any) -> Any:
        answer = start(**request)
        if monkeypatched.pop("first", None):
            # between the answer of the service and the line that notes it
            raise KeyboardInterrupt
        return answer

    monkeypatched = {"first": True}
    monkeypatch.setattr(client, "start_query_execution", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _run(engine, "SELECT 'slowly' AS a")
    assert [one.state for one in _executions(sandbox)] == ["CANCELLED"]


def test_results_are_used_again_and_cost_nothing(
    sandbox: Sandbox, sources: dict[str, Source]
) -> None:
    engine = AthenaEngine(_SETTINGS, sources, reuse=timedelta(hours=1))
    try:
        first = _run(engine, "SELECT count(*) AS n FROM cloudtrail")
        again = _run(engine, "SELECT count(*) AS n FROM cloudtrail")
    finally:
        engine.close()
    assert _result(first).rows() == _result(again).rows()
    assert first.bill is not None
    assert again.bill is not None
    assert (first.bill.reused, again.bill.reused) == (0, 1)
    assert first.bill.usd > again.bill.usd == 0


def test_reuse_rounds_both_ends_of_the_window(
    place: Path, sandbox: Sandbox, lakehunt: Callable[..., Ran]
) -> None:
    sql = "SELECT count(*) AS n FROM cloudtrail"
    for _ in range(2):
        ran = lakehunt("sql", sql, "--engine", "athena", "--since", "2d", "--reuse", "7d")
        assert ran.code == 0, ran.err
    assert "1 of them answered from earlier results" in ran.err
    assert lakehunt("sql", sql, "--engine", "athena", "--since", "2d", "--reuse", "8d").code == 2


def test_mistakes_are_one_clear_line(
    place: Path, lakehunt: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("sql", "SELECT 1 AS a", "--engine", "athena")
    with_lake = lakehunt(*asked, "--lake", ".")
    assert (with_lake.code, "no lake" in with_lake.err) == (2, True)
    (place / "lakehunt.toml").write_text("[athena]\nconcurrency = -1\n")
    wrong = lakehunt(*asked)
    assert wrong.code == 2
    assert "lakehunt.toml:2: `concurrency`, expected a whole number" in wrong.err
    (place / "lakehunt.toml").write_text('[athena]\nworkgroup = "nobodys"\n')
    missing = lakehunt(*asked)
    assert missing.code == 3
    assert "WorkGroup nobodys is not found" in missing.err
    monkeypatch.setitem(sys.modules, "pyathena", None)
    for name in [name for name in sys.modules if name.startswith("lakehunt.engines.athena")]:
        monkeypatch.delitem(sys.modules, name)
    without = lakehunt(*asked)
    assert (without.code, "pip install 'lakehunt[athena]'" in without.err) == (2, True)


def test_no_credentials_is_an_error_that_says_what_to_set(
    engine: AthenaEngine, sources: dict[str, Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    other = AthenaEngine(_SETTINGS, sources)
    try:
        with pytest.raises(CloudError, match="no AWS credentials; set AWS_PROFILE"):
            _run(other, "SELECT 1 AS a")
    finally:
        other.close()
