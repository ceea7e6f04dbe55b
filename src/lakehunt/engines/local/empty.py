"""Empty typed relations of a source, for a lake that holds no file of it.

Knows DuckDB and sources. The engine and `check` run lowered queries on them.
"""

from lakehunt.engines.local.connection import Connection
from lakehunt.engines.local.types import duckdb_type, quoted
from lakehunt.model import Source
from lakehunt.sql.typed import Catalog, lowered


def define_empty(connection: Connection, source: Source, catalog: Catalog) -> None:
    """Make a source's relations without a row, their columns and types complete."""
    for table in source.tables:
        raw = (*table.columns, *table.partition_columns)
        columns = [f"{quoted(column.name)} {duckdb_type(column.type)}" for column in raw]
        columns.append('"$path" VARCHAR')
        connection.run(f"CREATE TEMP TABLE {quoted(table.name)} ({', '.join(columns)})")
    for view in source.views:
        body = lowered(view.sql, catalog).sql
        connection.run(f"CREATE TEMP VIEW {quoted(view.name)} AS {body}")
