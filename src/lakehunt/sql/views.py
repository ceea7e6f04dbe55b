"""Takes a source's view apart: the expression of each column, its condition, the fields it reads.

Knows trees, not engines. The shared scan is planned with it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from sqlglot import exp

from lakehunt.model import Type, View
from lakehunt.sql.parse import parse_query

# What a view of a text log makes of a column, `-` being no value.
_CHEAP = ("coalesce", "length", "lower", "nullif", "rtrim")
_PLAIN = (exp.Column, exp.DataType, exp.Dot, exp.Identifier, exp.Literal, exp.TryCast)


@dataclass(frozen=True, slots=True)
class ViewPlan:
    """A view's columns as expressions over the raw table, and what its rows fulfil."""

    columns: Mapping[str, exp.Expr]
    condition: exp.Expr


@cache
def read_view(view: View) -> ViewPlan:
    """Return the parts of a view that selects from one table; copy a tree before changing it."""
    select = parse_query(view.sql)
    where = select.args.get("where")
    columns = {item.output_name: item.unalias() for item in select.selects}
    return ViewPlan(columns, where.this if where else exp.true())


def is_plain(expression: exp.Expr) -> bool:
    """Tell whether an expression is next to free: columns, their fields, and text as a number."""
    return all(
        node.name.lower() in _CHEAP if isinstance(node, exp.Anonymous) else isinstance(node, _PLAIN)
        for node in expression.walk()
    )


def fields_read(expressions: Iterable[exp.Expr]) -> dict[str, set[tuple[str, ...]]]:
    """Return the paths read below each raw column, in lower case; () is all of the column.

    A path that ends in '' is tested for NULL alone.
    """
    found: dict[str, set[tuple[str, ...]]] = {}
    for expression in expressions:
        for column in expression.find_all(exp.Column):
            node: exp.Expr = column
            names = [part.name.lower() for part in column.parts]
            while isinstance(node.parent, exp.Dot) and node.arg_key == "this":
                node = node.parent
                names.append(node.name.lower())
            if isinstance(node.parent, exp.Is) and isinstance(node.parent.expression, exp.Null):
                names.append("")
            found.setdefault(names[0], set()).add(tuple(names[1:]))
    return found


def pruned(type_: Type, paths: Iterable[tuple[str, ...]]) -> Type:
    """Return a column's type with only the fields that are read."""
    paths = [*paths]
    if type_.name != "struct" or () in paths:
        return type_
    kept = {
        name: pruned(field, [path[1:] for path in paths if path[0] == name.lower()])
        for name, field in type_.fields
        if any(path[0] == name.lower() for path in paths)
    }
    # a value of no fields cannot be made: the first one stands for all
    kept = kept or dict(type_.fields[:1])
    return Type("struct", fields=tuple(kept.items()))
