"""What a statement leaves: its columns and rows, and the files that Athena writes of them.

Knows Athena's files in S3, not how the rows were come by.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lakehunt.sandbox.queries import Answer
from lakehunt.sandbox.shown import cell, column_info
from lakehunt.trino_on_duckdb.types import Type

Row = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a statement returned.

    `header`: GetQueryResults starts with a row of the names. `text`: rows are lines of a text file.
    `written` are the files that it left elsewhere, for a manifest; None when it writes none.
    """

    substatement: str
    columns: tuple[dict[str, Any], ...] = ()
    rows: Sequence[Row] = ()
    header: bool = False
    text: bool = True
    written: tuple[str, ...] | None = None


def of_answer(answer: Answer) -> Outcome:
    """Return a query's rows as Athena shows them; names of columns are lower case."""
    columns = [(column.name.lower(), column.type) for column in answer.columns]
    rows = [
        [cell(value, type_) for value, (_, type_) in zip(row, columns, strict=True)]
        for row in answer.rows
    ]
    info = tuple(column_info(name, type_) for name, type_ in columns)
    return Outcome("SELECT", info, rows, header=True, text=False)


def of_lines(
    substatement: str, columns: Sequence[tuple[str, Type]], rows: Sequence[Row]
) -> Outcome:
    """Return lines of text, as SHOW and DESCRIBE print them."""
    info = tuple(column_info(name, type_) for name, type_ in columns)
    return Outcome(substatement, info, rows)


def result_files(outcome: Outcome, base: str) -> dict[str, bytes]:
    """Return the files of an outcome by their addresses, the result itself first.

    Args:
        base: the result's address without an ending.
    """
    if outcome.written is not None:
        manifest = "".join(f"{file}\n" for file in outcome.written)
        return {f"{base}-manifest.csv": manifest.encode(), f"{base}.metadata": _metadata(outcome)}
    if outcome.text:
        lines = "".join(f"{row[0]}\n" for row in outcome.rows)
        return {f"{base}.txt": lines.encode(), f"{base}.txt.metadata": _metadata(outcome)}
    names = [column["Name"] for column in outcome.columns]
    body = "".join(_csv_line(row) for row in (names, *outcome.rows))
    return {f"{base}.csv": body.encode(), f"{base}.csv.metadata": _metadata(outcome)}


def _csv_line(row: Row) -> str:
    # NULL is empty, a text is always quoted: the two stay apart
    cells = ("" if value is None else '"' + value.replace('"', '""') + '"' for value in row)
    return ",".join(cells) + "\n"


def _metadata(outcome: Outcome) -> bytes:
    # Athena's is a binary form of its own; no client reads it
    return json.dumps({"ColumnInfo": outcome.columns}).encode()
