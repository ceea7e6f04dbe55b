"""Files of a table with RegexSerDe.

Knows tables and lines; `regex` reads the lines.
"""

from collections.abc import Iterator, Mapping, Sequence

import pyarrow

from lakehunt.engines.local.serdes.reader import FILE_NO, LINE, Piece, Wanted
from lakehunt.engines.local.serdes.regex import RegexReader
from lakehunt.engines.local.serdes.text import as_lines, blocks
from lakehunt.errors import LakeError
from lakehunt.expressions import read_expression
from lakehunt.model import Table

_CASE = "input.regex.case.insensitive"


class RegexTable:
    """Reads the wanted columns: column by column the groups of the table's expression."""

    rows = "documents f"
    line = f"f.{LINE}"
    doubtful = "false"

    def __init__(self, table: Table, wanted: Wanted) -> None:
        """Read the table's expression.

        Raises:
            LakeError: it holds what is not reproduced locally.
        """
        numbers = {column.name: n for n, column in enumerate(table.columns, start=1)}
        typed = [column.name for column in table.columns if column.type.name != "string"]
        if typed or table.serde_properties.get(_CASE, "false") != "false":
            what = f"column {typed[0]} is no string" if typed else _CASE
            raise LakeError(f"{table.name}: {what}: RegexSerDe is read locally with neither")
        expression = read_expression(table.serde_properties["input.regex"])
        self._reader = RegexReader.of(expression, [numbers[name] for name in wanted.columns])
        self._line = wanted.line
        self._headers = int(table.properties.get("skip.header.line.count", "0"))
        names = [f"c{number}" for number in range(len(wanted.columns))]
        self.columns: Mapping[str, str] = {
            name: f"f.{own}" for name, own in zip(wanted.columns, names, strict=True)
        }
        own = [*names, LINE] if wanted.line else names
        self.fields = (FILE_NO, *(pyarrow.field(name, pyarrow.string()) for name in own))

    def piece(self, data: bytes) -> Piece:
        """Return the lines of a file, without those of its header."""
        text = as_lines(data)
        start = 0
        headers = 0
        while headers < self._headers and start < len(text):
            start = text.find(b"\n", start) + 1
            headers += 1
        return Piece(text[start:], len(text), headers)

    def exact_piece(self, data: bytes) -> Piece:
        """Return the same: a line is in doubt alone, never its file."""
        return self.piece(data)

    def batches(self, pieces: Sequence[tuple[int, Piece]]) -> Iterator[pyarrow.RecordBatch]:
        """Yield the rows of files."""
        schema = pyarrow.schema(self.fields)
        for block in blocks((number, _text(piece)) for number, piece in pieces):
            rows = self._reader.rows(block.text)
            columns = [block.files(rows.ends), *rows.columns]
            if self._line:
                columns.append(rows.lines())
            yield pyarrow.RecordBatch.from_arrays(columns, schema=schema)


def _text(piece: Piece) -> bytes:
    assert isinstance(piece.content, bytes)
    return piece.content
