"""Every saved query keeps the house rules and passes its cases; one test per query and check."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lakehunt.casefiles import load_cases
from lakehunt.check import check_query, ground
from lakehunt.check.cases import case_rows, differences
from lakehunt.check.rules import Ground
from lakehunt.content import roots
from lakehunt.library import load_queries
from lakehunt.model import Case, Query, Source
from lakehunt.sql.parse import fingerprint, parse_query, print_query

QUERIES = load_queries(roots())
CASES = [(q, case) for q in QUERIES.values() for case in load_cases(roots(), q.id).values()]
_ACCOUNT = re.compile(r"(?<![0-9a-zA-Z.-])\d{12}(?![0-9a-zA-Z-])")
# The version of a browser is none.
_ADDRESS = re.compile(r"(?<!Chrome/)(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
# Documentation ranges, and networks that a rule is about. Source: RFC 5737.
_DOCUMENTATION = (
    "192.0.2.",
    "198.51.100.",
    "203.0.113.",
    "10.",
    "0.0.0.0",
    "128.0.0.0",
    "169.254.",
)


@pytest.fixture(scope="module")
def on(sources: dict[str, Source]) -> Iterator[Ground]:
    found = ground(sources)
    yield found
    found.empty.close()


@pytest.mark.parametrize("query", QUERIES.values(), ids=lambda query: query.id)
def test_query_keeps_the_rules(query: Query, on: Ground) -> None:
    assert check_query(query, on) == []


@pytest.mark.parametrize("query", QUERIES.values(), ids=lambda query: query.id)
def test_query_has_cases(query: Query) -> None:
    cases = load_cases(roots(), query.id)
    assert any(case.expect for case in cases.values()), "no hit"
    assert any(name.startswith("nulls") for name in cases), "no row of nulls"
    if query.is_detection:
        assert any(not case.expect for case in cases.values()), "no near miss"


@pytest.mark.parametrize(
    ("query", "case"), CASES, ids=[f"{query.id}-{case.name}" for query, case in CASES]
)
def test_case(query: Query, case: Case, sources: dict[str, Source]) -> None:
    assert differences(case, case_rows(query, case, sources)) == []


def test_a_case_of_a_log_without_records(sources: dict[str, Source]) -> None:
    detections = [(query, case) for query, case in CASES if query.is_detection]
    for query, case in {query.sources: (query, case) for query, case in detections}.values():
        silent = replace(case, given={name: [] for name in query.sources if name in sources})
        for source in [sources[name] for name in silent.given]:
            for format_ in source.formats:
                own = {**sources, source.name: source.only(format_)}
                assert case_rows(query, silent, own) == [], (query.id, format_.name)


@pytest.mark.parametrize("query", QUERIES.values(), ids=lambda query: query.id)
def test_query_prints_back_as_itself(query: Query) -> None:
    tree = parse_query(query.sql)
    printed = print_query(tree)
    assert _literals(printed) == _literals(query.sql)
    assert fingerprint(parse_query(printed)) == fingerprint(tree)


def _literals(sql: str) -> list[str]:
    without_comments = re.sub(r"--[^\n]*|/\*.*?\*/", "", sql, flags=re.DOTALL)
    return sorted(re.findall(r"'(?:[^']|'')*'", without_comments))


@pytest.mark.parametrize("query", QUERIES.values(), ids=lambda query: query.id)
def test_query_and_cases_hold_synthetic_data_only(query: Query) -> None:
    case_path = roots()[0].cases / Path(*query.id.split(".")).with_suffix(".yaml")
    for path in (Path(str(query.location.path)), case_path):
        text = path.read_text(encoding="utf-8")
        accounts = {*_ACCOUNT.findall(text)} - {"111122223333", "444455556666"}
        assert not accounts, f"{path}: {accounts}"
        foreign = {a for a in _ADDRESS.findall(text) if not a.startswith(_DOCUMENTATION)}
        assert not foreign, f"{path}: {foreign}"


def test_detections_of_the_first_release_are_there() -> None:
    detections = [query for query in QUERIES.values() if query.is_detection]
    assert len(detections) >= 24
    assert len(QUERIES) - len(detections) >= 8
