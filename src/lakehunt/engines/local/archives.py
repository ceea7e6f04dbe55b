"""Zip and tar archives: their members listed, and read one by one, nothing unpacked under a name.

Knows archive formats, not logs. `lister` lists members with it; a member reads itself.
A tar inside gzip has no way in but from its start: it is unpacked once, to a nameless file.
"""

import gzip
import io
import lzma
import tarfile
import tempfile
import threading
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

# What a log file may hold unpacked: an Arrow string ends here.
MOST_BYTES = (1 << 31) - 1
# What the whole of a tar inside gzip may unpack to: it goes to disk.
_TAR_BYTES = 16 << 30
_IN_MEMORY_BYTES = 32 << 20
_CHUNK_BYTES = 1 << 20
_OPEN_ARCHIVES = 8
_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_ENCRYPTED = 0x1
# What a local header takes besides the name (APPNOTE.TXT 6.3.10, 4.3.7, read 2026-11-23).
_LOCAL_HEADER_BYTES = 30
# zipfile raises RuntimeError for an unknown password, NotImplementedError for a method.
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    EOFError,
    RuntimeError,
    UnicodeError,
    OverflowError,
)
_FOREIGN = {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a rar archive",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ\x00": "packed with xz",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"PAR1": "a Parquet file",
}


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive: its name (unique in there), its size as packed, why it is refused."""

    name: str
    size_bytes: int
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Packed:
    """Where a member lies: an archive on disk, then one name, or an inner archive and a name."""

    archives: "Archives"
    archive: Path
    inside: tuple[str, ...]
    archive_version: str

    def read(self) -> bytes:
        """Return the member whole.

        Raises:
            ValueError: it is broken or too large.
        """
        data = self.archives.read(self.archive, self.inside, MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ValueError("more than 2 GiB unpacked; the limit is 2 GiB")
        return data

    def head(self, size_bytes: int) -> bytes:
        """Return the first bytes of the member; raises as `read`."""
        return self.archives.read(self.archive, self.inside, size_bytes)

    def version(self) -> str:
        """Return what is another where the bytes are: the archive's own, and the names in it."""
        return "\0".join((self.archive_version, *self.inside))


