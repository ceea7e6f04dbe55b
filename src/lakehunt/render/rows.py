"""Writes rows as a table, CSV, JSON lines, JSON or Parquet.

Knows columns and plain values, not where they come from. `cli` calls `write_rows`.
"""

import csv
import io
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import IO

import pyarrow
import pyarrow.parquet

from lakehunt.render.neutral import for_spreadsheet, for_terminal, plain

_CELL_WIDTH = 60
_GAP = "  "


class Format(StrEnum):
    """How rows are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    PARQUET = "parquet"


def json_text(value: object) -> str:
    """Return a value as one line of JSON."""
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False)


def write_table(columns: Sequence[str], rows: Iterable[Mapping[str, object]], out: IO[str]) -> None:
    """Write aligned columns; on a terminal long cells are cut, elsewhere nothing is."""
    limit = _CELL_WIDTH if out.isatty() else None
    cells = [[_cell(row.get(column), limit) for column in columns] for row in rows]
    heads = [for_terminal(column) for column in columns]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    if limit and columns:
        widths = _fitted(widths, shutil.get_terminal_size().columns - len(_GAP) * len(columns))
    for line in (heads, ["-" * width for width in widths], *cells):
        shown = (_cut(cell, width).ljust(width) for cell, width in zip(line, widths, strict=True))
        out.write(_GAP.join(shown).rstrip() + "\n")


def _cell(value: object, limit: int | None) -> str:
    shown = plain(value)
    if shown is None:
        return "NULL"
    text = for_terminal(shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False))
    return _cut(text, limit) if limit else text


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def _fitted(widths: list[int], room: int) -> list[int]:
    """Return widths that fit a terminal: the widest columns give way, none below 12."""
    fitted = [*widths]
    while sum(fitted) > room and max(fitted) > 12:  # noqa: PLR2004
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]], out: IO[str]) -> None:
    """Write CSV with a header; text that a spreadsheet would run is quoted away."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_csv_cell(row.get(column)) for column in columns])


def _csv_cell(value: object) -> str:
    shown = plain(value)
    if shown is None:
        return ""
    if isinstance(shown, str):
        return for_spreadsheet(shown)
    return json.dumps(shown, ensure_ascii=False)


def write_jsonl(rows: Iterable[Mapping[str, object]], out: IO[str]) -> None:
    """Write one JSON object per line."""
    for row in rows:
        out.write(json_text(row) + "\n")


def write_json(document: Mapping[str, object], out: IO[str]) -> None:
    """Write one indented JSON document."""
    shown = json.dumps(plain(document), ensure_ascii=False, allow_nan=False, indent=2)
    out.write(shown + "\n")


def parquet_bytes(table: pyarrow.Table) -> bytes:
    """Return a table as the bytes of a Parquet file."""
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def arrow_of(rows: Sequence[Mapping[str, object]]) -> pyarrow.Table:
    """Return rows as an Arrow table of text columns, nested values as JSON text."""
    columns = dict.fromkeys(name for row in rows for name in row)
    return pyarrow.table(
        {name: pyarrow.array([_text(row.get(name)) for row in rows]) for name in columns}
    )


def _text(value: object) -> str | None:
    shown = plain(value)
    return shown if shown is None or isinstance(shown, str) else json.dumps(shown)
