"""Writes rows as a table, CSV, JSON lines, JSON or Parquet.

Knows columns and plain values, not where they come from. `cli` calls `write_rows`.
"""

import csv
import io
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import IO

import pyarrow
import pyarrow.parquet

from lakehunt.render.neutral import for_json, for_spreadsheet, for_terminal, plain

_CELL_WIDTH = 60
_GAP = "  "


def json_text(value: object, indent: int | None = None) -> str:
    """Return a value as JSON in which control and hidden characters are escaped."""
    return for_json(json.dumps(plain(value), ensure_ascii=False, allow_nan=False, indent=indent))


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
    """Write CSV with a header; text that a spreadsheet would run is quoted away.

    On a terminal control characters are written out as well; in a file they stay as logged.
    """
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    shown = for_terminal if out.isatty() else str
    for row in rows:
        writer.writerow([shown(_csv_cell(row.get(column))) for column in columns])


def _csv_cell(value: object) -> str:
    shown = plain(value)
    if shown is None:
        return ""
    if isinstance(shown, str):
        return shown if isinstance(value, Decimal) else for_spreadsheet(shown)
    return json_text(shown)


def write_jsonl(rows: Iterable[Mapping[str, object]], out: IO[str]) -> None:
    """Write one JSON object per line."""
    for row in rows:
        out.write(json_text(row) + "\n")


def write_json(document: Mapping[str, object], out: IO[str]) -> None:
    """Write one indented JSON document."""
    out.write(json_text(document, indent=2) + "\n")


def write_rows(
    format_: str,
    columns: Sequence[str],
    rows: Sequence[Mapping[str, object]],
    document: Mapping[str, object],
    out: IO[str],
) -> None:
    """Write rows in a text format: table, csv, jsonl, or json, which writes the document."""
    match format_:
        case "csv":
            write_csv(columns, rows, out)
        case "jsonl":
            write_jsonl(rows, out)
        case "json":
            write_json(document, out)
        case _:
            write_table(columns, rows, out)


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
