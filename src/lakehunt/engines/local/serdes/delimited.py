"""Files of a table with LazySimpleSerDe: fields parted by one character, nothing quoted.

Knows tables and lines. Where users choose the columns of a log, a header in the file says which
they are; without one the columns are those that are there when nobody chose. Files that somebody
joined have more than one: a cell that holds the name of a field makes its file be read exactly.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy
import pyarrow
import pyarrow.compute
from stringzilla import contains

from lakehunt.engines.local.serdes.numbers import typed
from lakehunt.engines.local.serdes.reader import FILE_NO, LINE, Piece, Wanted
from lakehunt.engines.local.serdes.signs import Split, find_signs, split
from lakehunt.engines.local.serdes.text import as_lines, blocks
from lakehunt.engines.local.serdes.variants import Part
from lakehunt.engines.local.types import text as sql_text
from lakehunt.errors import LakeError
from lakehunt.model import Partitions, Table

_COMMENT = b"#"
_FIELDS = b"#Fields:"
_NULL = "\\N"
_TEXT = pyarrow.string()
# A first line is a header where it names so many fields of the log.
_TOLD_FIELDS = 2


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines behind one header, and the position of each of the table's columns that it names.

    `has_null`: somewhere in it stands the sign for NULL.
    """

    text: bytes
    order: tuple[str, ...]
    has_null: bool


class DelimitedTable:
    """Reads the wanted columns, each from its place in a line."""

    rows = "documents f"
    line = f"f.{LINE}"

    def __init__(self, table: Table, wanted: Wanted, partitions: Partitions) -> None:
        """Take the table's delimiter.

        Raises:
            LakeError: the table has what is not reproduced locally.
        """
        properties = table.serde_properties
        self._delimiter = properties.get("field.delim", "\x01")
        unknown = {"escape.delim", "line.delim", "serialization.null.format"} & {*properties}
        if unknown or len(self._delimiter.encode()) != 1:
            what = ", ".join(sorted(unknown)) or f"field.delim {self._delimiter!r}"
            raise LakeError(f"{table.name}: {what}: LazySimpleSerDe is read locally without")
        self._header = Header(table, partitions, self._delimiter.encode())
        self._types = dict(wanted.columns)
        self._line = wanted.line
        names = [f"c{number}" for number in range(len(self._types))]
        self.columns: Mapping[str, str] = {
            name: f"f.{own}" for name, own in zip(self._types, names, strict=True)
        }
        arrow = [typed(pyarrow.array([], pyarrow.string()), t).type for t in self._types.values()]
        fields = [pyarrow.field(name, type_) for name, type_ in zip(names, arrow, strict=True)]
        lines = [pyarrow.field(LINE, pyarrow.string())] if wanted.line else []
        self.fields = (FILE_NO, *fields, *lines)
        texts = [f"f.{name}" for name, type_ in zip(names, arrow, strict=True) if type_ == _TEXT]
        self.doubtful = _names_field(texts, self._header.keys)

    def piece(self, data: bytes) -> Piece:
        """Return the lines of a file, and the order of its columns."""
        return self._piece([as_lines(data)])

    def exact_piece(self, data: bytes) -> Piece:
        """Return the lines of a file, those behind each of its headers in their own order."""
        return self._piece([*self._header.parts(as_lines(data))])

    def _piece(self, parts: Sequence[bytes]) -> Piece:
        content: list[_Lines] = []
        unread: dict[str, None] = {}
        count = 0
        for text in parts:
            order, headers, start, unknown = self._header.read(text)
            own = text[start:] if start else text
            content.append(_Lines(own, order, contains(text, _NULL.encode())))
            unread |= dict.fromkeys(unknown)
            count += headers
        partial = f"fields not read: {', '.join(unread)}" if unread else ""
        return Piece(tuple(content), sum(map(len, parts)), count, partial=partial)

    def batches(self, pieces: Sequence[tuple[int, Piece]]) -> Iterator[pyarrow.RecordBatch]:
        """Yield the rows of files."""
        schema = pyarrow.schema(self.fields)
        files = ((number, lines) for number, piece in pieces for lines in _lines(piece))
        for (order, has_null), alike in groupby(files, lambda f: (f[1].order, f[1].has_null)):
            places = {name: place for place, name in enumerate(order)}
            for block in blocks((number, lines.text) for number, lines in alike):
                signs = find_signs(block.text, ord(self._delimiter), quotes=False)
                for count in numpy.unique(signs.counts).tolist():
                    rows = split(signs, count)
                    ends = rows.places[:, -1]
                    columns = [block.files(ends), *self._columns(rows, places, has_null)]
                    if self._line:
                        columns.append(rows.texts(Part(-1, count - 1)))
                    yield pyarrow.RecordBatch.from_arrays(columns, schema=schema)

    def _columns(
        self, rows: Split, places: Mapping[str, int], has_null: bool
    ) -> Iterator[pyarrow.Array]:
        for name, type_ in self._types.items():
            place = places.get(name)
            if place is None or place >= rows.places.shape[1]:
                missing = pyarrow.nulls(len(rows.lines), pyarrow.string())
                yield typed(missing, type_)
                continue
            texts = rows.texts(Part(place - 1, place))
            if has_null:
                null = pyarrow.compute.equal(texts, _NULL)
                texts = pyarrow.compute.if_else(null, None, texts)
            yield typed(texts, type_)


