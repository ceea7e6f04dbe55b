"""Arrays, rows, fields, subscripts, casts, CASE, and queries as values.

It must not know operators beyond comparison. The expression analyzer builds on it.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from .. import ir
from ..errors import TrinoError, nearest
from ..types import (
    BIGINT,
    BOOLEAN,
    INTEGERS,
    MAX_PRECISION,
    UNKNOWN,
    Type,
    array,
    common,
    parse,
    row,
)
from .operators import castable
from .predicates import Predicates
from .scope import Scope, fail


class Structures(Predicates):
    """Values made of values."""

    def _field(self, base: ir.Expr, name: str, shown: str, node: exp.Expression) -> ir.Expr:
        if base.type.base != "row":
            before = shown.rsplit(".", 1)[0]
            raise fail("TYPE_MISMATCH", f"Expression {before} is not of type ROW", node)
        found = [i for i, n in enumerate(base.type.names) if n and n.lower() == name.lower()]
        if len(found) > 1:
            raise fail("AMBIGUOUS_NAME", f"Ambiguous row field reference: {name}", node)
        if not found:
            shown = shown if isinstance(node, exp.Column) else name
            hint = nearest(name, (n for n in base.type.names if n))
            raise fail(
                "INVALID_COLUMN_REFERENCE",
                f"Column reference '{shown.lower()}' is invalid{hint}",
                node,
            )
        return ir.FieldOf(base.type.children[found[0]], base, found[0])

    def _array(self, node: exp.Array, scope: Scope) -> ir.Expr:
        items = [self.analyze(i, scope) for i in node.expressions]
        joined = self.unify(
            items, "All ARRAY elements must be the same type or coercible to a common type.", node
        )
        return ir.Operator(array(joined), "array", tuple(self.coerce(i, joined) for i in items))

    def _tuple(self, node: exp.Tuple, scope: Scope) -> ir.Expr:
        return self.row_of([self.analyze(i, scope) for i in node.expressions])

    def row_of(self, values: list[ir.Expr]) -> ir.Expr:
        """A row of unnamed fields."""
        return ir.Operator(row(*((None, v.type) for v in values)), "row", tuple(values))

    def _bracket(self, node: exp.Bracket, scope: Scope) -> ir.Expr:
        base = self.analyze(node.this, scope)
        index = self.analyze(node.expressions[0], scope)
        if base.type.base == "row":
            return self._row_subscript(base, index, node)
        if base.type.base == "array":
            if index.type.base not in (*INTEGERS, "unknown"):
                raise self._no_subscript(base, index, node)
            return ir.Operator(base.type.element, "subscript", (base, self.coerce(index, BIGINT)))
        if base.type.base == "map":
            key = base.type.children[0]
            if common(index.type, key) != key:
                raise self._no_subscript(base, index, node)
            return ir.Operator(base.type.element, "subscript", (base, self.coerce(index, key)))
        raise self._no_subscript(base, index, node)

    def _no_subscript(self, base: ir.Expr, index: ir.Expr, node: exp.Expression) -> TrinoError:
        return fail("TYPE_MISMATCH", f"Cannot apply operator: {base.type}[{index.type}]", node)

    def _row_subscript(self, base: ir.Expr, index: ir.Expr, node: exp.Expression) -> ir.Expr:
        if not isinstance(index, ir.Constant) or not isinstance(index.value, int):
            raise fail(
                "TYPE_MISMATCH", "Subscript expression on ROW requires a constant index", node
            )
        if index.type.base != "integer":
            raise fail(
                "TYPE_MISMATCH",
                f"Subscript expression on ROW requires integer index, found {index.type}",
                node,
            )
        if not 1 <= index.value <= len(base.type.args):
            raise fail("INVALID_FUNCTION_ARGUMENT", f"ROW index out of bounds: {index.value}", node)
        return ir.FieldOf(base.type.children[index.value - 1], base, index.value - 1)

    def _cast(self, node: exp.Cast, scope: Scope) -> ir.Expr:
        value = self.analyze(node.this, scope)
        to = node.args["to"]
        text = to.args.get("kind") or to.sql("trino")
        try:
            target = parse(text)
        except (ValueError, IndexError):
            raise fail("TYPE_MISMATCH", f"Unknown type: {text}", node) from None
        _check_type(target, text, node)
        if not castable(value.type, target):
            raise fail("TYPE_MISMATCH", f"Cannot cast {value.type} to {target}", node)
        return ir.Cast(target, value, isinstance(node, exp.TryCast))

    def _case(self, node: exp.Case, scope: Scope) -> ir.Expr:
        subject = self.analyze(node.this, scope) if node.this else None
        whens: list[tuple[ir.Expr, ir.Expr]] = []
        for item in node.args["ifs"]:
            if subject is None:
                condition = self.condition(item.this, scope, "CASE WHEN clause")
            else:
                condition = self._case_test(subject, self.analyze(item.this, scope), item.this)
            whens.append((condition, self.analyze(item.args["true"], scope)))
        default = node.args.get("default")
        last = self.analyze(default, scope) if default is not None else ir.Constant(UNKNOWN, None)
        message = "All CASE results must be the same type or coercible to a common type."
        joined = self.unify([*(r for _, r in whens), last], message, node)
        return ir.Case(
            joined, tuple((c, self.coerce(r, joined)) for c, r in whens), self.coerce(last, joined)
        )

    def _case_test(self, subject: ir.Expr, value: ir.Expr, node: exp.Expression) -> ir.Expr:
        if common(subject.type, value.type) is None:
            raise fail(
                "TYPE_MISMATCH",
                "CASE operand type does not match WHEN clause operand type: "
                f"{subject.type} vs {value.type}",
                node,
            )
        return self.compare("=", subject, value, node)

    def _subquery(self, node: exp.Subquery, scope: Scope) -> ir.Expr:
        return self.subquery("scalar", node, scope)

    def _exists(self, node: exp.Exists, scope: Scope) -> ir.Expr:
        return replace(self.subquery("exists", node.this, scope), type=BOOLEAN)

    def subquery(self, kind: str, node: exp.Expression, scope: Scope) -> ir.Subquery:
        """A query as a value: its column's type, or a row of its columns."""
        query = self.query(node, Scope(parent=scope))
        if kind == "exists":
            return ir.Subquery(BOOLEAN, kind, query)
        columns = query.columns
        result = columns[0].type if len(columns) == 1 else row(*((c.name, c.type) for c in columns))
        return ir.Subquery(result, kind, query)


def _check_type(target: Type, text: str, node: exp.Expression) -> None:
    unknown = not target.args and target.base not in KNOWN
    if unknown or target.base in ("joniregexp", "jsonpath", "codepoints", "function"):
        raise fail("TYPE_MISMATCH", f"Unknown type: {text}", node)
    if target.base == "decimal" and not (
        1 <= target.precision <= MAX_PRECISION and target.scale <= target.precision
    ):
        raise fail("INVALID_FUNCTION_ARGUMENT", f"Invalid DECIMAL parameters: {text}", node)
    if target.base.startswith(("timestamp", "time")) and target.precision > MOST_FRACTION:
        raise fail("INVALID_FUNCTION_ARGUMENT", f"Invalid precision: {text}", node)
    for child in target.children:
        _check_type(child, str(child), node)


MOST_FRACTION = 12
"""Digits of a second's fraction."""
KNOWN_WORDS = """
unknown boolean tinyint smallint integer bigint real double varchar varbinary date json
ipaddress uuid hyperloglog p4hyperloglog setdigest tdigest color
"""
KNOWN = frozenset(KNOWN_WORDS.split()) | {"interval day to second", "interval year to month"}
