"""Feeds DuckDB with log files as a stream of Arrow batches, unpacked a little ahead.

Knows files and documents, not columns. `scan` reads the stream. What is wrong with one file stays
with that file: it is refused with its reason, and the others are read on.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import pyarrow

from lakehunt.engines.base import Progress
from lakehunt.engines.local.documents import UNREADABLE, Documents, arrow_text, why_unreadable
from lakehunt.engines.local.lake import LogFile

# Bytes of files read ahead of DuckDB, as they lie on disk: enough to keep it busy.
_AHEAD_BYTES = 4 << 20
Load = Callable[[LogFile], Documents]


@dataclass(slots=True)
class Stream:
    """The documents of some files; `refused` and `partial` fill up while it is read.

    `columns` are the partition columns: what a file's path tells of them stands beside each of its
    documents. A join would do the same, but DuckDB may take the stream as the side to keep in
    memory.
    """

    files: Sequence[LogFile]
    numbers: Sequence[int]
    columns: Sequence[str]
    load: Load
    progress: Progress
    refused: dict[int, str] = field(default_factory=dict)
    partial: dict[int, str] = field(default_factory=dict)

    def reader(self) -> pyarrow.RecordBatchReader:
        """Return the stream as DuckDB reads it: `file_no`, `doc`, `log_file`, partition values."""
        texts = [(name, pyarrow.string()) for name in ("doc", "log_file", *self.columns)]
        schema = pyarrow.schema([("file_no", pyarrow.int32()), *texts])
        return pyarrow.RecordBatchReader.from_batches(schema, self._batches(schema))

    def _batches(self, schema: pyarrow.Schema) -> Iterator[pyarrow.RecordBatch]:
        whole = sum(self.files[number].size_bytes for number in self.numbers) or 1
        done = 0
        # one thread unpacks while DuckDB's own parse: more would only take turns
        with ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // 2)) as pool:
            for number, future in self._ahead(pool):
                file = self.files[number]
                values = [file.name, *(file.values.get(name) for name in self.columns)]
                told = [pyarrow.array([value], pyarrow.string()) for value in values]
                for document in self._documents(number, future):
                    arrays = [pyarrow.array([number], pyarrow.int32()), arrow_text(document), *told]
                    yield pyarrow.RecordBatch.from_arrays(arrays, schema=schema)
                done += file.size_bytes
                self.progress(done / whole)

    def _documents(self, number: int, future: "Future[Documents]") -> tuple[bytes, ...]:
        try:
            documents = future.result()
            if documents.broken:
                self.refused[number] = documents.broken
            if documents.partial:
                self.partial[number] = documents.partial
            return documents.texts
        except UNREADABLE as error:
            self.refused[number] = why_unreadable(error)
            return ()

    def _ahead(self, pool: ThreadPoolExecutor) -> Iterator[tuple[int, "Future[Documents]"]]:
        """Load in order, never more than a few megabytes ahead, but always one file."""
        waiting: deque[tuple[int, Future[Documents]]] = deque()
        ahead = 0
        for number in self.numbers:
            size = self.files[number].size_bytes
            while waiting and ahead + size > _AHEAD_BYTES:
                ready, future = waiting.popleft()
                yield ready, future
                ahead -= self.files[ready].size_bytes
            waiting.append((number, pool.submit(self.load, self.files[number])))
            ahead += size
        yield from waiting
