"""Runs the cases of a query: raw records out as log files, rows back through the shipped table.

Knows the writer and the local engine. `check` and the tests call it.
"""

import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from lakehunt.check.problems import RuleProblem, problem_of
from lakehunt.engines.base import Limits
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.errors import ContentError, LakehuntError
from lakehunt.model import Case, Query, Record, Result, Source
from lakehunt.render.neutral import plain
from lakehunt.sql.bind import read_params
from lakehunt.sql.compile import Draft, draft_query
from lakehunt.writer import expand, write_empty, write_lake

RULE = "case"


def check_cases(
    query: Query, cases: Mapping[str, Case], sources: Mapping[str, Source]
) -> list[RuleProblem]:
    """Return what is wrong with the cases of a query: missing kinds, and rows that differ."""
    problems = _missing(query, cases)
    for case in cases.values():
        try:
            rows = case_rows(query, case, sources)
        except ContentError as error:
            problems += (problem_of(RULE, found) for found in error.problems)
            continue
        except LakehuntError as error:
            problems.append(RuleProblem(case.location, f"case {case.name}: {error}", rule=RULE))
            continue
        problems += (
            RuleProblem(case.location, what, rule=RULE) for what in differences(case, rows)
        )
    # what is wrong with a record is wrong in each case that is like its own
    return list(dict.fromkeys(problems))


def _missing(query: Query, cases: Mapping[str, Case]) -> list[RuleProblem]:
    if not any(case.expect for case in cases.values()):
        expected = f"tests/cases for {query.id}"
        return [RuleProblem(query.location, "no case with a hit", expected, rule=RULE)]
    if query.is_detection and all(case.expect for case in cases.values()):
        return [RuleProblem(query.location, "no near miss", "a case with `expect: []`", rule=RULE)]
    return []


def case_draft(query: Query, case: Case) -> Draft:
    """Return a query with the parameters of one case."""
    params = {
        name: [str(item) for item in value] if isinstance(value, list) else str(value)
        for name, value in case.params.items()
    }
    return draft_query(query, read_params(query.params, params))


def write_case(
    lake: Path, case: Case, sources: Mapping[str, Source]
) -> dict[str, tuple[Path, ...]]:
    """Write the records of a case into a folder, as AWS lays them; return the files by source.

    A source without records gets a file without any: its log is there, and tells nothing.

    Raises:
        LakehuntError: the records do not fit the table.
    """
    files: dict[str, tuple[Path, ...]] = {}
    for name, given in case.given.items():
        source = _source(name, case, sources)
        records = expand(source, given, case.window.since, case.location)
        files[name] = write_lake(lake, source, records, case.delivered) or write_empty(
            lake, source, case.window.since
        )
    return files


def case_rows(query: Query, case: Case, sources: Mapping[str, Source]) -> list[dict[str, object]]:
    """Return the rows of a query over the records of one case, read from files as AWS lays them.

    Raises:
        LakehuntError: the records do not fit the table, or the query cannot run.
    """
    draft = case_draft(query, case)
    with tempfile.TemporaryDirectory(prefix="lakehunt-case-") as folder:
        lake = Path(folder)
        write_case(lake, case, sources)
        engine = LocalEngine(lake, sources)
        try:
            run = engine.run([draft], case.window, Limits(), lambda share: None)
        finally:
            engine.close()
    result = run.results[query.id]
    if not isinstance(result, Result):
        raise result
    return result.rows()


def _source(name: str, case: Case, sources: Mapping[str, Source]) -> Source:
    if name not in sources:
        raise LakehuntError(f"`given` names {name}, which is no source")
    return sources[name]


def differences(case: Case, rows: Sequence[Record]) -> list[str]:
    """Return how the rows differ from those that a case expects, in the columns it names."""
    if len(rows) != len(case.expect):
        found = "; ".join(str(plain(_brief(row))) for row in rows[:3])
        return [f"case {case.name}: {len(rows)} rows, expected {len(case.expect)}: {found}"]
    problems: list[str] = []
    for number, (row, expected) in enumerate(zip(rows, case.expect, strict=True), start=1):
        for name, value in expected.items():
            if name not in row:
                problems.append(f"case {case.name}: row {number} has no column {name}")
            elif _shown(row[name]) != _expected(value, row[name]):
                shown = f"{_shown(row[name])!r}, expected {_expected(value, row[name])!r}"
                problems.append(f"case {case.name}: row {number}: {name} is {shown}")
    return problems


def _brief(row: Record) -> Record:
    return {name: row[name] for name in ("event_time", "event_name", "target") if name in row}


def _shown(value: object) -> object:
    """Return a value as a case writes it: text, None or a list of these."""
    value = plain(value)
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    return value if value is None else str(value)


def _expected(value: object, actual: object) -> object:
    if isinstance(value, list):
        return [None if item is None else str(item) for item in value]
    if isinstance(actual, datetime) and value is not None:
        try:
            return plain(datetime.fromisoformat(str(value)).astimezone(UTC))
        except ValueError:
            return str(value)
    return value if value is None else str(value)
