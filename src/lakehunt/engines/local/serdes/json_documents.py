"""Files of a table with CloudTrailInputFormat: one document, its records in a list.

Knows documents and tables; DuckDB parses, `exact` reads what it cannot.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy
import pyarrow

from lakehunt.engines.local.documents import (
    DOCUMENT_TAIL,
    Documents,
    between_records,
    document_head,
    load_fast,
)
from lakehunt.engines.local.exact import load_exactly
from lakehunt.engines.local.serdes.json_records import Flavour, Records
from lakehunt.engines.local.serdes.reader import FILE_NO, Piece, Wanted
from lakehunt.engines.local.types import json_structure, quoted, text
from lakehunt.engines.local.wrapped import wrapping_key
from lakehunt.model import Partitions, Table, Type

_DOC = "doc"
_BATCH_BYTES = 1 << 20
# Of a document that is not compact no end of a record is looked for; more than one has.
_MOST_OF_RECORD = 1 << 16


class JsonDocumentsTable:
    """Reads the wanted columns of each record, each by its key."""

    fields = (FILE_NO, pyarrow.field(_DOC, pyarrow.string()))
    line = "NULL::VARCHAR"
    doubtful = "f.r IS NULL"

    def __init__(self, table: Table, wanted: Wanted, partitions: Partitions) -> None:
        key = wrapping_key(partitions.shapes)
        fields = Type("struct", fields=tuple(wanted.columns.items()))
        structure = text(json.dumps({key: [json_structure(fields)]}))
        records = f"coalesce(TRY(from_json({_DOC}, {structure})).{quoted(key)}, [NULL])"
        self.rows = f"(SELECT * EXCLUDE ({_DOC}), unnest({records}) AS r FROM documents) f"
        self.columns: Mapping[str, str] = {name: f"f.r.{quoted(name)}" for name in wanted.columns}
        document = Type("struct", fields=((key, Type("array", (fields,))),))
        self._records = Records(document, Flavour.CLOUDTRAIL)
        self._head = document_head(key)
        self._partitions = partitions

    def piece(self, data: bytes) -> Piece:
        """Return a file as documents, its shape guessed from the start.

        The first record of each document tells whether its keys are strange.
        """
        documents = load_fast(data, self._partitions.shapes)
        if any(self._records.has_strange_keys(self._start(text)) for text in documents.texts):
            return self.exact_piece(data)
        return _piece(documents)

    def exact_piece(self, data: bytes) -> Piece:
        """Return a file as documents of records that were found one by one."""
        documents = load_exactly(data, self._partitions)
        written = ((self._records.written(text.decode()), text) for text in documents.texts)
        texts = tuple(text if record is None else record.encode() for record, text in written)
        return _piece(replace(documents, texts=texts))

    def batches(self, pieces: Sequence[tuple[int, Piece]]) -> Iterator[pyarrow.RecordBatch]:
        """Yield the documents of files, short ones together."""
        gathered: list[tuple[int, bytes]] = []
        size = 0
        for number, piece in pieces:
            assert isinstance(piece.content, tuple)
            for document in piece.content:
                if gathered and size + len(document) > _BATCH_BYTES:
                    yield self._batch(gathered)
                    gathered, size = [], 0
                gathered.append((number, document))
                size += len(document)
        if gathered:
            yield self._batch(gathered)

    def _start(self, document: bytes) -> bytes:
        """Return a document of the first record alone."""
        start = document.find(b"[") + 1
        between = between_records(document, start)
        end = document.find(between, start, start + _MOST_OF_RECORD)
        if end < 0:
            return document[: start + _MOST_OF_RECORD]
        return self._head + document[start : end + 1] + DOCUMENT_TAIL

    def _batch(self, gathered: Sequence[tuple[int, bytes]]) -> pyarrow.RecordBatch:
        numbers = pyarrow.array([number for number, _ in gathered], pyarrow.int32())
        ends = numpy.cumsum([0, *(len(document) for _, document in gathered)], dtype=numpy.int32)
        # one long document is not copied
        whole = gathered[0][1] if len(gathered) == 1 else b"".join(d for _, d in gathered)
        buffers = [None, pyarrow.py_buffer(ends), pyarrow.py_buffer(whole)]
        documents = pyarrow.Array.from_buffers(pyarrow.string(), len(gathered), buffers)
        return pyarrow.RecordBatch.from_arrays(
            [numbers, documents], schema=pyarrow.schema(self.fields)
        )


def _piece(documents: Documents) -> Piece:
    size = sum(len(document) for document in documents.texts)
    return Piece(documents.texts, size, broken=documents.broken, partial=documents.partial)
