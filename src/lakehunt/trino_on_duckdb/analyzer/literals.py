"""Literals as Trino types them, and their text brought to one form.

It must not know scopes. The expression analyzer calls it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from .. import ir
from ..errors import Refused, TrinoError
from ..functions.java_numbers import ascii_digits
from ..types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DAY_TIME,
    DOUBLE,
    INTEGER,
    IPADDRESS,
    JSON,
    MAX_PRECISION,
    REAL,
    STAMP,
    UUID,
    VARBINARY,
    VARCHAR,
    YEAR_MONTH,
    ZONED,
    Type,
    decimal,
    varchar,
)

MOMENT = re.compile(
    r"\s*(?P<date>[+-]?[0-9]{4,}-[0-9]{1,2}-[0-9]{1,2})(?:[ "
    r"](?P<time>[0-9]{1,2}:[0-9]{1,2}(?::[0-9]{1,2}(?:\.[0-9]+)?)?))?"
    r"(?:\s*(?P<zone>[A-Za-z][\w/+-]*|[+-][0-9][0-9]?(?::?[0-9][0-9])?))?\s*$"
)
TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2})(?:\.([0-9]+))?)?$")
UNIT_MILLISECONDS = {"day": 86_400_000, "hour": 3_600_000, "minute": 60_000, "second": 1000}
HOURS, SIXTY, MOST_FRACTION, MOST_OFFSET = 24, 60, 12, 14 * 60
INTEGER_RANGES = {"tinyint": 7, "smallint": 15, "integer": 31, "int": 31, "bigint": 63}


def invalid(text: str, what: str) -> TrinoError:
    """INVALID_LITERAL for the text."""
    return TrinoError("INVALID_LITERAL", f"'{text}' is not a valid {what} literal")


def number(text: str) -> ir.Constant:
    """An integer, bigint, decimal or double by its spelling."""
    if "e" in text.lower():
        return ir.Constant(DOUBLE, float(text))
    if "." in text:
        return exact(text)
    value = int(text)
    return ir.Constant(INTEGER if value < 2**31 else BIGINT, value)


def exact(text: str) -> ir.Constant:
    """A decimal with as many digits as are written."""
    match = re.fullmatch(r"\s*([+-]?)([0-9]*)(?:\.([0-9]*))?\s*", text)
    if match is None or not (match[2] or match[3]):
        raise invalid(text, "DECIMAL")
    whole, fraction = match[2].lstrip("0"), match[3] or ""
    precision = max(1, len(whole) + len(fraction))
    if precision > MAX_PRECISION:
        raise invalid(text, "DECIMAL")
    value = Decimal((match[1] == "-", tuple(map(int, (whole + fraction) or "0")), -len(fraction)))
    return ir.Constant(decimal(precision, len(fraction)), value)


def text(value: str) -> ir.Constant:
    """A varchar as long as its text."""
    return ir.Constant(varchar(len(value)), value)


def typed(name: str, value: str) -> ir.Constant:
    """`DATE '2020-01-01'` and its like."""
    name = name.lower()
    if name in INTEGER_RANGES:
        return _integer(name, value)
    if name in SPELLED:
        return ir.Constant(SPELLED[name], value)
    return READERS[name](value)


def _integer(name: str, value: str) -> ir.Constant:
    digits = ascii_digits(value.strip())
    if not re.fullmatch(r"[+-]?[0-9]+", digits):
        raise invalid(value, name.upper())
    found = int(digits)
    bits = INTEGER_RANGES[name]
    if not -(2**bits) <= found < 2**bits:
        raise invalid(value, name.upper())
    return ir.Constant(Type("integer" if name == "int" else name), found)


def _floating(kind: Type, value: str) -> ir.Constant:
    try:
        return ir.Constant(
            kind, float(re.sub(r"(?<=[0-9.])[fFdD]$", "", value.strip()).replace("Infinity", "inf"))
        )
    except ValueError as error:
        raise invalid(value, kind.base.upper()) from error


def _boolean(value: str) -> ir.Constant:
    if value.lower() not in ("true", "false", "t", "f", "1", "0"):
        raise invalid(value, "BOOLEAN")
    return ir.Constant(BOOLEAN, value.lower() in ("true", "t", "1"))


def _date(value: str) -> str:
    match = re.fullmatch(r"\s*([+-]?[0-9]{4,})-([0-9]{1,2})-([0-9]{1,2})\s*", value)
    if match is None:
        raise invalid(value, "DATE")
    return _checked_date(value, match[0].strip())


def _checked_date(value: str, written: str) -> str:
    year, month, day = re.fullmatch(r"([+-]?[0-9]+)-([0-9]+)-([0-9]+)", written).groups()  # type: ignore[union-attr]
    if not 1 <= int(year) <= dt.MAXYEAR:
        raise Refused(f"the year {year} is outside 1 to 9999")
    try:
        return dt.date(int(year), int(month), int(day)).isoformat()
    except ValueError as error:
        raise invalid(value, "DATE") from error


def _clock(value: str) -> tuple[str, int]:
    match = TIME.fullmatch(value)
    if match is None:
        raise invalid(value, "TIME")
    hour, minute, second = (int(g or 0) for g in match.groups()[:3])
    if hour >= HOURS or minute >= SIXTY or second >= SIXTY:
        raise invalid(value, "TIME")
    fraction = match[4] or ""
    return f"{hour:02}:{minute:02}:{second:02}" + (f".{fraction}" if fraction else ""), len(
        fraction
    )


def _time(value: str) -> ir.Constant:
    match = re.fullmatch(r"\s*([0-9:.]+)\s*([+-][0-9][0-9]:?[0-9][0-9])?\s*", value)
    if match is None:
        raise invalid(value, "TIME")
    clock, precision = _clock(match[1])
    if precision > MOST_FRACTION:
        raise invalid(value, "TIME")
    kind = Type("time with time zone" if match[2] else "time", (precision,))
    return ir.Constant(kind, clock + (match[2] or ""))


def timestamp(value: str) -> ir.Constant:
    """A timestamp or zoned timestamp; the value is `yyyy-mm-dd hh:mm:ss.fff`, then `|zone` for the
    latter.
    """
    match = MOMENT.match(value)
    if match is None:
        raise invalid(value, "TIMESTAMP")
    clock, precision = _clock(match["time"] or "0:0:0")
    if precision > MOST_FRACTION:
        raise invalid(value, "TIMESTAMP")
    moment = f"{_checked_date(value, match['date'])} {clock}"
    if match["zone"] is None:
        return ir.Constant(Type(STAMP, (precision,)), moment)
    zone = zone_name(match["zone"])
    if zone is None:
        raise invalid(value, "TIMESTAMP")
    return ir.Constant(Type(ZONED, (precision,)), f"{moment}|{zone}")


@lru_cache(maxsize=1024)
def zone_name(text: str) -> str | None:
    """A zone as Trino prints it: `UTC`, `+02:00`, `Europe/Berlin`; None where there is no such
    zone.
    """
    if text.upper() in ("UTC", "Z", "GMT", "UT") or text in ("+00:00", "-00:00", "+00", "+0000"):
        return "UTC"
    match = re.fullmatch(r"([+-])([0-9][0-9]?):?([0-9][0-9])?", text)
    if match is not None:
        hours, minutes = int(match[2]), int(match[3] or 0)
        if hours * SIXTY + minutes > MOST_OFFSET or minutes >= SIXTY:
            return None
        return f"{match[1]}{hours:02}:{minutes:02}"
    try:
        ZoneInfo(text)
    except (OSError, ValueError):
        return None
    return text


# ------------------------------------------------------------------ intervals

YEAR_MONTH_FORM = re.compile(r"(-?)([0-9]+)(?:-([0-9]+))?$")


def interval(value: str, start: str, end: str | None) -> ir.Constant:
    """An interval in milliseconds or in months."""
    negative = value.startswith("-")
    body = value[1:] if negative else value
    if start in ("year", "month"):
        found = _months(body, start, end)
        return ir.Constant(YEAR_MONTH, -found if negative else found)
    milliseconds = _milliseconds(body, start, end)
    return ir.Constant(DAY_TIME, -milliseconds if negative else milliseconds)


def _months(body: str, start: str, end: str | None) -> int:
    match = re.fullmatch(r"([0-9]+)(?:-([0-9]+))?", body)
    if match is None or (match[2] is not None and (start, end) != ("year", "month")):
        raise invalid(body, "INTERVAL")
    if start == "month":
        return int(match[1])
    return int(match[1]) * 12 + int(match[2] or 0)


SPANS = ("day", "hour", "minute", "second")


def _milliseconds(body: str, start: str, end: str | None) -> int:
    units = SPANS[SPANS.index(start) : SPANS.index(end or start) + 1]
    pieces = re.split(r"[ :]", body) if len(units) > 1 else [body]
    if len(pieces) > len(units):
        raise invalid(body, "INTERVAL")
    total = 0
    for unit, piece in zip(units, pieces, strict=False):
        form = r"([0-9]+)(?:\.([0-9]{1,3}))?" if unit == "second" else r"([0-9]+)()"
        match = re.fullmatch(form, piece)
        if match is None:
            raise invalid(body, "INTERVAL")
        total += int(match[1]) * UNIT_MILLISECONDS[unit] + int((match[2] or "").ljust(3, "0")[:3])
    return total


SPELLED = {"varchar": VARCHAR, "json": JSON, "ipaddress": IPADDRESS, "uuid": UUID}
READERS: dict[str, Callable[[str], ir.Constant]] = {
    "double": lambda value: _floating(DOUBLE, value),
    "real": lambda value: _floating(REAL, value),
    "decimal": exact,
    "boolean": _boolean,
    "char": lambda value: ir.Constant(Type("char", (len(value),)), value),
    "varbinary": lambda value: ir.Constant(VARBINARY, value.encode()),
    "date": lambda value: ir.Constant(DATE, _date(value)),
    "time": _time,
    "timestamp": timestamp,
}
