"""Lists, maps and rows of a result carried as JSON text, because Athena prints them ambiguously.

`[a, b]` may be one text or two. Knows trees and Trino's types; what runs on Athena is printed
with it, and its results are read back with it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlglot import exp

from lakehunt.trino_on_duckdb.analysis import Column
from lakehunt.trino_on_duckdb.types import Type

# What CAST(... AS JSON) takes: https://trino.io/docs/476/functions/json.html
_SCALARS = ("boolean", "tinyint", "smallint", "integer", "bigint", "real", "double", "decimal",
            "varchar", "json", "timestamp", "date")  # fmt: skip
_NESTED = ("array", "map", "row")


@dataclass(frozen=True, slots=True)
class Carried:
    """A query whose nested columns come as JSON text: its tree, and their types by position."""

    tree: exp.Query
    types: Mapping[int, Type]


def carried(tree: exp.Query, columns: tuple[Column, ...]) -> Carried:
    """Return a query with its nested columns as JSON text where that changes nothing else.

    Where it would, the column stays as it is: Athena's own text is what is shown then.
    """
    types = {
        number: column.type
        for number, column in enumerate(columns)
        if column.type.base in _NESTED and _is_castable(column.type)
    }
    plain = isinstance(tree, exp.Select) and not any(item.is_star for item in tree.selects)
    if not types or not plain or tree.args.get("distinct") or tree.args.get("order"):
        return _ordered(tree, types) if types and plain else Carried(tree, {})
    return Carried(_cast(tree, types), types)


def _ordered(tree: exp.Query, types: Mapping[int, Type]) -> Carried:
    """Carry the columns that neither DISTINCT nor ORDER BY looks at."""
    if tree.args.get("distinct"):
        return Carried(tree, {})
    order: exp.Order = tree.args["order"]
    names = {column.name.lower() for column in order.find_all(exp.Column)}
    ordinals = {literal.name for literal in order.find_all(exp.Literal)}
    free = {
        number: type_
        for number, type_ in types.items()
        if tree.selects[number].alias_or_name.lower() not in names
        and str(number + 1) not in ordinals
    }
    return Carried(_cast(tree, free), free)


def _cast(tree: exp.Query, types: Mapping[int, Type]) -> exp.Query:
    copied: exp.Query = tree.copy()
    for number in types:
        item = copied.selects[number]
        name = item.alias_or_name
        to = exp.DataType(this=exp.DType.USERDEFINED, kind="JSON")
        value = exp.Cast(this=item.unalias().copy(), to=to)
        text = exp.Anonymous(this="json_format", expressions=[value])
        item.replace(exp.alias_(text, name, quoted=True) if name else text)
    return copied


def _is_castable(type_: Type) -> bool:
    if type_.base == "row" and (not type_.names or None in type_.names):
        return False
    if type_.base == "map" and type_.children[0].base != "varchar":
        return False
    if type_.base in _NESTED:
        return all(map(_is_castable, type_.children))
    return type_.base in _SCALARS and (type_.base != "timestamp" or type_.precision <= _MICRO)


_MICRO = 6


def read_carried(text: str | None, type_: Type, scalar: Callable[[str, Type], Any]) -> Any:
    """Return the value that a carried text holds: lists, lists of pairs, dictionaries.

    Args:
        scalar: makes a value of what Athena prints of a type that JSON lacks.
    """
    if text is None:
        return None
    return _value(json.loads(text, parse_float=Decimal), type_, scalar)


def _value(  # noqa: PLR0911  one per kind
    value: Any, type_: Type, scalar: Callable[[str, Type], Any]
) -> Any:
    if value is None:
        return None
    if type_.base == "array":
        return [_value(item, type_.element, scalar) for item in value]
    if type_.base == "map":
        return [(key, _value(item, type_.element, scalar)) for key, item in value.items()]
    if type_.base == "row":
        kinds = zip(map(str, type_.names), type_.children, strict=True)
        return {name: _value(value.get(name), kind, scalar) for name, kind in kinds}
    if type_.base == "json":
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
    if type_.base in ("varchar", "boolean") or isinstance(value, bool):
        return value
    return scalar(str(value), type_)
