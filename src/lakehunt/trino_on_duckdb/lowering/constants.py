"""Literals as DuckDB text.

It must not know scopes. The expression lowering calls it.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import math
import uuid
from decimal import Decimal
from zoneinfo import ZoneInfo

from .. import ir
from ..errors import Refused, TrinoError
from ..types import INTEGERS, STAMP, ZONED, Type
from .carried import duck, text


def constant(node: ir.Constant) -> str:  # noqa: PLR0911 (one per kind)
    """The text of a literal, an atom of its exact DuckDB type."""
    kind, value = node.type, node.value
    carried = duck(kind)
    if isinstance(value, bytes):
        return f"unhex('{value.hex()}')"
    if value is None:
        return "NULL" if kind.base == "unknown" else f"CAST(NULL AS {carried})"
    if kind.base in (*INTEGERS, "interval day to second", "interval year to month"):
        plain = f"({value})" if isinstance(value, int) and value < 0 else str(value)
        return plain if kind.base == "integer" else f"CAST({value} AS {carried})"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Decimal):
        return f"CAST({text(format(value, 'f'))} AS {carried})"
    if isinstance(value, float):
        return _floating(value, carried)
    assert isinstance(value, str)
    return _spelled(kind, value)


def _floating(value: float, carried: str) -> str:
    if math.isnan(value) or math.isinf(value):
        return f"CAST('{value}' AS {carried})"
    return f"CAST('{value!r}' AS {carried})"


def _spelled(kind: Type, value: str) -> str:  # noqa: PLR0911 (one per kind)
    if kind.base == "varchar":
        return text(value)
    if kind.base == "char":
        return text(value.rstrip(" "))
    if kind.base == "json":
        return f"trino_json_parse({text(value)})"
    if kind.base == "ipaddress":
        return address(value)
    if kind.base == "uuid":
        try:
            return f"CAST('{uuid.UUID(value)}' AS UUID)"
        except ValueError as error:
            raise TrinoError(
                "INVALID_CAST_ARGUMENT", f"Cannot cast value to UUID: {value}"
            ) from error
    if kind.base == ZONED:
        return _zoned(*value.split("|"))
    word = {STAMP: "TIMESTAMP", "date": "DATE", "time": "TIME"}.get(kind.base)
    if word is None:
        raise Refused(f"literals of type {kind} are not reproduced")
    return f"CAST('{value}' AS {word})"


def address(value: str) -> str:
    """An IP address as the number of its 16 bytes."""
    try:
        found = ipaddress.ip_address(value)
    except ValueError as error:
        raise TrinoError(
            "INVALID_CAST_ARGUMENT", f"Cannot cast value to IPADDRESS: {value}"
        ) from error
    number = int(found) if isinstance(found, ipaddress.IPv6Address) else int(found) | 0xFFFF << 32
    return f"CAST('{number}' AS UHUGEINT)"


def _zoned(moment: str, zone: str) -> str:
    local = dt.datetime.fromisoformat(moment)
    if zone == "UTC":
        instant = local
    elif zone[0] in "+-":
        shift = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
        instant = local - shift if zone[0] == "+" else local + shift
    else:
        instant = local.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC).replace(tzinfo=None)
    stamp = f"CAST('{instant.isoformat(' ')}' AS TIMESTAMP)"
    return f'struct_pack("instant" := {stamp}, "zone" := \'{zone}\')'
