"""Objects kept on this machine, bounded in bytes: the one unused longest goes first.

Knows files, not S3. Threads and processes may share a folder of it: whoever fetches an object
holds a lock on its part, which ends with the process; others wait and find it whole.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import IO

_PART = ".part"
# Below this share of the bound it is brought when it has grown beyond it.
_AFTER_CLEARING = 0.9
# The folder is measured again after so much of the bound has come in.
_CLEAR_EVERY = 0.05

# Writes the rest of an object to an open file that holds its first bytes.
Fill = Callable[[IO[bytes]], None]


class ObjectCache:
    """A folder of objects by name and content; `most_bytes` bounds what is kept."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder = folder
        self.most_bytes = most_bytes
        self._lock = Lock()
        self._come = most_bytes

    def path(self, name: str, etag: str, size_bytes: int, fill: Fill) -> tuple[Path, bool]:
        """Return the file that holds an object whole, and whether it was there already.

        Raises:
            OSError: it could not be filled; what has come of it stays, to go on from.
        """
        path = self._place(name, etag)
        if _is_whole(path, size_bytes):
            return path, True
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(_PART)
        with _held(part) as file:
            # whoever held the part before may have made it whole
            if _is_whole(path, size_bytes):
                part.unlink(missing_ok=True)
                return path, True
            if file.seek(0, os.SEEK_END) > size_bytes:
                file.seek(0)
                file.truncate()
            fill(file)
            file.flush()
            come = file.tell()
            if come != size_bytes:
                file.seek(0)
                file.truncate()
                raise OSError(f"{come:,} bytes came of {size_bytes:,}")
            part.replace(path)
        self._grown(size_bytes)
        return path, False

    def has(self, name: str, etag: str, size_bytes: int) -> bool:
        """Tell whether an object is kept whole."""
        return _is_whole(self._place(name, etag), size_bytes)

    def read(self, path: Path) -> bytes:
        """Return a file of the cache, and remember that it was used.

        Raises:
            FileNotFoundError: it had to go meanwhile.
        """
        data = path.read_bytes()
        os.utime(path)
        return data

    def _place(self, name: str, etag: str) -> Path:
        digest = hashlib.sha256(f"{name}\0{etag}".encode()).hexdigest()
        return self.folder / digest[:2] / digest

    def _grown(self, size_bytes: int) -> None:
        with self._lock:
            self._come += size_bytes
            if self._come < self.most_bytes * _CLEAR_EVERY:
                return
            self._come = 0
        self._clear()

    def _clear(self) -> None:
        """Remove what was unused longest, parts that nobody fills among it."""
        files = sorted(self._files())
        total = sum(size for _, size, _ in files)
        if total <= self.most_bytes:
            return
        for _, size, path in files:
            path.unlink(missing_ok=True)
            total -= size
            if total <= self.most_bytes * _AFTER_CLEARING:
                return

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        for path in self.folder.glob("??/*"):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            yield status.st_mtime, status.st_size, path


def _is_whole(path: Path, size_bytes: int) -> bool:
    try:
        return path.stat().st_size == size_bytes
    except FileNotFoundError:
        return False


@contextmanager
def _held(part: Path) -> Iterator[IO[bytes]]:
    """Open a part for this thread alone, made where it is not there, and leave what is in it."""
    while True:
        file = part.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_same(file, part):
                yield file
                return
        finally:
            file.close()


def _is_same(file: IO[bytes], path: Path) -> bool:
    """Tell whether an open file still has its name: the one before may have moved it."""
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    own = os.fstat(file.fileno())
    return (own.st_dev, own.st_ino) == (there.st_dev, there.st_ino)
