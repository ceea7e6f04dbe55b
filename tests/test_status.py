"""What there is of each source and day, what is missing, how late it came, what no table knows."""

import csv
import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from lakehunt.model import Source
from tests.buckets import Server
from tests.conftest import Ran, shared
from tests.lakes import document, event, lake_of, put

Lakehunt = Callable[..., Ran]
Row = dict[str, object]
TRAIL = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/05/{0:02}/"
NAME = "111122223333_CloudTrail_us-east-1_202605{0:02}T{1}Z_AbCdEfGhIjKlMnO{2}.json.gz"
FLOWS = "AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/05/01/"
FLOW = "111122223333_vpcflowlogs_us-east-1_fl-0example000000001_20260501T0010Z_0123abcd.log"


def deliver(lake: Path, day: int, stamp: str, *events: object, number: int = 0) -> Path:
    """Put a file of CloudTrail where it was delivered on that day of May at that time."""
    name = TRAIL.format(day) + NAME.format(day, stamp, number)
    return put(lake / name, document(*events), packed=True)


def days(ran: Ran, source: str = "cloudtrail") -> list[Row]:
    """Return the days of a source."""
    assert ran.code == 0, ran.err
    rows = [json.loads(line) for line in ran.out.splitlines()]
    return [row for row in rows if row["source"] == source]


