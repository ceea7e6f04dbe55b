"""The local engine reads real shapes of CloudTrail files and accounts for every file and row."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lakehunt.engines.base import Limits
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.errors import LakeError, SqlError, UnboundedError
from lakehunt.model import Result, Source, Window
from lakehunt.sql.compile import Draft
from tests.conftest import Ask
from tests.lakes import document, event, lake_of, lines, names, put

NAME = "111122223333_CloudTrail_us-east-1_20260501T1005Z_AbCdEfGhIjKlMnOp.json"
EVENTS = "SELECT event_name, account_id, region, log_file FROM cloudtrail"


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
@pytest.mark.parametrize(
    "data",
    [
        document(event("One"), event("Two")),
        lines(event("One"), event("Two")),
        b"[" + lines(event("One")).strip() + b", " + lines(event("Two")).strip() + b"]",
        document(event("One")) + b"\n" + document(event("Two")) + b"\n",
        b'\xef\xbb\xbf{ "Records" : [ '
        + lines(event("One"))
        + b" , "
        + lines(event("Two"))
        + b"]}",
        lines(event("One"), event("Two")).replace(b"\n", b"\r\n"),
    ],
    ids=["document", "lines", "array", "documents", "bom-and-space", "crlf"],
)
def test_shapes_are_read(tmp_path: Path, ask: Ask, data: bytes, packed: bool) -> None:
    put(tmp_path / "dump", data, packed=packed)
    rows, run = ask(tmp_path)
    assert names(rows) == ["One", "Two"]
    assert {(row["account_id"], row["region"]) for row in rows} == {("111122223333", "us-east-1")}
    assert run.accounts[0].files_read == 1


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT\n  evnt_name FROM cloudtrail", "line 2, column 3: COLUMN_NOT_FOUND"),
        ("SELECT 1 FROM\n activty", "line 2, column 2: TABLE_NOT_FOUND"),
        (
            "SELECT\n approx_most_frequent(3, event_name, 10) FROM cloudtrail",
            "line 2, column 2: not",
        ),
    ],
)
@pytest.mark.parametrize("where", ["", " WHERE event_time >= :since"], ids=["bare", "windowed"])
def test_an_error_has_its_place_in_the_text_and_nothing_is_scanned(
    tmp_path: Path, sources: dict[str, Source], sql: str, expected: str, where: str
) -> None:
    put(tmp_path / "dump", document(event("One")))
    engine = LocalEngine(tmp_path, sources)
    run = engine.run([Draft("q", sql + where)], None, Limits(), lambda share: None)
    engine.close()
    assert str(run.results["q"]).startswith(expected)
    assert run.accounts == ()


def test_nested_keys_of_the_same_name_are_not_taken_for_the_event(tmp_path: Path, ask: Ask) -> None:
    inner = {"eventName": "Inner", "eventTime": "1999-01-01T00:00:00Z", "x": '},{"eventVersion":'}
    put(tmp_path / "dump", document(event("Outer", requestParameters=inner)))
    rows, _ = ask(tmp_path)
    assert names(rows) == ["Outer"]


def test_key_order_escapes_and_unicode_are_read(tmp_path: Path, ask: Ask) -> None:
    backwards = dict(reversed(event('Say "hi" \u00fc \\ \n').items()))
    put(tmp_path / "dump", document(backwards))
    rows, _ = ask(tmp_path)
    assert rows[0]["event_name"] == 'Say "hi" \u00fc \\ \n'


def test_several_gzip_members_are_read_in_full(tmp_path: Path, ask: Ask) -> None:
    data = gzip.compress(lines(event("One"))) + gzip.compress(lines(event("Two")))
    put(tmp_path / "dump.gz", data)
    assert names(ask(tmp_path)[0]) == ["One", "Two"]


def test_a_long_document_is_read_in_full(tmp_path: Path, ask: Ask) -> None:
    many = [event(f"E{n}", requestParameters={"pad": "x" * 900}) for n in range(4000)]
    put(tmp_path / NAME, document(*many))
    _, run = ask(tmp_path, "SELECT count(*) AS n FROM cloudtrail")
    assert run.accounts[0].rows_read == 4000


BROKEN = {
    "truncated.json.gz": (gzip.compress(document(event("Lost")))[:-20], "gzip"),
    "sum.json.gz": (gzip.compress(document(event("Lost")))[:-8] + bytes(8), "CRC"),
    "cut.json": (document(event("Lost"))[:-9], "JSON"),
    "bytes.json": (document(event("Lost")).replace(b"Lost", b"\xff\xfe"), "UTF-8"),
    "other.json": (b'{"hello": "world"}', "known"),
    "notes.txt": (b"not a log at all", "JSON"),
    "empty.json": (b"", "empty"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_named_and_the_rest_is_read(tmp_path: Path, ask: Ask, name: str) -> None:
    data, reason = BROKEN[name]
    put(tmp_path / NAME, document(event("Kept")))
    put(tmp_path / name, data)
    rows, run = ask(tmp_path)
    assert names(rows) == ["Kept"]
    notes = [*run.unknown, *run.accounts[0].refused]
    assert [Path(note.path).name for note in notes] == [name]
    assert reason in notes[0].reason


@pytest.mark.parametrize("name", ["truncated.json.gz", "cut.json", "bytes.json", "other.json"])
def test_a_broken_file_with_the_right_name_is_refused(tmp_path: Path, ask: Ask, name: str) -> None:
    data, _ = BROKEN[name]
    put(tmp_path / NAME, document(event("Kept")))
    suffix = ".gz" if name.endswith(".gz") else ""
    put(tmp_path / NAME.replace("AbCd", "ZzZz").__add__(suffix), data)
    rows, run = ask(tmp_path)
    assert names(rows) == ["Kept"]
    assert len(run.accounts[0].refused) == 1


def test_broken_lines_are_counted_and_the_others_read(tmp_path: Path, ask: Ask) -> None:
    put(tmp_path / "dump", lines(event("One")) + b'{"eventVersion": \n' + lines(event("Two")))
    rows, run = ask(tmp_path)
    assert names(rows) == ["One", "Two"]
    assert "1 of" in run.accounts[0].refused[0].reason


def test_records_that_are_no_events_are_unparsed_and_reachable(tmp_path: Path, ask: Ask) -> None:
    odd = event("NoTime", moment="yesterday")
    put(tmp_path / NAME, document(event("Kept"), odd, {"eventVersion": "1.08"}, 7, None))
    rows, run = ask(tmp_path)
    assert names(rows) == ["Kept"]
    assert run.accounts[0].rows_read == 5
    assert run.accounts[0].rows_unparsed == 4
    unparsed, _ = ask(tmp_path, "SELECT line, log_file FROM cloudtrail_unparsed")
    assert len(unparsed) == 4
    assert sum("yesterday" in str(row["line"]) for row in unparsed) == 1


def test_views_are_complements(tmp_path: Path, ask: Ask) -> None:
    put(tmp_path / NAME, document(event("A"), {**event("B"), "eventName": None}, event("C")))
    sql = "SELECT {} AS n FROM {}"
    counts = [
        ask(tmp_path, sql.format("count(*)", table))[0][0]["n"]
        for table in ("cloudtrail_raw", "cloudtrail", "cloudtrail_unparsed")
    ]
    assert counts == [3, 2, 1]


def test_digests_and_insights_are_skipped_with_their_reason(samples: Path, ask: Ask) -> None:
    _, run = ask(samples)
    reasons = [note.reason for note in run.accounts[0].skipped]
    assert sum("digest" in reason for reason in reasons) == 2
    assert sum("Insights" in reason for reason in reasons) == 1
    assert run.unknown == ()


def test_a_file_without_events_is_counted_as_empty(tmp_path: Path, ask: Ask) -> None:
    put(tmp_path / NAME, document(event("Kept")))
    put(tmp_path / NAME.replace("AbCd", "Eeee"), document())
    _, run = ask(tmp_path)
    assert (run.accounts[0].files_read, run.accounts[0].files_empty) == (1, 1)


def test_events_delivered_twice_are_counted(tmp_path: Path, ask: Ask) -> None:
    put(tmp_path / NAME, document(event("One"), event("Two")))
    put(tmp_path / "copy" / NAME, document(event("One"), event("Two")))
    _, run = ask(tmp_path)
    assert (run.accounts[0].rows_read, run.accounts[0].rows_duplicate) == (4, 2)


def test_the_account_says_what_the_data_can_show(tmp_path: Path, ask: Ask) -> None:
    put(
        tmp_path / NAME,
        document(
            event("One"),
            event("GetObject", "2026-05-01T12:30:00Z", eventCategory="Data"),
            event("Old", "2026-05-01T12:40:00Z", eventCategory=None, managementEvent=True),
        ),
    )
    _, run = ask(tmp_path)
    account = run.accounts[0]
    assert account.event_classes == {"Management": 2, "Data": 1}
    assert account.hours == 2
    assert account.first_event == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert account.accounts == ("111122223333",)


def _window(since: str, until: str) -> Window:
    return Window(
        datetime.fromisoformat(since).replace(tzinfo=UTC),
        datetime.fromisoformat(until).replace(tzinfo=UTC),
    )


def test_an_event_before_midnight_in_tomorrows_folder_is_found(
    tmp_path: Path, ask: Ask, cloudtrail: Source
) -> None:
    lake = lake_of(tmp_path, cloudtrail, {"eventTime": "2026-05-01T23:58:00Z"})
    assert [*lake.glob("**/2026/05/02/*.json.gz")]
    rows, _ = ask(lake, window=_window("2026-05-01", "2026-05-02"))
    assert names(rows) == ["ListBuckets"]


def test_folders_outside_the_window_are_not_opened(
    tmp_path: Path, ask: Ask, cloudtrail: Source
) -> None:
    days = [{"eventTime": f"2026-05-{day:02d}T10:00:00Z"} for day in range(1, 11)]
    lake = lake_of(tmp_path, cloudtrail, *days)
    for file in lake.glob("**/2026/05/0[6-9]/*"):
        file.write_bytes(b"broken, and never looked at")
    rows, run = ask(lake, window=_window("2026-05-03", "2026-05-04"))
    assert len(rows) == 1
    account = run.accounts[0]
    # the day itself and the day after, for events delivered late
    assert (account.files_read, account.files_pruned, account.refused) == (2, 8, ())


def test_lateness_widens_what_is_read(tmp_path: Path, ask: Ask, cloudtrail: Source) -> None:
    lake = lake_of(tmp_path, cloudtrail, {"eventTime": "2026-05-01T10:00:00Z"})
    late = next(lake.glob("**/*.json.gz"))
    target = Path(str(late.parent).replace("/05/01", "/05/20")) / late.name.replace("0501", "0520")
    put(target, late.read_bytes())
    late.unlink()
    window = _window("2026-05-01", "2026-05-02")
    assert ask(lake, window=window)[0] == []
    rows, _ = ask(lake, window=window, limits=Limits(lateness=timedelta(days=30)))
    assert names(rows) == ["ListBuckets"]


def test_organization_layout_and_any_prefix_are_recognised(tmp_path: Path, ask: Ask) -> None:
    folder = "some/prefix/AWSLogs/o-a1b2c3d4e5/444455556666/CloudTrail/eu-west-1/2026/05/01"
    # neither the folder's account nor its region are those of the record
    put(tmp_path / folder / "renamed.json", document(event("One")))
    rows, run = ask(tmp_path)
    assert (rows[0]["account_id"], rows[0]["region"]) == ("444455556666", "eu-west-1")
    assert run.accounts[0].days_listed == ("2026/05/01",)


def test_links_are_followed_once_and_dead_ones_named(tmp_path: Path, ask: Ask) -> None:
    put(tmp_path / "logs" / NAME, document(event("One")))
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "mailed").symlink_to(tmp_path / "logs")
    (tmp_path / "logs" / "loop").symlink_to(tmp_path / "lake")
    (tmp_path / "lake" / "gone.json").symlink_to(tmp_path / "nowhere")
    rows, run = ask(tmp_path / "lake")
    assert names(rows) == ["One"]
    assert [Path(note.path).name for note in run.unknown] == ["gone.json"]


def test_a_name_with_an_impossible_time_is_read_by_its_content(tmp_path: Path, ask: Ask) -> None:
    put(tmp_path / NAME.replace("20260501T1005Z", "20261399T9999Z"), document(event("One")))
    rows, _ = ask(tmp_path)
    assert names(rows) == ["One"]


def test_a_single_file_is_a_lake(tmp_path: Path, ask: Ask) -> None:
    rows, _ = ask(put(tmp_path / "one.json", document(event("One"))))
    assert names(rows) == ["One"]


def test_wrong_lakes_say_what_to_do(tmp_path: Path, sources: dict[str, Source]) -> None:
    (tmp_path / "logs").mkdir()
    with pytest.raises(LakeError, match="no such file or folder; .* holds logs"):
        LocalEngine(tmp_path / "lgos", sources)
    with pytest.raises(LakeError, match="the folder is empty"):
        LocalEngine(tmp_path / "logs", sources)
    put(tmp_path / "logs" / "a.txt", b"hello")
    with pytest.raises(LakeError, match="none of the 1 files is a log known here"):
        LocalEngine(tmp_path / "logs", sources)


def test_an_unbounded_query_on_a_large_lake_is_refused(
    tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / NAME, document(event("One")))
    monkeypatch.setattr("lakehunt.engines.local.engine._UNBOUNDED_BYTES", 10)
    with pytest.raises(UnboundedError, match="--all-time"):
        ask(tmp_path)
    assert len(ask(tmp_path, limits=Limits(all_time=True))[0]) == 1
    bounded = EVENTS + " WHERE event_time >= TIMESTAMP '2026-05-01 00:00:00'"
    assert len(ask(tmp_path, bounded)[0]) == 1


def test_rows_beyond_the_limit_are_said_to_be_missing(tmp_path: Path, ask: Ask) -> None:
    put(tmp_path / NAME, document(*(event(f"E{n}") for n in range(5))))
    rows, run = ask(tmp_path, limits=Limits(max_rows=3))
    result = run.results["q"]
    assert isinstance(result, Result)
    assert (len(rows), result.truncated) == (3, True)


def test_real_attack_run_is_read_in_full(samples: Path, ask: Ask) -> None:
    rows, run = ask(samples / "invictus", "SELECT count(*) AS n FROM cloudtrail")
    assert rows == [{"n": 2900}]
    account = run.accounts[0]
    assert (account.files_listed, account.files_read, account.refused) == (55, 55, ())
    assert (account.rows_read, account.rows_unparsed, account.rows_duplicate) == (2900, 0, 0)


def test_types_that_arrow_lacks_are_shown_as_athena_prints_them(tmp_path: Path, ask: Ask) -> None:
    put(tmp_path / NAME, document(event("One")))
    sql = (
        "SELECT event_time, CAST(source_ip AS ipaddress) AS ip, INTERVAL '2' DAY AS span,"
        " from_iso8601_timestamp('2026-05-01T10:00:00+02:00') AS zoned, sum(1) OVER () AS n"
        " FROM cloudtrail"
    )
    ((row,), _) = ask(tmp_path, sql)
    assert row == {
        "event_time": datetime(2026, 5, 1, 10),
        "ip": "198.51.100.10",
        "span": "2 00:00:00.000",
        "zoned": "2026-05-01 10:00:00.000 +02:00",
        "n": 1,
    }


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM TABLE(read_text('/etc/passwd'))",
        'SELECT * FROM "/etc/passwd"',
        "SELECT read_text('/etc/passwd')",
        "SELECT getenv('HOME')",
    ],
)
def test_no_query_reaches_beyond_the_lake(
    tmp_path: Path, sources: dict[str, Source], sql: str
) -> None:
    put(tmp_path / NAME, document(event("One")))
    engine = LocalEngine(tmp_path, sources)
    run = engine.run([Draft("q", sql)], None, Limits(), lambda share: None)
    assert isinstance(run.results["q"], SqlError)
