"""Reads the files of a source once and leaves what the queries need as Parquet parts.

Knows DuckDB and the plan of a scan. Each record becomes one row: its account columns always, the
columns of a relation where the record fulfils that relation's condition.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from lakehunt.engines.base import Progress
from lakehunt.engines.local.connection import Connection
from lakehunt.engines.local.lake import LogFile
from lakehunt.engines.local.scan_sql import scan_sql
from lakehunt.engines.local.search import Search
from lakehunt.engines.local.serdes import format_of
from lakehunt.engines.local.serdes.parquet import MAGIC
from lakehunt.engines.local.stream import Stream
from lakehunt.engines.local.types import quoted, text
from lakehunt.model import FileNote, Format, Source, Type
from lakehunt.sql.share import Need, Scan

# Each thread holds a row group in memory while it writes: small ones keep that small.
_ROW_GROUP_ROWS = 10240
# Ids are only told apart: of a billion, by 64 bits, two differing ones are taken for one with 3 %.
_HASHED = (
    "SELECT * REPLACE (CASE WHEN event_id IS NOT NULL THEN hash(event_id) END AS event_id)"
    " FROM ({select})"
)
_PARQUET_ENDS = (".parquet", ".parq")
_Told = TypeVar("_Told", str, int)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a scan left: a DuckDB relation of all its rows, and the account of its files.

    `passed_over` counts the files that cannot hold a row that is asked for: they are not parsed.
    """

    rows: str
    records: Mapping[str, int]
    refused: tuple[FileNote, ...]
    partial: tuple[FileNote, ...]
    header_lines: int
    has_class: bool
    passed_over: int


def scan_files(
    connection: Connection,
    scan: Scan,
    files: Sequence[LogFile],
    folder: Path,
    progress: Progress,
    *,
    parse_all: bool,
) -> Parts:
    """Return the rows of these files as Parquet parts below a folder, every file accounted for.

    Args:
        parse_all: parse even the files that cannot hold what is asked for, to count their rows.

    Raises:
        LakeError: a table of the source is not read locally.
        duckdb.Error: the engine failed; broken files never do that.
    """
    scanner = _Scanner(connection, scan, files, folder, progress, parse_all)
    formats = scan.source.formats
    waiting: dict[_Turn, list[int]] = {}
    for number, file in enumerate(files):
        # most files are what their name says; one that is not comes back with its own format
        is_parquet = file.name.lower().endswith(_PARQUET_ENDS)
        turn = _Turn(format_of(formats, MAGIC if is_parquet else b""), file.is_wrapped)
        waiting.setdefault(turn, []).append(number)
    while waiting:
        turn, numbers = waiting.popitem()
        for number, again in scanner.read(turn, numbers).items():
            waiting.setdefault(again, []).append(number)
    return scanner.parts()


@dataclass(frozen=True, slots=True)
class _Turn:
    """How some files are read: as which format, and fast or exactly."""

    format: Format
    is_exact: bool

    def __hash__(self) -> int:
        return hash((self.format.name, self.is_exact))


