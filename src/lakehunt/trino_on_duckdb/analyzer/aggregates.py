"""Aggregate calls with DISTINCT, ORDER BY, FILTER and WITHIN GROUP.

It must not know windows or grouping. The analyzer of windows builds on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from .. import ir, walk
from ..errors import Refused
from ..signatures import Signature
from ..types import (
    VARCHAR,
    comparable,
    orderable,
    varchar,
)
from .resolution import Analyzed, Resolution
from .scope import Scope, fail, place


class Aggregates(Resolution):
    """Aggregate calls."""

    def aggregate_call(self, node: exp.Expression, scope: Scope) -> ir.Expr:
        """An aggregate, maybe with FILTER or WITHIN GROUP."""
        found = self._clauses(node, scope)
        if found.signature.kind == "window":
            raise fail(
                "MISSING_OVER",
                f"Window function {found.signature.name} requires an OVER clause",
                node,
            )
        return found

    def _clauses(self, node: exp.Expression, scope: Scope) -> ir.Aggregate:
        if isinstance(node, exp.Filter):
            inner = self._clauses(node.this, scope)
            test = self.condition(node.expression.this, scope, "FILTER expression")
            return replace(inner, filter=test)
        if isinstance(node, exp.WithinGroup):
            inner = self._clauses(node.this, scope)
            if inner.signature.name != "listagg":
                raise Refused("WITHIN GROUP is for listagg", *place(node))
            keys = self.sort_keys(node.expression, scope)
            if inner.distinct and any(k.value != self._uncast(inner.arguments[0]) for k in keys):
                raise fail(
                    "EXPRESSION_NOT_IN_DISTINCT",
                    "For aggregate function with DISTINCT, ORDER BY "
                    "expressions must appear in arguments",
                    node,
                )
            return replace(inner, order=keys)
        if not isinstance(node, exp.Anonymous):
            raise Refused("this form of call is not reproduced", *place(node))
        return self._plain_aggregate(node, scope)

    def _uncast(self, value: ir.Expr) -> ir.Expr:
        return value.value if isinstance(value, ir.Cast) and value.implicit else value

    def _plain_aggregate(self, node: exp.Anonymous, scope: Scope) -> ir.Aggregate:
        name = str(node.this).lower()
        candidates = self._candidates(name, node)
        if candidates[0].kind == "scalar":
            raise fail("FUNCTION_NOT_AGGREGATE", f"{name} is not an aggregate function", node)
        nodes = list(node.expressions)
        order: tuple[ir.SortKey, ...] = ()
        if nodes and isinstance(nodes[-1], exp.Order):
            order = self.sort_keys(nodes[-1], scope)
            nodes[-1] = nodes[-1].this
        distinct = bool(nodes) and isinstance(nodes[0], exp.Distinct)
        if distinct:
            nodes = list(nodes[0].expressions)
        if len(nodes) == 1 and isinstance(nodes[0], exp.Star):
            if name != "count":
                raise fail("SYNTAX_ERROR", f"{name}(*) is not a call", node)
            nodes = []
        values = [self._argument(a, scope) for a in nodes]
        self._check_nesting(values, node)
        if name == "listagg":
            return self._listagg(candidates[0], values, distinct, node)
        signature, kinds, returns = self._bind(name, candidates, values, node, scope)
        arguments = tuple(self._bound(v, t, scope) for v, t in zip(values, kinds, strict=True))
        self._check_constraints(name, arguments, node)
        self._check_distinct(distinct, order, arguments, node)
        return ir.Aggregate(returns, signature, arguments, distinct, None, order, origin=node)

    def _listagg(
        self, signature: Signature, values: Sequence[Analyzed], distinct: bool, node: exp.Expression
    ) -> ir.Aggregate:
        found = [v for v in values if isinstance(v, ir.Expr)]
        if found[0].type.base not in ("varchar", "unknown"):
            raise fail(
                "TYPE_MISMATCH",
                f"Expected expression of varchar, but 'value' has {found[0].type} type",
                node,
            )
        if len(found) == 1:
            found.append(ir.Constant(varchar(0), ""))
        arguments = tuple(self.coerce(v, VARCHAR) for v in found)
        return ir.Aggregate(VARCHAR, signature, arguments, distinct, origin=node)

    def _check_nesting(self, values: Sequence[Analyzed], node: exp.Expression) -> None:
        for value in values:
            if not isinstance(value, ir.Expr):
                continue
            for found in walk.below(value):
                if isinstance(found, ir.Window):
                    raise fail(
                        "NESTED_WINDOW", "Cannot nest window functions inside aggregation", node
                    )

    def _check_distinct(
        self,
        distinct: bool,
        order: Sequence[ir.SortKey],
        arguments: Sequence[ir.Expr],
        node: exp.Expression,
    ) -> None:
        if distinct and any(not comparable(a.type) for a in arguments):
            raise fail("TYPE_MISMATCH", "DISTINCT can only be applied to comparable types", node)
        plain = [self._uncast(a) for a in arguments]
        if distinct and any(k.value not in plain and k.value not in arguments for k in order):
            raise fail(
                "EXPRESSION_NOT_IN_DISTINCT",
                "For aggregate function with DISTINCT, ORDER BY expressions "
                "must appear in arguments",
                node,
            )

    def sort_keys(self, node: exp.Order, scope: Scope) -> tuple[ir.SortKey, ...]:
        """The items of an ORDER BY."""
        found = []
        for item in node.expressions:
            value = self.analyze(item.this, scope)
            if not orderable(value.type):
                raise fail(
                    "TYPE_MISMATCH",
                    f"Type {value.type} is not orderable, and therefore cannot be used in ORDER BY",
                    item.this,
                )
            found.append(
                ir.SortKey(value, bool(item.args.get("desc")), bool(item.args.get("nulls_first")))
            )
        return tuple(found)
