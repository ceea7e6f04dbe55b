"""Arithmetic as DuckDB text: integers, exact decimals, doubles, dates and intervals.

It must not know scopes. The expression lowering calls it with operands already lowered.
"""

from __future__ import annotations

from ..errors import Refused
from ..types import DAY_TIME, INTEGERS, MAX_PRECISION, STAMP, YEAR_MONTH, ZONED, Type
from .carried import duck

NARROW = 18
"""Digits of the decimals that DuckDB keeps in 64 bits."""


def arithmetic(sign: str, values: list[str], kinds: list[Type], result: Type) -> str:
    """The text of `left sign right` for two lowered operands of the types `kinds`."""
    (left, right), (a, b) = values, kinds
    if result.base == "decimal" and a.base == b.base == "decimal":
        return _decimal(sign, left, right, a, b, result)
    if result.base in INTEGERS and a == b == result:
        return f"({left} {'//' if sign == '/' else sign} {right})"
    if result.base in ("real", "double"):
        return f"({left} {sign} {right})"
    found = _times(sign, left, right, a, b, result)
    if found is None:
        raise Refused(f"{a} {sign} {b} is not reproduced")
    return found


def _decimal(sign: str, left: str, right: str, a: Type, b: Type, result: Type) -> str:
    carried = duck(result)
    if sign in "+-":
        return f"CAST(CAST({left} AS {carried}) {sign} CAST({right} AS {carried}) AS {carried})"
    if sign == "*":
        # DuckDB multiplies in 64 bits where both operands have at most 18 digits, and overflows
        wide = f"CAST({left} AS DECIMAL(38,{a.scale}))" if result.precision > NARROW else left
        return f"CAST({wide} * {right} AS {carried})"
    x, y = f"trino_unscaled({left})", f"trino_unscaled({right})"
    if sign == "/":
        shift = result.scale - a.scale + b.scale
        if a.precision + shift > MAX_PRECISION:
            texts = f"CAST({left} AS VARCHAR), CAST({right} AS VARCHAR)"
            return f"CAST(trino_quotient_text({texts}, {result.scale}) AS {carried})"
        quotient = f"trino_divided({_scaled(x, shift)}, {y})"
        return _from_unscaled(quotient, result)
    scale = max(a.scale, b.scale)
    rest = f"({_scaled(x, scale - a.scale)} % {_scaled(y, scale - b.scale)})"
    return _from_unscaled(rest, result)


def _scaled(value: str, digits: int) -> str:
    return f"({value} * CAST('1{'0' * digits}' AS HUGEINT))" if digits > 0 else value


def _from_unscaled(value: str, kind: Type) -> str:
    if not kind.scale:
        return f"CAST({value} AS {duck(kind)})"
    unit = "0." + "0" * (kind.scale - 1) + "1"
    one = f"CAST('{unit}' AS DECIMAL({kind.scale},{kind.scale}))"
    return f"CAST(CAST({value} AS DECIMAL(38,0)) * {one} AS {duck(kind)})"


def _times(sign: str, left: str, right: str, a: Type, b: Type, result: Type) -> str | None:
    if result in (DAY_TIME, YEAR_MONTH):
        return _intervals(sign, left, right, a, b, result)
    if a in (DAY_TIME, YEAR_MONTH):
        left, right, a, b = right, left, b, a
    span = f"(-{right})" if sign == "-" else right
    unit = "milliseconds" if b == DAY_TIME else "months"
    if a.base == "date":
        return f"trino_date_plus_{'days' if b == DAY_TIME else 'months'}({left}, {span})"
    if a.base == ZONED:
        return f"trino_zoned_plus_{unit}({left}, {span})"
    if a.base == STAMP or (a.base == "time" and b == DAY_TIME):
        return f"trino_plus_{unit}({left}, {span})"
    return None


def _intervals(sign: str, left: str, right: str, a: Type, b: Type, result: Type) -> str | None:  # noqa: PLR0911 (one per kind)
    carried = duck(result)
    if a == b == result:
        return f"({left} {sign} {right})"
    if a == b and sign == "-":
        if a.base == "date":
            return f"(CAST({left} - {right} AS BIGINT) * 86400000)"
        if a.base == STAMP:
            return f"trino_between_timestamps({left}, {right})"
        if a.base == ZONED:
            return f"trino_between_timestamps({left}.instant, {right}.instant)"
        return None
    if sign == "*" and {a.base, b.base} & set(INTEGERS):
        return f"CAST({left} * {right} AS {carried})"
    if sign in "*/":
        return f"CAST(trunc(CAST({left} AS DOUBLE) {sign} CAST({right} AS DOUBLE)) AS {carried})"
    return None