@dataclass(slots=True)
class _Scanner:
    """Reads files turn by turn; what is told of a file in its last turn holds."""

    connection: Connection
    scan: Scan
    files: Sequence[LogFile]
    folder: Path
    progress: Progress
    parse_all: bool
    turns: list[tuple[str, list[int]]] = field(default_factory=list)
    records: dict[int, int] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    partial: dict[int, str] = field(default_factory=dict)
    headers: dict[int, int] = field(default_factory=dict)
    passed_over: set[int] = field(default_factory=set)

    def read(self, turn: _Turn, numbers: Sequence[int]) -> Mapping[int, _Turn]:
        """Read files and return those that have to be read again, with how."""
        sql = scan_sql(self.scan, turn.format, is_searched=not self.parse_all)
        formats = self.scan.source.formats
        columns = [column.name for column in self.scan.source.partitions.columns]
        stream = Stream(
            self.files, numbers, columns, sql.reader, turn.format, partial(format_of, formats),
            turn.is_exact, self.progress, Search.of(sql.needles),
        )  # fmt: skip
        target = self.folder / f"turn{len(self.turns)}"
        with self.connection.reading(stream.arrow(), turn.format.table.name, sql.raw):
            self.connection.run(
                f"COPY ({_HASHED.format(select=sql.select)}) TO {text(str(target))}"
                " (FORMAT parquet, COMPRESSION snappy, PER_THREAD_OUTPUT,"
                f" ROW_GROUP_SIZE {_ROW_GROUP_ROWS})"
            )
            self.connection.check()
        rows = f"read_parquet({text(str(target / '*.parquet'))})"
        doubtful = self._counted(rows, turn.is_exact)
        again = {number: _Turn(turn.format, True) for number in doubtful}
        again |= {number: _Turn(own, False) for number, own in stream.elsewhere.items()}
        self.passed_over |= stream.passed_over
        self.refused |= _without(stream.refused, again)
        self.partial |= _without(stream.partial, again)
        self.headers |= _without(stream.headers, again)
        self.turns.append((rows, doubtful))
        return again

    def _counted(self, rows: str, is_exact: bool) -> list[int]:
        """Count the records of each file and return the files in doubt."""
        counted = self.connection.rows(
            "SELECT file_no, count(*), bool_or(doubtful OR (NOT parsed AND event_id IS NULL))"
            f" FROM {rows} GROUP BY 1"
        )
        doubtful = sorted(number for number, _, doubt in counted if doubt and not is_exact)
        for number, count, _ in counted:
            self.records[number] = 0 if number in doubtful else count
        return doubtful

    def parts(self) -> Parts:
        """Return what all turns left."""
        selects = []
        for rows, doubtful in self.turns:
            numbers = ", ".join(str(number) for number in doubtful)
            where = f" WHERE file_no NOT IN ({numbers})" if numbers else ""
            selects.append(f"SELECT * FROM {rows}{where}")
        unparsed = {*self.refused, *self.passed_over}
        counts = {
            file.name: self.records.get(number, 0)
            for number, file in enumerate(self.files)
            if number not in unparsed or self.records.get(number)
        }
        return Parts(
            rows=f"({' UNION ALL BY NAME '.join(selects)})",
            records=counts,
            refused=self._notes(self.refused),
            partial=self._notes(self.partial),
            header_lines=sum(self.headers.values()),
            has_class=bool(self.scan.source.partitions.event_class),
            passed_over=len(self.passed_over),
        )

    def _notes(self, reasons: Mapping[int, str]) -> tuple[FileNote, ...]:
        return tuple(FileNote(self.files[n].name, why) for n, why in sorted(reasons.items()))


def _without(told: Mapping[int, _Told], again: Container[int]) -> dict[int, _Told]:
    return {number: what for number, what in told.items() if number not in again}


def kept_rows(need: Need, parts: Parts, source: Source) -> str:
    """Return DuckDB's SELECT of a relation's rows over the parts of a scan."""
    row, kept = (quoted(f"{need.relation}.{word}") for word in ("row", "kept"))
    columns = {name: f"{row}.field{n}" for n, name in enumerate(need.columns)}
    for name in _guarded(source) & columns.keys():
        columns[name] = f"CASE WHEN {kept} THEN {columns[name]} END"
    shown = ", ".join(f"{value} AS {quoted(name)}" for name, value in columns.items())
    return f"SELECT {shown or 'NULL AS nothing'} FROM {parts.rows} WHERE {kept}"


def _guarded(source: Source) -> set[str]:
    """Return the raw columns whose fields must not be filtered by the Parquet reader.

    DuckDB 2.0.1 fails ("access index 14 within vector of size 11") where it hands the reader a
    filter on a field of a struct that holds a list or a map and lies in a struct, as in the parts.
    A filter on a CASE is not handed on.
    """
    columns = (column for format_ in source.formats for column in format_.table.columns)
    return {c.name for c in columns if c.type.name == "struct" and _holds_many(c.type)}


def _holds_many(type_: Type) -> bool:
    inner = (*type_.arguments, *(field for _, field in type_.fields))
    return type_.name in ("array", "map") or any(_holds_many(one) for one in inner)
