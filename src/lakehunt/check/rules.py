"""The rules that every saved query keeps, each one a small function over its parts.

Knows headers, trees and bound columns, no data. `check_query` runs them all on one query.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlglot import exp

from lakehunt.engines.local.empty import EmptyLake
from lakehunt.errors import LakehuntError, Location, Problem, nearest
from lakehunt.library import RESERVED_PARAMS
from lakehunt.model import COMMON_COLUMNS, Query, Source, Value, ValueType, Window
from lakehunt.sql.bind import placeholders
from lakehunt.sql.compile import Draft, Statement, compile_draft, draft_query
from lakehunt.sql.parse import print_query
from lakehunt.sql.typed import Catalog, analyzed, catalog_of, lowered
from lakehunt.times import read_value
from lakehunt.trino_on_duckdb.types import Type

_ROW_LAST = "log_file"
_AGGREGATE = {
    "last_event_time": ValueType.TIMESTAMP,
    "event_count": ValueType.INTEGER,
    "log_files": ValueType.TEXTS,
}
# Trino's types by the word that a header has for them.
_TYPES = {
    "varchar": ValueType.TEXT,
    "json": ValueType.TEXT,
    "bigint": ValueType.INTEGER,
    "integer": ValueType.INTEGER,
    "smallint": ValueType.INTEGER,
    "tinyint": ValueType.INTEGER,
    "double": ValueType.DOUBLE,
    "real": ValueType.DOUBLE,
    "boolean": ValueType.BOOLEAN,
    "timestamp": ValueType.TIMESTAMP,
    "timestamp with time zone": ValueType.TIMESTAMP,
    "date": ValueType.DATE,
    "interval day to second": ValueType.INTERVAL,
}
# What a parameter without a default is bound to while a query is checked.
_STAND_INS = {
    ValueType.TEXT: "x",
    ValueType.INTEGER: "1",
    ValueType.DOUBLE: "1",
    ValueType.BOOLEAN: "true",
    ValueType.TIMESTAMP: "2026-05-01",
    ValueType.DATE: "2026-05-01",
    ValueType.INTERVAL: "1h",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """A query with everything that its rules look at."""

    query: Query
    draft: Draft
    statement: Statement
    columns: tuple[tuple[str, Type], ...]


# Any window will do: it is there to be found in every bound.
_WINDOW = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC))
Rule = Callable[[Checked], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Ground:
    """What queries are checked against: sources, the types of their relations, an empty lake."""

    sources: Mapping[str, Source]
    catalog: Catalog
    empty: EmptyLake


def ground(sources: Mapping[str, Source]) -> Ground:
    """Return what queries on these sources are checked against; close its empty lake after use."""
    catalog = catalog_of(sources.values())
    return Ground(sources, catalog, EmptyLake(sources, catalog))


def check_query(query: Query, on: Ground) -> list[Problem]:
    """Return what is wrong with one query, each problem at its file's line."""
    where = Location(query.location.path, query.sql_line)
    unknown = [name for name in query.sources if name not in on.sources]
    if unknown:
        near = nearest(unknown[0], on.sources)
        return [Problem(query.location, f"`sources` names {unknown[0]}", "a source", near)]
    try:
        draft = draft_query(query, _stand_in_values(query))
        statement = _compiled(draft, on.sources, query)
        analysis = analyzed(query.sql, on.catalog, query.params, where)
        on.empty.bind(lowered(print_query(statement.tree, pretty=False), on.catalog))
    except LakehuntError as error:
        return [Problem(where, str(error))]
    columns = tuple((column.name, column.type) for column in analysis.columns)
    checked = Checked(query, draft, statement, columns)
    return [Problem(where, what) for rule in RULES for what in rule(checked)]


def _compiled(draft: Draft, sources: Mapping[str, Source], query: Query) -> Statement:
    undeclared = placeholders(draft.tree) - {*query.params, *RESERVED_PARAMS}
    if undeclared:
        name = min(undeclared)
        near = nearest(name, [*query.params, *RESERVED_PARAMS])
        hint = f"did you mean :{near}?" if near else "declare it under `params:`"
        raise LakehuntError(f":{name} is not declared; {hint}")
    return compile_draft(draft, sources, _WINDOW, hold=False)


def _stand_in_values(query: Query) -> dict[str, Value]:
    return {
        name: param.default
        if param.has_default
        else read_value(param.type, _STAND_INS[param.type.element])
        for name, param in query.params.items()
    }


def unused_parameters(checked: Checked) -> Iterable[str]:
    """A declared parameter is used."""
    for name in sorted({*checked.query.params} - placeholders(checked.draft.tree)):
        yield f"the parameter {name} is declared, but :{name} is nowhere in the query"


def bounded_tables(checked: Checked) -> Iterable[str]:
    """Every log table is bounded by event time on both sides."""
    for read in checked.statement.reads:
        if read.bounds.since is None or read.bounds.until is None:
            table = read.occurrence.relation
            yield f"{table} is read unbounded: add event_time >= :since AND event_time < :until"


def read_sources(checked: Checked) -> Iterable[str]:
    """The sources of the header are those that the query reads."""
    read = {one.source.name for one in checked.statement.reads}
    declared = {*checked.query.sources}
    if read != declared:
        yield f"reads {_names(read)}, but `sources` says {_names(declared)}"


def no_star(checked: Checked) -> Iterable[str]:
    """Columns are named, so that the table can grow."""
    for select in checked.draft.tree.find_all(exp.Select):
        if any(item.is_star for item in select.selects):
            yield "SELECT * in a saved query: name the columns"


def promised_columns(checked: Checked) -> Iterable[str]:
    """The columns of the header are those that come back, in order and by type."""
    promised = checked.query.columns
    returned = {name: _value_type(type_) for name, type_ in checked.columns}
    if [*promised] != [*returned]:
        yield f"returns {_names(returned)}, but `columns` promises {_names(promised)}"
        return
    for name, type_ in returned.items():
        if type_ is not None and type_ is not promised[name]:
            yield f"{name} comes back as {type_}, but `columns` promises {promised[name]}"


def detection_shape(checked: Checked) -> Iterable[str]:
    """A detection is of one of two shapes: rows, or aggregates."""
    if not checked.query.is_detection:
        return
    columns = [*checked.query.columns]
    if columns[: len(COMMON_COLUMNS)] != [*COMMON_COLUMNS]:
        yield f"a detection opens with the common columns {_names(COMMON_COLUMNS)}"
        return
    if columns[-1] == _ROW_LAST:
        return
    missing = [name for name in _AGGREGATE if name not in columns]
    if missing:
        yield f"a row detection ends with {_ROW_LAST}; an aggregate one has {_names(missing)} too"


def _value_type(type_: Type) -> ValueType | None:
    """Return the header's word for a Trino type, None where it has none."""
    if type_.base != "array":
        return _TYPES.get(type_.base)
    element = _TYPES.get(type_.children[0].base)
    return ValueType(f"{element}s") if element else None


def _names(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


RULES: tuple[Rule, ...] = (
    unused_parameters,
    bounded_tables,
    read_sources,
    no_star,
    promised_columns,
    detection_shape,
)
