"""Each rule of `check` by its own examples, Trino's verdicts on real queries, and the formats."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lakehunt.check import RULES, Rule, check_queries, check_text, ground
from lakehunt.check.examples import SPREAD, detection, spread
from lakehunt.check.raising import can_fail
from lakehunt.check.reading import unbounded_tables
from lakehunt.check.refusals import examine
from lakehunt.check.rules import Ground
from lakehunt.check.stand_ins import WINDOW
from lakehunt.cli.content import STDIN, given_text
from lakehunt.content import roots
from lakehunt.errors import Location
from lakehunt.library import load_queries, sound_queries
from lakehunt.model import Query, Source
from lakehunt.render.problems import Fault, render
from lakehunt.sql.compile import compile_draft
from lakehunt.trino_on_duckdb.types import parse
from tests.conftest import Ran, shared

Run = Callable[..., Ran]
_REFUSED = ("TYPE_MISMATCH", "COLUMN_NOT_FOUND", "FUNCTION_NOT_FOUND")
_BOUNDS = "WHERE event_time >= :since AND event_time < :until"


@pytest.fixture(scope="module")
def on(sources: dict[str, Source]) -> Iterator[Ground]:
    found = ground(sources)
    yield found
    found.empty.close()


def found_by(text: str, on: Ground) -> list[str]:
    """Return the ids of the rules that a query, with or without a header, breaks."""
    query = given_text(text)
    if isinstance(query, Query):
        where = Location(STDIN, query.sql_line)
        return [problem.rule for problem in check_text(query.sql, where, on, query)]
    return [problem.rule for problem in check_text(query, Location(STDIN), on)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_finds_its_bad_example(rule: Rule, on: Ground) -> None:
    assert found_by(rule.bad, on) == [rule.id]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_content_with_its_good_example(rule: Rule, on: Ground) -> None:
    assert found_by(rule.good, on) == []


def test_ids_are_unique_and_reasons_are_sentences() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.reason[0].isupper() and rule.reason.endswith(".") for rule in RULES)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("CAST(event_time AS varchar)", []),
        ("CAST(event_time AS timestamp(6))", []),
        ("CAST(cardinality(split(actor, ':')) AS double)", []),
        ("CAST(cardinality(split(actor, ':')) AS integer)", ["raising-cast"]),
        ("CAST(COUNT(event_id) AS integer)", []),
        ("TRY(CAST(actor AS bigint))", []),
        ("CAST('5' AS bigint)", []),
        ("CAST(from_iso8601_timestamp(actor) AS date)", ["raising-parse", "zone-arithmetic"]),
        ("CAST(TRY(from_iso8601_timestamp(actor)) AT TIME ZONE 'UTC' AS timestamp(3))", []),
        ("from_iso8601_date('2026-05-01')", []),
        ("date_parse(actor, '%Y')", ["raising-parse"]),
        ("date_trunc('day', TRY(parse_datetime(actor, 'Y')))", ["zone-arithmetic"]),
        ("with_timezone(event_time, 'Asia/Tokyo')", ["zone-arithmetic"]),
        ("transform(split(actor, ':'), x -> CAST(x AS bigint))", ["raising-cast"]),
        ("regexp_replace(actor, '(a)', x -> upper(x[1]))", []),
        ("cardinality(split(actor, ':')) / 2", []),
        ("cardinality(split(actor, ':')) / length(actor)", ["decimal-ratio"]),
        ("length(actor) * 1e0 / length(target)", []),
        ("(SELECT max(CAST(actor AS bigint)) FROM (VALUES ('1')) AS t (actor))", ["raising-cast"]),
        ("CAST(actor AS char(3)) = event_name", ["engine-difference"]),
    ],
)  # fmt: skip
def test_what_rules_on_values_find(expression: str, expected: list[str], on: Ground) -> None:
    assert sorted(found_by(f"SELECT {expression} AS x FROM cloudtrail {_BOUNDS}", on)) == expected


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("bigint", "decimal(19,0)", False),
        ("bigint", "decimal(18,0)", True),
        ("decimal(18,0)", "bigint", False),
        ("decimal(18,1)", "decimal(18,0)", False),
        ("decimal(18,1)", "decimal(17,0)", True),
        ("double", "bigint", True),
        ("bigint", "varchar(3)", True),
        ("integer", "varchar(20)", False),
        ("varchar", "varchar(3)", False),
        ("varchar", "json", False),
        ("json", "varchar", True),
        ("array(varchar)", "array(bigint)", True),
        ("array(integer)", "array(bigint)", False),
        ("boolean", "bigint", False),
        ("varchar", "ipaddress", True),
    ],
)
def test_which_casts_can_fail(source: str, target: str, expected: bool) -> None:
    assert can_fail(parse(source), parse(target)) is expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (f"SELECT event_id FROM (SELECT event_id, event_time FROM cloudtrail) {_BOUNDS}", 0),
        (
            "SELECT a.event_id FROM cloudtrail AS a JOIN cloudtrail AS b ON a.actor = b.actor "
            "WHERE a.event_time >= :since AND a.event_time < :until",
            1,
        ),
        (f"SELECT event_id FROM cloudtrail {_BOUNDS} OR actor = 'x'", 1),
        (f"SELECT event_id FROM cloudtrail {_BOUNDS} UNION ALL SELECT actor FROM cloudtrail", 1),
        ("SELECT event_id FROM cloudtrail WHERE :since <= event_time AND :until > event_time", 0),
        ("VALUES 1", 0),
        ("SELECT event_id FROM cloudtrail WHERE event_time BETWEEN :since AND :until", 0),
    ],
)
def test_bounds_are_found_where_the_compiler_derives_them(
    sql: str, expected: int, on: Ground
) -> None:
    assert found_by(sql, on).count("unbounded-table") == expected


@pytest.mark.parametrize("query", load_queries(roots()).values(), ids=lambda query: query.id)
def test_what_counts_as_bounded_is_bounded_for_the_compiler(query: Query, on: Ground) -> None:
    checked = examine(query.sql, Location("x"), query, on)
    assert not [*unbounded_tables(checked)]
    statement = compile_draft(checked.draft, on.sources, WINDOW, hold=False)
    assert all(read.bounds.since and read.bounds.until for read in statement.reads)


@pytest.mark.parametrize(
    ("having", "expected"),
    [
        ("COUNT(event_id) > 5", ["threshold-not-distinct"]),
        ("5 <= COUNT_IF(outcome = 'denied')", ["threshold-not-distinct"]),
        ("NOT (MAX(actor) = 'x' AND COUNT(*) < 3)", ["threshold-not-distinct"]),
        ("COUNT(*) > 0", []),
        ("COUNT(DISTINCT target) > 5 AND MIN(outcome) = 'denied'", []),
    ],
)
def test_which_thresholds_count_deliveries(having: str, expected: list[str], on: Ground) -> None:
    assert found_by(detection(spread(having), SPREAD), on) == expected


def test_a_threshold_on_a_count_of_an_inner_query(on: Ground) -> None:
    inner = spread("TRUE").replace("COUNT(DISTINCT event_id)", "COUNT(*)")
    outer = f"SELECT {', '.join(SPREAD)} FROM ({inner}) WHERE event_count > 5"
    assert found_by(detection(outer, SPREAD), on) == ["threshold-not-distinct"]
    once = inner.replace("FROM cloudtrail", "FROM (SELECT DISTINCT * FROM cloudtrail)")
    outer = f"SELECT {', '.join(SPREAD)} FROM ({once}) WHERE event_count > 5"
    assert "threshold-not-distinct" not in found_by(detection(outer, SPREAD), on)


@pytest.mark.parametrize("sql", ["SELECT 1 AS \"user\"", "SELECT t.x FROM (VALUES 1) AS t (x), "
                                 "(VALUES 2) AS s (date)", "WITH start AS (SELECT 1 AS x) "
                                 "SELECT x FROM start"])  # fmt: skip
def test_names_of_columns_tables_and_queries_are_looked_at(sql: str, on: Ground) -> None:
    assert found_by(sql, on) == ["reserved-name"]


def test_a_problem_has_its_own_line_and_column(on: Ground) -> None:
    sql = f"SELECT\n    actor,\n    CAST(user_agent AS bigint) AS n\nFROM cloudtrail {_BOUNDS}"
    (problem,) = check_text(sql, Location("x.sql", 10), on)
    assert (problem.location, problem.column) == (Location("x.sql", 12), 5)
    (problem,) = check_text(sql.replace("user_agent", "user_agnt"), Location("x.sql", 10), on)
    assert (problem.rule, str(problem.location)) == ("athena-refuses", "x.sql:12")
    assert "Did you mean 'user_agent'?" in problem.message


def test_many_queries_are_checked_in_order(sources: dict[str, Source]) -> None:
    queries = [*load_queries(roots()).values()]
    assert check_queries(queries, sources) == [[] for _ in queries]


@pytest.mark.parametrize("name", ["battery.jsonl", "trino-unit-tests.jsonl"])
def test_every_query_that_trino_refuses_by_its_types_is_found(name: str, on: Ground) -> None:
    lines = shared("oracle", name).read_text(encoding="utf-8").rstrip("\n").split("\n")
    golden = [line for line in map(json.loads, lines) if line.get("error") in _REFUSED]
    missed = [
        line["sql"]
        for line in golden
        if not {*found_by(line["sql"], on)} & {"athena-refuses", "not-reproduced"}
    ]
    assert golden
    assert missed == []


# ------------------------------------------------------------------ what the command shows


def test_a_query_on_standard_input(lakehunt: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("SELECT actr FROM cloudtrail"))
    ran = lakehunt("check", "-")
    assert ran.code == 1
    assert ran.out.startswith("<stdin>:1:8: COLUMN_NOT_FOUND: ")
    assert ran.out.endswith("[athena-refuses]\n")


def test_a_query_with_a_header_on_standard_input(
    lakehunt: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = next(rule.bad for rule in RULES if rule.id == "unused-parameter")
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert "[unused-parameter]" in lakehunt("check", "-").out
    monkeypatch.setattr("sys.stdin", io.StringIO(text.replace("title", "titel")))
    ran = lakehunt("check", "-", "--format", "json")
    assert ran.code == 1
    assert {fault["path"] for fault in json.loads(ran.out)} == {"<stdin>"}


FAULTS = [
    Fault("case", "a b/c,d:e.sql", 3, 0, "100 %\n::error::x"),
    Fault("raising-cast", "/q.sql", 7, 5, "a\x1b[31mb\u202e"),
]
REASONS = {"raising-cast": "Because."}


def test_problems_as_lines() -> None:
    lines = render("table", FAULTS, REASONS).splitlines()
    assert lines[0] == r"a b/c,d:e.sql:3: 100 %\x0a::error::x [case]"
    assert lines[1] == r"/q.sql:7:5: a\x1b[31mb\u202e [raising-cast]"


def test_problems_as_workflow_commands() -> None:
    lines = render("github", FAULTS, REASONS).splitlines()
    place = "file=a b/c%2Cd%3Ae.sql,line=3,title=case"
    assert lines[0] == rf"::error {place}::100 %25\x0a::error::x"
    assert len(lines) == 2


def test_problems_as_json() -> None:
    text = render("json", FAULTS, REASONS)
    assert json.loads(text)[0]["column"] is None
    assert json.loads(text)[1]["message"] == FAULTS[1].message
    assert "\x1b" not in text and "\u202e" not in text


def test_problems_as_sarif() -> None:
    log = json.loads(render("sarif", FAULTS, REASONS))
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [rules[result["ruleIndex"]] for result in run["results"]] == ["case", "raising-cast"]
    places = [r["locations"][0]["physicalLocation"] for r in run["results"]]
    assert places[0]["artifactLocation"]["uri"] == "a%20b/c%2Cd%3Ae.sql"
    assert places[1] == {
        "artifactLocation": {"uri": "file:///q.sql"},
        "region": {"startLine": 7, "startColumn": 5},
    }
    assert json.loads(render("sarif", [], {}))["runs"][0]["results"] == []


def test_a_file_is_checked_where_it_lies(tmp_path: Path, lakehunt: Run) -> None:
    path = tmp_path / "x.sql"
    path.write_text(next(rule.bad for rule in RULES if rule.id == "promised-columns"))
    ran = lakehunt("check", path, "--no-cases", "--format", "json")
    assert json.loads(ran.out)[0]["path"] == str(path)


def overlay(folder: Path) -> Path:
    """Write a query with a broken header, one that a rule finds and a clean one."""
    text = next(rule.good for rule in RULES if rule.id == "promised-columns")
    own = folder / "queries" / "cloudtrail"
    own.mkdir(parents=True)
    (own / "broken.sql").write_text(text.replace("kind:", "kimd:"))
    (own / "sound.sql").write_text(text)
    (own / "wrong.sql").write_text(text.replace("SELECT event_name", "SELECT event_nam"))
    return folder


def test_a_broken_header_hides_no_problem_of_another_query(tmp_path: Path, lakehunt: Run) -> None:
    ran = lakehunt("check", "--content", overlay(tmp_path), "--no-cases", "--format", "json")
    assert ran.code == 1
    found = {(Path(fault["path"]).name, fault["rule"]) for fault in json.loads(ran.out)}
    assert found == {("broken.sql", "content"), ("wrong.sql", "athena-refuses")}
    assert f"in {len(load_queries(roots())) + 3} queries" in ran.err


@pytest.mark.parametrize("format_", ["table", "json", "sarif", "github"])
def test_problems_of_headers_and_rules_are_shown_together(
    tmp_path: Path, lakehunt: Run, format_: str
) -> None:
    own = overlay(tmp_path) / "queries" / "cloudtrail"
    files = [own / name for name in ("broken.sql", "sound.sql", "wrong.sql")]
    ran = lakehunt("check", *files, "--no-cases", "--format", format_)
    assert ran.code == 1
    assert "kimd" in ran.out and "event_nam" in ran.out
    assert " in 3 queries" in ran.err
    assert lakehunt("check", files[2], "--no-cases").err == "1 problem in 1 query\n"


def test_a_broken_source_hides_no_problem_of_others(tmp_path: Path, lakehunt: Run) -> None:
    (overlay(tmp_path) / "ddl").mkdir()
    template = roots()[0].ddl / "alb.sql.j2"
    (tmp_path / "ddl" / "alb.sql.j2").write_text(template.read_text().replace("VIEW", "VIEV"))
    wrong = tmp_path / "queries" / "cloudtrail" / "wrong.sql"
    of_alb = next(id_ for id_ in load_queries(roots()) if id_.startswith("alb."))
    ran = lakehunt("check", wrong, of_alb, "--content", tmp_path, "--format", "json")
    found = {Path(fault["path"]).name for fault in json.loads(ran.out)}
    assert found == {"alb.sql.j2", "wrong.sql"}


def test_a_broken_query_does_not_bring_back_the_one_below_it(tmp_path: Path) -> None:
    own = overlay(tmp_path) / "queries" / "cloudtrail"
    (own / "broken.sql").rename(own / "trail_stopped.sql")
    sound, problems = sound_queries(roots(tmp_path))
    assert "cloudtrail.trail_stopped" not in sound
    assert "cloudtrail.sound" in sound
    assert {str(problem.location.path) for problem in problems} == {str(own / "trail_stopped.sql")}
