"""Finds fields in log files that the table of their source does not know.

Knows files and tables, not logs. `status` asks it about some files of each source.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from lakehunt.engines.local.documents import unpacked
from lakehunt.engines.local.exact import load_exactly, load_lines
from lakehunt.engines.local.lake import LogFile
from lakehunt.engines.local.serdes import format_of
from lakehunt.engines.local.serdes.delimited import Header
from lakehunt.engines.local.serdes.text import as_lines
from lakehunt.engines.local.shapes import parquet_names
from lakehunt.engines.local.wrapped import wrapping_key
from lakehunt.model import Format, Source, Type
from lakehunt.sources.lines import LAZY_SIMPLE, PARQUET, REGEX

# Lines of a text file that are looked at, and names that one file may bring in.
_MOST_LINES = 2000
_MOST_NAMES = 100
_COLUMN = re.compile(r'"[^"]*"|[^ ]+')


def strange_fields(source: Source, file: LogFile) -> Counter[str]:
    """Return the fields of a file that its table does not know, with how many records have each.

    A JSON key is named by its path, `a.b`; columns behind the last known one are counted.

    Raises:
        OSError, EOFError, ValueError, zlib.error, pyarrow.ArrowException: it cannot be read.
    """
    data = unpacked(file.data())
    own = format_of(source.formats, data[:64])
    if own.table.serde == PARQUET:
        known = {column.name.lower() for column in own.table.columns}
        names: Iterable[str] = (n for n in parquet_names(data) if n.lower() not in known)
    elif own.table.serde == LAZY_SIMPLE:
        names = _delimited(source, own, as_lines(data))
    elif own.table.serde == REGEX:
        names = _behind_regex(own, as_lines(data))
    else:
        names = _json(source, own, data)
    found: Counter[str] = Counter()
    for name in names:
        if name in found or len(found) < _MOST_NAMES:
            found[name] += 1
    return found


def _delimited(source: Source, format_: Format, text: bytes) -> Iterator[str]:
    delimiter = format_.table.serde_properties.get("field.delim", "\x01").encode()
    order, _, start, unknown = Header(format_.table, source.partitions, delimiter).read(text)
    lines = _lines(text[start:])
    for line in lines:
        yield from unknown
        more = line.count(delimiter) + 1 - len(order)
        # a closing delimiter ends a line and begins no column
        if more > (1 if line.endswith(delimiter) else 0):
            yield _more(more)


def _behind_regex(format_: Format, text: bytes) -> Iterator[str]:
    expression = format_.table.serde_properties["input.regex"]
    # by the house's rule the last group takes what a newer format appends
    if "( " not in expression:
        return
    pattern = re.compile(expression, re.DOTALL)
    for line in _lines(text):
        match = pattern.fullmatch(line.decode())
        rest = match[pattern.groups] if match else ""
        columns = _COLUMN.findall(rest or "")
        if columns:
            yield _more(len(columns))


def _more(count: int) -> str:
    return f"{count} more {'column' if count == 1 else 'columns'} at the end"


def _lines(text: bytes) -> list[bytes]:
    return [line for line in text.split(b"\n", _MOST_LINES)[:_MOST_LINES] if line]


def _json(source: Source, format_: Format, data: bytes) -> Iterator[str]:
    keys = format_.table.serde_properties
    columns = {
        keys.get(f"mapping.{column.name.lower()}", column.name).lower(): column.type
        for column in format_.table.columns
    }
    row = Type("struct", fields=tuple(columns.items()))
    for record in _records(source, format_, data):
        yield from dict.fromkeys(_unknown(row, record, ""))


def _records(source: Source, format_: Format, data: bytes) -> Iterator[object]:
    if format_.lines_table:
        for line in load_lines(data, source.partitions).texts:
            try:
                yield json.loads(line)
            except ValueError:
                continue
        return
    key = wrapping_key(source.partitions.shapes)
    for document in load_exactly(data, source.partitions).texts:
        yield from json.loads(document)[key]


def _unknown(type_: Type, value: object, above: str) -> Iterator[str]:
    """Yield the keys inside a value that its type does not have; text holds whatever it likes."""
    if type_.name == "array" and isinstance(value, list):
        for item in value:
            yield from _unknown(type_.arguments[0], item, above)
    elif type_.name == "struct" and isinstance(value, Mapping):
        known = {name.lower(): inner for name, inner in type_.fields}
        for key, item in value.items():
            inner = known.get(key.lower())
            if inner is None:
                yield f"{above}{key}"
            else:
                yield from _unknown(inner, item, f"{above}{key}.")
