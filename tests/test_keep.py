"""What is kept of a run before gives what the logs give, for as long as they are the same.

It must not know how rows are kept; damage is done to the files of the store from outside.
"""

import gzip
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lakehunt.engines.base import Limits, Run
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.engines.local.kept.store import KeptStore
from lakehunt.engines.local.types import quoted
from lakehunt.model import Result, Source, SourceAccount
from lakehunt.sql.compile import Draft

from .buckets import Server
from .conftest import Ran, answered, shared
from .lakes import document, event, put
from .mailing import looked_up

EVENTS = "SELECT event_name, event_id, region, log_file FROM cloudtrail ORDER BY 1, 2, 4"
KEEP = Limits(keep=True)
NAME = "111122223333_CloudTrail_us-east-1_20260501T1005Z_{}.json"
FOLDERS = (
    "alb", "cloudfront", "cloudtrail", "route53_public", "route53_resolver", "s3access", "vpcflow",
    "waf",
)  # fmt: skip
Rows = list[dict[str, object]]
Asking = Callable[..., tuple[Rows, Run]]


@pytest.fixture
def store(tmp_path: Path) -> KeptStore:
    return KeptStore(tmp_path / "kept", 10**9)


@pytest.fixture
def asking(sources: dict[str, Source], store: KeptStore) -> Asking:
    """Ask a lake with the store at hand."""

    def run(lake: Path, sql: str = EVENTS, limits: Limits | None = None) -> tuple[Rows, Run]:
        return answered(LocalEngine(lake, sources, store), sql, limits=limits)

    return run


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    folder = tmp_path / "lake"
    put(folder / NAME.format("Aaaa"), document(event("StopLogging"), event("GetObject")))
    put(folder / NAME.format("Bbbb"), document(event("PutObject")), packed=True)
    return folder


def told(run: Run) -> SourceAccount:
    """Return the account of a run, but for what was kept."""
    return replace(run.accounts[0], files_kept=0)


@pytest.mark.parametrize("name", FOLDERS)
def test_kept_rows_are_the_rows_of_the_logs(
    name: str, store: KeptStore, sources: dict[str, Source]
) -> None:
    """Every column of every relation, over all real logs of a source."""
    source = sources[name]
    drafts = [
        Draft(relation, f"SELECT {', '.join(map(quoted, columns))} FROM {relation}")
        for relation in (source.table.name, source.event_view.name, source.unparsed_view.name)
        for columns in [source.columns_of(relation)]
    ]

    def asked(limits: Limits) -> tuple[list[list[str]], Run]:
        engine = LocalEngine(shared("samples", name), sources, store)
        try:
            run = engine.run(drafts, None, limits, lambda share: None)
        finally:
            engine.close()
        results = [result for result in run.results.values() if isinstance(result, Result)]
        return [sorted(map(repr, result.rows())) for result in results], run

    (parsed, before), (_, _), (kept, after) = map(asked, (Limits(), KEEP, Limits()))
    assert len(parsed) == len(drafts)
    assert kept == parsed
    assert told(after) == told(before)
    refused = len(before.accounts[0].refused)
    assert after.accounts[0].files_kept == _listed(before) - refused > 0


def _listed(run: Run) -> int:
    return run.accounts[0].files_listed - len(run.accounts[0].skipped)


def test_files_that_take_a_second_reading_are_kept_as_that_gives_them(
    lake: Path, asking: Asking
) -> None:
    """Wrapped, pretty-printed, keys twice, no record: the fast reading is in doubt."""
    one = event("DeleteTrail")
    twice = document(one).replace(b'"eventName"', b'"eventName": "First", "eventName"')
    put(lake / "looked_up.json", looked_up(event("LookedUp"), event("AlsoLookedUp")))
    put(lake / NAME.format("Eeee"), json.dumps({"Records": [one]}, indent=2).encode())
    put(lake / NAME.format("Ffff"), twice)
    put(lake / NAME.format("Gggg"), document(event("StopLogging"), "no record"))
    before, told_before = asking(lake)
    asking(lake, limits=KEEP)
    after, told_after = asking(lake)
    assert after == before
    assert {row["event_name"] for row in after} >= {"LookedUp", "DeleteTrail"}
    assert told(told_after) == told(told_before)
    assert told_after.accounts[0].files_kept == 6 - len(told_before.accounts[0].refused)


def test_the_run_that_keeps_tells_the_same(lake: Path, asking: Asking) -> None:
    parsed, before = asking(lake)
    kept, run = asking(lake, limits=KEEP)
    assert kept == parsed
    assert told(run) == told(before)
    assert run.accounts[0].files_kept == 2


