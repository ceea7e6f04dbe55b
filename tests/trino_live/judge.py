"""A real Trino over the sandbox's Glue and S3, asked in the same words as the local engine.

It must not know how either came up. The live tests that compare the two use it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import trino

from lakehunt.deploy.catalog import CatalogColumn, CatalogTable, table_input
from lakehunt.sandbox.server import Sandbox
from lakehunt.sources.lines import LAZY_SIMPLE

from .client import connected
from .server import CATALOG

_TRIES = 60
Value = object
Row = tuple[Value, ...]


@dataclass(frozen=True)
class Judge:
    """Trino's port, and the sandbox whose Glue and S3 it reads."""

    port: int
    sandbox: Sandbox

    def wait(self) -> None:
        """Return when the server reads tables, which is some seconds after it answers.

        Raises:
            TimeoutError: it does not.
        """
        self.database("waiting", "waiting")
        self.sandbox.store.put("s3://waiting/one", b"1\n")
        text = "org.apache.hadoop.mapred.TextInputFormat"
        column = CatalogColumn("line", "string")
        table = CatalogTable("one", (column,), (), "s3://waiting/", text, text, LAZY_SIMPLE)
        self.tables("waiting", [table])
        for _ in range(_TRIES):
            try:
                self.run("SELECT line FROM one", "waiting")
                return
            except trino.exceptions.TrinoQueryError as error:
                if error.error_name != "NO_NODES_AVAILABLE":
                    raise
                time.sleep(0.5)
        raise TimeoutError("Trino has no node that reads tables")

    def database(self, name: str, bucket: str) -> None:
        """Make an empty database and an empty bucket."""
        self.sandbox.store.make_database(name)
        self.sandbox.store.make_bucket(bucket)

    def tables(self, database: str, tables: Iterable[CatalogTable]) -> None:
        """Put tables and views into Glue as `deploy --apply` does."""
        for table in tables:
            self.sandbox.store.put_table(database, table_input(table, {}))

    def run(self, sql: str, database: str) -> list[Row]:
        """Return the rows of a statement, its values in the forms of `plain`."""
        with self.connection(database) as connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            return [tuple(plain(value) for value in row) for row in cursor.fetchall()]

    def connection(self, database: str) -> trino.dbapi.Connection:
        """Return a connection to a database of the sandbox."""
        return connected(self.port, CATALOG, database)


def plain(value: Value) -> Value:
    """Return a value in one form for both: a tuple for a list, a row or a map."""
    if isinstance(value, dict):
        return tuple(plain(inner) for inner in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return tuple(plain(inner) for inner in value)
    return value
