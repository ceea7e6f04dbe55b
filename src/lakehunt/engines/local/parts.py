"""Rows of a scan as Parquet files in a folder, which DuckDB reads as one relation.

Knows DuckDB, not what the rows are; each has `file_no` and `event_id`.
"""

from pathlib import Path

from lakehunt.engines.local.connection import Connection
from lakehunt.engines.local.types import text

# Each thread holds a row group in memory while it writes: small ones keep that small.
_ROW_GROUP_ROWS = 10240
# Ids are only told apart: of a billion, by 64 bits, two differing ones are taken for one with 3 %.
_WRITTEN = (
    "SELECT * REPLACE (file_no + {first} AS file_no,"
    " CASE WHEN event_id IS NOT NULL THEN hash(event_id) END AS event_id) FROM ({select})"
)


def write_part(
    connection: Connection,
    select: str,
    folder: Path,
    *,
    first: int = 0,
    compression: str = "snappy",
) -> None:
    """Write the rows of a query, ids hashed, numbers of files counted from `first`.

    Raises:
        duckdb.Error: the engine failed.
        EngineError: a value came up that a function does not reproduce.
    """
    connection.run(
        f"COPY ({_WRITTEN.format(select=select, first=first)}) TO {text(str(folder))}"
        f" (FORMAT parquet, PER_THREAD_OUTPUT, COMPRESSION {compression},"
        f" ROW_GROUP_SIZE {_ROW_GROUP_ROWS})"
    )
    connection.check()


def part_rows(folder: Path) -> str:
    """Return DuckDB's relation of the rows in a folder."""
    return f"read_parquet({text(str(folder / '*.parquet'))})"
