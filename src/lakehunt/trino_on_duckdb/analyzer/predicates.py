"""Operators: arithmetic, comparison, logic, IN, BETWEEN, LIKE.

It must not know casts or literals. The expression analyzer builds on it.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlglot import exp

from .. import ir
from ..types import (
    BIGINT,
    BOOLEAN,
    INTEGERS,
    UNKNOWN,
    VARCHAR,
    Type,
    common,
    comparable,
    orderable,
    row,
)
from .calls import Calls
from .hints import cast_hint
from .operators import arithmetic, is_text
from .scope import Scope, fail

SIGNS: dict[type[exp.Expression], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM",
}
SHOWN = {">": "<", ">=": "<=", "<>": "=", "IS NOT DISTINCT FROM": "IS DISTINCT FROM"}
"""Trino names the mirrored or negated operator in its messages."""


class Predicates(Calls):
    """The operators of the analyzer."""

    def subquery(self, kind: str, node: exp.Expression, scope: Scope) -> ir.Subquery:
        """A query as a value; the analyzer above defines it."""
        raise NotImplementedError

    def _arithmetic(self, node: Any, scope: Scope) -> ir.Expr:
        sign = SIGNS[type(node)]
        left, right = self.analyze(node.this, scope), self.analyze(node.expression, scope)
        if left.type == right.type == UNKNOWN:
            raise fail(
                "AMBIGUOUS_FUNCTION_CALL", f"Ambiguous operator: unknown {sign} unknown", node
            )
        typing = arithmetic(sign, left.type, right.type)
        if typing is None:
            hint = cast_hint([(left, node.this), (right, node.expression)])
            what = f"Cannot apply operator: {left.type} {sign} {right.type}"
            raise fail("TYPE_MISMATCH", what, node, hint)
        a, b, result = typing
        return ir.Operator(result, sign, (self.coerce(left, a), self.coerce(right, b)))

    def _negative(self, node: exp.Neg, scope: Scope) -> ir.Expr:
        if isinstance(node.this, exp.Literal) and node.this.this == "9223372036854775808":
            return ir.Constant(BIGINT, -(2**63))
        value = self.analyze(node.this, scope)
        literal = isinstance(node.this, (exp.Literal, exp.Introducer, exp.Interval))
        number = value.value if literal and isinstance(value, ir.Constant) else None
        if isinstance(number, (int, float, Decimal)) and not isinstance(number, bool):
            return ir.Constant(value.type, -number)
        if value.type.base not in (*INTEGERS, "decimal", "real", "double", "unknown") and not (
            value.type.base.startswith("interval")
        ):
            raise fail("TYPE_MISMATCH", f"Cannot negate {value.type}", node)
        return ir.Operator(value.type, "negate", (value,))

    def _comparison(self, node: Any, scope: Scope) -> ir.Expr:
        sign = SIGNS[type(node)]
        if isinstance(node.expression, (exp.All, exp.Any)):
            return self._quantified(node, sign, scope)
        left, right = self.analyze(node.this, scope), self.analyze(node.expression, scope)
        return self.compare(sign, left, right, node)

    def compare(self, sign: str, left: ir.Expr, right: ir.Expr, node: exp.Expression) -> ir.Expr:
        """The comparison of two operands brought to one type."""
        joined = common(left.type, right.type)
        shown = SHOWN.get(sign, sign)
        if joined is None:
            hint = cast_hint([(left, node.args.get("this")), (right, node.args.get("expression"))])
            what = f"Cannot apply operator: {left.type} {shown} {right.type}"
            raise fail("TYPE_MISMATCH", what, node, hint)
        ordered = sign in ("<", "<=", ">", ">=")
        if not (orderable(joined) if ordered else comparable(joined)):
            raise fail("TYPE_MISMATCH", f"Cannot apply operator: {joined} {shown} {joined}", node)
        return ir.Operator(BOOLEAN, sign, (self.coerce(left, joined), self.coerce(right, joined)))

    def _quantified(self, node: Any, sign: str, scope: Scope) -> ir.Expr:
        value = self.analyze(node.this, scope)
        subquery = self.subquery("scalar", node.expression.this, scope)
        joined = common(value.type, self._as_row(value, subquery))
        if joined is None:
            raise fail(
                "TYPE_MISMATCH",
                f"Value expression and result of subquery must be of the same type for "
                f"quantified comparison: {value.type} vs {subquery.type}",
                node,
            )
        word = "all" if isinstance(node.expression, exp.All) else "any"
        if sign not in ("=", "<>") and not orderable(joined):
            raise fail(
                "TYPE_MISMATCH",
                f"Type [{joined}] must be orderable in order to be used in quantified comparison",
                node,
            )
        return replace(
            subquery,
            type=BOOLEAN,
            kind=f"{sign} {word}",
            value=self.coerce(value, joined),
            origin=None,
        )

    def _logical(self, node: Any, scope: Scope) -> ir.Expr:
        word = "and" if isinstance(node, exp.And) else "or"
        left, right = (
            self.condition(n, scope, "Logical expression") for n in (node.this, node.expression)
        )
        return ir.Operator(BOOLEAN, word, (left, right))

    def condition(self, node: exp.Expression, scope: Scope, what: str) -> ir.Expr:
        """A boolean expression, or TYPE_MISMATCH that names the place it stands in."""
        value = self.analyze(node, scope)
        if value.type not in (BOOLEAN, UNKNOWN):
            verb = "term must" if what == "Logical expression" else "must"
            raise fail(
                "TYPE_MISMATCH",
                f"{what} {verb} evaluate to a boolean: actual type {value.type}",
                value.origin or node,
            )
        return self.coerce(value, BOOLEAN)

    def _not(self, node: exp.Not, scope: Scope) -> ir.Expr:
        return ir.Operator(
            BOOLEAN, "not", (self.condition(node.this, scope, "Value of logical NOT expression"),)
        )

    def _is(self, node: exp.Is, scope: Scope) -> ir.Expr:
        return ir.Operator(BOOLEAN, "is null", (self.analyze(node.this, scope),))

    def _between(self, node: exp.Between, scope: Scope) -> ir.Expr:
        found = [self.analyze(node.args[k], scope) for k in ("this", "low", "high")]
        joined: Type | None = found[0].type
        for value in found[1:]:
            joined = common(joined, value.type) if joined is not None else None
        if joined is None or not orderable(joined):
            shown = " AND ".join(str(v.type) for v in found[1:])
            hint = cast_hint(
                [*zip(found, map(node.args.get, ("this", "low", "high")), strict=True)]
            )
            what = f"Cannot check if {found[0].type} is BETWEEN {shown}"
            raise fail("TYPE_MISMATCH", what, node, hint)
        return ir.Operator(BOOLEAN, "between", tuple(self.coerce(v, joined) for v in found))

    def _in(self, node: exp.In, scope: Scope) -> ir.Expr:
        value = self.analyze(node.this, scope)
        query = node.args.get("query")
        if query is not None:
            return self._in_query(node, value, self.subquery("in", query, scope))
        items = [self.analyze(i, scope) for i in node.expressions]
        joined = self.unify(
            [value, *items],
            "IN value and list items must be the same type or coercible to a common type.",
            node,
            cast_hint([(value, node.this), *((item, None) for item in items)]),
        )
        return ir.Operator(BOOLEAN, "in", tuple(self.coerce(v, joined) for v in (value, *items)))

    def _in_query(self, node: exp.In, value: ir.Expr, query: ir.Subquery) -> ir.Expr:
        joined = common(value.type, self._as_row(value, query))
        if joined is None:
            raise fail(
                "TYPE_MISMATCH",
                "Value expression and result of subquery must be of the same type: "
                f"{value.type} vs {query.type}",
                node,
            )
        return replace(query, type=BOOLEAN, value=self.coerce(value, joined), origin=None)

    def _as_row(self, value: ir.Expr, query: ir.Subquery) -> Type:
        """The type that a subquery has beside the value: a row of one field takes one column."""
        single = value.type.base == "row" and len(value.type.args) == 1
        return row((None, query.type)) if single and query.type.base != "row" else query.type

    def unify(
        self, values: list[ir.Expr], message: str, node: exp.Expression, hint: str = ""
    ) -> Type:
        """The common type of values, or TYPE_MISMATCH at the first that has none."""
        joined = UNKNOWN
        for value in values:
            wider = common(joined, value.type)
            if wider is None:
                raise fail(
                    "TYPE_MISMATCH",
                    f"{message} Cannot find common type between {joined} and {value.type}",
                    value.origin or node,
                    hint,
                )
            joined = wider
        return joined

    def _like(self, node: exp.Like, scope: Scope) -> ir.Expr:
        return self._like_parts(node.this, node.expression, None, scope)

    def _escape(self, node: exp.Escape, scope: Scope) -> ir.Expr:
        return self._like_parts(node.this.this, node.this.expression, node.expression, scope)

    def _like_parts(
        self,
        this: exp.Expression,
        pattern: exp.Expression,
        escape: exp.Expression | None,
        scope: Scope,
    ) -> ir.Expr:
        value = self.analyze(this, scope)
        if not is_text(value.type) and value.type != UNKNOWN:
            raise fail(
                "TYPE_MISMATCH",
                f"Left side of LIKE expression must evaluate to a varchar (actual: {value.type})",
                this,
            )
        found = [value]
        for part, what in ((pattern, "Pattern"), (escape, "Escape")):
            if part is None:
                continue
            text = self.analyze(part, scope)
            if text.type.base != "varchar" and text.type != UNKNOWN:
                raise fail(
                    "TYPE_MISMATCH",
                    f"{what} for LIKE expression must evaluate to a varchar (actual: {text.type})",
                    part,
                )
            found.append(self.coerce(text, VARCHAR))
        if value.type.base != "char":
            found[0] = self.coerce(value, VARCHAR)
        return ir.Operator(BOOLEAN, "like", tuple(found))

    def _pipe(self, node: exp.DPipe, scope: Scope) -> ir.Expr:
        values = [self.analyze(node.this, scope), self.analyze(node.expression, scope)]
        return self.call("concat", values, node)
