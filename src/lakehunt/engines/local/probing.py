"""Tells whose log a file is by reading its first lines as the table of each text log would.

Knows readers and views, not names. A source takes a line when its own event view does, so the
strictest reading wins; `lister` asks for files that neither name nor JSON tells.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow
import pyarrow.parquet

from lakehunt.engines.local.connection import Connection
from lakehunt.engines.local.documents import unpacked
from lakehunt.engines.local.lake import LogFile
from lakehunt.engines.local.recognise import Recognised
from lakehunt.engines.local.scan_sql import ScanSql, parsed_sql
from lakehunt.engines.local.serdes.delimited import Header
from lakehunt.engines.local.serdes.parquet import MAGIC
from lakehunt.engines.local.stream import Stream
from lakehunt.model import Format, Source
from lakehunt.sources.lines import LAZY_SIMPLE, PARQUET, REGEX

_MOST_LINES = 50
# so many columns of one table are no accident
_TOLD_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class _Lines:
    """The first lines of a file, as the content of one."""

    text: bytes

    def read(self) -> bytes:
        return self.text

    def head(self, size_bytes: int) -> bytes:
        return self.text[:size_bytes]

    def on_disk(self) -> Path:
        raise OSError("no file of this machine")

    def version(self) -> str:
        raise OSError("nothing that would be kept")


@dataclass(frozen=True, slots=True)
class _Taken:
    """How a table reads some lines: rows that its view has, all rows, and lines of its header.

    Without a line that names fields there is no header, only comments. `is_strange`: it also names
    what is no field of the log.
    """

    parsed: int
    rows: int
    headers: int
    is_strange: bool

    @property
    def is_all(self) -> bool:
        return self.rows > 0 and self.parsed == self.rows

    @property
    def rank(self) -> tuple[int, bool, int]:
        """Return how well it fits, the best greatest."""
        return self.parsed, bool(self.headers) and not self.is_strange, self.headers


class _Table:
    def __init__(self, source: Source, format_: Format) -> None:
        self.source = source
        self._format = format_
        self._sql: ScanSql | None = None
        properties = format_.table.serde_properties
        # cheap, and no line that fails it is ever taken: a query for each table takes long
        self._form = re.compile(
            properties["input.regex"]
            if format_.table.serde == REGEX
            else f"#.*|.*{re.escape(properties['field.delim'])}.*",
            re.DOTALL,
        )

    def may_take(self, lines: bytes) -> bool:
        """Tell whether any line has the form of the table's."""
        texts = lines.decode(errors="replace").splitlines()
        return any(self._form.fullmatch(text) for text in texts)

    def takes(self, connection: Connection, lines: bytes) -> _Taken:
        self._sql = self._sql or parsed_sql(self.source, self._format)
        columns = [column.name for column in self.source.partitions.columns]
        file = LogFile("lines", len(lines), _Lines(lines))
        stream = Stream(
            [file], [0], columns, self._sql.reader, self._format, lambda _: self._format,
            False, lambda _: None,
        )  # fmt: skip
        with connection.reading(stream.arrow(), self._format.table.name, self._sql.raw):
            parsed, rows = connection.rows(
                f"SELECT count(*) FILTER (parsed), count(*) FROM ({self._sql.select})"
            )[0]
        headers = stream.headers.get(0, 0) if self._names_fields(lines) else 0
        return _Taken(parsed, rows, headers, bool(stream.partial))

    def _names_fields(self, lines: bytes) -> bool:
        if self._format.table.serde != LAZY_SIMPLE:
            return True
        delimiter = self._format.table.serde_properties["field.delim"].encode()
        header = Header(self._format.table, self.source.partitions, delimiter)
        return any(header.names_fields(line) for line in lines.splitlines())


class Probe:
    """Recognises text and Parquet logs of one lake; close it after use."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = [*sources]
        self._asked: list[_Table] = []
        self._connection: Connection | None = None

    def close(self) -> None:
        """Close the connection, where one was needed."""
        if self._connection:
            self._connection.close()

    def recognise(self, file: LogFile, head: bytes) -> Recognised | None:
        """Return whose log a file is that starts like this, None where nobody takes it.

        Raises:
            OSError, ValueError, pyarrow.ArrowException: it cannot be read.
        """
        if head.startswith(MAGIC):
            return self._by_columns(file)
        control = self._control(head)
        lines = _whole_lines(head)
        if control or not lines.strip() or b"\0" in lines or lines.startswith((b"{", b"[")):
            return control
        if self._connection is None:
            self._connection = Connection()
            # a query that runs once over a few lines: its best plan costs more than it saves
            self._connection.run("PRAGMA disable_optimizer")
        best: tuple[_Taken, _Table] | None = None
        for table in [table for table in self._tables() if table.may_take(lines)]:
            one = table.takes(self._connection, lines)
            if one.is_all:
                # what fitted last is asked first: the files of a folder are alike
                self._asked.remove(table)
                self._asked.insert(0, table)
                return Recognised(table.source)
            if (one.parsed or one.headers) and (best is None or one.rank > best[0].rank):
                best = one, table
        return Recognised(best[1].source) if best else None

    def _tables(self) -> list[_Table]:
        """Return the tables of text logs, in the order in which they are asked."""
        # only now: where every file has a name of its own, no table is asked
        self._asked = self._asked or [
            _Table(source, format_)
            for source in self._sources
            for format_ in source.formats
            if format_.table.serde in (REGEX, LAZY_SIMPLE) and format_.lines_table
        ]
        return self._asked

    def _control(self, head: bytes) -> Recognised | None:
        text = head[:200].decode(errors="replace")
        for source in self._sources:
            for rule in source.partitions.skip:
                if rule.line and text.startswith(rule.line):
                    return Recognised(source, skipped=rule.reason)
        return None

    def _by_columns(self, file: LogFile) -> Recognised | None:
        schema = pyarrow.parquet.read_schema(pyarrow.BufferReader(unpacked(file.data())))
        names = {name.lower() for name in schema.names}
        shared = [
            (len(names & {c.name.lower() for c in format_.table.columns}), source)
            for source in self._sources
            for format_ in source.formats
            if format_.table.serde == PARQUET
        ]
        count, source = max(shared, key=lambda one: one[0], default=(0, None))
        return Recognised(source) if source and count >= _TOLD_COLUMNS else None


def _whole_lines(head: bytes) -> bytes:
    """Return the first lines of a file; the last may be cut where the head ends."""
    lines = head.splitlines(keepends=True)
    if len(lines) > 1 and not lines[-1].endswith((b"\n", b"\r")):
        lines.pop()
    return b"".join(lines[:_MOST_LINES])
