"""Values for parameters while a query is only looked at, and the window it is looked at in.

Knows parameter types, no query's meaning. `check` and `explain` bind with them.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from lakehunt.model import Param, Value, ValueType, Window
from lakehunt.times import read_value

# Any window will do: it is there to be found in every bound.
WINDOW = Window(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC))
_TEXTS = {
    ValueType.TEXT: "x",
    ValueType.INTEGER: "1",
    ValueType.DOUBLE: "1",
    ValueType.BOOLEAN: "true",
    ValueType.TIMESTAMP: "2026-05-01",
    ValueType.DATE: "2026-05-01",
    ValueType.INTERVAL: "1h",
}


def stand_in(type_: ValueType) -> Value:
    """Return a value of a type; a list has one element."""
    text = _TEXTS[type_.element]
    return read_value(type_, [text] if type_.is_list else text)


def values_of(params: Mapping[str, Param]) -> dict[str, Value]:
    """Return the default of every parameter, and a stand-in where that is none or empty.

    An empty list or a null would hide the type of what it is compared with.
    """
    return {
        name: param.default if param.default not in (None, ()) else stand_in(param.type)
        for name, param in params.items()
    }
