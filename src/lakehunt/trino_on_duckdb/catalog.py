"""The tables that a query may name: from a table's name to its columns and their Trino types.

It must not know scopes. The caller passes a mapping; the analyzer asks it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from . import ir
from .errors import nearest
from .types import Type, parse

Catalog = Mapping[str, Mapping[str, Type | str]]
"""`{"cloudtrail": {"eventtime": "varchar"}}`; names may be dotted, all are compared in lower case.
A column whose
name begins with `$` is there for who names it, not for `*`."""


def find(catalog: Catalog, parts: Sequence[str]) -> tuple[str, tuple[ir.Column, ...]] | None:
    """The catalog's own name of a table and its columns, or None; the longest dotted name wins."""
    for count in range(len(parts)):
        name = ".".join(parts[count:]).lower()
        # only the one that is asked for: a catalog may find the columns of a table out when it is
        known = name if name in catalog else _spelled(catalog, name)
        if known is not None:
            columns = catalog[known].items()
            return known, tuple(
                ir.Column(c, t if isinstance(t, Type) else parse(t)) for c, t in columns
            )
    return None


def _spelled(catalog: Catalog, name: str) -> str | None:
    return next((one for one in catalog if one.lower() == name), None)


def hint(catalog: Catalog, name: str) -> str:
    """The nearest table's name, as a sentence."""
    return nearest(name, catalog)
