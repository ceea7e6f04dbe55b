"""What a lake is to the engine: files of one source each, listed when asked for, read one by one.

Knows neither folders nor S3: `folder` and `s3_lake` make lakes, `lister` tells whose a file is.
"""

import gzip
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Protocol

from lakehunt.engines.local.archives import Packed, is_archive
from lakehunt.engines.local.documents import UNREADABLE
from lakehunt.engines.local.recognise import HEAD_BYTES
from lakehunt.model import FileNote, Source
from lakehunt.sql.bounds import Bounds

_GZIP_MAGIC = b"\x1f\x8b"


class Content(Protocol):
    """The bytes of a file, wherever it lies; all of it raises OSError or ValueError."""

    def read(self) -> bytes:
        """Return all of it, as it was put there."""

    def head(self, size_bytes: int) -> bytes:
        """Return its first bytes."""

    def on_disk(self) -> Path:
        """Return a file on this machine that holds it."""

    def version(self) -> str:
        """Return what is another where the bytes are, without reading them."""


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A file of this machine."""

    path: Path

    def read(self) -> bytes:
        """Return all of it."""
        return self.path.read_bytes()

    def head(self, size_bytes: int) -> bytes:
        """Return its first bytes."""
        with self.path.open("rb") as raw:
            return raw.read(size_bytes)

    def on_disk(self) -> Path:
        """Return the file itself."""
        return self.path

    def version(self) -> str:
        """Return where it lies, its size and when it was changed.

        The time of its entry counts too: the one of its content can be set to anything.
        """
        status = self.path.stat()
        return f"{self.path.absolute()} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of one source, with the partition values that its path or name tells.

    `name` is what "$path" shows; that of a member of an archive goes on inside it. `is_wrapped`
    says that only the exact reading finds its records.
    """

    name: str
    size_bytes: int
    content: Content | Packed
    values: Mapping[str, str] = field(default_factory=dict)
    is_wrapped: bool = False

    def data(self) -> bytes:
        """Return the file as it was put there, perhaps gzipped.

        Raises:
            OSError, ValueError: it cannot be read.
        """
        return self.content.read()

    def head(self) -> bytes:
        """Return the first bytes, gzip taken off; raises as `data`, and EOFError, zlib.error."""
        return _ungzipped_head(BytesIO(self.content.head(2 * HEAD_BYTES)))


def _ungzipped_head(raw: IO[bytes]) -> bytes:
    magic = raw.read(2)
    raw.seek(0)
    if magic != _GZIP_MAGIC:
        return raw.read(HEAD_BYTES)
    head = b""
    with gzip.open(raw) as packed:
        try:
            while len(head) < HEAD_BYTES and (more := packed.read1(HEAD_BYTES - len(head))):
                head += more
        except UNREADABLE:
            # of an archive that is cut off, the first members may be whole
            if not is_archive(head):
                raise
    return head


@dataclass(slots=True)
class Listing:
    """The files of one source in a lake, and those left out with their reason.

    `days` are the ends of what is there where a lake lists only what is asked for.
    """

    source: Source
    files: list[LogFile] = field(default_factory=list)
    skipped: list[FileNote] = field(default_factory=list)
    days: tuple[str, ...] = ()

    def admitted(self, bounds: Sequence[Bounds]) -> list[LogFile]:
        """Return the files that any of the bounds admits."""
        partitions = self.source.partitions
        return [
            file for file in self.files if any(b.admit(partitions, file.values) for b in bounds)
        ]


class Lake(Protocol):
    """Logs in one place."""

    @property
    def name(self) -> str:
        """Return what to call it: the path, or the s3:// address."""

    @property
    def unknown(self) -> Sequence[FileNote]:
        """Return what no source knows, of what was listed."""

    @property
    def absent(self) -> frozenset[str]:
        """Return the names of sources that surely have no file here; none where nobody listed."""

    def listing(self, source: Source, bounds: Sequence[Bounds]) -> Listing:
        """Return the files of a source; those that no bounds admit may be left out."""

    def size_bytes(self, source: Source, bounds: Sequence[Bounds], enough: int) -> int:
        """Return the bytes of a source's files that bounds admit; above `enough` it may stop."""

    def kept_bytes(self, files: Sequence[LogFile]) -> int:
        """Return the bytes of files that are on this machine and need not be fetched."""

    def file(self, source: Source, name: str) -> LogFile | None:
        """Return the file of a source that "$path" showed under this name."""

    def reading(self, files: Sequence[LogFile]) -> AbstractContextManager[None]:
        """Return what surrounds the reading of files in this order; it fails if all were denied."""

    def close(self) -> None:
        """Give back what is kept open between runs."""
