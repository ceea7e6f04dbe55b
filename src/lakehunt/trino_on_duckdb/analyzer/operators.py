"""What operators accept and return: arithmetic, comparison, casts between types.

It must not know scopes or trees. The expression analyzer asks it.
"""

from __future__ import annotations

from ..types import (
    DATE,
    DAY_TIME,
    DOUBLE,
    INTEGERS,
    MAX_PRECISION,
    NUMBERS,
    STAMP,
    TEXTS,
    UNKNOWN,
    YEAR_MONTH,
    ZONED,
    Type,
    coerce_base,
    coerces,
    common,
    decimal,
)

Typing = tuple[Type, Type, Type]
"""Left and right operand as the operator takes them, and the result."""
MILLISECONDS = 3
"""Digits that an interval of days to seconds has."""
INTERVALS = (DAY_TIME.base, YEAR_MONTH.base)


def arithmetic(sign: str, left: Type, right: Type) -> Typing | None:
    """The typing of `left sign right`, or None where Trino has no such operator."""
    if left == UNKNOWN and right.base in NUMBERS:
        left = right
    if right == UNKNOWN and left.base in NUMBERS:
        right = left
    if left.base in NUMBERS and right.base in NUMBERS:
        return _numbers(sign, left, right)
    return _times(sign, left, right)


def _numbers(sign: str, left: Type, right: Type) -> Typing | None:
    bases = (left.base, right.base)
    if "double" in bases or "real" in bases:
        joined = common(left, right)
        assert joined is not None
        return joined, joined, joined
    if "decimal" in bases:
        a, b = coerce_base(left, "decimal"), coerce_base(right, "decimal")
        assert a is not None and b is not None
        result = decimal_result(sign, a, b)
        return None if result is None else (a, b, result)
    joined = common(left, right)
    assert joined is not None
    return joined, joined, joined


def decimal_result(sign: str, a: Type, b: Type) -> Type | None:
    """The decimal that arithmetic on two decimals gives (Trino, DecimalOperators)."""
    scale = max(a.scale, b.scale)
    if sign in "+-":
        whole = max(a.precision - a.scale, b.precision - b.scale)
        return decimal(min(MAX_PRECISION, whole + scale + 1), scale)
    if sign == "*":
        if a.scale + b.scale > MAX_PRECISION:
            return None
        return decimal(min(MAX_PRECISION, a.precision + b.precision), a.scale + b.scale)
    if sign == "/":
        precision = a.precision + b.scale + max(b.scale - a.scale, 0)
        return decimal(min(MAX_PRECISION, precision), scale)
    whole = min(b.precision - b.scale, a.precision - a.scale)
    return decimal(min(MAX_PRECISION, whole + scale), scale)


def _times(sign: str, left: Type, right: Type) -> Typing | None:  # noqa: PLR0911 (one per kind)
    if sign in "+-" and right.base in INTERVALS:
        result = _shifted(left, right)
        return None if result is None else (left, right, result)
    if sign == "+" and left.base in INTERVALS:
        result = _shifted(right, left)
        return None if result is None else (left, right, result)
    if sign == "-" and left.base == right.base and left.base in ("date", STAMP, ZONED, "time"):
        joined = common(left, right)
        return None if joined is None else (joined, joined, DAY_TIME)
    if sign in "*/" and left.base in INTERVALS and right.base in NUMBERS:
        factor = right if right.base in INTEGERS else DOUBLE
        return left, factor, left
    if sign == "*" and right.base in INTERVALS and left.base in NUMBERS:
        factor = left if left.base in INTEGERS else DOUBLE
        return factor, right, right
    if sign == "-" and {left.base, right.base} <= {"date", STAMP, ZONED}:
        joined = common(left, right)
        return None if joined is None else (joined, joined, DAY_TIME)
    return None


def _shifted(moment: Type, span: Type) -> Type | None:
    if moment == span:
        return moment
    if moment == UNKNOWN:
        return span
    if moment.base == "date":
        return DATE
    if moment.base in (STAMP, ZONED, "time", "time with time zone"):
        if span == DAY_TIME and moment.precision < MILLISECONDS:
            return Type(moment.base, (3,))
        return moment if span == DAY_TIME or not moment.base.startswith("time ") else None
    return None


# ------------------------------------------------------------------ casts

_FROM_NUMBERS = frozenset((*NUMBERS, "boolean", "varchar", "char", "json"))
CASTS: dict[str, frozenset[str]] = {
    **{n: _FROM_NUMBERS - {"char"} for n in NUMBERS},
    **{n: _FROM_NUMBERS for n in INTEGERS},
    "boolean": frozenset((*NUMBERS, "boolean", "varchar", "json")),
    "varchar": frozenset(
        (
            *NUMBERS,
            "boolean",
            "varchar",
            "char",
            "varbinary",
            "date",
            "time",
            "time with time zone",
            STAMP,
        )
        + (ZONED, "json", "ipaddress", "uuid", *INTERVALS)
    )
    - frozenset(INTERVALS),
    "char": frozenset(("varchar", "char", "date") + ("json",)) - {"date", "json"},
    "varbinary": frozenset(("varbinary", "uuid", "ipaddress")),
    "date": frozenset(("date", STAMP, ZONED, "varchar", "json")),
    "time": frozenset(("time", "time with time zone", STAMP, ZONED, "varchar")),
    "time with time zone": frozenset(("time", "time with time zone", STAMP, ZONED, "varchar")),
    STAMP: frozenset((STAMP, ZONED, "date", "time", "time with time zone", "varchar", "json")),
    ZONED: frozenset((STAMP, ZONED, "date", "time", "time with time zone", "varchar")),
    DAY_TIME.base: frozenset((DAY_TIME.base, "varchar")),
    YEAR_MONTH.base: frozenset((YEAR_MONTH.base, "varchar")),
    "json": frozenset(("json", "varchar", "boolean", *NUMBERS, "array", "map", "row")),
    "ipaddress": frozenset(("ipaddress", "varchar", "varbinary")),
    "uuid": frozenset(("uuid", "varchar", "varbinary")),
}
"""From each type, the types a CAST reaches (Trino, functions/conversion; gaps seen on a server)."""


def castable(source: Type, target: Type) -> bool:
    """True where CAST from one to the other exists."""
    if source in (UNKNOWN, target) or coerces(source, target):
        return True
    if target.base == "json":
        return _to_json(source)
    if source.base == "json" and target.base in ("array", "map", "row"):
        return _from_json(target)
    if source.base == target.base and source.base in ("array", "map", "row"):
        return len(source.args) == len(target.args) and all(
            castable(a, b) for a, b in zip(source.children, target.children, strict=True)
        )
    if source.base in ("ipaddress", "uuid") and target.base == "varchar":
        return target.length is None
    return target.base in CASTS.get(source.base, frozenset())


def _to_json(source: Type) -> bool:
    if source.base in ("array", "row"):
        return all(_to_json(c) for c in source.children)
    if source.base == "map":
        keys = (*NUMBERS, "boolean", "varchar", "unknown")
        return source.children[0].base in keys and _to_json(source.children[1])
    return source.base in (*NUMBERS, "boolean", "varchar", "json", "date", STAMP, "unknown")


def _from_json(target: Type) -> bool:
    if target.base in ("array", "row"):
        return all(_from_json(c) for c in target.children)
    if target.base == "map":
        return target.children[0].base in (*NUMBERS, "boolean", "varchar") and _from_json(
            target.children[1]
        )
    return target.base in (*NUMBERS, "boolean", "varchar", "json")


def is_text(kind: Type) -> bool:
    """True for varchar and char."""
    return kind.base in TEXTS
