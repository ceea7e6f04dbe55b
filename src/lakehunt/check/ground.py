"""What queries are checked against: sources, the types of their relations, empty tables.

Knows DuckDB's connection and sources. `rules` binds every lowered query on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from lakehunt.engines.local.connection import Connection
from lakehunt.engines.local.empty import define_empty
from lakehunt.engines.local.types import quoted
from lakehunt.errors import Refused
from lakehunt.model import ACTIVITY, Source
from lakehunt.sql.activity import activity_sql
from lakehunt.sql.typed import Catalog, catalog_of, lowered


class EmptyTables:
    """All relations of some sources as empty tables; close it after use.

    Tables in place of the views, so that a view is bound once and not with every query.
    """

    def __init__(self, sources: Mapping[str, Source], catalog: Catalog) -> None:
        self._connection = Connection()
        for source in sources.values():
            define_empty(self._connection, source, catalog)
            for view in source.views:
                self._freeze(quoted(view.name))
        union = lowered(activity_sql(sources.values()), catalog).sql
        self._connection.run(f"CREATE TEMP TABLE {ACTIVITY} AS {union}")
        # a query is bound and never run: its best plan is of no use
        self._connection.run("PRAGMA disable_optimizer")

    def _freeze(self, name: str) -> None:
        self._connection.run(f"CREATE TEMP TABLE frozen AS SELECT * FROM {name} LIMIT 0")
        self._connection.run(f"DROP VIEW {name}")
        self._connection.run(f"ALTER TABLE frozen RENAME TO {name}")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def bind(self, sql: str) -> None:
        """Bind a lowered query.

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
    """Return what queries on these sources are checked against; close its empty tables after use.

    Raises:
        SqlError: a view of a source is wrong; names the view.
    """
    catalog = catalog_of(sources.values())
    return Ground(sources, catalog, EmptyTables(sources, catalog))
