"""A query that names values passes over the files without them, and loses no row by it.

It must not know how the texts to search for are found.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehunt.engines.base import Limits
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.model import Result, Source
from lakehunt.sql.compile import Draft

from .conftest import Ask, Ran, shared
from .lakes import document, event, lines, put

NAMED = "SELECT event_name FROM cloudtrail WHERE event_name IN ('StopLogging', 'DeleteTrail')"
UNCOUNTED = Limits(count=False)
NAME = "111122223333_CloudTrail_us-east-1_20260501T1005Z_{}.json"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    put(tmp_path / NAME.format("Aaaa"), document(event("StopLogging"), event("GetObject")))
    put(tmp_path / NAME.format("Bbbb"), document(event("GetObject")))
    put(tmp_path / NAME.format("Cccc"), document(event("PutObject")), packed=True)
    return tmp_path


def test_files_without_the_values_are_passed_over(lake: Path, ask: Ask) -> None:
    rows, run = ask(lake, NAMED, limits=UNCOUNTED)
    account = run.accounts[0]
    assert [row["event_name"] for row in rows] == ["StopLogging"]
    assert (account.files_listed, account.files_read, account.files_passed_over) == (3, 1, 2)
    assert "not parsed" in account.not_counted["rows"]


def test_where_no_file_has_the_values_there_are_no_rows(lake: Path, ask: Ask) -> None:
    rows, run = ask(lake, NAMED.replace("StopLogging", "StopIt"), limits=UNCOUNTED)
    assert (rows, run.accounts[0].files_passed_over) == ([], 3)


def test_who_wants_the_account_gets_all_of_it(lake: Path, ask: Ask) -> None:
    _, run = ask(lake, NAMED)
    account = run.accounts[0]
    assert (account.files_read, account.files_passed_over, account.rows_read) == (3, 0, 4)
    assert not account.not_counted


def test_a_window_that_the_events_tell_is_that_of_all_events(tmp_path: Path, ask: Ask) -> None:
    put(tmp_path / NAME.format("Aaaa"), document(event("GetObject", "2026-05-01T08:00:00Z")))
    put(tmp_path / NAME.format("Bbbb"), document(event("StopLogging", "2026-05-01T09:00:00Z")))
    sql = f"SELECT :since AS first FROM cloudtrail WHERE {NAMED.partition('WHERE')[2]}"
    rows, _ = ask(tmp_path, sql, limits=UNCOUNTED)
    assert str(rows[0]["first"]).startswith("2026-05-01 08:00:00")


ARN = "arn:aws:iam::111122223333:role/ops"
WRITTEN = {
    "by its number": document(event("StopLogging")).replace(b"StopL", b"Sto\\u0070L"),
    "by capital digits": document(event("StopLogging")).replace(b"StopL", b"Stop\\u004C"),
    "in UTF-16": document(event("StopLogging")).decode().encode("utf-16"),
    "on lines": lines(event("GetObject"), event("StopLogging")),
    "inside a text": lines({"message": json.dumps(event("StopLogging"))}),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_a_value_is_found_however_it_is_written(tmp_path: Path, ask: Ask, how: str) -> None:
    put(tmp_path / "mailed.json", WRITTEN[how])
    put(tmp_path / NAME.format("Bbbb"), document(event("GetObject")))
    rows, run = ask(tmp_path, NAMED, limits=UNCOUNTED)
    assert [row["event_name"] for row in rows] == ["StopLogging"], run.accounts[0]


def test_a_slash_may_be_escaped(tmp_path: Path, ask: Ask) -> None:
    who = {"type": "AssumedRole", "arn": ARN}
    text = document(event("A", userIdentity=who)).replace(b"/", b"\\/")
    put(tmp_path / NAME.format("Aaaa"), text)
    sql = f"SELECT eventName FROM cloudtrail_raw WHERE useridentity.arn = '{ARN}'"
    assert len(ask(tmp_path, sql, limits=UNCOUNTED)[0]) == 1


def test_many_alternatives_are_searched_or_parsed(lake: Path, ask: Ask) -> None:
    pairs = (f"(event_source = 's{n}.amazonaws.com' AND event_name = 'Call{n}')" for n in range(40))
    known = "(event_source = 's3.amazonaws.com' AND event_name = 'StopLogging')"
    sql = f"SELECT event_name FROM cloudtrail WHERE {' OR '.join((*pairs, known))}"
    rows, _ = ask(lake, sql, limits=UNCOUNTED)
    assert [row["event_name"] for row in rows] == ["StopLogging"]


def test_json_in_a_text_may_be_spaced(tmp_path: Path, ask: Ask) -> None:
    inner = {"bucketName": "logs", "size": 1000000.0}
    text = json.dumps({"Records": [event("PutObject", requestParameters=inner)]}, indent=1)
    put(tmp_path / NAME.format("Aaaa"), text.encode())
    for condition in ('LIKE \'%"bucketName":"logs"%\'', "LIKE '%\"size\":1000000%'"):
        sql = f"SELECT event_name FROM cloudtrail WHERE request_parameters {condition}"
        assert len(ask(tmp_path, sql)[0]) == len(ask(tmp_path, sql, limits=UNCOUNTED)[0]) == 1


DAMAGED = {
    "cut off": document(event("GetObject"))[:-40],
    "cut off, behind a mark": b"\xef\xbb\xbf" + document(event("GetObject"))[:-40],
    "no text": document(event("GetObject")).replace(b"GetObject", b"Get\xff\xfe"),
}


@pytest.mark.parametrize("how", DAMAGED)
def test_a_damaged_file_is_named_all_the_same(tmp_path: Path, ask: Ask, how: str) -> None:
    put(tmp_path / NAME.format("Aaaa"), document(event("StopLogging")))
    put(tmp_path / NAME.format("Bbbb"), DAMAGED[how])
    _, run = ask(tmp_path, NAMED, limits=UNCOUNTED)
    assert [Path(note.path).name for note in run.accounts[0].refused] == [NAME.format("Bbbb")]


SAME = {
    "cloudtrail": ("event_name", "source_ip", "user_agent"),
    "alb": ("source_ip", "user_agent", "request_host"),
    "s3access": ("source_ip", "actor", "event_name"),
    "vpcflow": ("source_ip", "interface_id"),
    "waf": ("source_ip", "target"),
    "route53_resolver": ("target", "source_ip"),
    "cloudfront": ("source_ip", "user_agent"),
}
"""Columns whose values are asked for one by one."""


@pytest.mark.parametrize("source", SAME)
def test_real_logs_give_the_same_rows_searched_and_parsed(
    source: str, sources: dict[str, Source]
) -> None:
    engine = LocalEngine(shared("samples", source), sources)
    values = "SELECT DISTINCT {0} AS v FROM {1} WHERE {0} IS NOT NULL ORDER BY 1 LIMIT 5"
    asked = "SELECT log_file, count(*) AS n FROM {1} WHERE {0} = '{2}' GROUP BY 1 ORDER BY 1"
    found = _answers(engine, {c: values.format(c, source) for c in SAME[source]}, Limits())
    queries = {
        f"{column} {value}": asked.format(column, source, value)
        for column, rows in found.items()
        for value in (str(row["v"]).replace("'", "''") for row in rows)
    }
    parsed = _answers(engine, queries, Limits())
    assert all(parsed.values())
    # each alone passes over what lacks its own value, all together what lacks any
    assert _answers(engine, queries, UNCOUNTED) == parsed
    for name, sql in queries.items():
        assert _answers(engine, {name: sql}, UNCOUNTED)[name] == parsed[name], name
    engine.close()


def _answers(
    engine: LocalEngine, queries: dict[str, str], limits: Limits
) -> dict[str, list[dict[str, object]]]:
    drafts = [Draft(name, sql) for name, sql in queries.items()]
    results = engine.run(drafts, None, limits, lambda share: None).results
    assert all(isinstance(result, Result) for result in results.values()), results
    return {name: one.rows() for name, one in results.items() if isinstance(one, Result)}


def test_the_command_says_what_was_not_counted(lake: Path, lakehunt: Callable[..., Ran]) -> None:
    ran = lakehunt("sql", NAMED, "--lake", lake, "--all-time")
    assert "cloudtrail: 1 of 3 files read, 2 passed over" in ran.err
    assert "what the logs hold was not counted" in ran.err
    counted = lakehunt("sql", NAMED, "--lake", lake, "--all-time", "--count")
    assert (counted.out, "4 events" in counted.err) == (ran.out, True)


def test_strict_wants_all_files_read(lake: Path, lakehunt: Callable[..., Ran]) -> None:
    put(lake / NAME.format("Dddd"), document(event("A"), event("B")).replace(b"},", b"}"))
    ran = lakehunt("sql", NAMED, "--lake", lake, "--all-time", "--strict")
    assert (ran.code, "could not be read" in ran.err) == (3, True)
