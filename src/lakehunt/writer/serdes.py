"""The text of a log file for a batch of records, by the SerDe of the table that reads it.

Knows SerDe classes, not sources. `lake` calls it.
"""

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from lakehunt.expressions import read_expression
from lakehunt.model import Format, Partitions, Table
from lakehunt.sources.lines import HIVE_JSON, LAZY_SIMPLE, OPENX_JSON, PARQUET, REGEX
from lakehunt.writer.patterns import written_line
from lakehunt.writer.records import LogRecord

Batch = Sequence[LogRecord]
_NOTHING = "-"
# as a hostile or damaged line may be, byte for byte
_ERRORS = "surrogateescape"


def file_bytes(format_: Format, partitions: Partitions, batch: Batch) -> bytes:
    """Return what a file of these records holds, not yet compressed.

    Raises:
        UsageError: a value cannot be written so that it comes back.
    """
    table = format_.table
    if table.serde == PARQUET:
        return _parquet(table, batch)
    if format_.lines_table is None:
        records = [record.fields for record in batch]
        return json.dumps({partitions.shapes[0]: records}, separators=(",", ":")).encode()
    lines = (*_header(table, partitions), *_lines(table, batch))
    return "".join(f"{line}\n" for line in lines).encode(errors=_ERRORS)


def _lines(table: Table, batch: Batch) -> Iterator[str]:
    write = _line_writer(table)
    return (write(record.fields) if record.line is None else record.line for record in batch)


def _line_writer(table: Table) -> Callable[[Mapping[str, object]], str]:
    names = tuple(column.name for column in table.columns)
    if table.serde == REGEX:
        expression = read_expression(table.serde_properties["input.regex"])
        return lambda fields: written_line(expression, names, _texts(fields))
    if table.serde == LAZY_SIMPLE:
        delimiter = table.serde_properties["field.delim"]
        return lambda fields: delimiter.join(str(fields.get(name, _NOTHING)) for name in names)
    return lambda fields: _json_line(table, fields)


def _texts(fields: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in fields.items()}


def _json_line(table: Table, fields: Mapping[str, object]) -> str:
    assert table.serde in (OPENX_JSON, HIVE_JSON)
    keys = {name: table.serde_properties.get(f"mapping.{name}", name) for name in fields}
    named = {keys[name]: value for name, value in fields.items()}
    return json.dumps(named, separators=(",", ":"), ensure_ascii=False)


def _header(table: Table, partitions: Partitions) -> Iterator[str]:
    """Yield the header lines that the table skips: the names of the fields on the last of them."""
    count = int(table.properties.get("skip.header.line.count", "0"))
    if not count:
        return
    keys = {field.name: field.key for field in partitions.fields}
    names = [keys.get(column.name, column.name) for column in table.columns]
    if count > 1:
        yield from ["#Version: 1.0"] * (count - 1)
        yield f"#Fields: {' '.join(names)}"
    else:
        yield " ".join(names)


def _parquet(table: Table, batch: Batch) -> bytes:
    import pyarrow  # noqa: PLC0415  only a source delivered as Parquet pays for it
    import pyarrow.parquet  # noqa: PLC0415

    types = {"int": pyarrow.int32(), "bigint": pyarrow.int64(), "double": pyarrow.float64()}
    columns = {
        column.name: pyarrow.array(
            [record.fields.get(column.name) for record in batch],
            types.get(column.type.name, pyarrow.string()),
        )
        for column in table.columns
    }
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), out, compression="gzip")
    return out.getvalue()
