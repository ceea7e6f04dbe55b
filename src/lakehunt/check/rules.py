"""The rules that every saved query keeps: all of them in one table, and how a query is held to it.

Knows the modules of rules, no rule itself. Faces call `check_query`, `check_queries`, `check_text`.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_all_start_methods, get_context

from lakehunt import trino_on_duckdb as trino
from lakehunt.check import headers, pivots, raising, reading, refusals, values
from lakehunt.check.checked import Checked, Mark, Rule, place
from lakehunt.check.ground import Ground, ground
from lakehunt.check.problems import RuleProblem, at
from lakehunt.errors import LakehuntError, Location, Problem, nearest
from lakehunt.model import ACTIVITY, Query, Source

__all__ = ["RULES", "Ground", "Rule", "check_queries", "check_query", "check_text", "ground"]

RULES: tuple[Rule, ...] = (
    *refusals.RULES,
    *headers.RULES,
    *pivots.RULES,
    *reading.RULES,
    *raising.RULES,
    *values.RULES,
)
# Queries that take as long as a process and an empty lake of its own.
_WORTH_A_PROCESS = 24


def check_query(query: Query, on: Ground) -> list[RuleProblem]:
    """Return what is wrong with one query, each problem at its line of the file."""
    return check_text(query.sql, Location(query.location.path, query.sql_line), on, query)


def check_queries(
    queries: Sequence[Query], sources: Mapping[str, Source]
) -> list[list[RuleProblem]]:
    """Return what is wrong with each query, in order; many are shared out to processes.

    Raises:
        SqlError: a view of a source is wrong; names the view.
    """
    workers = min(os.cpu_count() or 1, len(queries) // _WORTH_A_PROCESS)
    if workers <= 1:
        return _checked(queries, sources)
    # fork starts with everything imported; where it is absent, importing takes half a second
    method = "fork" if "fork" in get_all_start_methods() else None
    found: list[list[RuleProblem]] = [[] for _ in queries]
    with ProcessPoolExecutor(workers, mp_context=get_context(method)) as pool:
        shares = [queries[first::workers] for first in range(workers)]
        for first, share in enumerate(pool.map(_checked, shares, [sources] * workers)):
            found[first::workers] = share
    return found


def _checked(queries: Sequence[Query], sources: Mapping[str, Source]) -> list[list[RuleProblem]]:
    on = ground(sources)
    try:
        return [check_query(query, on) for query in queries]
    finally:
        on.empty.close()


def check_text(
    sql: str, where: Location, on: Ground, header: Query | None = None
) -> list[RuleProblem]:
    """Return what is wrong with a query's text that starts at `where`.

    Without a header: what the analyzer says, and the rules that need none.
    """
    problems, lowered = _looked_at(sql, where, on, header)
    problems += _bound(lowered, where, on)
    return sorted(problems, key=lambda problem: (problem.location.line, problem.column))


def _looked_at(
    sql: str, where: Location, on: Ground, header: Query | None
) -> tuple[list[RuleProblem], str]:
    """Return the problems of a query and its text for DuckDB, empty where there is none."""
    if header and not header.fits(on.sources):
        unknown = next(name for name in header.sources if name not in (*on.sources, ACTIVITY))
        near = nearest(unknown, on.sources)
        what = f"`sources` names {unknown}"
        return [RuleProblem(header.location, what, "a source", near, "declared-sources")], ""
    try:
        checked = refusals.examine(sql, where, header, on)
    except refusals.Unfit as error:
        return [error.problem], ""
    problems = _broken(checked, where)
    try:
        with refusals.refusals(where):
            return problems, trino.lower(checked.analysis)
    except refusals.Unfit as error:
        return [*problems, error.problem], ""


def _broken(checked: Checked, where: Location) -> list[RuleProblem]:
    """Return what each rule finds, once for each place."""
    found: dict[Problem, RuleProblem] = {}
    for rule in RULES:
        for mark in rule.find(checked) if rule.find else ():
            problem = _placed(rule, mark, checked.header, where)
            found.setdefault(problem, problem)
    return [*found.values()]


def _placed(rule: Rule, mark: Mark, header: Query | None, where: Location) -> RuleProblem:
    if header is not None and mark.key:
        return at(rule.id, Location(where.path, header.lines[mark.key]), mark.what)
    return at(rule.id, where, mark.what, *place(mark.node))


def _bound(lowered: str, where: Location, on: Ground) -> list[RuleProblem]:
    if not lowered:
        return []
    on.empty.make(lowered)
    try:
        on.empty.bind(lowered)
    except LakehuntError as error:
        return [at("not-reproduced", where, f"not reproduced locally: {error}")]
    return []
