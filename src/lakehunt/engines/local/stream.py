"""Feeds DuckDB with log files as a stream of Arrow batches, unpacked and split a little ahead.

Knows files and readers, not columns. `scan` reads the stream. What is wrong with one file stays
with that file: it is refused with its reason, and the others are read on.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache

import numpy
import pyarrow

from lakehunt.engines.base import Progress
from lakehunt.engines.local.documents import UNREADABLE, unpacked, why_unreadable
from lakehunt.engines.local.lake import LogFile
from lakehunt.engines.local.search import Search
from lakehunt.engines.local.serdes.reader import Piece, Reader
from lakehunt.model import Format

# Bytes of files read ahead of DuckDB, as they lie on disk: enough to keep it busy. Of more the text
# has left the processor's cache when DuckDB comes to it.
_AHEAD_BYTES = 2 << 20
# Small files are read together: each batch has its price.
_GROUP_BYTES = 1 << 17
# Of more text than this not all batches are held at once.
_HELD_BYTES = 1 << 25
# The C library (glibc) gives back what is freed above a threshold, and each page that is asked for
# again costs a fault. Freeing one large block raises it, for the process: see mallopt(3).
_FREED_BYTES = 31 << 20
FormatOf = Callable[[bytes], Format]


@dataclass(frozen=True, slots=True)
class _Loaded:
    """Some files: their pieces, and their batches where those were worth making ahead."""

    pieces: tuple[tuple[int, Piece], ...]
    batches: Iterable[pyarrow.RecordBatch]


@dataclass(slots=True)
class Stream:
    """The rows of some files of one format; what is told of a file fills up while it is read.

    `columns` are the partition columns: what a file's path tells of them stands beside each of its
    rows. A join would do the same, but DuckDB may take the stream as the side to keep in memory.
    `elsewhere` are the files that have another format, `passed_over` those that the `search` found
    nothing in.
    """

    files: Sequence[LogFile]
    numbers: Sequence[int]
    columns: Sequence[str]
    reader: Reader
    format: Format
    format_of: FormatOf
    is_exact: bool
    progress: Progress
    search: Search | None = None
    refused: dict[int, str] = field(default_factory=dict)
    partial: dict[int, str] = field(default_factory=dict)
    headers: dict[int, int] = field(default_factory=dict)
    elsewhere: dict[int, Format] = field(default_factory=dict)
    passed_over: set[int] = field(default_factory=set)

    def arrow(self) -> pyarrow.RecordBatchReader:
        """Return the stream: the reader's own columns, `log_file`, and the values of the path."""
        told = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
        names = ("log_file", *path_columns(self.columns))
        schema = pyarrow.schema([*self.reader.fields, *((name, told) for name in names)])
        _keep_freed_memory()
        return pyarrow.RecordBatchReader.from_batches(schema, self._batches(schema))

    def _batches(self, schema: pyarrow.Schema) -> Iterator[pyarrow.RecordBatch]:
        whole = sum(self.files[number].size_bytes for number in self.numbers) or 1
        done = 0
        for group, loaded in self._ahead():
            for batch in loaded.batches:
                yield self._with_files(batch, schema)
            done += self._size(group)
            self.progress(done / whole)

    def _with_files(
        self, batch: pyarrow.RecordBatch, schema: pyarrow.Schema
    ) -> pyarrow.RecordBatch:
        """Return a batch with what is known of the file of each row."""
        rows = batch.column(0).to_numpy()
        # the rows of a file follow each other
        is_other = rows[1:] != rows[:-1]
        starts = numpy.concatenate(([0], numpy.flatnonzero(is_other) + 1))
        places = numpy.repeat(
            numpy.arange(len(starts), dtype=numpy.int32), numpy.diff(starts, append=len(rows))
        )
        files = [self.files[number] for number in rows[starts]] if len(rows) else []
        indices = pyarrow.array(places)
        values = [[file.name for file in files]]
        values += [[file.values.get(name) for file in files] for name in self.columns]
        told = [
            pyarrow.DictionaryArray.from_arrays(indices, pyarrow.array(one, pyarrow.string()))
            for one in values
        ]
        return pyarrow.RecordBatch.from_arrays([*batch.columns, *told], schema=schema)

    def _load(self, group: Sequence[int]) -> _Loaded:
        pieces = tuple(
            (number, piece) for number in group if (piece := self._piece(number)) is not None
        )
        batches = self.reader.batches(pieces)
        # the batches of one long file are made while DuckDB takes them
        is_short = sum(piece.size_bytes for _, piece in pieces) <= _HELD_BYTES
        return _Loaded(pieces, [*batches] if is_short else batches)

    def _piece(self, number: int) -> Piece | None:
        try:
            data = unpacked(self.files[number].data())
            own = self.format_of(data[:64])
            if own is not self.format and not self.is_exact:
                self.elsewhere[number] = own
                return None
            # the exact reading may find records that are wrapped in other text
            if self.search and not self.is_exact and not self.search.may_hold(data):
                self.passed_over.add(number)
                return None
            piece = self.reader.exact_piece(data) if self.is_exact else self.reader.piece(data)
        except UNREADABLE as error:
            self.refused[number] = why_unreadable(error)
            return None
        if piece.broken:
            self.refused[number] = piece.broken
        if piece.partial:
            self.partial[number] = piece.partial
        self.headers[number] = piece.headers
        return piece

    def _size(self, group: Sequence[int]) -> int:
        return sum(self.files[number].size_bytes for number in group)

    def _groups(self) -> Iterator[list[int]]:
        group: list[int] = []
        for number in self.numbers:
            group.append(number)
            if self._size(group) >= _GROUP_BYTES:
                yield group
                group = []
        if group:
            yield group

    def _ahead(self) -> Iterator[tuple[list[int], _Loaded]]:
        """Load in order, never more than a few megabytes ahead, but always one group."""
        waiting: deque[tuple[list[int], Future[_Loaded]]] = deque()
        ahead = 0
        try:
            for group in self._groups():
                size = self._size(group)
                while waiting and ahead + size > _AHEAD_BYTES:
                    ready, future = waiting.popleft()
                    yield ready, future.result()
                    ahead -= self._size(ready)
                waiting.append((group, _workers().submit(self._load, group)))
                ahead += size
            while waiting:
                ready, future = waiting.popleft()
                yield ready, future.result()
        finally:
            for _, future in waiting:
                future.cancel()


@cache
def _workers() -> ThreadPoolExecutor:
    """Return the threads that load, the same for all streams.

    The C library keeps what a thread has freed for that thread: with new threads for each stream
    a run of many grew by 50 MB a stream.
    """
    return ThreadPoolExecutor(os.cpu_count() or 1)


@cache
def _keep_freed_memory() -> None:
    """Free one large block, once in a process; it is never written to."""
    bytes(_FREED_BYTES)


def path_columns(names: Sequence[str]) -> list[str]:
    """Return what the stream calls the values of partition columns that a path tells."""
    return [f"p{number}" for number in range(len(names))]
