"""Values and columns as Athena shows them: the text of a CSV cell, the type of a result's column.

Knows Trino's types and its client protocol. What a statement returns is written with it.
"""

import base64
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lakehunt.trino_on_duckdb.types import INTEGER_DIGITS, Type

_PRECISIONS = {**INTEGER_DIGITS, "double": 17, "real": 17, "varchar": 2147483647,
               "varbinary": 1073741824, "timestamp": 3, "timestamp with time zone": 3}  # fmt: skip
# From here on Java writes a double with an exponent (java.lang.Double.toString).
_SMALLEST_PLAIN, _LARGEST_PLAIN = Decimal("0.001"), Decimal(10) ** 7


def column_info(name: str, type_: Type) -> dict[str, Any]:
    """Return a result's column as GetQueryResults describes it."""
    shown = {"real": "float"}.get(type_.base, type_.base)
    decimal = type_.base == "decimal"
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": shown,
        "Precision": type_.precision if decimal else _PRECISIONS.get(type_.base, 0),
        "Scale": type_.scale if decimal else 0,
        "Nullable": "UNKNOWN",
        "CaseSensitive": type_.base in ("varchar", "char"),
    }


def cell(value: Any, type_: Type) -> str | None:
    """Return a value of Trino's protocol as Athena prints it, NULL as None."""
    return None if value is None else _text(value, type_)


def _text(value: Any, type_: Type) -> str:  # noqa: PLR0911 (one per kind)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _java_double(value)
    if type_.base == "varbinary":
        return " ".join(f"{byte:02x}" for byte in base64.b64decode(value))
    if type_.base == "array":
        return f"[{', '.join(_text(item, type_.element) for item in value)}]"
    if type_.base == "row":
        names = type_.names or tuple(f"field{n}" for n in range(len(value)))
        fields = zip(names, value, type_.children, strict=True)
        return f"{{{', '.join(f'{name}={_text(item, kind)}' for name, item, kind in fields)}}}"
    if isinstance(value, Mapping):
        pairs = (f"{key}={_text(item, type_.element)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    return str(value)


def _java_double(value: float) -> str:
    """Return a finite double as Java prints it: `1.0`, `1.0E10`, `1.0E-4`."""
    exact = Decimal(repr(value))
    if exact == 0:
        return repr(value)
    if _SMALLEST_PLAIN <= abs(exact) < _LARGEST_PLAIN:
        text = f"{exact:f}"
        return text if "." in text else f"{text}.0"
    sign, digits, _ = exact.normalize().as_tuple()
    rest = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{rest}E{exact.adjusted()}"
