"""Expressions: each node of the tree to a typed one.

It must not know FROM clauses or grouping. The query analyzer calls `analyze` with a scope.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlglot import exp

from .. import ir
from ..errors import Refused, TrinoError
from ..types import (
    BOOLEAN,
    UNKNOWN,
    VARBINARY,
)
from . import literals
from .scope import Scope, fail, place
from .structures import Structures

Handler = Callable[["Expressions", Any, Scope], ir.Expr]


class Expressions(Structures):
    """The expression half of the analyzer."""

    def analyze(self, node: exp.Expression, scope: Scope) -> ir.Expr:
        """The typed form of a node. Raises TrinoError with the place of the innermost node that has
        one.
        """
        handler = HANDLERS.get(type(node))
        if handler is None:
            raise Refused(f"{type(node).__name__.upper()} is not reproduced", *place(node))
        try:
            found = handler(self, node, scope)
        except (TrinoError, Refused) as error:
            if not error.line and place(node)[0]:
                error.line, error.column = place(node)
            raise
        self.types[id(node)] = found.type
        return found if found.origin is not None else replace(found, origin=node)

    # -------------------------------------------------------------- leaves

    def _literal(self, node: exp.Literal, scope: Scope) -> ir.Expr:
        return literals.text(node.this) if node.is_string else literals.number(node.this)

    def _boolean(self, node: exp.Boolean, scope: Scope) -> ir.Expr:
        return ir.Constant(BOOLEAN, bool(node.this))

    def _null(self, node: exp.Null, scope: Scope) -> ir.Expr:
        return ir.Constant(UNKNOWN, None)

    def _hex(self, node: exp.HexString, scope: Scope) -> ir.Expr:
        return ir.Constant(VARBINARY, bytes.fromhex(node.this))

    def _introducer(self, node: exp.Introducer, scope: Scope) -> ir.Expr:
        return literals.typed(node.this.name, node.expression.this)

    def _interval(self, node: exp.Interval, scope: Scope) -> ir.Expr:
        unit = node.args["unit"]
        if isinstance(unit, exp.IntervalSpan):
            return literals.interval(
                node.this.this, unit.this.name.lower(), unit.expression.name.lower()
            )
        return literals.interval(node.this.this, unit.name.lower(), None)

    def _paren(self, node: exp.Paren, scope: Scope) -> ir.Expr:
        return self.analyze(node.this, scope)

    def _placeholder(self, node: exp.Placeholder, scope: Scope) -> ir.Expr:
        """A variable, or a parameter not bound yet: nothing but its type is known."""
        if node.name in self.variables:
            return ir.Variable(self.variables[node.name], node.name)
        kind = self.parameters.get(node.name)
        if kind is None:
            shown = f":{node.name}" if node.name else "?"
            raise fail("INVALID_PARAMETER_USAGE", f"Parameter {shown} has no value", node)
        return ir.Constant(kind, None)

    def _column(self, node: exp.Column, scope: Scope) -> ir.Expr:
        names = [p.name for p in node.parts]
        for count in range(len(names), 0, -1):
            found = scope.find(names[:count], node)
            if found is not None:
                for at in range(count, len(names)):
                    found = self._field(found, names[at], ".".join(names[: at + 1]), node)
                return replace(found, origin=node)
        raise scope.missing(names, node)

    def _dot(self, node: exp.Dot, scope: Scope) -> ir.Expr:
        return self._field(
            self.analyze(node.this, scope), node.expression.name, node.sql("trino"), node
        )


HANDLERS: dict[type[exp.Expression], Handler] = {
    exp.Literal: Expressions._literal,
    exp.Boolean: Expressions._boolean,
    exp.Null: Expressions._null,
    exp.HexString: Expressions._hex,
    exp.Introducer: Expressions._introducer,
    exp.Interval: Expressions._interval,
    exp.Paren: Expressions._paren,
    exp.Placeholder: Expressions._placeholder,
    exp.Column: Expressions._column,
    exp.Dot: Expressions._dot,
    exp.Neg: Expressions._negative,
    exp.And: Expressions._logical,
    exp.Or: Expressions._logical,
    exp.Not: Expressions._not,
    exp.Is: Expressions._is,
    exp.Between: Expressions._between,
    exp.In: Expressions._in,
    exp.Like: Expressions._like,
    exp.Escape: Expressions._escape,
    exp.DPipe: Expressions._pipe,
    exp.Array: Expressions._array,
    exp.Tuple: Expressions._tuple,
    exp.Bracket: Expressions._bracket,
    exp.Cast: Expressions._cast,
    exp.TryCast: Expressions._cast,
    exp.Case: Expressions._case,
    exp.Subquery: Expressions._subquery,
    exp.Exists: Expressions._exists,
    exp.Anonymous: Expressions.anonymous,
    exp.Filter: Expressions.aggregate_call,
    exp.WithinGroup: Expressions.aggregate_call,
    exp.Window: Expressions.window_call,
    exp.Extract: Expressions.extract,
    exp.AtTimeZone: Expressions.at_time_zone,
    exp.CurrentDate: Expressions.clock,
    exp.CurrentTime: Expressions.clock,
    exp.CurrentTimestamp: Expressions.clock,
    exp.Localtime: Expressions.clock,
    exp.Localtimestamp: Expressions.clock,
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod), Expressions._arithmetic),
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE), Expressions._comparison),
    **dict.fromkeys((exp.NullSafeEQ, exp.NullSafeNEQ), Expressions._comparison),
}
