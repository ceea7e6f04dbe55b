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
from lakehunt.sources.lines import HIVE_JSON, LAZY_SIMPLE, OPENX_JSON, PARQUET


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
    is_json = own.table.serde in (OPENX_JSON, HIVE_JSON) or not own.lines_table
    return Shape(own.name, "JSON" if is_json else "text")


def _delimited(source: Source, format_: Format, text: bytes) -> Shape:
    delimiter = format_.table.serde_properties.get("field.delim", "\x01").encode()
    header = Header(format_.table, source.partitions, delimiter)
    order, _, start, unknown = header.read(text)
    usual = source.partitions.default_fields
    above = text[:start].splitlines()
    named = next((line for line in reversed(above) if header.names_fields(line)), b"")
    if named:
        keys = {field.name: field.key for field in source.partitions.fields}
        known = tuple(keys[name] for name in order if name)
        return Shape(
            format_.name, "text", named.decode(), known, len(order), (), tuple(unknown),
            order == usual,
        )  # fmt: skip
    row = text[start : text.find(b"\n", start)]
    cells = tuple(cell.decode() for cell in row.split(delimiter)) if row else ()
    # where a header is the rule, a file without one is an old or a cut one
    is_usual = not cells or header.is_expected or len(cells) == len(usual)
    return Shape(format_.name, "text", columns=len(cells), row=cells, is_usual=is_usual)


def _parquet(format_: Format, file: LogFile) -> Shape:
    names = parquet_names(unpacked(file.data()))
    known = {column.name.lower() for column in format_.table.columns}
    unknown = tuple(name for name in names if name.lower() not in known)
    return Shape(format_.name, "Parquet", fields=names, columns=len(names), unknown=unknown)


def parquet_names(data: bytes) -> tuple[str, ...]:
    """Return the names of the columns of a Parquet file; raises as `shape_of`."""
    return tuple(pyarrow.parquet.read_schema(pyarrow.BufferReader(data)).names)
