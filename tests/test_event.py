"""One event, as it was logged, and what happened beside it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehunt.model import Source
from tests.conftest import Ran
from tests.lakes import document, event, lake_of, lines, put

Run = Callable[..., Ran]
OTHER = {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/eve", "accessKeyId": "AKIAE"}


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    put(
        tmp_path / "lake" / "one.json",
        document(
            event("Before", "2026-05-01T09:50:00Z"),
            event("Wanted", eventID="wanted", requestParameters={"a": {"b": [1, 1.50]}}),
            event("Other", "2026-05-01T10:05:00Z", userIdentity=OTHER),
            event("Late", "2026-05-01T11:00:00Z"),
        ),
    )
    put(tmp_path / "lake" / "two.json", lines(event("Wanted", eventID="wanted")), packed=True)
    return tmp_path / "lake"


def test_an_event_is_shown_as_it_was_logged_each_time(lake: Path, lakehunt: Run) -> None:
    ran = lakehunt("event", "wanted", "--lake", lake)
    records = json.loads(ran.out)["records"]
    assert ran.code == 0
    assert [record["eventName"] for record in records] == ["Wanted", "Wanted"]
    assert records[0]["requestParameters"] == {"a": {"b": [1, 1.5]}}
    assert "one.json" in ran.err
    assert "two.json" in ran.err


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--around", "15m"], ["Before", "Wanted", "Wanted", "Other"]),
        (["--around", "15m", "--same", "actor"], ["Before", "Wanted", "Wanted"]),
        (["--around", "1m", "--same", "source_ip"], ["Wanted", "Wanted"]),
    ],
)
def test_what_happened_beside_it(
    lake: Path, lakehunt: Run, options: list[str], expected: list[str]
) -> None:
    ran = lakehunt("event", "wanted", "--lake", lake, "--format", "jsonl", *options)
    assert [json.loads(line)["event_name"] for line in ran.out.splitlines()] == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nothing"], "nothing: no event of this id in"),
        (["wanted", "--around", "soon"], "--around 'soon' is no span of time"),
        (["wanted", "--around", "5m", "--same", "colour"], "expected one of actor, source_ip"),
        (["wanted", "--around", "5m", "--same", "access_key_id"], "the event has none"),
        (["x' OR 1=1 --"], "no event of this id"),
    ],
)
def test_a_mistake_is_one_clear_line(
    lake: Path, lakehunt: Run, arguments: list[str], expected: str
) -> None:
    ran = lakehunt("event", *arguments, "--lake", lake)
    assert ran.code == 2
    assert expected in ran.err


def test_a_line_is_its_own_record(
    tmp_path: Path, lakehunt: Run, sources: dict[str, Source]
) -> None:
    lake = tmp_path / "lake"
    hostile = {"request_id": "R2", "user_agent": "a \x1b[31m b"}
    lake_of(lake, sources["s3access"], {"request_id": "R1"}, hostile)
    lake_of(lake, sources["waf"], {"httpRequest": {"requestId": "W1", "uri": "/x"}})
    [line] = json.loads(lakehunt("event", "R2", "--lake", lake).out)["records"]
    assert " R2 " in line["line"]
    assert "a \x1b[31m b" in line["line"]
    [record] = json.loads(lakehunt("event", "W1", "--lake", lake).out)["records"]
    assert record["httpRequest"]["uri"] == "/x"
