"""Questions about Trino types by their text, for entries whose form depends on the type of an
argument.

It must not know the type system; typeof's spelling is enough. The family modules call it while
they choose a template.
"""

from __future__ import annotations

import re

from lakehunt.trino_on_duckdb.functions.entry import Call, Refused

NESTED = ("array(", "map(", "row(")
FLOATS = ("double", "real")


def element(trino: str) -> str:
    """The element type of an array type."""
    return trino[trino.find("(") + 1 : -1]


def is_nested(trino: str) -> bool:
    """Whether values of the type hold other values."""
    return trino.lower().startswith(NESTED)


def has_floats(trino: str) -> bool:
    """Whether NaN can occur in values of the type."""
    return bool(re.search(r"\b(?:double|real)\b", trino.lower()))


def comparable(trino: str) -> None:
    """Raises Refused for types whose values DuckDB does not tell apart as Trino does: those
    with a zone per value."""
    if "with time zone" in trino.lower():
        raise Refused("comparison of values with a time zone inside another value")


def element_type(call: Call, position: int = 0) -> str:
    """The DuckDB type of the elements of an array argument."""
    return call.arguments[position].duckdb.removesuffix("[]")
