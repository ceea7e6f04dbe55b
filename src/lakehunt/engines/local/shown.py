"""The rows of a lowered query as Arrow, values that DuckDB carries in its own way made readable.

Knows Trino's types. The engine calls it.
"""

import pyarrow

from lakehunt.engines.local.connection import Connection
from lakehunt.trino_on_duckdb import Translation
from lakehunt.trino_on_duckdb.protocol import protocol
from lakehunt.trino_on_duckdb.types import Type

# Types that Arrow has as Athena's clients expect them; all others are shown as Athena prints them.
_ALIKE = (
    "array", "bigint", "boolean", "char", "date", "decimal", "double", "integer", "json", "map",
    "real", "row", "smallint", "timestamp", "tinyint", "unknown", "uuid", "varbinary", "varchar",
)  # fmt: skip


def shown_rows(connection: Connection, translation: Translation, most: int | None) -> pyarrow.Table:
    """Return at most so many rows of a query as Arrow.

    Raises:
        duckdb.Error: DuckDB failed.
        EngineError: a value came up that a function does not reproduce.
    """
    limit = "" if most is None else f" LIMIT {most}"
    sql = f"SELECT * FROM ({translation.sql}){limit}" if limit else translation.sql
    if all(_is_alike(column.type) for column in translation.columns):
        return connection.table(sql)
    rows = connection.rows(sql)
    columns = {
        column.name: _shown(column.type, [row[index] for row in rows])
        for index, column in enumerate(translation.columns)
    }
    return pyarrow.table(columns)


def _shown(type_: Type, values: list[object]) -> pyarrow.Array:
    if _is_alike(type_):
        return pyarrow.array(values)
    form = protocol(type_)
    texts = (form(value) for value in values)
    return pyarrow.array([None if text is None else str(text) for text in texts], pyarrow.string())


def _is_alike(type_: Type) -> bool:
    return type_.base in _ALIKE and all(_is_alike(child) for child in type_.children)
