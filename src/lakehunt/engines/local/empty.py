"""Empty typed relations of every source, on which a query is bound before any file is read.

Knows DuckDB and sources. The local engine and `check` find wrong columns, fields and types here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import duckdb

from lakehunt.engines.local.types import duckdb_type, quoted
from lakehunt.errors import SqlError, nearest
from lakehunt.model import Source, View
from lakehunt.sql.compile import Statement
from lakehunt.sql.parse import parse_query
from lakehunt.trino_on_duckdb import install, translate

# How DuckDB says that a column is missing: bare, of a table, or hidden by its own alias.
_MISSING_COLUMN = re.compile(
    r'Referenced column "([^"]+)" (?:was )?not found'
    r'|does not have a column named "([^"]+)"'
    r'|Column "([^"]+)" referenced that exists in the SELECT clause'
)


@dataclass(frozen=True, slots=True)
class Bound:
    """A query's output as DuckDB binds it: column names with DuckDB's types."""

    columns: tuple[tuple[str, str], ...]


def connect() -> duckdb.DuckDBPyConnection:
    """Return a connection that reads nothing but what it is given, in UTC."""
    connection = duckdb.connect()
    install(connection)
    for setting in (
        "preserve_insertion_order = false",
        "enable_progress_bar = false",
        "python_enable_replacements = false",
    ):
        connection.execute(f"SET {setting}")
    return connection


def define_empty(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    """Make a source's relations without a row, their columns and types complete."""
    raw = (*source.table.columns, *source.table.partition_columns)
    columns = [f"{quoted(column.name)} {duckdb_type(column.type)}" for column in raw]
    columns.append('"$path" VARCHAR')
    connection.execute(f"CREATE TEMP TABLE {quoted(source.table.name)} ({', '.join(columns)})")
    for view in (source.event_view, source.unparsed_view):
        connection.execute(f"CREATE TEMP VIEW {quoted(view.name)} AS {_view_body(view)}")


@cache
def _view_body(view: View) -> str:
    return translate(parse_query(view.sql))


class EmptyLake:
    """All relations of some sources, empty; close it after use."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        self._connection = connect()
        for source in sources.values():
            define_empty(self._connection, source)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def bind(self, statement: Statement) -> Bound:
        """Return what a statement would give back.

        Raises:
            SqlError: a column, field or type is wrong; names the nearest column.
            Refused: the local engine cannot reproduce a function or form.
        """
        try:
            sql = translate(statement.tree)
            described = self._connection.execute(f"DESCRIBE {sql}").fetchall()
        except duckdb.Error as error:
            raise SqlError(self._explain(str(error), statement)) from error
        return Bound(tuple((str(name), str(type_)) for name, type_, *_ in described))

    def _explain(self, message: str, statement: Statement) -> str:
        first = message.partition("\n")[0]
        match = _MISSING_COLUMN.search(message)
        if match is None:
            return first
        name = match[1] or match[2] or match[3]
        relations = {read.occurrence.relation for read in statement.reads}
        known: list[str] = []
        for source in self._sources.values():
            for view in (source.event_view, source.unparsed_view):
                known += view.columns if view.name in relations else ()
            if source.table.name in relations:
                known += [column.name for column in source.table.columns]
        near = nearest(name, known)
        hint = f"did you mean {near}?" if near else f"known are {', '.join(known[:12])}, ..."
        return f"no column {name} in {', '.join(sorted(relations)) or 'the query'}; {hint}"