def test_without_keep_nothing_is_kept(lake: Path, asking: Asking) -> None:
    asking(lake)
    _, run = asking(lake)
    assert run.accounts[0].files_kept == 0


def test_a_new_file_is_read_from_the_logs_until_it_is_kept(lake: Path, asking: Asking) -> None:
    asking(lake, limits=KEEP)
    put(lake / NAME.format("Cccc"), document(event("DeleteTrail")))
    rows, run = asking(lake)
    assert [row["event_name"] for row in rows][0] == "DeleteTrail"
    assert (run.accounts[0].files_kept, len(rows)) == (2, 4)
    asking(lake, limits=KEEP)
    again, run = asking(lake)
    assert (again, run.accounts[0].files_kept) == (rows, 3)


def test_a_file_with_other_bytes_is_another_even_of_the_same_size_and_time(
    lake: Path, asking: Asking
) -> None:
    asking(lake, limits=KEEP)
    path = lake / NAME.format("Aaaa")
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"StopLogging", b"GetTrailzzz"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    rows, run = asking(lake)
    assert [row["event_name"] for row in rows] == ["GetObject", "GetTrailzzz", "PutObject"]
    assert run.accounts[0].files_kept == 1


def test_a_file_that_is_gone_is_gone(lake: Path, asking: Asking) -> None:
    asking(lake, limits=KEEP)
    (lake / NAME.format("Aaaa")).unlink()
    rows, run = asking(lake)
    assert [row["event_name"] for row in rows] == ["PutObject"]
    assert run.accounts[0].files_listed == run.accounts[0].files_kept == 1


def test_damaged_files_are_not_kept_and_named_each_time(lake: Path, asking: Asking) -> None:
    whole = gzip.compress(document(event("CreateUser")) * 50)
    put(lake / NAME.format("Dddd"), whole[:-20])
    for limits in (KEEP, KEEP, Limits()):
        _, run = asking(lake, limits=limits)
        account = run.accounts[0]
        assert [Path(note.path).name for note in account.refused] == [NAME.format("Dddd")]
        assert account.files_kept == 2


def test_what_a_file_lacks_by_nature_is_said_again(lake: Path, asking: Asking) -> None:
    header = "Event ID,Event time,User name,AWS access key,Event name,Event source,AWS region"
    row = "abc,2026-05-01T10:00:00Z,ops,AKIA1,StopLogging,cloudtrail.amazonaws.com,us-east-1"
    put(lake / "event_history.csv", f"{header}\n{row}\n".encode())
    _, before = asking(lake)
    asking(lake, limits=KEEP)
    _, after = asking(lake)
    assert after.accounts[0].files_kept == 3
    assert before.accounts[0].partial == after.accounts[0].partial != ()


def test_lines_that_parse_are_read_from_the_logs(asking: Asking) -> None:
    folder = shared("samples", "alb")
    sql = "SELECT line FROM alb_lines ORDER BY 1"
    before, _ = asking(folder, sql)
    asking(folder, "SELECT event_id FROM alb", KEEP)
    after, run = asking(folder, sql)
    assert after == before
    assert run.accounts[0].files_kept == 0


def test_members_of_archives_are_kept(tmp_path: Path, asking: Asking) -> None:
    folder = tmp_path / "mailed"
    folder.mkdir()
    with zipfile.ZipFile(folder / "logs.zip", "w") as archive:
        archive.writestr(NAME.format("Aaaa"), document(event("StopLogging")))
        archive.writestr(NAME.format("Bbbb"), document(event("GetObject")))
    before, _ = asking(folder)
    asking(folder, limits=KEEP)
    after, run = asking(folder)
    assert (after, run.accounts[0].files_kept) == (before, 2)


def test_all_events_are_counted_where_files_would_be_passed_over(
    lake: Path, asking: Asking
) -> None:
    asking(lake, limits=KEEP)
    sql = "SELECT event_name FROM cloudtrail WHERE event_name = 'StopLogging'"
    rows, run = asking(lake, sql, Limits(count=False))
    assert len(rows) == 1
    assert (run.accounts[0].rows_read, run.accounts[0].not_counted) == (3, {})