def _lines(piece: Piece) -> Sequence[_Lines]:
    assert isinstance(piece.content, tuple)
    return piece.content


def _names_field(columns: Sequence[str], keys: Iterable[str]) -> str:
    """Return DuckDB's condition for a row whose first cell that is there holds a field's name."""
    names = ", ".join(map(sql_text, sorted(keys)))
    if not columns or not names:
        return "false"
    # as `doubtful` of the other readers it is never NULL
    return f"coalesce(coalesce({', '.join(columns)}) IN ({names}), false)"


class Header:
    """Reads what stands before the rows of a file."""

    def __init__(self, table: Table, partitions: Partitions, delimiter: bytes) -> None:
        self._delimiter = delimiter
        self._skipped = int(table.properties.get("skip.header.line.count", "0"))
        self.keys = {field.key: field.name for field in partitions.fields}
        self.keys |= {field.name: field.name for field in partitions.fields}
        names = tuple(column.name for column in table.columns)
        self._default = partitions.default_fields or names

    def read(self, text: bytes) -> tuple[tuple[str, ...], int, int, list[str]]:
        """Return the columns in order, the header's lines, where it ends, and unknown fields."""
        order: tuple[str, ...] = self._default
        unknown: list[str] = []
        headers = start = 0
        while start < len(text):
            end = text.find(b"\n", start)
            line = text[start:end]
            if self.keys and line.startswith(_COMMENT):
                if line.startswith(_FIELDS):
                    order, unknown = self._named(line[len(_FIELDS) :].split())
            elif self.keys and not headers and self.is_header(line):
                order, unknown = self._named(line.split(self._delimiter))
            elif self.keys or headers >= self._skipped:
                break
            headers += 1
            start = end + 1
        return order, headers, start, unknown

    def parts(self, text: bytes) -> Iterator[bytes]:
        """Yield a text cut before each header behind which stands a row of so many fields."""
        start = head = place = 0
        last = b""
        for line in text.splitlines(keepends=True):
            if line.startswith(_COMMENT) or self.is_header(line):
                head, last = head if last else place, line
            elif last:
                if head > start and (last.startswith(_COMMENT) or self._is_as_wide(last, line)):
                    yield text[start:head]
                    start = head
                last = b""
            place += len(line)
        yield text[start:]

    def _is_as_wide(self, header: bytes, line: bytes) -> bool:
        return header.count(self._delimiter) == line.count(self._delimiter)

    @property
    def is_expected(self) -> bool:
        """Tell whether files of the table begin with one."""
        return self._skipped > 0

    def names_fields(self, line: bytes) -> bool:
        """Tell whether a line before the rows is the one that names the fields."""
        return line.startswith(_FIELDS) or (not line.startswith(_COMMENT) and self.is_header(line))

    def is_header(self, line: bytes) -> bool:
        """Tell whether a line names fields of the log."""
        known = [word for word in _words(line.split(self._delimiter)) if word in self.keys]
        return len(known) >= _TOLD_FIELDS

    def _named(self, words: Sequence[bytes]) -> tuple[tuple[str, ...], list[str]]:
        names = _words(words)
        order = tuple(self.keys.get(name, "") for name in names)
        return order, [name for name in names if name not in self.keys]


def _words(words: Sequence[bytes]) -> list[str]:
    return [word.decode(errors="replace") for word in words]
