"""Finds the signs of lines with numpy: blanks outside quotes, quotes and line ends.

Knows bytes, not what a line should look like. `plain` and `delimited` take lines apart with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy
import pyarrow
from numpy.typing import NDArray

from lakehunt.engines.local.serdes.choices import BLANK, QUOTE
from lakehunt.engines.local.serdes.variants import END, Part

Ints: TypeAlias = NDArray[numpy.int64]
# Where something stands in a text: half as long as `Ints`, and no text is longer than that tells.
Places: TypeAlias = NDArray[numpy.int32]
Flags: TypeAlias = NDArray[numpy.bool_]
Bytes: TypeAlias = NDArray[numpy.uint8]
# Where the first line starts.
_FIRST = numpy.array([0], numpy.int32)
_NOWHERE = numpy.array([], numpy.int32)
# Beside the bytes of signs in `Signs.marks`: this one follows the one before at once.
_NEXT_BIT = 6
NEXT = 1 << _NEXT_BIT
# Signs are looked for in so many bytes at a time.
_PART_BYTES = 1 << 16
_BLANK, _QUOTE, _END = (ord(sign) for sign in (BLANK, QUOTE, END))


@dataclass(frozen=True, slots=True)
class Signs:
    """Where the signs of some whole lines stand, which they are, and which of them end lines.

    `marks` are their bytes, with `NEXT` where a sign follows the one before at once.
    """

    text: pyarrow.Buffer
    places: Places
    marks: Bytes
    ends: Ints

    @property
    def counts(self) -> Ints:
        """Return how many signs each line has."""
        return numpy.diff(self.ends, prepend=-1)

    @property
    def line_ends(self) -> Places:
        """Return where each line's end stands in the text."""
        return self.places[self.ends]


def find_signs(text: pyarrow.Buffer, separator: int = _BLANK, quotes: bool = True) -> Signs:
    """Return the signs of whole lines; inside quotes a separator is none."""
    data = numpy.frombuffer(text, numpy.uint8)
    if not quotes or separator != _BLANK:
        highest = max(separator, _END)
        places = places_where(data, lambda part: part <= highest)
        kinds = data[places]
        kept = (kinds == separator) | (kinds == _END)
    else:
        # one comparison finds them all, and little else
        places = places_where(data, lambda part: part <= _QUOTE)
        kinds = data[places]
        is_quote, is_end = kinds == _QUOTE, kinds == _END
        is_inside = (numpy.cumsum(is_quote, dtype=numpy.uint8) & 1).view(bool)
        odd = is_inside[is_end]
        if odd.any():
            is_inside = is_inside ^ _carried(odd, numpy.flatnonzero(is_end), len(kinds))
        kept = is_quote | is_end | ((kinds == _BLANK) & ~is_inside)
    if not kept.all():
        own = numpy.flatnonzero(kept)
        places, kinds = places[own], kinds[own]
    ends = numpy.flatnonzero(kinds == _END)
    if quotes:
        is_next = numpy.diff(places, prepend=numpy.int32(-1)) == 1
        kinds |= is_next.view(numpy.uint8) << _NEXT_BIT
    return Signs(text, places, kinds, ends)


def places_where(data: Bytes, is_meant: Callable[[Bytes], Flags]) -> Places:
    """Return where the bytes stand that are meant.

    A part at a time: what is made on the way stays in the nearest cache, and no memory for it is
    asked of the system and given back again, which takes longer than the search.
    """
    places = [_NOWHERE]
    for start in range(0, len(data), _PART_BYTES):
        found = numpy.flatnonzero(is_meant(data[start : start + _PART_BYTES]))
        found += start
        places.append(found.astype(numpy.int32))
    return numpy.concatenate(places)


def _carried(odd: Flags, ends: Ints, size: int) -> Flags:
    """Return for each sign whether the lines before leave a quote open."""
    before = numpy.concatenate(([False], odd))
    lengths = numpy.diff(numpy.concatenate(([0], ends + 1, [size])))
    return numpy.repeat(before, lengths)


@dataclass(frozen=True, slots=True)
class Split:
    """Lines of one number of signs: their numbers, where each starts, and its signs in a row."""

    text: pyarrow.Buffer
    lines: Ints
    starts: Places
    places: Places
    marks: Bytes

    def place(self, sign: int) -> Places:
        """Return where a sign stands; -1 is the end of the line before."""
        return self.starts - 1 if sign < 0 else self.places[:, sign]

    def texts(self, part: Part, skip: int = 0, cut: int = 0) -> pyarrow.Array:
        """Return the text of a part of each line."""
        starts = self.place(part.before) + (1 + skip)
        return substrings(self.text, starts, self.place(part.behind) - cut)

    def kept(self, flags: Flags) -> "Split":
        """Return the lines that are flagged."""
        if flags.all():
            return self
        kept = (self.lines[flags], self.starts[flags], self.places[flags], self.marks[flags])
        return Split(self.text, *kept)


def line_ends(text: pyarrow.Buffer) -> Places:
    """Return where the lines of a text end."""
    return places_where(numpy.frombuffer(text, numpy.uint8), lambda part: part == _END)


def line_starts(ends: Places) -> Places:
    """Return where lines start that end there, the first with the text."""
    return numpy.concatenate((_FIRST, ends[:-1] + 1), dtype=numpy.int32)


def substrings(text: pyarrow.Buffer, starts: Places, ends: Places) -> pyarrow.Array:
    """Return parts of a text that follow each other, each with its own start and end."""
    count = len(starts)
    if not count:
        return pyarrow.array([], pyarrow.string())
    offsets = numpy.empty(2 * count, numpy.int32)
    offsets[0::2], offsets[1::2] = starts, ends
    both = pyarrow.Array.from_buffers(
        pyarrow.string(), 2 * count - 1, [None, pyarrow.py_buffer(offsets), text]
    )
    return both.take(pyarrow.array(numpy.arange(0, 2 * count, 2, dtype=numpy.int32)))


def split(signs: Signs, count: int) -> Split:
    """Return the places of the lines that have this number of signs."""
    counts = signs.counts
    lines = numpy.flatnonzero(counts == count)
    starts = line_starts(signs.line_ends)
    if len(lines) == len(counts):
        rows = (signs.places.reshape(-1, count), signs.marks.reshape(-1, count))
        return Split(signs.text, lines, starts, *rows)
    own = signs.ends[lines, None] + numpy.arange(1 - count, 1)
    return Split(signs.text, lines, starts[lines], signs.places[own], signs.marks[own])
