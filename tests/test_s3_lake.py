"""A lake in S3 gives what the same folder gives; only what a window admits is listed and fetched.

moto's server on loopback stands for S3.
"""

import gzip
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from lakehunt.demo import make_lake
from lakehunt.model import Source
from tests.buckets import Asked, Server, cut
from tests.conftest import Ran
from tests.lakes import document, event, lake_of, three_days

Lakehunt = Callable[..., Ran]
_COUNT = "SELECT event_name, count(*) AS n FROM cloudtrail GROUP BY 1 ORDER BY 1"
_FILES = "SELECT DISTINCT log_file FROM cloudtrail ORDER BY 1"


def rows(ran: Ran) -> list[dict[str, object]]:
    assert ran.code == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def test_the_demo_lake_gives_the_same_findings_from_s3(
    tmp_path: Path, s3: Server, sources: dict[str, Source], lakehunt: Lakehunt
) -> None:
    lake = tmp_path / "demo"
    made = make_lake(lake, sources, lambda share: None, events=20)
    s3.upload("trail", lake, "some/prefix/")
    here = lakehunt("hunt", lake, "--format", "jsonl")
    there = lakehunt("hunt", "s3://trail/some", "--format", "jsonl")
    assert here.out
    assert sorted(there.out.splitlines()) == sorted(
        here.out.replace(f"{lake}/", "s3://trail/some/prefix/").splitlines()
    )
    read = [int(n.replace(",", "")) for n in re.findall(r": ([\d,]+) of \1 files read", there.err)]
    assert sum(read) == made.files
    assert "NOT READ" not in there.err
    assert (there.code, here.code) == (1, 1)


