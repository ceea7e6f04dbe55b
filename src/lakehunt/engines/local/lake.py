"""Lists a lake and tells whose log each file is, by its path, its name or its first record.

Knows paths and archives, not how a file is read. An archive's members are files of the lake.
"""

import gzip
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import IO

from lakehunt.engines.local.archives import Archives, Packed, is_archive
from lakehunt.engines.local.documents import UNREADABLE, why_unreadable
from lakehunt.engines.local.recognise import HEAD_BYTES, Recogniser
from lakehunt.errors import LakeError
from lakehunt.layouts import locate, skip_by_path
from lakehunt.model import FileNote, Source

_GZIP_MAGIC = b"\x1f\x8b"
# Names that are looked into even where a layout would take them for a log.
_ARCHIVE_ENDS = (".zip", ".tar", ".tgz", ".tar.gz")
_DEEPEST_ARCHIVE = 1


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of one source, with the partition values that its path or name tells.

    `packed` is set for a member of an archive, whose path goes on inside it; `is_wrapped` says
    that only the exact reading finds its records.
    """

    path: Path
    size_bytes: int
    values: Mapping[str, str]
    packed: Packed | None = None
    is_wrapped: bool = False

    def data(self) -> bytes:
        """Return the file as it was put there, perhaps gzipped.

        Raises:
            OSError, ValueError: it cannot be read.
        """
        return self.packed.read() if self.packed else self.path.read_bytes()

    def head(self) -> bytes:
        """Return the first bytes, gzip taken off; raises as `data`, and EOFError, zlib.error."""
        if self.packed:
            return _ungzipped_head(BytesIO(self.packed.head(2 * HEAD_BYTES)))
        with self.path.open("rb") as raw:
            return _ungzipped_head(raw)


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
    """The files of one source in a lake, and those left out with their reason."""

    source: Source
    files: list[LogFile] = field(default_factory=list)
    skipped: list[FileNote] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Lake:
    """A folder of logs: what each source has in it, and what is nobody's."""

    path: Path
    listings: Mapping[str, Listing]
    unknown: tuple[FileNote, ...]
    archives: Archives

    def close(self) -> None:
        """Close the archives that were opened."""
        self.archives.close()

    @property
    def size_bytes(self) -> int:
        """Return the bytes of all log files as they lie on disk."""
        return sum(file.size_bytes for one in self.listings.values() for file in one.files)


def open_lake(path: Path, sources: Mapping[str, Source]) -> Lake:
    """Return what lies in a folder (or what one file is), every file accounted for.

    Raises:
        LakeError: the path is missing or empty, or holds no log that any source knows.
    """
    if not path.exists():
        raise LakeError(f"{path}: no such file or folder{_nearest_folder(path)}")
    lister = _Lister(sources)
    try:
        for file, size in _walk(path, lister.unknown):
            relative = file.relative_to(path).as_posix() if path.is_dir() else file.name
            lister.add(LogFile(file, size, {}), f"{path.name}/{relative}")
        _check_known(path, lister, sources)
    except BaseException:
        lister.archives.close()
        raise
    return Lake(path, lister.listings, tuple(lister.unknown), lister.archives)


def _check_known(path: Path, lister: "_Lister", sources: Mapping[str, Source]) -> None:
    if lister.count == 0:
        raise LakeError(f"{path}: the folder is empty")
    if not any(listing.files or listing.skipped for listing in lister.listings.values()):
        shapes = "; ".join(f"{s.name}: {s.title}" for s in sources.values())
        note = lister.unknown[0]
        first = note.path.name if isinstance(note.path, Path) else note.path
        what = f"{path}: none of the {lister.count} files is a log known here"
        raise LakeError(f"{what} ({first}: {note.reason}); known are {shapes}")


def _walk(path: Path, unknown: list[FileNote]) -> Iterator[tuple[Path, int]]:
    """Yield every file with its size, links followed once; a folder that is closed is noted."""
    if path.is_file():
        yield path, path.stat().st_size
        return
    seen: set[tuple[int, int]] = set()

    def note(error: OSError) -> None:
        unknown.append(FileNote(error.filename, f"folder not readable: {error.strerror}"))

    for folder, folders, names in os.walk(path, followlinks=True, onerror=note):
        here = Path(folder).stat()
        if (here.st_dev, here.st_ino) in seen:
            folders.clear()
            continue
        seen.add((here.st_dev, here.st_ino))
        folders.sort()
        for name in sorted(names):
            file = Path(folder, name)
            if file.is_file():
                yield file, file.stat().st_size
            else:
                unknown.append(FileNote(file, "no regular file, or a link that leads nowhere"))


def _nearest_folder(path: Path) -> str:
    place = next((p for p in path.parents if p.is_dir()), None)
    names = sorted(p.name for p in place.iterdir() if p.is_dir()) if place else []
    shown = ", ".join(names[:5])
    return f"; {place} holds {shown}" if shown and str(place) != "." else ""


class _Lister:
    """Puts each file of a lake where it belongs; an archive is the files in it."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self.listings = {name: Listing(source) for name, source in sources.items()}
        self.unknown: list[FileNote] = []
        self.archives = Archives()
        self.recogniser = Recogniser(sources.values())
        self.count = 0

    def add(self, file: LogFile, relative: str) -> None:
        """Classify a file by path, then by its first bytes."""
        if self._is_placed(file, relative):
            self.count += 1
            return
        try:
            head = file.head()
        except UNREADABLE as error:
            self._refuse(file.path, why_unreadable(error))
            return
        if is_archive(head):
            self._open(file, relative)
            return
        self.count += 1
        found = self.recogniser.recognise(head)
        if found.source is None:
            self.unknown.append(FileNote(file.path, found.reason))
            return
        listing = self.listings[found.source.name]
        if found.skipped:
            listing.skipped.append(FileNote(file.path, found.skipped))
        else:
            listing.files.append(replace(file, is_wrapped=found.is_wrapped))

    def _is_placed(self, file: LogFile, relative: str) -> bool:
        for listing in self.listings.values():
            rule = skip_by_path(listing.source.partitions, relative)
            if rule:
                listing.skipped.append(FileNote(file.path, rule.reason))
                return True
        if relative.lower().endswith(_ARCHIVE_ENDS):
            return False
        for listing in self.listings.values():
            place = locate(listing.source.partitions, relative)
            if place:
                listing.files.append(replace(file, values=place.values))
                return True
        return False

    def _open(self, file: LogFile, relative: str) -> None:
        inside = file.packed.inside if file.packed else ()
        archive = file.packed.archive if file.packed else file.path
        if len(inside) > _DEEPEST_ARCHIVE:
            self._refuse(file.path, "an archive in an archive in an archive is not opened")
            return
        try:
            members, broken = self.archives.members(archive, inside)
        except UNREADABLE as error:
            self._refuse(file.path, why_unreadable(error))
            return
        for member in members:
            path = file.path / member.name
            packed = Packed(self.archives, archive, (*inside, member.name))
            if member.refused:
                self._refuse(path, member.refused)
            else:
                inner = LogFile(path, member.size_bytes, {}, packed)
                self.add(inner, f"{relative}/{member.name}")
        if broken or not members:
            self._refuse(file.path, broken or "an archive without files")

    def _refuse(self, path: Path, reason: str) -> None:
        self.count += 1
        self.unknown.append(FileNote(path, reason))
