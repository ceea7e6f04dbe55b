"""Text files as lines: decoded as Java does, cut into blocks, each line knowing its file.

Knows bytes and lines, not what stands in them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy
import pyarrow

from lakehunt.engines.local.documents import arrow_text, decoded, is_utf16
from lakehunt.engines.local.serdes.signs import Places, line_starts, substrings

# Lines are split a block at a time, so that what is found in a block stays in the cache.
_BLOCK_BYTES = 1 << 20
_MARK = b"\xef\xbb\xbf"


def as_lines(data: bytes) -> bytes:
    """Return a text in UTF-8 whose lines all end with a line feed.

    As Hadoop reads text: a carriage return ends a line too, and bytes that are no UTF-8 become
    U+FFFD.
    """
    text = decoded(data).encode() if is_utf16(data) else data.removeprefix(_MARK)
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not text.isascii():
        text = _valid(text)
    return text if not text or text.endswith(b"\n") else text + b"\n"


def _valid(text: bytes) -> bytes:
    try:
        arrow_text(text).validate(full=True)
    except pyarrow.ArrowInvalid:
        return text.decode(errors="replace").encode()
    return text


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of one or more files; `ends` says where in the text each file ends."""

    text: pyarrow.Buffer
    numbers: Sequence[int]
    ends: Sequence[int]

    def files(self, line_ends: Places) -> pyarrow.Array:
        """Return the number of the file of each line."""
        if len(self.numbers) == 1:
            numbers = numpy.full(len(line_ends), self.numbers[0], numpy.int32)
        else:
            places = numpy.searchsorted(numpy.asarray(self.ends), line_ends, side="right")
            numbers = numpy.asarray(self.numbers, numpy.int32)[places]
        return pyarrow.array(numbers)

    def lines(self, line_ends: Places) -> pyarrow.Array:
        """Return the lines, without their ends."""
        return substrings(self.text, line_starts(line_ends), line_ends)


def blocks(texts: Iterable[tuple[int, bytes]]) -> Iterator[Block]:
    """Yield texts in blocks: long ones cut between lines, short ones together."""
    gathered: list[tuple[int, bytes]] = []
    size = 0
    for number, text in texts:
        if gathered and size + len(text) > _BLOCK_BYTES:
            yield _joined(gathered)
            gathered, size = [], 0
        if len(text) > _BLOCK_BYTES:
            yield from _cut(number, text)
        elif text:
            gathered.append((number, text))
            size += len(text)
    if gathered:
        yield _joined(gathered)


def _joined(gathered: Sequence[tuple[int, bytes]]) -> Block:
    ends = numpy.cumsum([len(text) for _, text in gathered]).tolist()
    text = gathered[0][1] if len(gathered) == 1 else b"".join(text for _, text in gathered)
    return Block(pyarrow.py_buffer(text), [number for number, _ in gathered], ends)


def _cut(number: int, text: bytes) -> Iterator[Block]:
    whole = pyarrow.py_buffer(text)
    start = 0
    while start < len(text):
        # no small rest: a block has its price
        is_last = len(text) - start < _BLOCK_BYTES * 3 // 2
        end = len(text) if is_last else text.find(b"\n", start + _BLOCK_BYTES) + 1 or len(text)
        yield Block(whole.slice(start, end - start), [number], [end - start])
        start = end
