"""The tables of Trino's functions: one entry per signature, looked up by name and argument types.

It must not know the analyzer or the lowering. The lowering calls `find` and `render`, the
prelude DEFINITIONS.
"""

from __future__ import annotations

from lakehunt.trino_on_duckdb.functions import (
    addresses,
    aggregates,
    arrays,
    binary,
    casts,
    date_texts,
    datetimes,
    formats,
    json_casts,
    json_queries,
    jsons,
    lambdas,
    maps,
    numbers,
    operators,
    refusals,
    regexes,
    sequences,
    strings,
    urls,
    windows,
    zones,
)
from lakehunt.trino_on_duckdb.functions.definitions import Definition
from lakehunt.trino_on_duckdb.functions.entry import Argument, Call, Entry, How, Refused, render

FAMILIES = (
    addresses,
    aggregates,
    arrays,
    binary,
    casts,
    date_texts,
    datetimes,
    formats,
    json_casts,
    json_queries,
    jsons,
    lambdas,
    maps,
    numbers,
    operators,
    refusals,
    regexes,
    sequences,
    strings,
    urls,
    windows,
    zones,
)
ENTRIES: tuple[Entry, ...] = tuple(entry for family in FAMILIES for entry in family.ENTRIES)
DEFINITIONS: dict[str, Definition] = {d.name: d for family in FAMILIES for d in family.DEFINITIONS}
BY_SIGNATURE: dict[tuple[str, tuple[str, ...]], Entry] = {(e.name, e.arguments): e for e in ENTRIES}

__all__ = [
    "DEFINITIONS",
    "ENTRIES",
    "Argument",
    "Call",
    "Entry",
    "How",
    "Refused",
    "find",
    "render",
]


def find(name: str, arguments: tuple[str, ...]) -> Entry | None:
    """The entry of a signature of functions.tsv, or None where it is not reproduced yet."""
    return BY_SIGNATURE.get((name, arguments))
