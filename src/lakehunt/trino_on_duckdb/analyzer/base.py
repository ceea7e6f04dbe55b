"""What every part of the analyzer shares: its counters, and coercion.

It must not know any kind of expression. The parts of the analyzer build on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from sqlglot import exp

from .. import ir
from ..types import (
    Type,
)
from .scope import Scope


class Base:
    """The state of one analysis, and the doors between its parts."""

    def __init__(self, parameters: Mapping[str, Type], variables: Mapping[str, Type]) -> None:
        self.parameters = parameters
        self.variables = variables
        self.types: dict[int, Type] = {}
        self.ids = count(1)

    def analyze(self, node: exp.Expression, scope: Scope) -> ir.Expr:
        """A typed expression; the analyzer above defines it."""
        raise NotImplementedError

    def unify(
        self, values: list[ir.Expr], message: str, node: exp.Expression, hint: str = ""
    ) -> Type:
        """A common type; the analyzer above defines it."""
        raise NotImplementedError

    def condition(self, node: exp.Expression, scope: Scope, what: str) -> ir.Expr:
        """A boolean expression; the analyzer above defines it."""
        raise NotImplementedError

    def query(self, node: exp.Expression, scope: Scope) -> ir.Query:
        """A typed query; the analyzer above defines it."""
        raise NotImplementedError

    def coerce(self, value: ir.Expr, target: Type) -> ir.Expr:
        """The value as the wider type."""
        if value.type == target:
            return value
        if isinstance(value, ir.Constant) and value.value is None:
            return ir.Constant(target, None, origin=value.origin)
        if isinstance(value, ir.Operator) and value.name in ("array", "row"):
            kinds = target.children * (len(value.arguments) if value.name == "array" else 1)
            parts = tuple(self.coerce(v, t) for v, t in zip(value.arguments, kinds, strict=True))
            return ir.Operator(target, value.name, parts, origin=value.origin)
        return ir.Cast(target, value, False, True, origin=value.origin)
