"""A folder of logs as a lake: every file in it, whatever its layout.

Knows the file system. The engine opens folders with it.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from lakehunt.config import FILE_NAME
from lakehunt.engines.local.lake import Listing, LogFile, OnDisk
from lakehunt.engines.local.lister import Lister
from lakehunt.errors import LakeError
from lakehunt.model import FileNote, Source
from lakehunt.sql.bounds import Bounds


@dataclass(frozen=True, slots=True)
class FolderLake:
    """A folder of logs: what each source has in it, and what is nobody's."""

    name: str
    lister: Lister

    @property
    def unknown(self) -> Sequence[FileNote]:
        """Return what no source knows."""
        return tuple(self.lister.unknown)

    @property
    def absent(self) -> frozenset[str]:
        """Return the sources without a file: all were listed."""
        listings = self.lister.listings.values()
        return frozenset(one.source.name for one in listings if not (one.files or one.skipped))

    def listing(self, source: Source, bounds: Sequence[Bounds]) -> Listing:
        """Return all files of a source: a folder is listed whole."""
        return self.lister.listings[source.name]

    def size_bytes(self, source: Source, bounds: Sequence[Bounds], enough: int) -> int:
        """Return the bytes of a source's files that the bounds admit, as they lie on disk."""
        return sum(file.size_bytes for file in self.listing(source, bounds).admitted(bounds))

    def kept_bytes(self, files: Sequence[LogFile]) -> int:
        """Return the bytes of files: all are here."""
        return sum(file.size_bytes for file in files)

    def file(self, source: Source, name: str) -> LogFile | None:
        """Return the file of a source that has this name."""
        return next((f for f in self.lister.listings[source.name].files if f.name == name), None)

    def reading(self, files: Sequence[LogFile]) -> AbstractContextManager[None]:
        """Return nothing to do: the files are here."""
        return nullcontext()

    def close(self) -> None:
        """Close the archives that were opened."""
        self.lister.close()


def open_folder(path: Path, sources: Mapping[str, Source]) -> FolderLake:
    """Return what lies in a folder (or what one file is), every file accounted for.

    Raises:
        LakeError: the path is missing or empty, or holds no log that any source knows.
    """
    if not path.exists():
        raise LakeError(f"{path}: no such file or folder{_nearest_folder(path)}")
    lister = Lister(sources)
    try:
        for file, size in _walk(path, lister.unknown):
            relative = file.relative_to(path).as_posix() if path.is_dir() else file.name
            placed = _shown(f"{path.name}/{relative}")
            lister.add(LogFile(_shown(file), size, OnDisk(file)), placed)
        lister.check_known(str(path), sources.values())
    except BaseException:
        lister.close()
        raise
    return FolderLake(str(path), lister)


def _walk(path: Path, unknown: list[FileNote]) -> Iterator[tuple[Path, int]]:
    """Yield every file with its size, links followed once; a folder that is closed is noted."""
    if path.is_file():
        yield path, path.stat().st_size
        return
    seen: set[tuple[int, int]] = set()

    def note(error: OSError) -> None:
        name = _shown(error.filename)
        unknown.append(FileNote(name, f"folder not readable: {error.strerror}"))

    for folder, folders, names in os.walk(path, followlinks=True, onerror=note):
        here = Path(folder).stat()
        if (here.st_dev, here.st_ino) in seen:
            folders.clear()
            continue
        seen.add((here.st_dev, here.st_ino))
        folders.sort()
        # our own configuration may lie beside the logs that it is about
        for name in sorted({*names} - {FILE_NAME}):
            file = Path(folder, name)
            if file.is_file():
                yield file, file.stat().st_size
            else:
                reason = "no regular file, or a link that leads nowhere"
                unknown.append(FileNote(_shown(file), reason))


def _shown(path: str | Path) -> str:
    r"""Return a path as text, bytes that are no UTF-8 as `\xe4`: archives have such names."""
    return os.fsencode(path).decode(errors="backslashreplace")


def _nearest_folder(path: Path) -> str:
    place = next((p for p in path.parents if p.is_dir()), None)
    names = sorted(p.name for p in place.iterdir() if p.is_dir()) if place else []
    shown = ", ".join(names[:5])
    return f"; {place} holds {shown}" if shown and str(place) != "." else ""
