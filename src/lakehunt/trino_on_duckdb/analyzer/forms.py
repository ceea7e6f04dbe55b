"""Functions that SQL treats as forms: IF, COALESCE, NULLIF, TRY, ROW, format, at_timezone.

It must not know aggregates. The analyzer of calls builds on it.
"""

from __future__ import annotations

from sqlglot import exp

from .. import ir
from ..errors import Refused
from ..signatures import FORMAT, operator
from ..types import (
    BIGINT,
    BOOLEAN,
    DAY_TIME,
    INTEGER,
    UNKNOWN,
    VARCHAR,
    Type,
    comparable,
)
from .clocks import offset_zone
from .resolution import Resolution
from .scope import Scope, fail, place

MOST_BITS = 31
"""Arguments of grouping() that an integer can tell apart."""


class Forms(Resolution):
    """Functions with typing rules of their own."""

    def _counted(self, node: exp.Anonymous, least: int, most: int | None) -> None:
        """Raises where a form has too few or too many arguments."""
        count = len(node.expressions)
        if count < least or (most is not None and count > most):
            name = str(node.this).lower()
            raise fail("SYNTAX_ERROR", f"Invalid number of arguments for '{name}' function", node)

    def _all(self, node: exp.Anonymous, scope: Scope) -> list[ir.Expr]:
        return [self.analyze(a, scope) for a in node.expressions]

    def _form_row(self, node: exp.Anonymous, scope: Scope) -> ir.Expr:
        values = self._all(node, scope)
        if not values:
            raise fail("SYNTAX_ERROR", "mismatched input ')'", node)
        return ir.Operator(Type("row", tuple(v.type for v in values)), "row", tuple(values))

    def _form_if(self, node: exp.Anonymous, scope: Scope) -> ir.Expr:
        self._counted(node, 2, 3)
        test = self.condition(node.expressions[0], scope, "IF condition")
        values = [self.analyze(a, scope) for a in node.expressions[1:]]
        values += [ir.Constant(UNKNOWN, None)] * (2 - len(values))
        joined = self.unify(values, "Result types for IF must be the same.", node)
        yes, no = (self.coerce(v, joined) for v in values)
        return ir.Case(joined, ((test, yes),), no)

    def _form_coalesce(self, node: exp.Anonymous, scope: Scope) -> ir.Expr:
        self._counted(node, 2, None)
        values = self._all(node, scope)
        message = "All COALESCE operands must be the same type or coercible to a common type."
        joined = self.unify(values, message, node)
        return ir.Operator(joined, "coalesce", tuple(self.coerce(v, joined) for v in values))

    def _form_nullif(self, node: exp.Anonymous, scope: Scope) -> ir.Expr:
        self._counted(node, 2, 2)
        left, right = self._all(node, scope)
        joined = self.unify([left, right], "Types are not comparable with NULLIF:", node)
        if not comparable(joined):
            raise fail(
                "TYPE_MISMATCH",
                f"Types are not comparable with NULLIF: {left.type} vs {right.type}",
                node,
            )
        equal = ir.Operator(BOOLEAN, "=", (self.coerce(left, joined), self.coerce(right, joined)))
        return ir.Case(
            left.type, ((equal, self.coerce(ir.Constant(UNKNOWN, None), left.type)),), left
        )

    def _form_try(self, node: exp.Anonymous, scope: Scope) -> ir.Expr:
        self._counted(node, 1, 1)
        value = self.analyze(node.expressions[0], scope)
        return ir.Operator(value.type, "try", (value,))

    def _form_grouping(self, node: exp.Anonymous, scope: Scope) -> ir.Expr:
        found = tuple(self._all(node, scope))
        return ir.Grouping(INTEGER if len(found) <= MOST_BITS else BIGINT, found)

    def _form_format(self, node: exp.Anonymous, scope: Scope) -> ir.Expr:
        values = self._all(node, scope)
        self._counted(node, 2, None)
        if values[0].type.base not in ("varchar", "unknown"):
            message = "Type of first argument to format() must be VARCHAR"
            raise fail("TYPE_MISMATCH", f"{message} (actual: {values[0].type})", node)
        for value in values[1:]:
            if value.type.base in ("array", "map", "row", "varbinary"):
                raise fail(
                    "NOT_SUPPORTED",
                    f"Type not supported for formatting: {value.type}",
                    value.origin or node,
                )
        return ir.Call(VARCHAR, FORMAT, (self.coerce(values[0], VARCHAR), *values[1:]))

    def _form_at_timezone(self, node: exp.Anonymous, scope: Scope) -> ir.Expr:
        values = self._all(node, scope)
        self._counted(node, 2, 2)
        if values[1].type == DAY_TIME:
            values[1] = offset_zone(values[1], node)
        return self.call("at_timezone", values, node)

    def _form_json_value(self, node: exp.Anonymous, scope: Scope) -> ir.Expr:
        values = self._all(node, scope)
        self._counted(node, 2, 2)
        if values[0].type.base not in ("varchar", "unknown"):
            raise Refused(f"a JSON path into {values[0].type} is not reproduced", *place(node))
        name = str(node.this).lower()
        result = BOOLEAN if name == "json_exists" else VARCHAR
        signature = operator(name, (VARCHAR, VARCHAR), result)
        return ir.Call(result, signature, tuple(self.coerce(v, VARCHAR) for v in values))

    _form_json_exists = _form_json_query = _form_json_value
