"""Reads a query as far as the typed tree, or says by which rule it does not get there.

Knows the analyzer and binding. `rules` calls it first; what it refuses no other rule sees.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from sqlglot import exp

from lakehunt import trino_on_duckdb as trino
from lakehunt.check.checked import Checked, Rule, place
from lakehunt.check.examples import headed, select
from lakehunt.check.ground import Ground
from lakehunt.check.problems import RuleProblem, at
from lakehunt.check.stand_ins import WINDOW, stand_in, values_of
from lakehunt.check.tree import placed, queries
from lakehunt.errors import LakehuntError, Location, Refused, SqlError, nearest
from lakehunt.library import RESERVED_PARAMS
from lakehunt.model import Param, Query, ValueType
from lakehunt.sql.bind import bind
from lakehunt.sql.compile import Draft, compile_draft
from lakehunt.trino_on_duckdb import Analysis
from lakehunt.trino_on_duckdb.parser import parse

_MISMATCHES = ("TYPE_MISMATCH", "FUNCTION_NOT_FOUND")


class Unfit(Exception):
    """A query that no rule can look at; `problem` says why."""

    def __init__(self, problem: RuleProblem) -> None:
        self.problem = problem
        super().__init__(str(problem))


def examine(sql: str, where: Location, header: Query | None, on: Ground) -> Checked:
    """Return a query with everything that its rules look at.

    Raises:
        Unfit: Athena would refuse it, it is not reproduced locally, or a parameter does not fit.
    """
    params = header.params if header else {}
    draft = Draft(header.id if header else "query", sql, params, values_of(params), where=where)
    with refusals(where):
        tree = parse(sql)
    nodes = tuple(tree.walk())
    holes = [node for node in nodes if isinstance(node, exp.Placeholder)]
    _check_declared(holes, params, where)
    try:
        analysis = _analysis(tree, params, on)
    except SqlError as error:
        raise Unfit(_misplaced(error, holes, where)) from error
    except trino.TrinoError as error:
        raise Unfit(_explained(error, tree, draft, on)) from error
    except (trino.Refused, RecursionError) as error:
        raise Unfit(_refused(error, where)) from error
    found = queries(analysis.query)
    expressions = tuple(one for query in found for one in placed(query))
    return Checked(header, draft, tree, nodes, analysis, found, expressions, on.sources)


def _analysis(tree: exp.Expr, params: Mapping[str, Param], on: Ground) -> Analysis:
    """Return the analysis of a query with stand-ins for its parameters, as it would run.

    Raises:
        SqlError: a parameter stands where its value cannot.
        TrinoError, Refused: of the analyzer.
    """
    # VALUES alone is no query to sqlglot; a parameter in it is refused by the analyzer
    bound = bind(tree, WINDOW, params, values_of(params)) if isinstance(tree, exp.Query) else tree
    assert isinstance(bound, exp.Expression)
    return trino.analyze(bound, on.catalog, trino.Flavour.ATHENA)


def _check_declared(
    holes: Sequence[exp.Expr], params: Mapping[str, Param], where: Location
) -> None:
    known = {*params, *RESERVED_PARAMS}
    hole = min((h for h in holes if h.name not in known), key=lambda h: h.name, default=None)
    if hole is not None:
        near = nearest(hole.name, known)
        hint = f"did you mean :{near}?" if near else "declare it under `params:`"
        what = f":{hole.name} is not declared; {hint}"
        raise Unfit(at("undeclared-parameter", where, what, *place(hole)))


def _misplaced(error: SqlError, holes: Sequence[exp.Expr], where: Location) -> RuleProblem:
    """Return a problem at the parameter that an error of binding names."""
    name = str(error).removeprefix(":").partition(" ")[0].rstrip(":")
    node = next((hole for hole in holes if hole.name == name), None)
    return at("parameter-type", where, str(error), *place(node))


def _explained(error: trino.TrinoError, tree: exp.Expr, draft: Draft, on: Ground) -> RuleProblem:
    """Return what the analyzer says, or that a parameter's type or a table's name is to blame."""
    where = draft.where or Location("query")
    what, rule = f"{error.code}: {error.message}", "athena-refuses"
    if error.code in _MISMATCHES:
        better = _better_type(tree, draft.params, on)
        if better:
            what, rule = f"{better} ({what})", "parameter-type"
    elif error.code == "TABLE_NOT_FOUND":
        try:
            compile_draft(draft, on.sources, WINDOW, hold=False)
        except LakehuntError as named:
            what = str(named)
    return at(rule, where, what, error.line, error.column)


def _better_type(tree: exp.Expr, params: Mapping[str, Param], on: Ground) -> str:
    """Return which parameter would fit as another type, or an empty text."""
    for name, param in params.items():
        for type_ in ValueType:
            if type_.is_list is not param.type.is_list or type_ is param.type:
                continue
            other = replace(param, type=type_, default=stand_in(type_))
            try:
                _analysis(tree, {**params, name: other}, on)
            except (SqlError, trino.TranslationError):
                continue
            return f":{name} is declared as {param.type}, but {type_} would fit where it stands"
    return ""


@contextmanager
def refusals(where: Location) -> Iterator[None]:
    """Turn what the package for Trino's SQL raises into Unfit, at its place in the text."""
    try:
        yield
    except trino.TrinoError as error:
        what = f"{error.code}: {error.message}"
        raise Unfit(at("athena-refuses", where, what, error.line, error.column)) from error
    except (trino.Refused, Refused, RecursionError) as error:
        raise Unfit(_refused(error, where)) from error


def _refused(error: Exception, where: Location) -> RuleProblem:
    line, column, what = 0, 0, str(error)
    if isinstance(error, trino.Refused):
        line, column, what = error.line, error.column, error.message
    elif isinstance(error, RecursionError):
        what = "the query is nested too deeply"
    return at("not-reproduced", where, f"not reproduced locally: {what}", line, column)


_COUNT = "{most: {type: text, default: x, help: x}}"
_LONG = select("event_name", " AND cardinality(split(actor, ':')) > :most")

RULES = (
    Rule(
        "athena-refuses",
        "Athena would refuse the query; the message begins with its error name.",
        select("event_nam"),
        select("event_name"),
    ),
    Rule(
        "not-reproduced",
        "Athena runs the query, the local engine would not give the same rows and does not try.",
        select("approx_most_frequent(3, event_name, 10) AS names"),
        select("array_agg(DISTINCT event_name) AS names"),
    ),
    Rule(
        "undeclared-parameter",
        "Without a declared type no value can be bound.",
        headed(select("event_name", " AND event_name = :nam"), {"event_name": "text"}),
        headed(select("event_name"), {"event_name": "text"}),
    ),
    Rule(
        "parameter-type",
        "A value of the declared type cannot stand where the parameter stands.",
        headed(_LONG, {"event_name": "text"}, _COUNT),
        headed(
            _LONG,
            {"event_name": "text"},
            _COUNT.replace("text", "integer").replace("default: x", "default: 1"),
        ),
    ),
)
