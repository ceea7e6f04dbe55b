"""Where data goes and how it looks: formats, files, pipes, and what cannot be written."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet
import pytest

from lakehunt.model import Source
from tests.conftest import Ran
from tests.lakes import stopped_trail

Run = Callable[..., Ran]


@pytest.fixture
def lake(tmp_path: Path, cloudtrail: Source) -> Path:
    """A lake with one finding in it."""
    return stopped_trail(tmp_path / "lake", cloudtrail)


def test_stdout_is_data_only(lake: Path, lakehunt: Run) -> None:
    ran = lakehunt("hunt", "--lake", lake, "--format", "jsonl")
    (finding,) = [json.loads(line) for line in ran.out.splitlines()]
    assert finding["query_id"] == "cloudtrail.trail_stopped"
    assert finding["actor"] == "arn:aws:iam::111122223333:role/analyst"
    assert finding["event_time"] == "2026-05-01T10:00:00.000Z"
    assert finding["event_count"] == 1
    assert {"query_version", "fingerprint", "title", "severity", "attack", "examples", "log_files",
            "next", "first_event_time", "last_event_time"} <= {*finding}  # fmt: skip
    assert "2 events" in ran.err


def test_findings_fit_every_format(lake: Path, tmp_path: Path, lakehunt: Run) -> None:
    # few detections: their finding is what has to fit
    asked = ("hunt", lake, "--attack", "T1685")
    table = lakehunt(*asked).out
    assert "cloudtrail.trail_stopped" in table
    assert lakehunt(*asked, "--format", "csv").out.splitlines()[0].startswith("query_id,")
    document_ = json.loads(lakehunt(*asked, "--format", "json").out)
    assert document_["stories"][0]["findings"][0]["query_id"] == "cloudtrail.trail_stopped"
    out = tmp_path / "findings.parquet"
    assert lakehunt(*asked, "--format", "parquet", "--out", out).code == 1
    assert pyarrow.parquet.read_table(out).num_rows == 1
    rows = lakehunt(*asked, "--rows", "--format", "jsonl").out
    assert json.loads(rows)["log_file"].endswith(".json.gz")


def test_sql_answers_in_every_format(lake: Path, tmp_path: Path, lakehunt: Run) -> None:
    query = "SELECT event_name, count(*) n FROM cloudtrail GROUP BY 1 ORDER BY 1"
    ran = lakehunt("sql", query, "--lake", lake, "--format", "json")
    assert json.loads(ran.out)["rows"][0] == {"event_name": "GetBucketAcl", "n": 1}
    assert ran.code == 0
    out = tmp_path / "rows.csv"
    lakehunt("sql", query, "--lake", lake, "--format", "csv", "--out", out, "--all-time")
    assert out.read_text() == "event_name,n\nGetBucketAcl,1\nStopLogging,1\n"


def test_a_fault_of_ours_passes_for_no_finding(
    lake: Path, lakehunt: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("\x1b[2Ja column\nof the log")

    monkeypatch.setattr("lakehunt.sources.load_sources", fail)
    ran = lakehunt("hunt", lake)
    assert (ran.code, ran.out) == (3, "")
    first, *_, last = ran.err.splitlines()
    assert first == "Traceback (most recent call last):"
    assert last.startswith("lakehunt: a fault of lakehunt itself, please report it: RuntimeError: ")
    assert "\x1b" not in ran.err


def test_a_closed_pipe_is_no_error() -> None:
    ran = _shell(f"({sys.executable} -m lakehunt list; echo code $? >&2) | head -1")
    assert ran.stderr == "code 0\n"


def test_all_rows_go_to_a_file_in_the_format_of_its_name(
    lake: Path, lakehunt: Run, tmp_path: Path
) -> None:
    many = "SELECT t.i FROM UNNEST(sequence(1, 6000)) t (i) CROSS JOIN UNNEST(ARRAY[1, 2]) u (j)"
    asked = ("sql", many, "--lake", lake)
    shown = lakehunt(*asked, "--format", "csv")
    assert len(shown.out.splitlines()) == 10_001
    assert "only the first 10,000 rows are shown" in shown.err
    ran = lakehunt(*asked, "--out", tmp_path / "all.csv")
    lines = (tmp_path / "all.csv").read_text().splitlines()
    assert (lines[0], len(lines)) == ("i", 12_001)
    assert "only the first" not in ran.err
    lakehunt(*asked, "--out", tmp_path / "all.parquet", "--max-rows", "7")
    assert pyarrow.parquet.read_table(tmp_path / "all.parquet").num_rows == 7
    lakehunt(*asked, "--out", tmp_path / "one.csv", "--format", "jsonl", "--max-rows", "1")
    assert (tmp_path / "one.csv").read_text() == '{"i": 1}\n'


def _shell(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, shell=True, capture_output=True, text=True, check=False)


QUERY = "SELECT 1 AS n FROM UNNEST(sequence(1, 10000)) AS t (i)"


def test_a_reader_that_has_seen_enough_makes_no_finding(lake: Path) -> None:
    asked = f"{sys.executable} -m lakehunt sql '{QUERY}' --lake {lake} --format jsonl"
    ran = _shell(f"({asked}; echo code $? >&2) | head -1")
    assert ran.stdout == '{"n": 1}\n'
    assert "code 0" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_no_finding(lake: Path) -> None:
    ran = _shell(f"{sys.executable} -m lakehunt hunt {lake} > /dev/full")
    assert ran.returncode == 3
    assert "lakehunt: stdout: No space left on device; not all was written" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_closed_stdout_is_named(lake: Path) -> None:
    ran = _shell(f"{sys.executable} -m lakehunt hunt {lake} >&-")
    assert ran.returncode == 2
    assert ran.stderr.endswith("lakehunt: stdout is closed: name a file with --out\n")


def test_a_file_that_cannot_be_written_is_named_and_leaves_nothing(
    lake: Path, lakehunt: Run, tmp_path: Path
) -> None:
    for out, expected in (
        (tmp_path, f"--out {tmp_path}: is a folder"),
        (tmp_path / ("x" * 300), "File name too long"),
    ):
        ran = lakehunt("sql", QUERY, "--lake", lake, "--format", "csv", "--out", out)
        assert (ran.code, ran.out) == (2, "")
        assert expected in ran.err
    assert [*tmp_path.parent.glob(".*.part")] == []
