"""Empty typed relations of every source, on which lowered queries are bound without a file.

Knows DuckDB and sources. The engine runs on it where a lake holds no file; `check` proves by it
that what the analyzer makes of a query is what DuckDB takes.
"""

from collections.abc import Mapping

import duckdb

from lakehunt.engines.local.connection import Connection
from lakehunt.engines.local.types import duckdb_type, quoted
from lakehunt.errors import Refused
from lakehunt.model import Source
from lakehunt.sql.typed import Catalog, lowered
from lakehunt.trino_on_duckdb import Translation


def define_empty(connection: Connection, source: Source, catalog: Catalog) -> None:
    """Make a source's relations without a row, their columns and types complete."""
    raw = (*source.table.columns, *source.table.partition_columns)
    columns = [f"{quoted(column.name)} {duckdb_type(column.type)}" for column in raw]
    columns.append('"$path" VARCHAR')
    connection.run(f"CREATE TEMP TABLE {quoted(source.table.name)} ({', '.join(columns)})")
    for view in (source.event_view, source.unparsed_view):
        body = lowered(view.sql, catalog).sql
        connection.run(f"CREATE TEMP VIEW {quoted(view.name)} AS {body}")


class EmptyLake:
    """All relations of some sources, empty; close it after use."""

    def __init__(self, sources: Mapping[str, Source], catalog: Catalog) -> None:
        self._connection = Connection()
        for source in sources.values():
            define_empty(self._connection, source, catalog)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def bind(self, translation: Translation) -> None:
        """Bind a lowered query.

        Raises:
            Refused: DuckDB does not take what the analyzer made of it.
        """
        try:
            self._connection.run(f"EXPLAIN {translation.sql}")
        except duckdb.Error as error:
            raise Refused(f"DuckDB does not take it: {str(error).partition(chr(10))[0]}") from error