def test_paths_are_shown_as_a_command_names_them(
    lake: Path, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking(lake, limits=KEEP)
    monkeypatch.chdir(lake.parent)
    rows, run = asking(Path(lake.name))
    assert run.accounts[0].files_kept == 2
    assert {Path(str(row["log_file"])).parent for row in rows} == {Path(lake.name)}


@pytest.fixture(params=["rows cut off", "rows gone", "no list", "half a list"])
def damage(request: pytest.FixtureRequest, store: KeptStore) -> Callable[[], None]:
    """Return what damages everything that is kept."""

    def cut(pattern: str) -> None:
        for path in store.folder.rglob(pattern):
            path.write_bytes(path.read_bytes()[:-9])

    def remove(pattern: str) -> None:
        for path in store.folder.rglob(pattern):
            path.unlink()

    kinds: dict[str, Callable[[], None]] = {
        "rows cut off": lambda: cut("*.parquet"),
        "rows gone": lambda: remove("*.parquet"),
        "no list": lambda: remove("*.json"),
        "half a list": lambda: cut("*.json"),
    }
    return kinds[request.param]


def test_a_damaged_store_counts_for_nothing(
    lake: Path, asking: Asking, damage: Callable[[], None]
) -> None:
    before, _ = asking(lake, limits=KEEP)
    damage()
    after, run = asking(lake)
    assert (after, run.accounts[0].files_kept) == (before, 0)


def test_a_full_store_keeps_no_more_and_what_was_long_unused_goes(
    lake: Path, asking: Asking, store: KeptStore, tmp_path: Path
) -> None:
    store.most_bytes = 1
    asking(lake, limits=KEEP)
    other = tmp_path / "other"
    put(other / NAME.format("Cccc"), document(event("DeleteTrail")))
    rows, run = asking(other, limits=KEEP)
    assert (len(rows), run.accounts[0].files_kept) == (1, 0)
    for group in store.folder.glob("*/*"):
        os.utime(group, (1, 1))
    rows, run = asking(other, limits=KEEP)
    assert (len(rows), run.accounts[0].files_kept) == (1, 1)
    assert asking(lake)[1].accounts[0].files_kept == 0


def test_a_run_that_fails_leaves_nothing_half_kept(
    lake: Path, asking: Asking, store: KeptStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full)
        with pytest.raises(Exception, match="No space left"):
            asking(lake, limits=KEEP)
    assert [*store.folder.glob("*/*")] == []
    _, run = asking(lake)
    assert run.accounts[0].files_kept == 0


@pytest.fixture
def at_home(lake: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(lake.parent)
    yield lake


def test_the_commands_keep_and_say_so(at_home: Path, lakehunt: Callable[..., Ran]) -> None:
    plain = lakehunt("hunt", at_home, "--format", "jsonl")
    assert "kept" not in plain.err
    keeping = lakehunt("hunt", at_home, "--format", "jsonl", "--keep")
    assert (keeping.out, keeping.code) == (plain.out, plain.code)
    asked = lakehunt("sql", EVENTS, "--lake", at_home)
    assert "2 from what was kept" in asked.err


def test_the_settings_keep_and_the_command_line_decides(
    at_home: Path, lakehunt: Callable[..., Ran]
) -> None:
    (at_home.parent / "lakehunt.toml").write_text('[cache]\nkeep = true\nfolder = "mine"\n')
    assert "kept" not in lakehunt("status", at_home, "--no-keep").err
    lakehunt("status", at_home)
    assert [*(at_home.parent / "mine" / "parsed").glob("cloudtrail-*/*/files.json")]
    assert "2 from what was kept" in lakehunt("sql", EVENTS, "--lake", at_home, "--no-keep").err


def test_an_engine_that_parses_nothing_keeps_nothing(
    at_home: Path, lakehunt: Callable[..., Ran]
) -> None:
    ran = lakehunt("sql", "SELECT 1 AS one", "--engine", "athena", "--keep")
    assert ran.code == 2
    assert "--keep" in ran.err


def test_what_is_kept_of_s3_is_not_fetched_again(
    lake: Path, s3: Server, tmp_path: Path, lakehunt: Callable[..., Ran]
) -> None:
    s3.upload("trail", lake, "some/prefix/")
    first = lakehunt("sql", EVENTS, "--lake", "s3://trail/some", "--keep", "--format", "jsonl")
    shutil.rmtree(tmp_path / "cache" / "lakehunt" / "objects")
    s3.asked.clear()
    again = lakehunt("sql", EVENTS, "--lake", "s3://trail/some", "--format", "jsonl")
    assert (first.out, first.code) == (again.out, 0)
    assert not [one for one in s3.asked if one.path.endswith((".json", ".gz"))]


@pytest.mark.parametrize("name", FOLDERS)
def test_what_is_kept_first_depends_on_no_path(name: str, sources: dict[str, Source]) -> None:
    """A file may be called by another path when its rows are read."""
    from lakehunt.engines.local.plans import Plans
    from lakehunt.sql.share import Scan

    for format_ in sources[name].formats:
        event_view = Plans(Scan(sources[name], (), ()), format_).event
        texts = (event_view.columns["event_time"].sql(), event_view.condition.sql())
        assert "$path" not in "".join(texts)
