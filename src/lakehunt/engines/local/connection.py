"""One DuckDB connection that reads nothing but what it is given, with the functions of Trino.

Knows DuckDB. Everything in the local engine that runs SQL goes through it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow

from lakehunt.engines.local.serdes.reader import DOCUMENTS
from lakehunt.engines.local.types import quoted, text
from lakehunt.errors import EngineError
from lakehunt.trino_on_duckdb.prelude import install
from lakehunt.trino_on_duckdb.runner import translated

_SETTINGS = (
    "preserve_insertion_order = false",
    "enable_progress_bar = false",
    "python_enable_replacements = false",
)
# With half of it 20 million ids were still counted, by 1 to 64 threads; without a bound a window
# over 4 million events took 600 MB.
_THREAD_BYTES = 96_000_000


class Connection:
    """A connection in UTC; close it after use, or take it in a `with`."""

    def __init__(self, spill_folder: Path | None = None) -> None:
        """Open it; what does not fit into memory goes to files in the folder, if there is one."""
        self._duckdb = duckdb.connect()
        self._prelude = install(self._duckdb, "")
        for setting in _SETTINGS:
            self._duckdb.execute(f"SET {setting}")
        if spill_folder is not None:
            self._duckdb.execute(f"SET temp_directory = {text(str(spill_folder))}")

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._duckdb.close()

    @cached_property
    def _threads(self) -> int:
        ((threads,),) = self.rows("SELECT current_setting('threads')")
        return int(threads)

    @contextmanager
    def within_bound(self) -> Iterator[None]:
        """Bound the memory of what runs inside, by thread; what does not fit goes to files."""
        self._duckdb.execute(f"SET memory_limit = '{self._threads * _THREAD_BYTES} B'")
        try:
            yield
        finally:
            self.lift_limit()

    def lift_limit(self) -> None:
        """Let what runs have as much memory as DuckDB takes by itself."""
        self._duckdb.execute("RESET memory_limit")

    @contextmanager
    def reading(
        self, rows: pyarrow.RecordBatchReader | pyarrow.Table, name: str, sql: str
    ) -> Iterator[None]:
        """Make documents readable as a table of this name, as the SQL makes it of them.

        Raises:
            duckdb.Error: DuckDB failed.
        """
        self._duckdb.register(DOCUMENTS, rows)
        try:
            self.run(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {sql}")
            yield
        finally:
            self.run(f"DROP VIEW IF EXISTS {quoted(name)}")
            self._duckdb.unregister(DOCUMENTS)

    def run(self, sql: str) -> duckdb.DuckDBPyConnection:
        """Run a statement, with the functions that it names at hand.

        Raises:
            duckdb.Error: DuckDB failed.
        """
        self._prepare(sql)
        return self._duckdb.execute(sql)

    def _prepare(self, sql: str) -> None:
        self._prelude.need(sql)
        self._prelude.unread.clear()

    def table(self, sql: str) -> pyarrow.Table:
        """Return the rows of a query as Arrow.

        Raises:
            duckdb.Error: DuckDB failed.
            EngineError: a value came up that a function does not reproduce.
        """
        self._prepare(sql)
        rows = self._duckdb.sql(sql).to_arrow_table()
        self.check()
        return rows

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query as Python values; raises as `table`."""
        rows = self.run(sql).fetchall()
        self.check()
        return rows

    def check(self) -> None:
        """Fail if the last statement met a value that a function does not reproduce.

        Raises:
            EngineError: inside TRY such a value would pass for NULL.
        """
        if self._prelude.unread:
            raise EngineError(f"not reproduced locally: {self._prelude.unread[0]}")


def failure(error: duckdb.Error) -> str:
    """Return a failure of a translated query in one line, under Trino's name where it has one."""
    named = translated(error)
    code = getattr(named, "code", "")
    message = named.message.partition("\n")[0]
    return f"{code}: {message}" if code else message