class Archives:
    """Archives kept open while they are read, the one unused longest closed when they are many."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[Path, tuple[str, ...]], _Archive] = OrderedDict()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()

    def members(self, archive: Path, inside: tuple[str, ...] = ()) -> tuple[list[Member], str]:
        """Return the members of an archive (or of one inside it), and what broke the listing off.

        Raises:
            ValueError, OSError: it cannot be opened.
        """
        with self._lock:
            opened = self._opened(archive, inside)
            return opened.members, opened.broken

    def read(self, archive: Path, inside: tuple[str, ...], most: int) -> bytes:
        """Return at most so many bytes of a member.

        Raises:
            ValueError, OSError: the member is broken or cannot be unpacked here.
        """
        with self._lock:
            return self._read(archive, inside, most)

    def _read(self, archive: Path, inside: tuple[str, ...], most: int) -> bytes:
        opened = self._opened(archive, inside[:-1])
        try:
            return opened.read(inside[-1], most)
        except _BROKEN as error:
            raise ValueError(f"broken in its archive: {error}") from error

    def _opened(self, archive: Path, inside: tuple[str, ...]) -> "_Archive":
        key = (archive, inside)
        if key not in self._open:
            self._open[key] = self._reopened(archive, inside)
            while len(self._open) > _OPEN_ARCHIVES:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(key)
        return self._open[key]

    def _reopened(self, archive: Path, inside: tuple[str, ...]) -> "_Archive":
        if not inside:
            return _open(archive.open("rb"))
        data = self._read(archive, inside, MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ValueError("more than 2 GiB unpacked; the limit is 2 GiB")
        return _open(io.BytesIO(data))


class _Archive(Protocol):
    members: list[Member]
    broken: str

    def read(self, name: str, most: int) -> bytes: ...

    def close(self) -> None: ...


class _Zip:
    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._zip = zipfile.ZipFile(raw)
        names = _Names()
        self._infos = {names.unique(i.filename): i for i in self._zip.infolist() if not i.is_dir()}
        infos = self._infos.values()
        packed = sum(_LOCAL_HEADER_BYTES + len(i.orig_filename) + i.compress_size for i in infos)
        if packed > raw.seek(0, io.SEEK_END):
            raise ValueError("a zip bomb: its members overlap")
        self.members = [
            Member(name, info.compress_size, _why_refused(info))
            for name, info in self._infos.items()
        ]
        self.broken = ""

    def read(self, name: str, most: int) -> bytes:
        with self._zip.open(self._infos[name]) as member:
            return member.read(most)

    def close(self) -> None:
        self._zip.close()
        self._raw.close()


def _why_refused(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & _ENCRYPTED:
        return "encrypted: unpack it with its password first"
    if info.file_size > MOST_BYTES:
        return f"{info.file_size:,} bytes unpacked; the limit is 2 GiB"
    return ""


class _Tar:
    def __init__(self, raw: IO[bytes], broken: str) -> None:
        self._raw = raw
        self._tar = tarfile.open(fileobj=raw, mode="r:")  # noqa: SIM115
        self._infos: dict[str, tarfile.TarInfo] = {}
        self.members: list[Member] = []
        self.broken = broken
        names = _Names()
        for info in self._listed():
            if info.isdir():
                continue
            name = names.unique(info.name)
            self._infos[name] = info
            refused = "" if info.isreg() else "no regular file, or a link"
            if info.size > MOST_BYTES:
                refused = f"{info.size:,} bytes; the limit is 2 GiB"
            self.members.append(Member(name, info.size, refused))

    def _listed(self) -> Iterator[tarfile.TarInfo]:
        try:
            yield from self._tar
            # tarfile takes a block that is no header for the end
            self._raw.seek(self._tar.offset)
            if self._raw.read(tarfile.BLOCKSIZE) != tarfile.NUL * tarfile.BLOCKSIZE:
                raise ValueError("no end mark")
        except (*_BROKEN, ValueError) as error:
            self.broken = self.broken or f"broken tar, what follows is lost: {error}"

    def read(self, name: str, most: int) -> bytes:
        member = self._tar.extractfile(self._infos[name])
        if member is None:
            raise ValueError("no regular file")
        with member:
            return member.read(most)

    def close(self) -> None:
        self._tar.close()
        self._raw.close()


class _Names:
    """Gives each member a name of its own: the same name twice in an archive is two files."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def unique(self, name: str) -> str:
        printable = name.encode("utf-8", "backslashreplace").decode().replace("\0", "")
        plain = Path(printable.replace("\\", "/").lstrip("/")).as_posix()
        number, found = 2, plain
        while found in self._seen:
            found = f"{plain}#{number}"
            number += 1
        self._seen.add(found)
        return found


def _open(raw: IO[bytes]) -> _Archive:
    """Open an archive, gzip around it taken off; a closed file is left behind by any failure."""
    broken = ""
    try:
        magic = raw.read(2)
        raw.seek(0)
        if magic == _GZIP_MAGIC:
            raw, broken = _ungzipped(raw)
        head = raw.read(512)
        raw.seek(0)
        return _Zip(raw) if head.startswith(_ZIP_MAGICS) else _Tar(raw, broken)
    except _BROKEN as error:
        raw.close()
        raise ValueError(f"broken archive: {error}") from error
    except BaseException:
        raw.close()
        raise


def _ungzipped(raw: IO[bytes]) -> tuple[IO[bytes], str]:
    """Unpack to a nameless file, as far as it goes, and tell what ended it early."""
    target = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115
    broken = ""
    with raw, gzip.open(raw) as packed:
        try:
            while chunk := packed.read1(_CHUNK_BYTES):
                target.write(chunk)
                if target.tell() > _TAR_BYTES:
                    broken = f"more than {_TAR_BYTES >> 30} GiB unpacked, the rest is not read"
                    break
        except (OSError, EOFError, zlib.error) as error:
            broken = f"broken gzip, what follows is lost: {error}"
    target.seek(0)
    return target, broken


def is_archive(head: bytes) -> bool:
    """Tell by the first bytes, gzip taken off, whether a file is an archive that is read."""
    return head.startswith(_ZIP_MAGICS) or _is_tar(head)


def foreign_kind(head: bytes) -> str:
    """Return what else a file is by its first bytes, or nothing."""
    return next((kind for magic, kind in _FOREIGN.items() if head.startswith(magic)), "")


def _is_tar(head: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(head[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True
