"""A result of Trino as Arrow, with the types that the query has.

Knows the values of Trino's protocol. Source: https://trino.io/docs/476/develop/client-protocol.html
and what a server sends, measured.
"""

import base64
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow

from lakehunt.engines.arrow import TEXT, arrow_type
from lakehunt.trino_on_duckdb.types import Type

# Python has no finer time.
_MICRO, _NANO = 6, 9


def table_of(names: Sequence[str], types: Sequence[Type], rows: Sequence[Any]) -> pyarrow.Table:
    """Return rows of the protocol as Arrow; what Arrow lacks stays text."""
    columns = [_column([row[n] for row in rows], type_) for n, type_ in enumerate(types)]
    return pyarrow.Table.from_arrays(columns, names=[*names])


def _column(values: list[Any], type_: Type) -> pyarrow.Array:
    if type_.base == "timestamp" and type_.precision > _MICRO:
        texts = pyarrow.array(values, TEXT)
        return texts.cast(pyarrow.timestamp("ns")) if type_.precision <= _NANO else texts
    return pyarrow.array([_value(value, type_) for value in values], _arrow(type_))


def _arrow(type_: Type) -> pyarrow.DataType:
    if type_.base == "varbinary":
        return pyarrow.binary()
    return pyarrow.null() if type_.base == "unknown" else arrow_type(type_)


def _value(value: Any, type_: Type) -> Any:
    if value is None:
        return None
    if type_.base == "array":
        return [_value(item, type_.element) for item in value]
    if type_.base == "map":
        key = type_.children[0]
        return [(_value(name, key), _value(item, type_.element)) for name, item in value.items()]
    if type_.base == "row":
        fields = zip(arrow_type(type_), type_.children, value, strict=True)
        return {field.name: _value(item, child) for field, child, item in fields}
    make = _MAKERS.get(type_.base)
    return value if make is None else make(value)


_MAKERS: dict[str, Callable[[Any], Any]] = {
    # the key of a map is always text
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint"), int),
    "boolean": lambda value: value is True or value == "true",
    "real": float,
    "double": float,
    "decimal": Decimal,
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "varbinary": base64.b64decode,
}
