"""What queries are checked against: sources, the types of their relations, empty tables.

Knows DuckDB's connection and sources. `rules` binds every lowered query on it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from lakehunt.engines.local.connection import Connection
from lakehunt.engines.local.empty import define_empty
from lakehunt.engines.local.types import quoted
from lakehunt.errors import Refused
from lakehunt.model import ACTIVITY, Source, owner_of
from lakehunt.sql.activity import activity_sql
from lakehunt.sql.typed import Catalog, catalog_of, lowered

_WORD = re.compile(r"\w+")


class EmptyTables:
    """The relations of some sources as empty tables, made when first named; close it after use.

    Tables in place of the views, so that a view is bound once and not with every query.
    """

    def __init__(self, sources: Mapping[str, Source], catalog: Catalog) -> None:
        self._sources = sources
        self._catalog = catalog
        self._there: set[str] = set()
        self._connection = Connection()
        # a query is bound and never run: its best plan is of no use
        self._connection.run("PRAGMA disable_optimizer")

    def make(self, sql: str) -> None:
        """Make the tables that a lowered query names.

        Raises:
            SqlError: a view of a source is wrong; names the view.
        """
        words = {*_WORD.findall(sql.lower())}
        for source in [owner_of(self._sources, word) for word in words]:
            if source is not None:
                self._make(source)
        if ACTIVITY in words - self._there:
            self._there.add(ACTIVITY)
            for source in self._sources.values():
                self._make(source)
            union = lowered(activity_sql(self._sources.values()), self._catalog).sql
            self._connection.run(f"CREATE TEMP TABLE {ACTIVITY} AS {union}")

    def _make(self, source: Source) -> None:
        if source.name not in self._there:
            self._there.add(source.name)
            define_empty(self._connection, source, self._catalog)
            for view in source.views:
                self._freeze(quoted(view.name))

    def _freeze(self, name: str) -> None:
        self._connection.run(f"CREATE TEMP TABLE frozen AS SELECT * FROM {name} LIMIT 0")
        self._connection.run(f"DROP VIEW {name}")
        self._connection.run(f"ALTER TABLE frozen RENAME TO {name}")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def bind(self, sql: str) -> None:
        """Bind a lowered query whose tables are made.

        Raises:
            Refused: DuckDB does not take what the analyzer made of it.
        """
        try:
            self._connection.run(f"PREPARE checked AS {sql}")
        except duckdb.Error as error:
            raise Refused(f"DuckDB does not take it: {str(error).partition(chr(10))[0]}") from error


@dataclass(frozen=True, slots=True)
class Ground:
    """What queries are checked against."""

    sources: Mapping[str, Source]
    catalog: Catalog
    empty: EmptyTables


def ground(sources: Mapping[str, Source]) -> Ground:
    """Return what queries on these sources are checked against; close its `empty` after use."""
    catalog = catalog_of(sources.values())
    return Ground(sources, catalog, EmptyTables(sources, catalog))
