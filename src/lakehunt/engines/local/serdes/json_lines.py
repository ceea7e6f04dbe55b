"""Files of a table with a JSON SerDe: one object per line, a line that is none a row of NULLs.

Knows JSON and tables. DuckDB parses the lines; those that it cannot parse, and files whose records
are wrapped, are read again one by one.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

import numpy
import pyarrow

from lakehunt.engines.local.exact import load_lines
from lakehunt.engines.local.serdes.plain import places_of
from lakehunt.engines.local.serdes.reader import FILE_NO, LINE, Piece, Wanted
from lakehunt.engines.local.serdes.text import as_lines, blocks
from lakehunt.engines.local.types import duckdb_type, json_structure, quoted, text
from lakehunt.model import Partitions, Table, Type

_TEXT = Type("string")
_INTEGERS = ("tinyint", "smallint", "int", "bigint")
# As Trino 476 reads them, measured.
_WHOLE = "[-+]?(0[xX][0-9a-fA-F]+|[0-9]+)"
_FRACTION = "[-+]?[0-9]+([.][0-9]*)?([eE][-+]?[0-9]+)?"


class JsonLinesTable:
    """Reads the wanted columns, each by its key."""

    fields = (FILE_NO, pyarrow.field(LINE, pyarrow.string()))
    line = f"f.{LINE}"
    doubtful = "f.r IS NULL"

    def __init__(self, table: Table, wanted: Wanted, partitions: Partitions) -> None:
        mapped = {
            name: table.serde_properties.get(f"mapping.{name.lower()}", name)
            for name in wanted.columns
        }
        types = tuple((mapped[name], _read_as(type_)) for name, type_ in wanted.columns.items())
        structure = text(json.dumps(json_structure(Type("struct", fields=types))))
        self.columns: Mapping[str, str] = {
            name: _typed(f"f.r.{quoted(key)}", wanted.columns[name]) for name, key in mapped.items()
        }
        self.rows = f"(SELECT *, TRY(from_json({LINE}, {structure})) AS r FROM documents) f"
        self._partitions = partitions

    def piece(self, data: bytes) -> Piece:
        """Return the lines of a file."""
        lines = as_lines(data)
        return Piece(lines, len(lines))

    def exact_piece(self, data: bytes) -> Piece:
        """Return the records of a file as lines, each line that is no record as it is."""
        found = load_lines(as_lines(data), self._partitions)
        lines = b"".join(line + b"\n" for line in found.texts)
        return Piece(lines, len(lines), broken=found.broken, partial=found.partial)

    def batches(self, pieces: Sequence[tuple[int, Piece]]) -> Iterator[pyarrow.RecordBatch]:
        """Yield the lines of files."""
        schema = pyarrow.schema(self.fields)
        for block in blocks((number, _text(piece)) for number, piece in pieces):
            ends = places_of(numpy.frombuffer(block.text, numpy.uint8) == ord("\n"))
            columns = [block.files(ends), block.lines(ends)]
            yield pyarrow.RecordBatch.from_arrays(columns, schema=schema)


def _read_as(type_: Type) -> Type:
    return _TEXT if type_.name in _INTEGERS else type_


def _typed(value: str, type_: Type) -> str:
    """Return a column as the SerDe makes it: whole numbers of texts, fractions cut off."""
    if type_.name not in _INTEGERS:
        return value
    to = duckdb_type(type_)
    return (
        f"CASE WHEN regexp_full_match({value}, '{_WHOLE}') THEN TRY_CAST({value} AS {to})"
        f" WHEN regexp_full_match({value}, '{_FRACTION}')"
        f" THEN TRY_CAST(trunc(TRY_CAST({value} AS DOUBLE)) AS {to}) END"
    )


def _text(piece: Piece) -> bytes:
    assert isinstance(piece.content, bytes)
    return piece.content
