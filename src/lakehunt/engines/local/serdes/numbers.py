"""Texts as the values that LazySimpleSerDe makes of them; what is none becomes NULL.

Knows Hive's numbers and Arrow.
Source: trinodb/trino, LongEncoding of lib/trino-hive-formats, which follows Hive (read 2026-11-29).
"""

import re

import pyarrow
import pyarrow.compute

from lakehunt.errors import LakeError
from lakehunt.model import Type

_WHOLE = re.compile(r"[+-]?[0-9]*(?:\.[0-9]*)?")
_INTEGERS = {
    "tinyint": pyarrow.int8(),
    "smallint": pyarrow.int16(),
    "int": pyarrow.int32(),
    "bigint": pyarrow.int64(),
}
# More digits may be too many for 64 bits: those are read one by one.
_SAFE_DIGITS = 18


def typed(texts: pyarrow.Array, type_: Type) -> pyarrow.Array:
    """Return texts as a column of a type.

    Raises:
        LakeError: the type is not reproduced locally.
    """
    if type_.name == "string":
        return texts
    arrow = _INTEGERS.get(type_.name)
    if arrow is None:
        raise LakeError(f"a column of {type_.glue()} is not read locally by LazySimpleSerDe")
    digits = pyarrow.compute.ascii_is_decimal(texts)
    short = pyarrow.compute.less_equal(pyarrow.compute.binary_length(texts), _SAFE_DIGITS)
    plain = pyarrow.compute.and_(digits, short)
    values = pyarrow.compute.if_else(plain, texts, None).cast(pyarrow.int64())
    odd = pyarrow.compute.and_(pyarrow.compute.invert(plain), pyarrow.compute.not_equal(texts, "-"))
    if pyarrow.compute.any(odd).as_py():
        read = [_integer(text) for text in texts.filter(odd).to_pylist()]
        found = pyarrow.array(read, pyarrow.int64())
        mask = pyarrow.compute.fill_null(odd, False)
        values = pyarrow.compute.replace_with_mask(values, mask, found)
    if arrow == pyarrow.int64():
        return values
    limit = 1 << (arrow.bit_width - 1)
    fits = pyarrow.compute.and_(
        pyarrow.compute.greater_equal(values, -limit), pyarrow.compute.less(values, limit)
    )
    return pyarrow.compute.if_else(fits, values, None).cast(arrow)


def _integer(text: str | None) -> int | None:
    """Return a text as a number of 64 bits: a fraction is cut off, anything else is NULL."""
    if text is None or not _WHOLE.fullmatch(text) or text in ("", "+", "-"):
        return None
    value = int(text.partition(".")[0].lstrip("+") or "0") if text[:1] != "-" else _negative(text)
    return value if -(1 << 63) <= value < 1 << 63 else None


def _negative(text: str) -> int:
    return -int(text[1:].partition(".")[0] or "0")
