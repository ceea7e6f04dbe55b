"""Log files as JSON documents: unpacked, checked and cut so that DuckDB can parse them.

Knows bytes and JSON, not what a record means. `stream` feeds DuckDB with it.
The fast reading guesses a file's shape from its start; DuckDB's parse proves the guess, and a
file whose parse fails is read again, by `exact`.
"""

import csv
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

import pyarrow
from isal import igzip, isal_zlib

from lakehunt.engines.local.archives import MOST_BYTES
from lakehunt.engines.local.wrapped import wrapping_key

_GZIP_MAGIC = b"\x1f\x8b"
# wbits of zlib: a window of 32 KB inside gzip.
_GZIP_WINDOW = 31
# DuckDB's UNNEST of a long list takes quadratic time: longer documents are cut.
_PIECE_BYTES = 1 << 20
DOCUMENT_TAIL = b"]}"
# Deflate packs at most 1,032 bytes in one (zlib's technical details, read 2026-11-23).
_MOST_PACKED = 1032
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# What reading one broken file raises.
UNREADABLE = (OSError, EOFError, ValueError, csv.Error, zlib.error, pyarrow.ArrowException)


@dataclass(frozen=True, slots=True)
class Documents:
    """A file as documents `{key: [record, ...]}`, and what of it could not be read, if anything.

    `partial` says what its records lack by nature: the file was read in full.
    """

    texts: tuple[bytes, ...]
    broken: str = ""
    partial: str = ""


def load_fast(data: bytes, shapes: Sequence[str]) -> Documents:
    """Return an unpacked file as documents, its shape guessed from the start.

    Raises:
        ValueError: the file is no UTF-8 text.
    """
    key = wrapping_key(shapes)
    check_utf8(data)
    newline = data.find(b"\n")
    if data[:1] == b"[":
        return Documents((*_pieces(_wrapped(key, data), key),))
    if newline >= 0 and _is_record(data[:newline], key):
        # a raw line end never stands inside a JSON string: a comma there joins two records
        joined = b"[" + data.rstrip().replace(b"\n", b",") + b"]"
        return Documents((*_pieces(_wrapped(key, joined), key),))
    return Documents((*_pieces(data, key),))


def unpacked(data: bytes) -> bytes:
    """Return a file without its gzip, all members of it.

    Raises:
        ValueError, EOFError, OSError: it is broken, or too large unpacked.
    """
    text = _one_member(data) if data.startswith(_GZIP_MAGIC) else data
    if text is None and len(data) * _MOST_PACKED <= MOST_BYTES:
        # reads every member of a gzip file and checks its sum
        text = igzip.decompress(data)  # type: ignore[no-untyped-call]
    elif text is None:
        with igzip.open(BytesIO(data)) as packed:  # type: ignore[no-untyped-call]
            text = packed.read(MOST_BYTES + 1)
    if len(text) > MOST_BYTES:
        raise ValueError("more than 2 GiB of text in one file; the limit is 2 GiB")
    return text


def _one_member(data: bytes) -> bytes | None:
    """Return a gzip file of one member without its gzip, None for any other.

    Its last four bytes tell the size (RFC 1952): with a buffer of that size it takes a third of the
    time. Where they lie, as in several members, something is left over.
    """
    size = int.from_bytes(data[-4:], "little")
    if size > min(len(data) * _MOST_PACKED, MOST_BYTES):
        return None
    member = isal_zlib.decompressobj(_GZIP_WINDOW)
    try:
        # one more byte, so that the end is seen
        text: bytes = member.decompress(data, size + 1)
    except isal_zlib.error:  # type: ignore[misc]
        return None
    return text if member.eof and len(text) == size and not member.unused_data else None


def decoded(data: bytes) -> str:
    """Return the text of a file, in UTF-8 or as PowerShell redirects it.

    Raises:
        UnicodeDecodeError: it is neither.
    """
    return data.decode("utf-16" if is_utf16(data) else "utf-8-sig")


def is_utf16(data: bytes) -> bool:
    """Tell whether a file starts with a mark of UTF-16."""
    return data.startswith(_UTF16_MARKS)


def _wrapped(key: str, array: bytes) -> bytes:
    return b"{%b:%b}" % (json.dumps(key).encode(), array)


def _is_record(line: bytes, key: str) -> bool:
    try:
        value = json.loads(line)
    except ValueError:
        return False
    return isinstance(value, dict) and key not in value


def _pieces(document: bytes, key: str) -> Iterator[bytes]:
    """Cut a long compact document between records, into documents that parse one by one.

    If every piece parses, the cuts lie between records: JSON has one reading, and a quote inside
    a string is always escaped. If one does not parse, the file is read exactly.
    """
    head, tail = document_head(key), DOCUMENT_TAIL
    start, end = len(head), len(document) - len(tail)
    between = between_records(document, start)
    compact = document.startswith(head + b'{"') and document.endswith(tail)
    if len(document) < 2 * _PIECE_BYTES or not compact:
        yield document
        return
    while (cut := document.find(between, start + _PIECE_BYTES, end)) >= 0:
        yield head + document[start : cut + 1] + tail
        start = cut + 2
    yield head + document[start:end] + tail


def document_head(key: str) -> bytes:
    """Return how a compact document begins, up to its first record."""
    return b"{%b:[" % json.dumps(key).encode()


def between_records(document: bytes, first: int) -> bytes:
    """Return what parts records of a compact document, the first of which starts there.

    It is the end of one and the first key of the next, which is the same in all.
    """
    return b"}," + document[first : document.find(b":", first) + 1]


def begins_as_json(data: bytes) -> bool:
    """Tell whether a file begins as JSON does, a byte order mark or blanks before it or not."""
    return data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))


def check_utf8(data: bytes) -> None:
    """Raise where text is no UTF-8, which DuckDB's TRY does not catch.

    Raises:
        ValueError: it is none.
    """
    if data.isascii():
        return
    try:
        arrow_text(data).validate(full=True)
    except pyarrow.ArrowInvalid:
        data.decode()
        raise


def arrow_text(data: bytes) -> pyarrow.Array:
    """Return bytes as an Arrow text column of one row, without a copy."""
    offsets = pyarrow.array([0, len(data)], pyarrow.int32()).buffers()[1]
    return pyarrow.Array.from_buffers(pyarrow.string(), 1, [None, offsets, pyarrow.py_buffer(data)])


def why_unreadable(error: Exception) -> str:
    """Return in a few words why a file could not be read."""
    if isinstance(error, UnicodeDecodeError):
        byte = f"byte {error.object[error.start]:#04x} at {error.start:,}"
        return f"not {error.encoding.upper()} text: {byte}"
    if isinstance(error, json.JSONDecodeError):
        return f"broken JSON: {error.msg} at line {error.lineno}, column {error.colno}"
    if isinstance(error, EOFError):
        return "truncated gzip"
    if isinstance(error, zlib.error):
        return f"broken gzip: {error}"
    return str(error)