def shown(rows: Sequence[Row], *names: str) -> list[tuple[object, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def test_each_day_tells_its_files_rows_and_delays(tmp_path: Path, lakehunt: Lakehunt) -> None:
    first = deliver(
        tmp_path, 1, "1005", event("A", "2026-05-01T10:00:00Z"), event("B", "2026-05-01T10:04:00Z")
    )
    second = deliver(tmp_path, 1, "2359", event("C", "2026-05-01T21:59:00Z"))
    deliver(tmp_path, 2, "0001", event("D", "2026-05-01T23:58:00Z"), event("E", "no time"))
    one, two = days(lakehunt("status", tmp_path, "--format", "jsonl"))
    assert (one["day"], one["files"], one["rows"], one["unparsed"]) == ("2026-05-01", 2, 3, 0)
    assert one["size_bytes"] == first.stat().st_size + second.stat().st_size
    assert one["first_event_time"] == "2026-05-01T10:00:00.000Z"
    assert one["last_event_time"] == "2026-05-01T21:59:00.000Z"
    # the middle row of the first file is A, of five minutes; two of three rows count for it
    assert (one["delay_median_seconds"], one["delay_max_seconds"]) == (300.0, 7200.0)
    assert (two["day"], two["rows"], two["unparsed"]) == ("2026-05-02", 1, 1)
    assert two["delay_max_seconds"] == 180.0


def test_what_came_later_than_a_window_counts_on_is_named(
    tmp_path: Path, lakehunt: Lakehunt
) -> None:
    deliver(tmp_path, 1, "1005", event("A", "2026-05-01T10:00:00Z"))
    deliver(tmp_path, 5, "1400", event("B", "2026-05-01T12:00:00Z"))
    told = "cloudtrail: events of 1 day came up to 4d 2h late; runs with a window count on 1d: take"
    assert f"{told} --lateness 5d\n" in lakehunt("status", tmp_path).err
    assert "late;" not in lakehunt("status", tmp_path, "--lateness", "5d").err


def test_missing_days_and_silent_places_are_named(
    tmp_path: Path, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    lake_of(
        tmp_path,
        cloudtrail,
        *(
            {"eventTime": f"2026-05-0{day}T10:00:00Z", "recipientAccountId": account}
            for day, account in (
                (1, "111122223333"),
                (1, "444455556666"),
                (4, "111122223333"),
                (6, "111122223333"),
            )
        ),
    )
    ran = lakehunt("status", tmp_path, "--format", "jsonl")
    assert shown(days(ran), "day", "days", "files") == [
        ("2026-05-01", 1, 2),
        ("2026-05-02", 2, 0),
        ("2026-05-04", 1, 1),
        ("2026-05-05", 1, 0),
        ("2026-05-06", 1, 1),
    ]
    assert "cloudtrail: 3 days missing: 2026-05-02 to 2026-05-03, 2026-05-05" in ran.err
    assert "cloudtrail: nothing from 444455556666, us-east-1 after 2026-05-01" in ran.err
    told = json.loads(lakehunt("status", tmp_path, "--format", "json").out)["sources"][0]
    assert told["missing"][0] == {"first_day": "2026-05-02", "last_day": "2026-05-03", "days": 2}
    assert told["silent"] == [
        {"account_id": "444455556666", "region": "us-east-1", "last_day": "2026-05-01"}
    ]
    table = lakehunt("status", tmp_path).out
    assert "2026-05-02 to 2026-05-03 MISSING" in table


def of_places(lake: Path, source: Source, places: Mapping[str, Sequence[int]]) -> Path:
    """Deliver an event on each of some days of May from each region."""
    records = (
        {"eventTime": f"2026-05-{day:02}T10:00:00Z", "awsRegion": region}
        for region, own in places.items()
        for day in own
    )
    return lake_of(lake, source, *records)


def test_days_of_a_window_are_missing_before_the_first_and_after_the_last(
    tmp_path: Path, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    of_places(tmp_path, cloudtrail, {"us-east-1": [4, 5]})
    window = ("--since", "2026-05-02", "--until", "2026-05-10")
    ran = lakehunt("status", tmp_path, *window, "--format", "jsonl")
    assert shown(days(ran), "day", "days", "files") == [
        ("2026-05-02", 2, 0),
        ("2026-05-04", 1, 1),
        ("2026-05-05", 1, 1),
        ("2026-05-06", 5, 0),
    ]
    assert "cloudtrail: 7 days missing: 2026-05-02 to 2026-05-03, 2026-05-06 to" in ran.err
    # without a beginning nothing tells since when there were to be files
    ran = lakehunt("status", tmp_path, "--until", "2026-05-06", "--format", "jsonl")
    assert shown(days(ran), "day", "days") == [
        ("2026-05-04", 1),
        ("2026-05-05", 1),
        ("2026-05-06", 1),
    ]


def test_a_window_without_any_file_is_missing_as_a_whole(
    tmp_path: Path, cloudtrail: Source, s3: Server, lakehunt: Lakehunt
) -> None:
    s3.upload("trail", of_places(tmp_path / "lake", cloudtrail, {"us-east-1": [4, 5]}))
    window = ("--since", "2026-05-08", "--until", "2026-05-10", "--format", "jsonl")
    for lake in (tmp_path / "lake", "s3://trail"):
        assert shown(days(lakehunt("status", lake, *window)), "day", "days", "files") == [
            ("2026-05-08", 3, 0)
        ]


def test_a_day_is_not_missing_before_its_files_are_due(
    tmp_path: Path, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    today = datetime.now(UTC).date()
    at = today - timedelta(days=5)
    lake_of(tmp_path, cloudtrail, {"eventTime": f"{at}T10:00:00Z"})
    window = ("--since", str(at), "--until", str(today + timedelta(days=3)), "--format", "jsonl")
    # the last day is one whose lateness, of a day, has passed after its end
    expected = [(str(at), 1), (str(at + timedelta(days=1)), 3)]
    assert shown(days(lakehunt("status", tmp_path, *window)), "day", "days") == expected
    late = days(lakehunt("status", tmp_path, *window, "--lateness", "3d"))
    assert shown(late, "day", "days") == [expected[0], (str(at + timedelta(days=1)), 1)]


def test_days_that_a_place_lacks_and_others_have_are_told(
    tmp_path: Path, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    of_places(tmp_path, cloudtrail, {"us-east-1": [1, 2, 3, 5, 6, 10], "eu-west-1": [2, 6, 10]})
    told = "cloudtrail: nothing from 111122223333, eu-west-1 on"
    ran = lakehunt("status", tmp_path)
    assert f"{told} 2 days of others: 2026-05-03, 2026-05-05\n" in ran.err
    assert "nothing from 111122223333, us-east-1" not in ran.err
    window = ("--since", "2026-05-01", "--until", "2026-05-10")
    ran = lakehunt("status", tmp_path, *window)
    assert f"{told} 3 days of others: 2026-05-01, 2026-05-03, 2026-05-05\n" in ran.err
    (source,) = json.loads(lakehunt("status", tmp_path, "--format", "json").out)["sources"]
    (gaps,) = source["place_gaps"]
    assert (gaps["account_id"], gaps["region"]) == ("111122223333", "eu-west-1")
    assert gaps["missing"][0] == {"first_day": "2026-05-03", "last_day": "2026-05-03", "days": 1}


TOML = """
[deployment]
accounts = ["111122223333", "444455556666"]
regions = ["us-east-1", "eu-west-1"]
first_day = 2026-05-04

[deployment.buckets]
trail = "trail"
flow = "flows"
waf = "trail"
"""


def test_what_settings_list_and_nothing_came_from_is_named(
    tmp_path: Path, cloudtrail: Source, lakehunt: Lakehunt, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = of_places(tmp_path / "lake", cloudtrail, {"us-east-1": [5]})
    (tmp_path / "lakehunt.toml").write_text(TOML)
    monkeypatch.chdir(tmp_path)
    ran = lakehunt("status", lake, "--format", "json")
    assert ran.code == 0
    assert "cloudtrail: no file with account_id 444455556666, which lakehunt.toml lists" in ran.err
    assert "cloudtrail: no file with region eu-west-1, which lakehunt.toml lists" in ran.err
    assert "vpcflow: no file is here; lakehunt.toml says that they lie in s3://flows/" in ran.err
    told = {source["source"]: source for source in json.loads(ran.out)["sources"]}
    assert [*told] == ["cloudtrail", "vpcflow", "waf"]
    lacking = {"account_id": ["444455556666"], "region": ["eu-west-1"]}
    assert told["cloudtrail"]["undelivered"] == lacking
    assert (told["vpcflow"]["files"], told["cloudtrail"]["location"]) == (0, None)
    # no log is older than the first day of the deployment
    rows = days(lakehunt("status", lake, "--since", "2026-05-01", "--format", "jsonl"))
    assert shown(rows[:2], "day", "days") == [("2026-05-04", 1), ("2026-05-05", 1)]
    only = ("--account", "111122223333", "--region", "us-east-1")
    assert "which lakehunt.toml lists" not in lakehunt("status", lake, *only).err


def test_a_bucket_is_not_asked_for_what_lies_in_others(
    tmp_path: Path, cloudtrail: Source, s3: Server, lakehunt: Lakehunt
) -> None:
    s3.upload("trail", of_places(tmp_path / "lake", cloudtrail, {"us-east-1": [5]}))
    (tmp_path / "lakehunt.toml").write_text(TOML)
    ran = lakehunt("status", "s3://trail")
    assert "waf: no file is here; lakehunt.toml says that they lie in s3://trail/" in ran.err
    assert "cloudtrail: no file with account_id 444455556666" in ran.err
    assert "vpcflow: no file" not in ran.err
    # part of a bucket says nothing of what lies beside it
    part = lakehunt("status", "s3://trail/AWSLogs/111122223333/")
    assert "lakehunt.toml" not in part.err


def test_keys_that_the_table_does_not_know_are_named_with_a_file(
    tmp_path: Path, lakehunt: Lakehunt
) -> None:
    user = {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/bob", "mood": "good"}
    given = {"anything": {"may": "stand here"}}
    first = deliver(tmp_path, 1, "1005", event("A", requestParameters=given, userIdentity=user))
    deliver(tmp_path, 2, "1005", event("B", "2026-05-02T10:00:00Z", shoeSize=44))
    ran = lakehunt("status", tmp_path, "--format", "jsonl")
    assert shown(days(ran), "strange_fields") == [(["userIdentity.mood"],), (["shoeSize"],)]
    assert f"the table lacks userIdentity.mood, in 1 record, such as in {first}" in ran.err


@pytest.mark.parametrize(
    ("name", "text", "strange"),
    [
        (FLOWS + FLOW, "version start end mood\n5 1777593600 1777593660 good\n", ["mood"]),
        (FLOWS + FLOW, "version start end\n5 1777593600 1777593660 x y\n", "2 more columns"),
        (FLOWS + FLOW, "version start end\n5 1777593600 1777593660\n", []),
    ],
)
def test_columns_of_a_delimited_log_beyond_the_known(
    tmp_path: Path, lakehunt: Lakehunt, name: str, text: str, strange: object
) -> None:
    put(tmp_path / name, text.encode())
    (one,) = days(lakehunt("status", tmp_path, "--format", "jsonl"), "vpcflow")
    expected = strange if isinstance(strange, list) else [f"{strange} at the end"]
    assert (one["strange_fields"], one["rows"]) == (expected, 1)


def test_columns_behind_the_last_of_a_quoted_log(
    tmp_path: Path, sources: dict[str, Source], lakehunt: Lakehunt
) -> None:
    lake_of(tmp_path, sources["alb"], {"at": "2026-05-01T10:00:00Z"})
    (file,) = tmp_path.rglob("*.log.gz")
    line = gzip.decompress(file.read_bytes()).decode().rstrip("\n")
    put(file, f'{line}\n{line} "a new" field\n'.encode(), packed=True)
    (one,) = days(lakehunt("status", tmp_path, "--format", "jsonl"), "alb")
    assert (one["strange_fields"], one["rows"]) == (["2 more columns at the end"], 2)


def test_a_stamp_that_is_the_hour_of_the_events_tells_no_delay(
    tmp_path: Path, lakehunt: Lakehunt
) -> None:
    fields = "#Fields: date time x-edge-location c-ip x-edge-request-id"
    row = "2026-05-01\t10:40:00\tFRA6\t198.51.100.10\tr1"
    name = "E1SFLUZKKLSP61.2026-05-01-10.0123abcd.gz"
    put(tmp_path / name, f"#Version: 1.0\n{fields}\n{row}\n".encode(), packed=True)
    (one,) = days(lakehunt("status", tmp_path, "--format", "jsonl"), "cloudfront")
    assert (one["rows"], one["delay_median_seconds"], one["delay_max_seconds"]) == (1, None, None)


def test_a_file_whose_day_nothing_tells_counts_for_its_first_event(
    tmp_path: Path, lakehunt: Lakehunt
) -> None:
    put(tmp_path / "a.json", document(event("A", "2026-05-01T10:00:00Z")))
    put(tmp_path / "b.json", document(event("B", "2026-05-09T10:00:00Z")))
    put(tmp_path / "c.json", document(event("C", "no time")))
    rows = days(lakehunt("status", tmp_path, "--format", "jsonl"))
    # events of two days make no gap: nothing says that a file of each day was to come
    assert shown(rows, "day", "is_by_event", "rows", "unparsed") == [
        ("2026-05-01", True, 1, 0),
        ("2026-05-09", True, 1, 0),
        (None, False, 0, 1),
    ]


def test_a_window_takes_the_folders_of_its_days(
    tmp_path: Path, s3: Server, lakehunt: Lakehunt
) -> None:
    lake = tmp_path / "lake"
    for day in (1, 2, 3):
        deliver(lake, day, "1005", event("A", f"2026-05-0{day}T10:00:00Z"))
    s3.upload("trail", lake)
    window = ("--since", "2026-05-02", "--until", "2026-05-02", "--format", "jsonl")
    there, here = lakehunt("status", "s3://trail", *window), lakehunt("status", lake, *window)
    assert shown(days(there), "day", "rows") == [("2026-05-02", 1)]
    assert there.out == here.out
    assert [key.split("/")[6] for key in s3.fetched] == ["02"]
    ran = lakehunt("status", lake, "--since", "2024-01-01", "--until", "2024-01-02")
    assert (ran.code, "2024-01-01 to 2024-01-02 MISSING" in ran.out) == (0, True)
    assert "cloudtrail: nothing in this window: the data covers 2026-05-01" in ran.err


def test_a_large_lake_asks_for_a_window(
    tmp_path: Path, lakehunt: Lakehunt, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(tmp_path, 1, "1005", event("A"))
    monkeypatch.setattr("lakehunt.engines.local.engine._UNBOUNDED_BYTES", 10)
    ran = lakehunt("status", tmp_path)
    assert (ran.code, "cloudtrail is read without a bound" in ran.err) == (2, True)
    assert lakehunt("status", tmp_path, "--all-time").code == 0


def test_an_account_is_held_to(tmp_path: Path, cloudtrail: Source, lakehunt: Lakehunt) -> None:
    lake_of(
        tmp_path,
        cloudtrail,
        {"recipientAccountId": "111122223333"},
        {"recipientAccountId": "444455556666"},
    )
    (one,) = days(lakehunt("status", tmp_path, "--account", "444455556666", "--format", "jsonl"))
    assert one["files"] == 1


def test_what_cannot_be_read_is_named_and_strict_says_so(
    tmp_path: Path, lakehunt: Lakehunt
) -> None:
    deliver(tmp_path, 1, "1005", event("A"))
    broken = deliver(tmp_path, 1, "1010", event("B"), number=1)
    broken.write_bytes(broken.read_bytes()[:-20])
    ran = lakehunt("status", tmp_path, "--format", "jsonl")
    assert f"NOT READ: {broken}: " in ran.err
    assert shown(days(ran), "files", "rows") == [(2, 1)]
    assert lakehunt("status", tmp_path, "--strict").code == 3


def test_names_in_the_data_cannot_write_to_a_terminal(tmp_path: Path, lakehunt: Lakehunt) -> None:
    deliver(tmp_path, 1, "1005", {**event("A"), "\x1b[2J": 1})
    ran = lakehunt("status", tmp_path)
    assert "\x1b" not in ran.out + ran.err
    assert "the table lacks \\x1b[2J" in ran.err


def test_every_format_has_the_same_days(tmp_path: Path, lakehunt: Lakehunt) -> None:
    deliver(tmp_path / "lake", 1, "1005", event("A"))
    deliver(tmp_path / "lake", 3, "1005", event("B", "2026-05-03T10:00:00Z"))
    lake = tmp_path / "lake"
    expected = [row["day"] for row in days(lakehunt("status", lake, "--format", "jsonl"))]
    table = csv.DictReader(StringIO(lakehunt("status", lake, "--format", "csv").out))
    assert [row["day"] for row in table] == expected == ["2026-05-01", "2026-05-02", "2026-05-03"]
    assert [
        day["day"] for day in json.loads(lakehunt("status", lake, "--format", "json").out)["days"]
    ] == expected
    out = tmp_path / "days.parquet"
    assert lakehunt("status", lake, "--format", "parquet", "--out", out).code == 0
    written: Mapping[str, list[object]] = pyarrow.parquet.read_table(out).to_pydict()
    assert written["day"] == expected


def test_the_public_attack_run_is_counted(lakehunt: Lakehunt) -> None:
    lake = shared("samples", "cloudtrail", "invictus")
    (one,) = days(lakehunt("status", lake, "--format", "jsonl"))
    assert shown([one], "day", "files", "rows", "unparsed") == [("2023-07-10", 55, 2900, 0)]
    assert one["size_bytes"] == sum(file.stat().st_size for file in lake.iterdir())


def test_a_column_that_aws_appended_is_found_in_a_real_log(lakehunt: Lakehunt) -> None:
    lake = shared("samples", "s3access", "otel")
    rows = days(lakehunt("status", lake, "--format", "jsonl"), "s3access")
    assert {name for row in rows for name in list(row["strange_fields"])} == {  # type: ignore[call-overload]
        "1 more column at the end"
    }
