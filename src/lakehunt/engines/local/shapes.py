"""What the files of a source look like: their format, their header, the fields that it names.

Knows the first bytes of files, not where they lie. `discover` asks it about a few files of each.
"""

import pyarrow
import pyarrow.parquet

from lakehunt.engines.local.documents import unpacked
from lakehunt.engines.local.lake import LogFile
from lakehunt.engines.local.serdes import format_of
from lakehunt.engines.local.serdes.delimited import Header
from lakehunt.engines.local.serdes.text import as_lines
from lakehunt.model import Format, Shape, Source
from lakehunt.sources.lines import LAZY_SIMPLE, PARQUET


def shape_of(source: Source, file: LogFile) -> Shape:
    """Return what a file of a source looks like.

    Raises:
        OSError, EOFError, ValueError, zlib.error, pyarrow.ArrowException: it cannot be read.
    """
    head = file.head()
    own = format_of(source.formats, head[:64])
    if own.table.serde == LAZY_SIMPLE and source.partitions.fields:
        return _delimited(source, own, as_lines(head))
    if own.table.serde == PARQUET:
        return _parquet(own, file)
    return Shape(own.name)


def _delimited(source: Source, format_: Format, text: bytes) -> Shape:
    delimiter = format_.table.serde_properties.get("field.delim", "\x01").encode()
    header = Header(format_.table, source.partitions, delimiter)
    order, count, start, unknown = header.read(text)
    above = text[:start].decode().splitlines()
    named = next((line for line in reversed(above) if header.names_fields(line.encode())), "")
    if named:
        keys = {field.name: field.key for field in source.partitions.fields}
        known = tuple(keys[name] if name else "" for name in order)
        return Shape(format_.name, named, known, len(order), tuple(unknown))
    row = text[start : text.find(b"\n", start)]
    cells = tuple(cell.decode() for cell in row.split(delimiter)) if row else ()
    return Shape(format_.name, columns=len(cells), example=cells)


def _parquet(format_: Format, file: LogFile) -> Shape:
    schema = pyarrow.parquet.read_schema(pyarrow.BufferReader(unpacked(file.data())))
    known = {column.name.lower() for column in format_.table.columns}
    unknown = tuple(name for name in schema.names if name.lower() not in known)
    return Shape(format_.name, fields=tuple(schema.names), columns=len(schema), unknown=unknown)
