"""Splits lines at their signs, where an expression would match them in that way only.

Knows variants, not what a column means. Which lines a variant covers, and why the split is what
matching would find, stands in `variants`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy
import pyarrow
import pyarrow.compute

from lakehunt.engines.local.serdes.choices import BLANK
from lakehunt.engines.local.serdes.matching import captured, parted
from lakehunt.engines.local.serdes.signs import NEXT, Bytes, Flags, Signs, Split, split
from lakehunt.engines.local.serdes.variants import Check, Place, Variant


@dataclass(frozen=True, slots=True)
class Shape:
    """A variant as the marks of its lines: those that `cares` leaves of them are `marks`."""

    variant: Variant
    cares: Bytes
    marks: Bytes

    @classmethod
    def of(cls, variant: Variant) -> "Shape":
        """Return the shape of a variant's lines."""
        marks = numpy.frombuffer(variant.signs.encode(), numpy.uint8).copy()
        cares = numpy.full(len(marks), NEXT - 1, numpy.uint8)
        cares[[*variant.tight, *variant.apart]] |= NEXT
        marks[[*variant.tight]] |= NEXT
        return cls(variant, cares, marks)

    def fits(self, lines: Split) -> Flags:
        """Return which lines have the shape."""
        fits: Flags = ((lines.marks & self.cares) == self.marks).all(axis=1)
        if self.variant.unspaced and fits.any():
            data = numpy.frombuffer(lines.text, numpy.uint8)
            behind = lines.places[:, self.variant.unspaced] + 1
            fits &= (data[behind] != ord(BLANK)).all(axis=1)
        return fits


def plain_lines(signs: Signs, shapes: Sequence[Shape]) -> Iterator[tuple[Variant, Split]]:
    """Yield for each variant the lines that have its shape; no line comes twice."""
    counts = numpy.bincount(signs.counts)
    for count in sorted({len(shape.marks) for shape in shapes}):
        if count >= len(counts) or not counts[count]:
            continue
        lines = split(signs, count)
        first = lines.marks[0]
        own = [shape for shape in shapes if len(shape.marks) == count]
        # most often all lines are alike
        for shape in sorted(own, key=lambda s: not numpy.array_equal(first & s.cares, s.marks)):
            fits = shape.fits(lines)
            if fits.any():
                yield shape.variant, lines.kept(fits)
                if fits.all():
                    break
                lines = lines.kept(~fits)


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
