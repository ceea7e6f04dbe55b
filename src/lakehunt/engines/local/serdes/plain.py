"""Splits lines at their signs with numpy: blanks outside quotes, quotes and line ends.

Knows bytes and variants, not what a column means. Which lines a variant covers, and why the split
is what matching would find, stands in `variants`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy
import pyarrow
import pyarrow.compute
from numpy.typing import NDArray

from lakehunt.engines.local.serdes.choices import BLANK, QUOTE
from lakehunt.engines.local.serdes.matching import captured, parted
from lakehunt.engines.local.serdes.variants import END, Check, Part, Place, Variant

Ints: TypeAlias = NDArray[numpy.int64]
# Where something stands in a text: half as long as `Ints`, and no text is longer than that tells.
Places: TypeAlias = NDArray[numpy.int32]
Flags: TypeAlias = NDArray[numpy.bool_]
# Where the first line starts, and where the end of the one before would stand.
_FIRST, _BEFORE = numpy.array([0], numpy.int32), numpy.array([-1], numpy.int32)
_BLANK, _QUOTE, _END = (ord(sign) for sign in (BLANK, QUOTE, END))


@dataclass(frozen=True, slots=True)
class Signs:
    """Where the signs of some whole lines stand, and how many each line has, its end included."""

    text: pyarrow.Buffer
    positions: Places
    kinds: NDArray[numpy.uint8]
    ends: Ints

    @property
    def counts(self) -> Ints:
        """Return how many signs each line has."""
        return numpy.diff(self.ends, prepend=-1)

    @property
    def line_ends(self) -> Places:
        """Return where each line's end stands in the text."""
        return self.positions[self.ends]


def find_signs(text: pyarrow.Buffer, separator: int = _BLANK, quotes: bool = True) -> Signs:
    """Return the signs of whole lines; inside quotes a separator is none."""
    data = numpy.frombuffer(text, numpy.uint8)
    if not quotes or separator != _BLANK:
        places = places_of((data == separator) | (data == _END))
        kinds = data[places]
        return Signs(text, places, kinds, numpy.flatnonzero(kinds == _END))
    # one comparison finds them all, and little else
    found = numpy.flatnonzero(data <= _QUOTE)
    kinds = data[found]
    is_quote, is_end = kinds == _QUOTE, kinds == _END
    is_inside = (numpy.cumsum(is_quote, dtype=numpy.uint8) & 1).astype(bool)
    odd = is_inside[is_end]
    if odd.any():
        is_inside ^= _carried(odd, numpy.flatnonzero(is_end), len(found))
    kept = is_quote | is_end | ((kinds == _BLANK) & ~is_inside)
    kinds = kinds[kept]
    places = found[kept].astype(numpy.int32)
    return Signs(text, places, kinds, numpy.flatnonzero(kinds == _END))


def _carried(odd: Flags, ends: Ints, size: int) -> Flags:
    """Return for each sign whether the lines before leave a quote open."""
    before = numpy.concatenate(([False], odd))
    lengths = numpy.diff(numpy.concatenate(([0], ends + 1, [size])))
    return numpy.repeat(before, lengths)


@dataclass(frozen=True, slots=True)
class Split:
    """Lines of one number of signs: their numbers, and where the signs stand, a row per line."""

    text: pyarrow.Buffer
    lines: Ints
    places: Places

    def texts(self, part: Part, skip: int = 0, cut: int = 0) -> pyarrow.Array:
        """Return the text of a part of each line."""
        before = self.places[:, part.before + 1]
        return substrings(self.text, before + 1 + skip, self.places[:, part.behind + 1] - cut)

    def kept(self, flags: Flags) -> "Split":
        """Return the lines that are flagged."""
        if flags.all():
            return self
        return Split(self.text, self.lines[flags], self.places[flags])


def places_of(flags: Flags) -> Places:
    """Return where in a text something is flagged."""
    return numpy.flatnonzero(flags).astype(numpy.int32)


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


def split(signs: Signs, count: int, lines: Ints | None = None) -> Split:
    """Return the places of the lines that have this number of signs."""
    counts = signs.counts
    if lines is None:
        lines = numpy.flatnonzero(counts == count)
    if len(lines) == len(counts):
        signs_of = signs.positions.reshape(-1, count)
    else:
        starts = signs.ends[lines] - count + 1
        signs_of = signs.positions[starts[:, None] + numpy.arange(count)]
    line_ends = signs.line_ends
    before = numpy.concatenate((_BEFORE, line_ends[:-1]))[lines]
    return Split(signs.text, lines, numpy.concatenate((before[:, None], signs_of), axis=1))


def plain_lines(signs: Signs, variants: Sequence[Variant]) -> Iterator[tuple[Variant, Split]]:
    """Yield for each variant the lines that have its shape; no line comes twice."""
    counts = signs.counts
    data = numpy.frombuffer(signs.text, numpy.uint8)
    for count in sorted({len(variant.signs) for variant in variants}):
        if not (counts == count).any():
            continue
        lines = split(signs, count)
        kinds = data[lines.places[:, 1:]]
        for variant in variants:
            if len(variant.signs) == count:
                yield variant, lines.kept(_shaped(variant, kinds, lines.places, data))


def _shaped(
    variant: Variant,
    kinds: NDArray[numpy.uint8],
    places: Places,
    data: NDArray[numpy.uint8],
) -> Flags:
    signs = numpy.frombuffer(variant.signs.encode(), numpy.uint8)
    fits: Flags = (kinds == signs).all(axis=1)
    for numbers, is_tight in ((variant.tight, True), (variant.apart, False)):
        for number in numbers:
            follows = places[:, number + 1] - places[:, number] == 1
            fits &= follows if is_tight else ~follows
    if variant.unspaced:
        behind = places[:, [number + 1 for number in variant.unspaced]] + 1
        fits &= (data[behind] != _BLANK).all(axis=1)
    return fits


def matched(
    variant: Variant, lines: Split, wanted: Sequence[int]
) -> tuple[Split, dict[int, pyarrow.Array]]:
    """Return the lines whose cells match their part of the expression, and the wanted groups."""
    checked: list[tuple[Check, pyarrow.Array]] = []
    for check in variant.checks:
        texts = lines.texts(check.part)
        if check.is_proven:
            checked.append((check, texts))
            continue
        fits = pyarrow.compute.match_substring_regex(texts, check.captures.pattern)
        flags = fits.to_numpy(zero_copy_only=False)
        if not flags.all():
            lines = lines.kept(flags)
            keep = pyarrow.array(flags)
            checked = [(earlier, found.filter(keep)) for earlier, found in checked]
            texts = texts.filter(keep)
        checked.append((check, texts))
    groups: dict[int, pyarrow.Array] = {}
    for check, texts in checked:
        if check.parted_by:
            groups |= dict(zip(check.groups, parted(texts, check.parted_by), strict=True))
        elif check.groups:
            groups |= dict(zip(check.groups, captured(texts, check.captures), strict=True))
    for group in wanted:
        place = variant.places.get(group)
        if isinstance(place, Place):
            groups[group] = lines.texts(place.part, place.skip, place.cut)
        elif group not in groups:
            groups[group] = pyarrow.nulls(len(lines.lines), pyarrow.string())
    return lines, groups
