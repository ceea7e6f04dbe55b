"""Reads files turn by turn, each as one format, fast or exactly, and leaves Parquet parts.

Knows DuckDB and streams, not what is asked. A file that is not what it seems, or whose fast reading
is in doubt, comes again in a later turn; what is told of it in its last turn holds.
"""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from lakehunt.engines.base import Progress
from lakehunt.engines.local.connection import Connection
from lakehunt.engines.local.lake import LogFile
from lakehunt.engines.local.parts import part_rows, write_part
from lakehunt.engines.local.scan_sql import ScanSql
from lakehunt.engines.local.search import Search
from lakehunt.engines.local.serdes import format_of
from lakehunt.engines.local.serdes.parquet import MAGIC
from lakehunt.engines.local.stream import Stream
from lakehunt.model import FileNote, Format, Source

_PARQUET_ENDS = (".parquet", ".parq")
# Numbers of files in a turn whose rows are told apart from those of other turns.
NUMBERS_OF_TURN = 1 << 20
_Told = TypeVar("_Told", str, int)


@dataclass(frozen=True, slots=True)
class _How:
    """How some files are read: as which format, and fast or exactly."""

    format: Format
    is_exact: bool

    def __hash__(self) -> int:
        return hash((self.format.name, self.is_exact))


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn left: Parquet in a folder, with the rows of files in doubt, too."""

    folder: Path
    format: Format
    numbers: Sequence[int]
    doubtful: Sequence[int]


@dataclass(slots=True)
class Turns:
    """Reads files; `sql_of` says what of those of a format.

    Rows have the number of their file in `files`. With `first` it is counted from there, and from
    another multiple of NUMBERS_OF_TURN in each turn.
    """

    connection: Connection
    source: Source
    files: Sequence[LogFile]
    folder: Path
    progress: Progress
    sql_of: Callable[[Format], ScanSql]
    first: int | None = None
    compression: str = "snappy"
    turns: list[Turn] = field(default_factory=list)
    records: dict[int, int] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    partial: dict[int, str] = field(default_factory=dict)
    headers: dict[int, int] = field(default_factory=dict)
    passed_over: set[int] = field(default_factory=set)

    def read(self, numbers: Sequence[int]) -> None:
        """Read files by their numbers, as often as it takes.

        Raises:
            LakeError: a table of the source is not read locally.
            duckdb.Error: the engine failed; broken files never do that.
        """
        formats = self.source.formats
        waiting: dict[_How, list[int]] = {}
        for number in numbers:
            # most files are what their name says; one that is not comes back with its own format
            file = self.files[number]
            is_parquet = file.name.lower().endswith(_PARQUET_ENDS)
            how = _How(format_of(formats, MAGIC if is_parquet else b""), file.is_wrapped)
            waiting.setdefault(how, []).append(number)
        while waiting:
            how, together = waiting.popitem()
            for number, again in self._turn(how, together).items():
                waiting.setdefault(again, []).append(number)

    def notes(self, told: Mapping[int, str]) -> tuple[FileNote, ...]:
        """Return what was told of files with their names."""
        return tuple(FileNote(self.files[n].name, why) for n, why in sorted(told.items()))

    def first_of(self, turn: int) -> int:
        """Return the number that the first file has in the rows of a turn."""
        return 0 if self.first is None else self.first + turn * NUMBERS_OF_TURN

    def _turn(self, how: _How, numbers: Sequence[int]) -> Mapping[int, _How]:
        """Read files and return those that have to be read again, with how."""
        sql = self.sql_of(how.format)
        formats = self.source.formats
        columns = [column.name for column in self.source.partitions.columns]
        stream = Stream(
            self.files, numbers, columns, sql.reader, how.format, partial(format_of, formats),
            how.is_exact, self.progress, Search.of(sql.needles),
        )  # fmt: skip
        target = self.folder / f"turn{len(self.turns)}"
        first = self.first_of(len(self.turns))
        with self.connection.reading(stream.arrow(), how.format.table.name, sql.raw):
            write_part(
                self.connection, sql.select, target, first=first, compression=self.compression
            )
        doubtful = self._counted(part_rows(target), first, how.is_exact)
        self.turns.append(Turn(target, how.format, numbers, doubtful))
        again = {number: _How(how.format, True) for number in doubtful}
        again |= {number: _How(own, False) for number, own in stream.elsewhere.items()}
        self.passed_over |= stream.passed_over
        self.refused |= _without(stream.refused, again)
        self.partial |= _without(stream.partial, again)
        self.headers |= _without(stream.headers, again)
        return again

    def _counted(self, rows: str, first: int, is_exact: bool) -> list[int]:
        """Count the records of each file and return the files in doubt."""
        counted = self.connection.rows(
            f"SELECT file_no - {first}, count(*),"
            " bool_or(doubtful OR (NOT parsed AND event_id IS NULL))"
            f" FROM {rows} GROUP BY 1"
        )
        doubtful = sorted(number for number, _, doubt in counted if doubt and not is_exact)
        for number, count, _ in counted:
            self.records[number] = 0 if number in doubtful else count
        return doubtful


def _without(told: Mapping[int, _Told], again: Container[int]) -> dict[int, _Told]:
    return {number: what for number, what in told.items() if number not in again}
