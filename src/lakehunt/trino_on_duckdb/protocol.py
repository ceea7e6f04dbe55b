"""DuckDB's values in the form of Trino's client protocol, by their Trino types.

It must not know queries. The runner calls `protocol` for each value.
"""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import math
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from .functions.casts import shortest
from .lowering.carried import field_names
from .types import STAMP, ZONED, Type

MAPPED = 0xFFFF
"""What stands before an IPv4 address in the 16 bytes."""
Form = Callable[[Any], Any]


@lru_cache(maxsize=1024)
def protocol(kind: Type) -> Form:
    """The function that turns DuckDB's Python value of that type into what Trino's client gets."""
    form = _form(kind)
    return lambda value: None if value is None else form(value)


def _form(kind: Type) -> Form:
    if kind.base in ("array", "map", "row"):
        return _nested(kind)
    forms: dict[str, Form] = {
        "decimal": lambda v: format(v, f".{kind.scale}f") if isinstance(v, Decimal) else str(v),
        "double": _double,
        "real": lambda v: _double(v) if math.isnan(v) or math.isinf(v) else float(shortest(v)),
        "varbinary": lambda v: base64.b64encode(v).decode(),
        "date": lambda v: str(_near(v)),
        "time": lambda v: _clock(v, kind),
        STAMP: lambda v: f"{_near(v).date()} {_clock(v.time(), kind)}",
        ZONED: lambda v: _zoned(v, kind),
        "ipaddress": _address,
        "uuid": str,
        "char": lambda v: v.ljust(kind.length or 1),
        "interval day to second": _span,
        "interval year to month": lambda v: f"{'-' if v < 0 else ''}{abs(v) // 12}-{abs(v) % 12}",
    }
    return forms.get(kind.base, lambda v: v)


def _nested(kind: Type) -> Form:
    inner = [protocol(t) for t in kind.children]
    if kind.base == "array":
        return lambda v: [inner[0](x) for x in v]
    if kind.base == "row":
        names = field_names(kind)
        return lambda v: [f(v[n]) for f, n in zip(inner, names, strict=True)]
    key, value = inner

    def mapped(found: dict[Any, Any]) -> dict[Any, Any]:
        if set(found) == {"key", "value"} and isinstance(found["key"], list):
            pairs = list(zip(found["key"], found["value"], strict=True))
        else:
            pairs = list(found.items())
        return {_key(key(k)): value(v) for k, v in pairs}

    return mapped


def _key(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join('null' if v is None else _key(v) for v in value)}]"
    return value if isinstance(value, str) else str(value)


def _double(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    return value if not math.isinf(value) else "Infinity" if value > 0 else "-Infinity"


def _clock(value: dt.time, kind: Type) -> str:
    digits = kind.precision
    fraction = f"{value.microsecond:06}"[:digits]
    return value.strftime("%H:%M:%S") + (f".{fraction}" if digits else "")


def _near(value: Any) -> Any:
    """A date or timestamp; DuckDB's client gives text for years that Python does not know."""
    if isinstance(value, str):
        raise ValueError(f"the year of {value} is outside 1 to 9999")
    return value


def _zoned(value: dict[str, Any], kind: Type) -> str:
    instant, zone = _near(value["instant"]), value["zone"]
    if zone[0] in "+-":
        shift = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
        local = instant + shift if zone[0] == "+" else instant - shift
    elif zone == "UTC":
        local = instant
    else:
        local = instant.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone))
    return f"{local.date()} {_clock(local.time(), kind)} {zone}"


def _address(value: int) -> str:
    if value >> 32 == MAPPED:
        return str(ipaddress.IPv4Address(value & 0xFFFFFFFF))
    return str(ipaddress.IPv6Address(value))


def _span(milliseconds: int) -> str:
    size = abs(milliseconds)
    days, rest = divmod(size, 86_400_000)
    hours, rest = divmod(rest, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    sign = "-" if milliseconds < 0 else ""
    return f"{sign}{days} {hours:02}:{minutes:02}:{rest // 1000:02}.{rest % 1000:03}"
