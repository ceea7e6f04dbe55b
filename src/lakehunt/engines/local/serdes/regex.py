"""Reads lines by an expression, as Athena's RegexSerDe does: the whole line or a row of NULLs.

Knows lines and expressions. Most lines are split at their signs; the others are matched one by
one, and both ways give the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy
import pyarrow

from lakehunt.engines.local.serdes.captures import Captures, re2_captures
from lakehunt.engines.local.serdes.matching import captured
from lakehunt.engines.local.serdes.plain import Shape, matched, plain_lines
from lakehunt.engines.local.serdes.signs import (
    Flags,
    Places,
    find_signs,
    line_starts,
    substrings,
)
from lakehunt.engines.local.serdes.variants import plain_variants
from lakehunt.expressions import Expression


@dataclass(frozen=True, slots=True)
class Rows:
    """Some lines of a text by start and end, and a text column for each thing that was wanted."""

    text: pyarrow.Buffer
    starts: Places
    ends: Places
    columns: tuple[pyarrow.Array, ...]

    def lines(self) -> pyarrow.Array:
        """Return the lines themselves."""
        return substrings(self.text, self.starts, self.ends)


@dataclass(frozen=True, slots=True)
class RegexReader:
    """Reads the wanted groups of an expression."""

    wanted: tuple[int, ...]
    shapes: tuple[Shape, ...]
    captures: Captures

    @classmethod
    def of(cls, expression: Expression, wanted: Sequence[int]) -> "RegexReader":
        """Return a reader of some groups; one that the expression does not have is NULL."""
        groups = tuple(wanted)
        known = tuple(number for number in groups if number <= expression.groups)
        captures = re2_captures(expression.items, groups)
        shapes = tuple(Shape.of(variant) for variant in plain_variants(expression, known))
        return cls(groups, shapes, captures)

    def rows(self, text: pyarrow.Buffer) -> Rows:
        """Return each line of a text once, in order; the text ends with a line end."""
        parts = [*self._parts(text)]
        if len(parts) == 1:
            return parts[0]
        starts, ends = (
            numpy.concatenate([getattr(part, name) for part in parts])
            for name in ("starts", "ends")
        )
        order = numpy.argsort(starts)
        columns = (
            pyarrow.concat_arrays(alike) for alike in zip(*(p.columns for p in parts), strict=True)
        )
        taken = tuple(column.take(pyarrow.array(order)) for column in columns)
        return Rows(text, starts[order], ends[order], taken)

    def _parts(self, text: pyarrow.Buffer) -> Iterator[Rows]:
        """Yield the lines of each shape."""
        signs = find_signs(text)
        ends = signs.line_ends
        starts = line_starts(ends)
        is_read: Flags = numpy.zeros(len(ends), bool)
        for variant, shaped in plain_lines(signs, self.shapes):
            split, groups = matched(variant, shaped, self.wanted)
            own = split.lines
            if len(own):
                is_read[own] = True
                columns = tuple(groups[number] for number in self.wanted)
                yield Rows(text, starts[own], ends[own], columns)
        rest = numpy.flatnonzero(~is_read)
        if len(rest):
            texts = substrings(text, starts[rest], ends[rest])
            columns = tuple(captured(texts, self.captures))
            yield Rows(text, starts[rest], ends[rest], columns)
