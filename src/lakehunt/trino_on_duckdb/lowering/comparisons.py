"""Comparison as DuckDB text, by type: NaN, zones, and the NULLs inside arrays, maps and rows.

It must not know scopes. The expression lowering calls it with operands already lowered.
"""

from __future__ import annotations

import re

from ..errors import Refused
from ..functions.definitions import fails
from ..types import ZONED, Type
from .carried import NESTED, field_names, has, quoted

MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
LITERAL = re.compile(r"CAST\('-?[0-9.]+(?:e[+-]?[0-9]+)?' AS (?:DOUBLE|FLOAT)\)")
WORDS = {"=": "eq", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


def plain(kind: Type) -> bool:
    """True where DuckDB's own operators compare as Trino's do."""
    return kind.base not in (*NESTED, ZONED, "real", "double")


def compared(  # noqa: PLR0911 (one per kind)
    sign: str, left: str, right: str, kind: Type, depth: int = 0
) -> str:
    """The text of `left sign right`, both of that type."""
    if sign.startswith("IS "):
        return _distinct(sign, left, right, kind)
    if kind.base in ("real", "double"):
        if (simple := _against_literal(sign, left, right)) is not None:
            return simple
        return f"trino_double_{WORDS[sign]}({left}, {right})"
    if kind.base == ZONED:
        return f"(({left}).instant {sign} ({right}).instant)"
    if kind.base not in NESTED:
        if kind.base == "char" and sign not in ("=", "<>"):
            left, right = padded(left, kind), padded(right, kind)
        return f"({left} {sign} {right})"
    if sign not in ("=", "<>"):
        return _ordered(sign, left, right, kind)
    equal = _nested(left, right, kind, depth)
    return equal if sign == "=" else f"(NOT {equal})"


def _against_literal(sign: str, left: str, right: str) -> str | None:
    """A comparison with a number that is no NaN, in a form that a scan can push down; else None."""
    if LITERAL.fullmatch(left) and not LITERAL.fullmatch(right):
        left, right, sign = right, left, MIRRORED.get(sign, sign)
    if not LITERAL.fullmatch(right):
        return None
    if sign in (">", ">="):
        return f"({left} {sign} {right} AND NOT isnan({left}))"
    return f"({left} {sign} {right})"


def padded(value: str, kind: Type) -> str:
    """A char with the spaces that its length asks for; it is carried without."""
    return f"rpad({value}, {kind.length or 1}, ' ')"


def _nested(left: str, right: str, kind: Type, depth: int) -> str:
    if kind.base == "row":
        return _rows(left, right, kind, depth)
    item, at = f"x_{depth}", f"i_{depth}"
    if kind.base == "array":
        test = compared("=", item, f"({right})[{at}]", kind.element, depth + 1)
        tests = f"list_transform({left}, lambda {item}, {at}: {test})"
        size = "len({0})"
    else:
        key, value = kind.children
        if has(key, "array", "map", "row", ZONED, "double", "real"):
            raise Refused(f"= between values of type {kind} is not reproduced")
        test = compared("=", f"({left})[{item}]", f"({right})[{item}]", value, depth + 1)
        found = f"CASE WHEN map_contains({right}, {item}) THEN {test} ELSE FALSE END"
        tests = f"list_transform(map_keys({left}), lambda {item}: {found})"
        size = "cardinality({0})"
    a, b = size.format(left), size.format(right)
    return (
        f"(CASE WHEN {left} IS NULL OR {right} IS NULL THEN NULL WHEN {a} <> {b} THEN FALSE "
        f"ELSE trino_all_equal({tests}) END)"
    )


def _ordered(sign: str, left: str, right: str, kind: Type) -> str:
    """The order of arrays of plain values; Trino raises where the first that differ are NULL."""
    if kind.base != "array" or not plain(kind.element) or kind.element.base == "char":
        raise Refused(f"{sign} between values of type {kind} is not reproduced")
    failing = fails("NOT_SUPPORTED", "ARRAY comparison not supported with NULL elements", "BOOLEAN")
    nulls = f"trino_meets_null({left}, {right})"
    return f"(CASE WHEN {nulls} THEN {failing} ELSE {left} {sign} {right} END)"


def _rows(left: str, right: str, kind: Type, depth: int) -> str:
    tests = [
        compared("=", f"({left}).{quoted(n)}", f"({right}).{quoted(n)}", t, depth)
        for n, t in zip(field_names(kind), kind.children, strict=True)
    ]
    return f"(CASE WHEN {left} IS NULL OR {right} IS NULL THEN NULL ELSE {' AND '.join(tests)} END)"


def _distinct(sign: str, left: str, right: str, kind: Type) -> str:
    if kind.base == ZONED:
        return f"(({left}).instant {sign} ({right}).instant)"
    if has(kind, ZONED, "map"):
        raise Refused(f"{sign} between values of type {kind} is not reproduced")
    return f"({left} {sign} {right})"


def ordering(value: str, kind: Type) -> str:
    """The text to sort or group by: of a zoned timestamp its instant."""
    if kind.base == ZONED:
        return f"({value}).instant"
    if kind.base == "char":
        return padded(value, kind)
    if has(kind, ZONED, "char"):
        raise Refused(f"the order of {kind} is not reproduced")
    return value


def groups_plainly(kind: Type) -> bool:
    """True where DuckDB's equality of keys is Trino's."""
    return not has(kind, ZONED, "map")
