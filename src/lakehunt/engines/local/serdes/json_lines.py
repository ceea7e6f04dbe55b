"""Files of a table with a JSON SerDe: one object per line, a line that is none a row of NULLs.

Knows JSON and tables. DuckDB parses the lines. Files of which it cannot parse a line, in which it
would not find what Trino finds, and whose records are wrapped, are read again line by line.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow

from lakehunt.engines.local.exact import load_lines
from lakehunt.engines.local.serdes.json_records import Flavour, Records
from lakehunt.engines.local.serdes.json_texts import may_differ
from lakehunt.engines.local.serdes.reader import FILE_NO, LINE, Piece, Wanted
from lakehunt.engines.local.serdes.signs import line_ends
from lakehunt.engines.local.serdes.text import as_lines, blocks
from lakehunt.engines.local.types import duckdb_type, json_structure, quoted, text
from lakehunt.errors import LakeError
from lakehunt.model import Partitions, Table, Type
from lakehunt.sources.lines import OPENX_JSON

_RECORD = "record"
_TEXT = Type("string")
_INTEGERS = ("tinyint", "smallint", "int", "bigint")
# As Trino 476 reads them, measured.
_WHOLE = "[-+]?(0[xX][0-9a-fA-F]+|[0-9]+)"
_FRACTION = "[-+]?[0-9]+([.][0-9]*)?([eE][-+]?[0-9]+)?"


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of a file, and what stands for those that DuckDB would not read as Trino does."""

    text: bytes
    records: Mapping[str, str] = field(default_factory=dict)


class JsonLinesTable:
    """Reads the wanted columns, each by its key."""

    fields = (
        FILE_NO,
        pyarrow.field(LINE, pyarrow.string()),
        pyarrow.field(_RECORD, pyarrow.string()),
    )
    line = f"f.{LINE}"

    def __init__(self, table: Table, wanted: Wanted, partitions: Partitions) -> None:
        keys = _keys(table, wanted)
        types = tuple((key, _read_as(type_)) for key, type_ in keys.values())
        structure = text(json.dumps(json_structure(Type("struct", fields=types))))
        read = f"TRY(from_json(coalesce({_RECORD}, {LINE}), {structure}))"
        self.rows = f"(SELECT *, {read} AS r FROM documents) f"
        self.columns: Mapping[str, str] = {
            name: _typed(f"f.r.{quoted(key)}", type_) for name, (key, type_) in keys.items()
        }
        texts = {self.columns[name]: type_ for name, (_, type_) in keys.items()}
        self.doubtful = f"(f.r IS NULL OR {may_differ(texts, self.line)})"
        flavour = Flavour.OPENX if table.serde == OPENX_JSON else Flavour.HIVE
        row = Type("struct", fields=(*keys.values(),))
        self._records = Records(row, flavour, _is_case_sensitive(table))
        self._partitions = partitions

    def piece(self, data: bytes) -> Piece:
        """Return the lines of a file; its first record tells whether its keys are strange."""
        lines = as_lines(data)
        if self._records.has_strange_keys(lines[: lines.find(b"\n")]):
            return self.exact_piece(data)
        return Piece(_Lines(lines), len(lines))

    def exact_piece(self, data: bytes) -> Piece:
        """Return the records of a file as lines, each line that is no record as it is."""
        found = load_lines(as_lines(data), self._partitions)
        lines = b"".join(line + b"\n" for line in found.texts)
        written = ((line, self._records.written(line)) for line in map(bytes.decode, found.texts))
        records = {line: record for line, record in written if record is not None}
        return Piece(_Lines(lines, records), len(lines), broken=found.broken, partial=found.partial)

    def batches(self, pieces: Sequence[tuple[int, Piece]]) -> Iterator[pyarrow.RecordBatch]:
        """Yield the lines of files."""
        schema = pyarrow.schema(self.fields)
        contents = [(number, _content(piece)) for number, piece in pieces]
        records = {line: record for _, one in contents for line, record in one.records.items()}
        for block in blocks((number, one.text) for number, one in contents):
            ends = line_ends(block.text)
            lines = block.lines(ends)
            columns = [block.files(ends), lines, _written(lines, records)]
            yield pyarrow.RecordBatch.from_arrays(columns, schema=schema)


def _keys(table: Table, wanted: Wanted) -> dict[str, tuple[str, Type]]:
    """Return the key and the type of each wanted column, keys of the type as they are looked for.

    Raises:
        LakeError: keys are to be found in a way that is not reproduced.
    """
    properties = table.serde_properties
    if properties.get("dots.in.keys", "false").lower() == "true":
        raise LakeError(f"{table.name}: tables with `dots.in.keys` are not read locally")
    found = {}
    for name, type_ in wanted.columns.items():
        key = properties.get(f"mapping.{name.lower()}")
        if _is_case_sensitive(table):
            # columns and fields are in lower case, keys of the log are compared as they are
            found[name] = (key or name.lower(), _lowered(type_))
        else:
            found[name] = (key or name, type_)
    return found


def _is_case_sensitive(table: Table) -> bool:
    return table.serde_properties.get("case.insensitive", "true").lower() != "true"


def _lowered(type_: Type) -> Type:
    arguments = tuple(_lowered(inner) for inner in type_.arguments)
    fields = tuple((name.lower(), _lowered(inner)) for name, inner in type_.fields)
    return Type(type_.name, arguments, fields)


def _written(lines: pyarrow.Array, records: Mapping[str, str]) -> pyarrow.Array:
    if not records:
        return pyarrow.nulls(len(lines), pyarrow.string())
    return pyarrow.array([records.get(line) for line in lines.to_pylist()], pyarrow.string())


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


def _content(piece: Piece) -> _Lines:
    assert isinstance(piece.content, _Lines)
    return piece.content
