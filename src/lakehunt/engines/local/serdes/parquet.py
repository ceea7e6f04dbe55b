"""Files of a table with the Parquet SerDe: columns by name, whatever their order.

Knows Parquet by pyarrow. A column that a file lacks is NULL in all its rows.
"""

from collections.abc import Iterator, Mapping, Sequence

import pyarrow
import pyarrow.parquet

from lakehunt.engines.local.serdes.reader import FILE_NO, Piece, Wanted
from lakehunt.errors import LakeError
from lakehunt.model import Table, Type

MAGIC = b"PAR1"
_TYPES = {
    "string": pyarrow.string(),
    "boolean": pyarrow.bool_(),
    "tinyint": pyarrow.int8(),
    "smallint": pyarrow.int16(),
    "int": pyarrow.int32(),
    "bigint": pyarrow.int64(),
    "float": pyarrow.float32(),
    "double": pyarrow.float64(),
    "date": pyarrow.date32(),
    "timestamp": pyarrow.timestamp("ms"),
    "binary": pyarrow.binary(),
}


class ParquetTable:
    """Reads the wanted columns, each by its name."""

    rows = "documents f"
    # a record of Parquet is no line: the view of what is left out makes one of the columns
    line = "NULL::VARCHAR"
    doubtful = "false"

    def __init__(self, table: Table, wanted: Wanted) -> None:
        """Take the table's columns.

        Raises:
            LakeError: a column has a type that is not read.
        """
        self._types = {name: _arrow(table, type_) for name, type_ in wanted.columns.items()}
        fields = [pyarrow.field(f"c{n}", type_) for n, type_ in enumerate(self._types.values())]
        self.fields = (FILE_NO, *fields)
        self.columns: Mapping[str, str] = {
            name: f"f.c{number}" for number, name in enumerate(self._types)
        }

    def piece(self, data: bytes) -> Piece:
        """Return the wanted columns of a file."""
        file = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(data))
        there = {name.lower(): name for name in file.schema_arrow.names}
        wanted = {name: there.get(name.lower()) for name in self._types}
        read = file.read([name for name in wanted.values() if name is not None])
        columns = [
            pyarrow.nulls(file.metadata.num_rows, type_)
            if (own := wanted[name]) is None
            else read.column(own).cast(type_)
            for name, type_ in self._types.items()
        ]
        rows = pyarrow.table(columns, names=[*self._types])
        # without a column a table has no rows: their number is kept beside it
        return Piece((file.metadata.num_rows, rows), rows.nbytes)

    def exact_piece(self, data: bytes) -> Piece:
        """Return the same: a file of Parquet is read or refused."""
        return self.piece(data)

    def batches(self, pieces: Sequence[tuple[int, Piece]]) -> Iterator[pyarrow.RecordBatch]:
        """Yield the rows of files."""
        schema = pyarrow.schema(self.fields)
        for number, piece in pieces:
            assert isinstance(piece.content, tuple)
            count, rows = piece.content
            numbers = pyarrow.repeat(pyarrow.scalar(number, pyarrow.int32()), count)
            whole = pyarrow.table([numbers, *rows.columns], schema=schema)
            yield from whole.to_batches(max_chunksize=1 << 16)


def _arrow(table: Table, type_: Type) -> pyarrow.DataType:
    if type_.name == "struct":
        return pyarrow.struct([(name, _arrow(table, inner)) for name, inner in type_.fields])
    if type_.name == "array":
        return pyarrow.list_(_arrow(table, type_.arguments[0]))
    if type_.name == "map":
        key, value = type_.arguments
        return pyarrow.map_(_arrow(table, key), _arrow(table, value))
    if type_.name not in _TYPES:
        raise LakeError(f"{table.name}: a column of {type_.glue()} is not read from Parquet")
    return _TYPES[type_.name]
