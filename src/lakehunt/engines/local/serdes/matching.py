"""Matches texts with an expression as RE2 reads it: linear in the text, whatever it holds.

Knows Arrow and expressions.
"""

from collections.abc import Iterator

import numpy
import pyarrow
import pyarrow.compute

from lakehunt.engines.local.serdes.captures import Captures


def captured(texts: pyarrow.Array, captures: Captures) -> Iterator[pyarrow.Array]:
    """Yield the wanted groups of texts; NULL where the group or the whole took no part."""
    if not captures.columns:
        return
    found = pyarrow.compute.extract_regex(texts, captures.pattern)
    for name, mark in captures.columns:
        if not name:
            yield pyarrow.nulls(len(texts), pyarrow.string())
            continue
        # flatten keeps the NULLs of rows that do not match
        values = dict(zip((f.name for f in found.type), found.flatten(), strict=True))
        if mark:
            empty = pyarrow.compute.equal(values[mark], "")
            yield pyarrow.compute.if_else(empty, None, values[name])
        else:
            yield values[name]


def parted(texts: pyarrow.Array, sign: str) -> tuple[pyarrow.Array, pyarrow.Array]:
    """Return what stands before and behind the last sign of each text, NULL where it has none."""
    pieces = pyarrow.compute.split_pattern(texts, sign, max_splits=1, reverse=True)
    starts = pieces.offsets.to_numpy()
    is_alone = numpy.diff(starts) == 1
    first = pyarrow.array(starts[:-1], mask=is_alone)
    second = pyarrow.array(starts[:-1] + 1, mask=is_alone)
    return pieces.values.take(first), pieces.values.take(second)
