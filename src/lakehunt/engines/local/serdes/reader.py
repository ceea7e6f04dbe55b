"""What a reader of one format is: a file's text to pieces, pieces to rows, rows to raw columns.

Knows no format. `stream` runs readers, `scan` selects from what they hand over.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow

from lakehunt.model import Type

# The table that DuckDB sees the stream as, and the columns that stand beside a reader's own.
DOCUMENTS = "documents"
FILE_NO = pyarrow.field("file_no", pyarrow.int32())
LINE = "line"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The raw columns that a scan needs, and whether it shows the lines themselves."""

    columns: Mapping[str, Type]
    line: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """One file, unpacked and looked at; `content` is the reader's own.

    `broken` says what of it could not be read, `partial` what it lacks by nature.
    """

    content: object
    size_bytes: int
    headers: int = 0
    broken: str = ""
    partial: str = ""


class Reader(Protocol):
    """Reads the files of one table, column by column as a scan needs them."""

    @property
    def fields(self) -> Sequence[pyarrow.Field]:
        """Return the columns of its batches, the first being the file's number."""

    @property
    def rows(self) -> str:
        """Return DuckDB's FROM over the stream, under the name `f`."""

    @property
    def columns(self) -> Mapping[str, str]:
        """Return the wanted columns as DuckDB's expressions over these rows."""

    @property
    def line(self) -> str:
        """Return the line, or the record as text, in the same way."""

    @property
    def doubtful(self) -> str:
        """Return in the same way whether the file has to be read again, exactly."""

    def piece(self, data: bytes) -> Piece:
        """Return a file that is unpacked already.

        Raises:
            ValueError, OSError, EOFError, pyarrow.ArrowException: it cannot be read.
        """

    def exact_piece(self, data: bytes) -> Piece:
        """Return a file read record by record, for one that is doubtful; raises as `piece`."""

    def batches(self, pieces: Sequence[tuple[int, Piece]]) -> Iterator[pyarrow.RecordBatch]:
        """Yield the rows of files, each with its number."""
