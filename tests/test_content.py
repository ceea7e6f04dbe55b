"""Content files load, and every problem in one is named with its line and the right word."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lakehunt.casefiles import load_cases, read_cases
from lakehunt.content import Root, load_yaml, roots, split_header
from lakehunt.errors import ContentError, Location, UsageError
from lakehunt.library import find_query, load_queries, read_query
from lakehunt.model import ValueType
from tests.conftest import PROJECT

HEADER = """\
-- ---
-- title: Trail stopped
-- kind: detection
-- severity: high
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Who stopped a trail?
-- attack: [T1685.002]
-- group_by: [actor]
-- misses: [nothing]
-- next: Look.
-- params:
--   names: {type: texts, default: [StopLogging, "a:b"], help: API calls}
--   least: {type: integer, default: 3, help: at least so many}
-- columns: {event_time: timestamp, actor: text}
-- stage: defense impairment
-- ---
SELECT event_time, actor
FROM cloudtrail
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def write_query(text: str) -> Path:
        path = tmp_path / "query.sql"
        path.write_text(text, encoding="utf-8")
        return path

    return write_query


def test_a_query_is_read_as_it_is_written(write: Callable[[str], Path]) -> None:
    query = read_query(write(HEADER), "cloudtrail.query")
    assert query.params["names"].default == ("StopLogging", "a:b")
    assert query.params["least"].default == 3
    assert query.columns == {"event_time": ValueType.TIMESTAMP, "actor": ValueType.TEXT}
    assert query.sql.startswith("SELECT event_time")
    assert query.sql_line == 19


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("severity: high", "severity: hihg", ":4: `severity: hihg`, expected low | medium | high"),
        ("severity: high", "severty: high", ":4: unknown key `severty`, did you mean severity?"),
        ("-- next: Look.\n", "", ":2: `next` is missing"),
        ("version: 1", "version: 1.5", ":6: `version: 1.5`, expected a whole number"),
        (
            "T1685.002",
            "T1562.008",
            ":9: T1562.008 is gone from ATT&CK v19, did you mean T1685.002?",
        ),
        ("T1685.002", "TA0005", ":9: `attack` names TA0005, expected ids such as T1078.004"),
        ("group_by: [actor]", "group_by: [actr]", "`group_by` names actr, expected a column"),
        ("type: texts", "type: list", ":14: `names: list`, expected a type such as text"),
        ("default: 3", "default: many", "`least` default 'many' is no integer such as 25"),
        ("default: 3, ", "", ":15: `least` of a detection needs a default"),
        ("--   least:", "--   since:", ":15: `since` is always there and cannot be declared"),
        ("actor: text}", "actor: txt}", "`actor: txt`, did you mean text?"),
        ("-- title: Trail stopped\n", "-- title: [a\n", "not YAML"),
        (
            "-- title: Trail stopped\n",
            "-- title: a\n-- title: b\n",
            ":3: `title` stands here twice",
        ),
        ("-- ---\nSELECT", "SELECT", "the header does not end"),
        ("-- ---\n-- title", "-- title", ":1: no header"),
    ],
)
def test_a_broken_header_names_the_line_and_the_right_word(
    write: Callable[[str], Path], old: str, new: str, expected: str
) -> None:
    assert HEADER.count(old) >= 1
    path = write(HEADER.replace(old, new, 1))
    with pytest.raises(ContentError) as raised:
        read_query(path, "cloudtrail.query")
    assert expected in str(raised.value)
    assert str(raised.value).startswith(str(path))


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "queries" / "cloudtrail"
    folder.mkdir(parents=True)
    (folder / "one.sql").write_text(HEADER.replace("high", "hihg").replace("stable", "stabel"))
    (folder / "two.sql").write_text("SELECT 1")
    with pytest.raises(ContentError) as raised:
        load_queries([Root(tmp_path / "queries", tmp_path, tmp_path, tmp_path)])
    assert len(raised.value.problems) == 3


def test_a_private_root_lies_over_the_bundled_one(tmp_path: Path) -> None:
    folder = tmp_path / "queries" / "cloudtrail"
    folder.mkdir(parents=True)
    (folder / "trail_stopped.sql").write_text(HEADER)
    (folder / "my_own.sql").write_text(HEADER)
    queries = load_queries(roots(tmp_path))
    assert queries["cloudtrail.trail_stopped"].title == "Trail stopped"
    assert "cloudtrail.my_own" in queries
    assert "cloudtrail.root_used" in queries


def test_an_unknown_query_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"did you mean cloudtrail\.trail_stopped\?"):
        find_query(load_queries(roots()), "cloudtrail.trail_stoped")


def test_yaml_is_text_all_through() -> None:
    text = "account: 012345670123\nversion: 3.10\nflag: no\nnothing: null\nquoted: 'null'\n"
    loaded = load_yaml(text, Path("x.yaml"))
    assert loaded == {
        "account": "012345670123",
        "version": "3.10",
        "flag": "no",
        "nothing": None,
        "quoted": "null",
    }


def test_a_header_is_cut_off_with_the_line_that_the_query_starts_on() -> None:
    header, body, line = split_header("-- ---\n-- a: b\n-- ---\nSELECT 1", Location("x.sql"))
    assert (header, body, line) == ("a: b", "SELECT 1", 4)


CASES = """\
cases:
  hit:
    window: [2026-05-01T00:00:00Z, 2026-05-02T00:00:00Z]
    given: {cloudtrail: [{eventName: A, userIdentity: {type: Root, arn: x}}]}
    expect: [{event_name: A}]
  near_miss:
    like: hit
    set: {userIdentity.type: IAMUser, eventName: null}
    expect: []
"""


def test_a_near_miss_is_a_copy_with_deep_changes(tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(CASES)
    cases = read_cases(path)
    assert cases["near_miss"].given["cloudtrail"][0] == {
        "eventName": None,
        "userIdentity": {"type": "IAMUser", "arn": "x"},
    }
    assert cases["hit"].given["cloudtrail"][0]["eventName"] == "A"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("near_miss:", "hit:", ":6: `hit` stands here twice, expected each key once"),
        ("like: hit", "like: hitt", "`like: hitt`, expected an earlier case, did you mean hit?"),
        ("2026-05-02T", "2026-04-02T", "`window`, expected [since, until]"),
        ("2026-05-02T00:00:00Z", "later", "'later' is no time"),
        ("expect: []", "expects: []", "unknown key `expects`, did you mean expect?"),
        ("given: {", "given: {} #", ":4: `given` names no source, expected {source: [records]}"),
        ("cases:", "- cases:", ":1: a list, expected `key: value` lines"),
        (CASES, "# nothing yet\n", ":1: empty, expected `key: value` lines"),
        (CASES, "\nnothing yet\n", ":2: no mapping, expected `key: value` lines"),
    ],
)
def test_a_broken_case_file_names_the_line(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(CASES.replace(old, new, 1))
    with pytest.raises(ContentError) as raised:
        read_cases(path)
    assert expected in str(raised.value)


def test_what_a_faulty_case_is_copied_to_is_no_fault_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(CASES.replace("2026-05-02T00:00:00Z", "later") + "  third: {like: near_miss}\n")
    with pytest.raises(ContentError) as raised:
        read_cases(path)
    assert {problem.location.line for problem in raised.value.problems} == {3}


def test_each_case_file_belongs_to_a_query() -> None:
    queries = load_queries(roots())
    for path in (PROJECT / "tests" / "cases").glob("*/*.yaml"):
        assert f"{path.parent.name}.{path.stem}" in queries
    assert all(load_cases(roots(), id_) for id_ in queries)
