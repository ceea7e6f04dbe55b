"""How each Trino type is carried in DuckDB, and how names are written there.

It must not know expressions. Every other module of the lowering uses it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from ..errors import Refused
from ..types import STAMP, ZONED, Type, walk

PLAIN = {
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "real": "FLOAT",
    "double": "DOUBLE",
    "varchar": "VARCHAR",
    "char": "VARCHAR",
    "varbinary": "BLOB",
    "date": "DATE",
    "json": "VARCHAR",
    "ipaddress": "UHUGEINT",
    "uuid": "UUID",
    "unknown": "INTEGER",
    "interval day to second": "BIGINT",
    "interval year to month": "INTEGER",
    "joniregexp": "VARCHAR",
    "jsonpath": "VARCHAR",
    "codepoints": "VARCHAR",
}
NESTED = ("array", "map", "row")
MOST_DIGITS = 6
"""DuckDB counts microseconds."""


@lru_cache(maxsize=4096)
def duck(kind: Type) -> str:  # noqa: PLR0911 (one per kind)
    """The DuckDB type that carries a Trino type. Raises Refused where none does."""
    plain = PLAIN.get(kind.base)
    if plain is not None:
        return plain
    if kind.base == "decimal":
        return f"DECIMAL({kind.precision},{kind.scale})"
    if kind.base in (STAMP, ZONED, "time"):
        if kind.precision > MOST_DIGITS:
            raise Refused(f"{kind}: DuckDB keeps microseconds")
        if kind.base == ZONED:
            return 'STRUCT("instant" TIMESTAMP, "zone" VARCHAR)'
        return "TIMESTAMP" if kind.base == STAMP else "TIME"
    if kind.base == "array":
        return duck(kind.element) + "[]"
    if kind.base == "map":
        return f"MAP({duck(kind.children[0])}, {duck(kind.children[1])})"
    if kind.base == "row":
        fields = (
            f"{quoted(n)} {duck(t)}" for n, t in zip(field_names(kind), kind.children, strict=True)
        )
        return f"STRUCT({', '.join(fields)})"
    raise Refused(f"the type {kind} is not reproduced")


def quoted(name: str) -> str:
    """An identifier in quotes."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text literal."""
    if "\0" in value:
        parts = (text(p) for p in value.split("\0"))
        return f"({' || chr(0) || '.join(parts)})"
    return "'" + value.replace("'", "''") + "'"


def unique_names(names: Iterable[str | None], prefix: str) -> list[str]:
    """The names, a number where there is none, each once in DuckDB's eyes (which ignore case)."""
    found: list[str] = []
    seen: set[str] = set()
    for at, name in enumerate(names):
        base = name or f"{prefix}{at}"
        candidate, more = base, 0
        while candidate.lower() in seen:
            more += 1
            candidate = f"{base}_{more}"
        seen.add(candidate.lower())
        found.append(candidate)
    return found


@lru_cache(maxsize=4096)
def field_names(kind: Type) -> tuple[str, ...]:
    """The struct's names of a row's fields."""
    return tuple(unique_names(kind.names or (None,) * len(kind.args), "field"))


def has(kind: Type, *bases: str) -> bool:
    """True where one of those types occurs in the type."""
    return any(t.base in bases for t in walk(kind))
