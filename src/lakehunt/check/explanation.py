"""What a query is to each engine: its columns, what it reads, what its functions became, its SQL.

Knows the compiler and Trino on DuckDB. `explain` on the command line shows it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlglot import exp

from lakehunt import trino_on_duckdb as trino
from lakehunt.check.stand_ins import WINDOW, values_of
from lakehunt.errors import Refused
from lakehunt.model import Source, Value, Window, instant
from lakehunt.sql.compile import Draft, Read, athena_text, compile_draft
from lakehunt.sql.typed import Catalog, analyzed, catalog_of, lowered
from lakehunt.trino_on_duckdb.translation import Became


@dataclass(frozen=True, slots=True)
class Reading:
    """One place that reads a relation: its columns, None for all, and its partition bounds."""

    relation: str
    columns: tuple[str, ...] | None
    bounds: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A query explained. `sql` is by engine; of one that does not take it, `refused` has why."""

    window: Window
    values: Mapping[str, Value]
    columns: tuple[tuple[str, str], ...]
    functions: tuple[Became, ...]
    reads: tuple[Reading, ...]
    sql: Mapping[str, str]
    refused: Mapping[str, str]


def explain(
    draft: Draft,
    sources: Mapping[str, Source],
    window: Window | None = None,
    lateness: timedelta | None = None,
) -> Explanation:
    """Return what a query is to each engine, with stand-ins for values and window not given.

    Raises:
        SqlError: Athena would refuse it, or a parameter has no value of its type.
        Refused: the analyzer does not read it.
    """
    window = window or WINDOW
    values = {**values_of(draft.params), **draft.values}
    bound = Draft(draft.name, draft.text, draft.params, values, draft.narrow, draft.where)
    catalog = catalog_of(sources.values())
    analyzed(draft.text, catalog, draft.params, draft.where)
    statement = compile_draft(bound, sources, window, lateness)
    analysis = analyzed(statement.sql, catalog)
    athena = athena_text(statement, sources)
    sql, refused = _texts(athena, statement.tree, catalog)
    return Explanation(
        window,
        values,
        tuple((column.name, str(column.type)) for column in analysis.columns),
        trino.Translation("", analysis.columns, analysis).functions(),
        tuple(_reading(read) for read in statement.reads),
        {"athena": athena, **sql},
        refused,
    )


def _texts(athena: str, tree: exp.Query, catalog: Catalog) -> tuple[dict[str, str], dict[str, str]]:
    """Return the text for the other engines, and the reason of each that refuses it."""
    ways: dict[str, Callable[[], str]] = {
        "trino": lambda: trino.printed(analyzed(athena, catalog), trino.Flavour.TRINO),
        "local": lambda: lowered(tree, catalog).sql,
    }
    texts: dict[str, str] = {}
    refused: dict[str, str] = {}
    for engine, text in ways.items():
        try:
            texts[engine] = text()
        except (Refused, trino.Refused) as error:
            refused[engine] = str(error)
    return texts, refused


def _reading(read: Read) -> Reading:
    bounds = read.bounds
    found = {
        "since": instant(bounds.since) if bounds.since else "",
        "until": instant(bounds.until) if bounds.until else "",
        f"first_{read.source.partitions.window}": bounds.first or "",
        f"last_{read.source.partitions.window}": bounds.last or "",
        **{name: ", ".join(sorted(few)) for name, few in (bounds.values or {}).items()},
    }
    columns = read.occurrence.columns
    return Reading(
        read.occurrence.relation,
        None if columns is None else tuple(sorted(columns)),
        {name: value for name, value in found.items() if value},
    )
