"""What a running Trino answers to a query, in the form of a battery's line.

It must not know how the server came up. The live tests and scripts/battery.py use it.
"""

from __future__ import annotations

import trino

from tests.battery import Line


def connected(port: int, catalog: str = "", schema: str = "") -> trino.dbapi.Connection:
    """A connection to a server on loopback, the session in UTC, values as the protocol has them."""
    return trino.dbapi.Connection(
        host="127.0.0.1",
        port=port,
        user="battery",
        catalog=catalog or None,
        schema=schema or None,
        timezone="UTC",
        legacy_primitive_types=True,
    )


def answer(connection: trino.dbapi.Connection, sql: str) -> Line:
    """Columns and rows of a query, or the error's name and message."""
    cursor = connection.cursor()
    try:
        cursor.execute(sql)
        rows = cursor.fetchall()
    except trino.exceptions.TrinoQueryError as error:
        return {"sql": sql, "error": error.error_name, "message": error.message}
    columns = [[column[0], column[1]] for column in cursor.description]
    return {"sql": sql, "columns": columns, "rows": rows}
