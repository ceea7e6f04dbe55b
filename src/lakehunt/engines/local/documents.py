"""Log files as JSON documents: unpacked, checked and cut so that DuckDB can parse them.

Knows bytes and JSON, not what a record means. `stream` feeds DuckDB with it.
The fast reading guesses a file's shape from its start; DuckDB's parse proves the guess, and a
file whose parse fails is read again exactly, here, by Python's own JSON parser.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow
from isal import igzip

_GZIP_MAGIC = b"\x1f\x8b"
# DuckDB's UNNEST of a long list takes quadratic time: longer documents are cut.
_PIECE_BYTES = 1 << 20
# An Arrow string ends here.
_TEXT_BYTES = (1 << 31) - 1
_EXACT_RECORDS = 1000
_DECODER = json.JSONDecoder(strict=False)
LINES = "lines"
# What reading one broken file raises.
UNREADABLE = (OSError, EOFError, ValueError, zlib.error, pyarrow.ArrowException)


@dataclass(frozen=True, slots=True)
class Documents:
    """A file as documents `{key: [record, ...]}`, and what of it could not be read, if anything."""

    texts: tuple[bytes, ...]
    broken: str = ""


def load_fast(path: Path, shapes: Sequence[str]) -> Documents:
    """Return a file as documents, its shape guessed from the start.

    Raises:
        ValueError, EOFError, OSError: the file cannot be unpacked or is no UTF-8 text.
    """
    key = _wrapping_key(shapes)
    data = _unpacked(path)
    _check_utf8(data)
    newline = data.find(b"\n")
    if data[:1] == b"[":
        return Documents((*_pieces(_wrapped(key, data), key),))
    if newline >= 0 and _is_record(data[:newline], key):
        # a raw line end never stands inside a JSON string: a comma there joins two records
        joined = b"[" + data.rstrip().replace(b"\n", b",") + b"]"
        return Documents((*_pieces(_wrapped(key, joined), key),))
    return Documents((*_pieces(data, key),))


def load_exactly(path: Path, shapes: Sequence[str], identify: Sequence[str]) -> Documents:
    """Return any run of JSON values as documents of at most 1,000 records each.

    Of a file of lines the broken lines are left out and told; the others are read.

    Raises:
        ValueError: what is wrong with the file and where.
    """
    key = _wrapping_key(shapes)
    text = _unpacked(path).decode("utf-8-sig")
    try:
        values = [*_values(text)]
    except ValueError:
        return _salvaged_lines(text, key, identify)
    records = [r for value in values for r in _records(value, key, identify)]
    return Documents(_documents(records, key))


def _values(text: str) -> Iterator[object]:
    position = _skip_space(text, 0)
    while position < len(text):
        value, position = _DECODER.raw_decode(text, position)
        yield value
        position = _skip_space(text, position)


def _salvaged_lines(text: str, key: str, identify: Sequence[str]) -> Documents:
    records: list[object] = []
    broken: list[int] = []
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        try:
            for value in _values(line):
                records.extend(_records(value, key, identify))
        except ValueError:
            broken.append(number)
    if not records:
        # no file of lines at all: say what is wrong with it as a whole
        _DECODER.raw_decode(text, _skip_space(text, 0))
    what = f"{len(broken):,} of {len(lines):,} lines are broken JSON, the first is {broken[0]:,}"
    return Documents(_documents(records, key), what)


def _documents(records: Sequence[object], key: str) -> tuple[bytes, ...]:
    starts: Iterable[int] = range(0, max(len(records), 1), _EXACT_RECORDS)
    batches = (records[start : start + _EXACT_RECORDS] for start in starts)
    return tuple(_utf8(json.dumps({key: batch}, ensure_ascii=False)) for batch in batches)


def _wrapping_key(shapes: Sequence[str]) -> str:
    return next((shape for shape in shapes if shape != LINES), "records")


def _records(value: object, key: str, identify: Sequence[str]) -> list[object]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and key in value:
        inner = value[key]
        if isinstance(inner, list):
            return inner
        raise ValueError(f"`{key}` is no list of records")
    if isinstance(value, dict) and any(name in value for name in identify):
        return [value]
    shown = ", ".join([*value][:3]) if isinstance(value, dict) else repr(value)[:40]
    raise ValueError(f"no `{key}` and no event, it holds: {shown or 'nothing'}")


def _unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    # igzip reads every member of a gzip file and checks its sum; isal_zlib stops after the first
    packed = data.startswith(_GZIP_MAGIC)
    unpacked: bytes = igzip.decompress(data) if packed else data  # type: ignore[no-untyped-call]
    if len(unpacked) > _TEXT_BYTES:
        raise ValueError(f"{len(unpacked):,} bytes of text in one file; the limit is 2 GiB")
    return unpacked


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
    head, tail = b"{%b:[" % json.dumps(key).encode(), b"]}"
    first_key = document[len(head) : document.find(b":", len(head)) + 1]
    start, end = len(head), len(document) - len(tail)
    compact = document.startswith(head + b'{"') and document.endswith(tail)
    if len(document) < 2 * _PIECE_BYTES or not compact:
        yield document
        return
    while (cut := document.find(b"}," + first_key, start + _PIECE_BYTES, end)) >= 0:
        yield head + document[start : cut + 1] + tail
        start = cut + 2
    yield head + document[start:end] + tail


def _check_utf8(data: bytes) -> None:
    """Raise where text is no UTF-8, which DuckDB's TRY does not catch."""
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


def _utf8(text: str) -> bytes:
    # a lone surrogate (\ud800 in JSON) is no character: it becomes U+FFFD
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def why_unreadable(error: Exception) -> str:
    """Return in a few words why a file could not be read."""
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 text: byte {error.object[error.start]:#04x} at {error.start:,}"
    if isinstance(error, json.JSONDecodeError):
        return f"broken JSON: {error.msg} at line {error.lineno}, column {error.colno}"
    if isinstance(error, EOFError):
        return "truncated gzip"
    if isinstance(error, zlib.error):
        return f"broken gzip: {error}"
    return str(error)
