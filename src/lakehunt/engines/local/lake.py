"""Lists a lake and tells whose log each file is, by its path, its name or its first record.

Knows paths and the first bytes of a file, not how the rest is read.
"""

import gzip
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lakehunt.engines.local.documents import UNREADABLE, why_unreadable
from lakehunt.errors import LakeError
from lakehunt.layouts import locate, skip_by_path
from lakehunt.model import FileNote, Partitions, Source

_HEAD_BYTES = 65536
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of one source, with the partition values that its path or name tells."""

    path: Path
    size_bytes: int
    values: Mapping[str, str]


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
    listings = {name: Listing(source) for name, source in sources.items()}
    unknown: list[FileNote] = []
    count = 0
    for file, size in _walk(path, unknown):
        count += 1
        relative = file.relative_to(path).as_posix() if path.is_dir() else file.name
        _classify(LogFile(file, size, {}), f"{path.name}/{relative}", listings, unknown)
    if count == 0:
        raise LakeError(f"{path}: the folder is empty")
    if not any(listing.files or listing.skipped for listing in listings.values()):
        shapes = "; ".join(f"{s.name}: {s.title}" for s in sources.values())
        first = f"{unknown[0].path.name if isinstance(unknown[0].path, Path) else unknown[0].path}"
        what = f"{path}: none of the {count} files is a log known here"
        raise LakeError(f"{what} ({first}: {unknown[0].reason}); known are {shapes}")
    return Lake(path, listings, tuple(unknown))


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


def _classify(
    file: LogFile, relative: str, listings: Mapping[str, Listing], unknown: list[FileNote]
) -> None:
    for listing in listings.values():
        rule = skip_by_path(listing.source.partitions, relative)
        if rule:
            listing.skipped.append(FileNote(file.path, rule.reason))
            return
    for listing in listings.values():
        place = locate(listing.source.partitions, relative)
        if place:
            listing.files.append(LogFile(file.path, file.size_bytes, place.values))
            return
    record, reason = _first_record(file.path, listings)
    for listing in listings.values() if record is not None else ():
        note = _skip_by_keys(listing.source.partitions, record or {})
        if note:
            listing.skipped.append(FileNote(file.path, note))
            return
        identify = listing.source.partitions.identify
        if identify and all(key in (record or {}) for key in identify):
            listing.files.append(file)
            return
    unknown.append(FileNote(file.path, reason or "no log that is known here"))


def _skip_by_keys(partitions: Partitions, record: Mapping[str, object]) -> str:
    for rule in partitions.skip:
        if rule.keys and all(key in record for key in rule.keys):
            return rule.reason
    return ""


def _first_record(
    path: Path, listings: Mapping[str, Listing]
) -> tuple[Mapping[str, object] | None, str]:
    """Return the first record of a JSON file, or None and why there is none."""
    try:
        head = _head(path)
    except UNREADABLE as error:
        return None, why_unreadable(error)
    if not head.strip():
        return None, "empty"
    text = head.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    if not text.startswith(("{", "[")):
        return None, "not JSON"
    for start in _starts(text, listings.values()):
        try:
            record, _ = json.JSONDecoder().raw_decode(text, start)
        except ValueError:
            continue
        if isinstance(record, dict):
            return record, ""
    keys = re.findall(r'"(\w+)"\s*:', text[:_HEAD_BYTES])
    if len(head) >= _HEAD_BYTES and keys:
        # the first record is longer than the head: its keys have to do
        return dict.fromkeys(keys), ""
    return None, "not a whole JSON document"


def _starts(text: str, listings: Iterable[Listing]) -> Iterator[int]:
    """Yield where a first record may begin: inside a wrapping key, else at the very start."""
    for key in dict.fromkeys(s for one in listings for s in one.source.partitions.shapes):
        match = re.search(rf'"{re.escape(key)}"\s*:\s*\[\s*', text)
        if match:
            yield match.end()
    yield len(text) - len(text.lstrip("[ \t\r\n"))


def _head(path: Path) -> bytes:
    with path.open("rb") as raw:
        if raw.read(2) != _GZIP_MAGIC:
            raw.seek(0)
            return raw.read(_HEAD_BYTES)
        raw.seek(0)
        with gzip.open(raw) as unpacked:
            return unpacked.read(_HEAD_BYTES)