def test_only_the_days_of_the_window_are_listed_and_fetched(
    tmp_path: Path, s3: Server, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    s3.upload("trail", three_days(tmp_path / "lake", cloudtrail))
    s3.asked.clear()
    window = ("--since", "2026-05-02T00:00:00Z", "--until", "2026-05-02T12:00:00Z")
    ran = lakehunt("sql", _COUNT, "--lake", "s3://trail", *window, "--format", "jsonl")
    assert rows(ran) == [{"event_name": "Day2", "n": 4}]
    # the next day's folder may hold an event that came late
    assert {key.split("/")[6] for key in s3.fetched} == {"02", "03"}
    assert len(s3.fetched) == 8
    # the bucket, AWSLogs, two accounts, two CloudTrail folders; then each region once
    assert len(s3.listed) == 1 + 1 + 2 + 2 + 4
    assert "8 of 8 files read" in ran.err


def test_an_account_is_held_to_before_its_folders_are_listed(
    tmp_path: Path, s3: Server, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    s3.upload("trail", three_days(tmp_path / "lake", cloudtrail))
    s3.asked.clear()
    narrow = ("--account", "444455556666", "--region", "us-east-1", "--format", "jsonl")
    ran = lakehunt("sql", _COUNT, "--lake", "s3://trail", "--since", "2026-05-03", *narrow)
    assert rows(ran) == [{"event_name": "Day3", "n": 1}]
    assert not [prefix for prefix in s3.listed if "111122223333" in prefix]
    assert len(s3.listed) == 1 + 1 + 1 + 1 + 1


def test_many_objects_are_listed_in_pieces_none_twice(
    tmp_path: Path, s3: Server, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    events = [
        {"eventTime": f"2026-05-{day:02}T{hour:02}:00:00Z", "eventName": "X"}
        for day in range(1, 11)
        for hour in range(0, 24, 6)
    ]
    keys = s3.upload("trail", lake_of(tmp_path / "lake", cloudtrail, *events))
    s3.page = "3"
    window = ("--since", "2026-05-01", "--until", "2026-05-11")
    ran = lakehunt("sql", _COUNT, "--lake", "s3://trail", *window, "--format", "jsonl")
    assert rows(ran) == [{"event_name": "X", "n": len(events)}]
    assert sorted(s3.fetched) == sorted(keys)


def test_what_was_fetched_once_is_never_fetched_again(
    tmp_path: Path, s3: Server, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    keys = s3.upload("trail", three_days(tmp_path / "lake", cloudtrail))
    first = lakehunt("sql", _COUNT, "--lake", "s3://trail", "--format", "jsonl")
    assert sorted(s3.fetched) == sorted(keys)
    s3.asked.clear()
    again = lakehunt("sql", _COUNT, "--lake", "s3://trail", "--format", "jsonl")
    assert (rows(again), s3.fetched) == (rows(first), [])


def test_an_object_that_was_replaced_is_fetched_anew(
    tmp_path: Path, s3: Server, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    keys = s3.upload("trail", three_days(tmp_path / "lake", cloudtrail))
    lakehunt("sql", _COUNT, "--lake", "s3://trail")
    s3.put("trail", keys[0], gzip.compress(document(event("Replaced", "2026-05-01T10:00:00Z"))))
    s3.asked.clear()
    ran = lakehunt("sql", _COUNT, "--lake", "s3://trail", "--format", "jsonl")
    assert {"event_name": "Replaced", "n": 1} in rows(ran)
    assert s3.fetched == [keys[0]]


def test_an_object_that_changes_while_it_is_read_is_refused_by_name(
    tmp_path: Path, s3: Server, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    keys = s3.upload("trail", three_days(tmp_path / "lake", cloudtrail))

    def replace(asked: Asked) -> None:
        if asked.is_fetch and asked.path.endswith(keys[3]):
            s3.fault = lambda asked: None
            s3.put("trail", keys[3], b"{}")

    s3.fault = replace
    ran = lakehunt("sql", _COUNT, "--lake", "s3://trail", "--strict", "--format", "jsonl")
    assert ran.code == 3
    assert f"NOT READ: s3://trail/{keys[3]}: changed in S3 since it was listed" in ran.err
    assert sum(json.loads(line)["n"] for line in ran.out.splitlines()) == len(keys) - 1


def test_a_broken_connection_is_gone_on_from(
    tmp_path: Path, s3: Server, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    keys = s3.upload("trail", three_days(tmp_path / "lake", cloudtrail))
    body = (tmp_path / "lake" / keys[0]).read_bytes()
    broken: list[str] = []

    def break_once(asked: Asked) -> object:
        if asked.is_fetch and asked.path.endswith(keys[0]) and len(broken) < 2:
            broken.append(asked.headers.get("HTTP_RANGE", ""))
            return cut(body, 100) if len(broken) == 1 else None
        return None

    s3.fault = break_once  # type: ignore[assignment]
    ran = lakehunt("sql", _COUNT, "--lake", "s3://trail", "--strict", "--format", "jsonl")
    assert sum(int(str(row["n"])) for row in rows(ran)) == len(keys)
    assert (broken[0], broken[1].startswith("bytes=100-")) == ("", True)


def test_a_file_cut_short_in_the_cache_is_fetched_again(
    tmp_path: Path, s3: Server, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    s3.upload("trail", three_days(tmp_path / "lake", cloudtrail))
    first = lakehunt("sql", _COUNT, "--lake", "s3://trail", "--format", "jsonl")
    kept = next(file for file in (tmp_path / "cache").rglob("*") if file.is_file())
    kept.write_bytes(kept.read_bytes()[:10])
    s3.asked.clear()
    again = lakehunt("sql", _COUNT, "--lake", "s3://trail", "--format", "jsonl")
    assert rows(again) == rows(first)
    assert len(s3.fetched) == 1


def test_a_cache_too_small_stays_small_and_the_answer_whole(
    tmp_path: Path, s3: Server, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    s3.upload("trail", three_days(tmp_path / "lake", cloudtrail))
    Path("lakehunt.toml").write_text('[cache]\nfolder = "small"\nmax_size = "4kB"\n')
    ran = lakehunt("sql", _COUNT, "--lake", "s3://trail", "--strict", "--format", "jsonl")
    assert rows(ran) == [{"event_name": f"Day{day}", "n": 4} for day in (1, 2, 3)]
    sizes = [file.stat().st_size for file in Path("small").rglob("*") if file.is_file()]
    assert 0 < sum(sizes) <= 4000
    assert len(sizes) < 12


def test_two_processes_at_once_fetch_each_object_once(
    tmp_path: Path, s3: Server, cloudtrail: Source
) -> None:
    keys = s3.upload("trail", three_days(tmp_path / "lake", cloudtrail))
    command = [sys.executable, "-m", "lakehunt", "sql", _COUNT, "--lake", "s3://trail"]
    both = [
        subprocess.Popen([*command, "--format", "jsonl"], stdout=subprocess.PIPE, env=os.environ)
        for _ in range(2)
    ]
    outs = [one.communicate()[0] for one in both]
    assert outs[0] == outs[1]
    assert outs[0].count(b"\n") == 3
    assert sorted(s3.fetched) == sorted(keys)


def test_a_window_beside_the_data_says_what_there_is(
    tmp_path: Path, s3: Server, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    s3.upload("trail", three_days(tmp_path / "lake", cloudtrail), "p/")
    window = ("--since", "2024-01-01", "--until", "2024-02-01")
    ran = lakehunt("sql", _COUNT, "--lake", "s3://trail/p/", *window)
    assert ran.code == 0
    assert "nothing in this window: the data covers 2026-05-01 to 2026-05-03" in ran.err
    assert s3.fetched == []


def test_what_lies_beside_the_logs_is_named(
    tmp_path: Path, s3: Server, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    s3.upload("trail", three_days(tmp_path / "lake", cloudtrail))
    s3.put("trail", "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/05/01/d.json.gz", b"x")
    s3.put("trail", "AWSLogs/111122223333/Something/2026/x.json.gz", b"x")
    s3.put("trail", "AWSLogs/111122223333/CloudTrail/us-east-1/note.txt", b"not a log")
    ran = lakehunt("sql", _COUNT, "--lake", "s3://trail", "--format", "json")
    account = json.loads(ran.out)["run"]
    notes = {note["path"]: note["reason"] for note in account["unknown_files"]}
    beside = "s3://trail/AWSLogs/111122223333"
    assert notes[f"{beside}/Something/"].endswith("not listed")
    skipped = account["sources"][0]["files"]["skipped"]
    assert [note["path"] for note in skipped] == [f"{beside}/CloudTrail-Digest/"]


def test_a_dump_without_folders_is_recognised(s3: Server, lakehunt: Lakehunt) -> None:
    s3.bucket("case")
    name = "111122223333_CloudTrail_us-east-1_20260501T1005Z_AbCdEfGhIjKlMnOp.json.gz"
    s3.put("case", f"dump/{name}", gzip.compress(document(event("Named"))))
    s3.put("case", "dump/mailed.json", document(event("Recognised")))
    with zipfile.ZipFile(packed := BytesIO(), "w") as archive:
        archive.writestr("inner.json", document(event("Packed")))
    s3.put("case", "dump/more/export.zip", packed.getvalue())
    s3.put("case", "dump/readme.txt", b"what this is")
    ran = lakehunt("sql", _COUNT, "--lake", "s3://case/dump", "--format", "jsonl")
    assert [row["event_name"] for row in rows(ran)] == ["Named", "Packed", "Recognised"]
    assert "NOT READ: s3://case/dump/readme.txt: neither JSON" in ran.err
    files = rows(lakehunt("sql", _FILES, "--lake", "s3://case/dump", "--format", "jsonl"))
    assert "s3://case/dump/more/export.zip/inner.json" in {row["log_file"] for row in files}


def test_one_object_is_a_lake(s3: Server, lakehunt: Lakehunt) -> None:
    s3.bucket("case")
    s3.put("case", "a.json", document(event("Wanted", eventID="wanted")))
    s3.put("case", "a.json.bak", document(event("Other")))
    ran = lakehunt("sql", _COUNT, "--lake", "s3://case/a.json", "--format", "jsonl")
    assert rows(ran) == [{"event_name": "Wanted", "n": 1}]
    shown = lakehunt("event", "wanted", "--lake", "s3://case/a.json", "--format", "json")
    assert json.loads(shown.out)["log_files"] == ["s3://case/a.json"]


def test_an_unbounded_query_on_a_large_lake_is_refused_before_it_fetches(
    tmp_path: Path,
    s3: Server,
    cloudtrail: Source,
    lakehunt: Lakehunt,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s3.upload("trail", three_days(tmp_path / "lake", cloudtrail))
    monkeypatch.setattr("lakehunt.engines.local.engine._UNBOUNDED_BYTES", 1000)
    ran = lakehunt("sql", _COUNT, "--lake", "s3://trail")
    assert ran.code == 2
    assert "--all-time" in ran.err
    assert s3.fetched == []
    assert lakehunt("sql", _COUNT, "--lake", "s3://trail", "--all-time").code == 0


def test_a_wrong_name_shows_the_nearest(s3: Server, lakehunt: Lakehunt) -> None:
    s3.bucket("my-trail")
    s3.put("my-trail", "logs/AWSLogs/x", b"x")
    assert "did you mean s3://my-trail?" in lakehunt("hunt", "s3://my-trial").err
    ran = lakehunt("hunt", "s3://my-trail/log")
    assert (ran.code, "s3://my-trail/ holds logs/" in ran.err) == (2, True)
    assert "expected s3://bucket" in lakehunt("hunt", "s3://").err
