"""Function calls: which signature, with which arguments, lambdas included.

It must not know how SQL spells a call. The parts that read calls build on it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from .. import ir, walk
from ..binding import Actual, LambdaArgument, resolve
from ..errors import Refused, nearest
from ..signatures import Signature, named, names
from ..types import (
    Type,
    comparable,
    function,
    orderable,
)
from .base import Base
from .scope import Scope, fail, place

Analyzed = ir.Expr | exp.Lambda
ORDERED = frozenset(
    ["min", "max", "greatest", "least", "array_sort", "array_min", "array_max", "min_by", "max_by"]
) - {"min_by", "max_by"}
COMPARED = frozenset(
    [
        "array_distinct",
        "array_position",
        "array_remove",
        "array_union",
        "array_intersect",
        "histogram",
    ]
)


class Resolution(Base):
    """Calls by the table of signatures."""

    def _candidates(self, name: str, node: exp.Expression) -> tuple[Signature, ...]:
        candidates = named(name)
        if name.startswith("$"):
            raise Refused("functions inside Trino's engine are not reproduced", *place(node))
        if not candidates:
            hint = nearest(name, names())
            raise fail("FUNCTION_NOT_FOUND", f"Function '{name}' not registered{hint}", node)
        return candidates

    def _argument(self, node: exp.Expression, scope: Scope) -> Analyzed:
        if isinstance(node, exp.Lambda):
            return node
        if isinstance(node, (exp.Distinct, exp.Order, exp.Star)):
            raise fail(
                "FUNCTION_NOT_AGGREGATE", "DISTINCT and ORDER BY are for aggregate functions", node
            )
        return self.analyze(node, scope)

    def call(self, name: str, values: Sequence[Analyzed], node: exp.Expression) -> ir.Expr:
        """A call of a listed function on analyzed arguments."""
        return self._resolved(name, named(name), values, node, Scope())

    def _resolved(
        self,
        name: str,
        candidates: Sequence[Signature],
        values: Sequence[Analyzed],
        node: exp.Expression,
        scope: Scope,
    ) -> ir.Call:
        signature, kinds, returns = self._bind(name, candidates, values, node, scope)
        arguments = tuple(self._bound(v, t, scope) for v, t in zip(values, kinds, strict=True))
        self._check_constraints(name, arguments, node)
        return ir.Call(returns, signature, arguments)

    def _bind(
        self,
        name: str,
        candidates: Sequence[Signature],
        values: Sequence[Analyzed],
        node: exp.Expression,
        scope: Scope,
    ) -> tuple[Signature, tuple[Type, ...], Type]:
        actuals: list[Actual] = [
            self._lambda_argument(v, scope) if isinstance(v, exp.Lambda) else v.type for v in values
        ]
        bound = resolve(candidates, actuals)
        if bound is None:
            shown = ", ".join(
                "<function>" if isinstance(a, LambdaArgument) else str(a) for a in actuals
            )
            expected = ", ".join(str(c) for c in candidates)
            raise fail(
                "FUNCTION_NOT_FOUND",
                f"Unexpected parameters ({shown}) for function {name}. Expected: {expected}",
                node,
            )
        return bound.signature, bound.arguments, bound.returns

    def _lambda_argument(self, node: exp.Lambda, scope: Scope) -> LambdaArgument:
        known: dict[tuple[Type, ...], Type] = {}

        def result(inputs: tuple[Type, ...]) -> Type:
            if inputs not in known:
                known[inputs] = self._lambda(node, inputs, scope).body.type
            return known[inputs]

        return LambdaArgument(len(node.expressions), result)

    def _lambda(self, node: exp.Lambda, inputs: Sequence[Type], scope: Scope) -> ir.Lambda:
        parameters = {
            p.name.lower(): ir.Parameter(t, f"{p.name.lower()}@{len(scope.parameters)}")
            for p, t in zip(node.expressions, inputs, strict=True)
        }
        body = self.analyze(node.this, scope.within_lambda(parameters))
        for found in walk.below(body):
            if isinstance(found, (ir.Subquery, ir.Aggregate, ir.Window)):
                what = (
                    "subqueries"
                    if isinstance(found, ir.Subquery)
                    else "aggregations or window functions"
                )
                code = (
                    "NOT_SUPPORTED" if isinstance(found, ir.Subquery) else "EXPRESSION_NOT_SCALAR"
                )
                raise fail(code, f"Lambda expression cannot contain {what}", node)
        return ir.Lambda(function(tuple(inputs), body.type), tuple(parameters.values()), body)

    def _bound(self, value: Analyzed, kind: Type, scope: Scope) -> ir.Expr:
        if isinstance(value, exp.Lambda):
            return self._lambda(value, kind.children[:-1], scope)
        return self.coerce(value, kind)

    def _check_constraints(
        self, name: str, arguments: Sequence[ir.Expr], node: exp.Expression
    ) -> None:
        """Raises where a type cannot be compared or ordered as the function must (SHOW FUNCTIONS
        hides it).
        """
        if not arguments or name not in ORDERED | COMPARED:
            return
        kind = arguments[0].type
        kind = kind.element if kind.base == "array" and name.startswith("array") else kind
        if not (orderable(kind) if name in ORDERED else comparable(kind)):
            raise fail(
                "FUNCTION_NOT_FOUND", f"Unexpected parameters ({kind}) for function {name}", node
            )
