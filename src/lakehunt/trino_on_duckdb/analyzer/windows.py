"""Window calls: OVER, named windows, frames.

It must not know grouping. The analyzer of calls builds on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from .. import ir, walk
from ..signatures import named
from ..types import (
    INTEGERS,
    comparable,
)
from .aggregates import Aggregates
from .scope import Scope, fail


class Windows(Aggregates):
    """Calls over windows."""

    def window_call(self, node: exp.Window, scope: Scope) -> ir.Expr:
        """A call with OVER."""
        inner = node.this
        ignore = isinstance(inner, exp.IgnoreNulls)
        if isinstance(inner, (exp.IgnoreNulls, exp.RespectNulls)):
            inner = inner.this
        name = str(getattr(inner, "this", "")).lower() if isinstance(inner, exp.Anonymous) else ""
        if name and named(name) and named(name)[0].kind == "scalar":
            raise fail("FUNCTION_NOT_WINDOW", f"Not a window function: {name}", node)
        call = self._clauses(inner, scope)
        window = self._merged(node, scope)
        for value in (*walk.parts(call),):
            if any(isinstance(v, ir.Window) for v in walk.below(value)):
                raise fail(
                    "NESTED_WINDOW", "Cannot nest window functions inside window function", node
                )
        partition = tuple(self.analyze(p, scope) for p in window.args.get("partition_by") or [])
        for value in partition:
            if not comparable(value.type):
                raise fail(
                    "TYPE_MISMATCH",
                    f"{value.type} is not comparable, and therefore cannot be used in "
                    "window function PARTITION BY",
                    node,
                )
        order = window.args.get("order")
        keys = self.sort_keys(order, scope) if order is not None else ()
        frame = self._frame(window.args.get("spec"), keys, scope, node)
        return ir.Window(call.type, call, partition, keys, frame, ignore)

    def _merged(self, node: exp.Window, scope: Scope) -> exp.Window:
        """The window with what a named one adds to it."""
        alias = node.args.get("alias")
        if alias is None:
            return node
        base = scope.windows.get(alias.name.lower())
        if base is None:
            raise fail("INVALID_WINDOW_REFERENCE", f"Cannot resolve WINDOW name {alias.name}", node)
        base = self._merged(base, scope)
        merged: dict[str, Any] = {}
        for key in ("partition_by", "order", "spec"):
            own, inherited = node.args.get(key), base.args.get(key)
            if own and inherited:
                raise fail(
                    "INVALID_WINDOW_REFERENCE",
                    "WINDOW specification cannot override the named one",
                    node,
                )
            merged[key] = own or inherited
        found = exp.Window(this=exp.Null())
        found.args.update({k: v for k, v in merged.items() if v})
        return found

    def _frame(
        self,
        spec: exp.WindowSpec | None,
        keys: Sequence[ir.SortKey],
        scope: Scope,
        node: exp.Expression,
    ) -> ir.Frame | None:
        if spec is None:
            return None
        start = self._bound_of(spec.args.get("start"), spec.args.get("start_side"), scope)
        end = self._bound_of(spec.args.get("end"), spec.args.get("end_side"), scope)
        kind = str(spec.args["kind"])
        self._check_frame(kind, start, end, keys, node)
        return ir.Frame(kind, start, end)

    def _bound_of(
        self, value: exp.Expression | str | None, side: str | None, scope: Scope
    ) -> ir.Bound:
        if value == "CURRENT ROW":
            return ir.Bound("CURRENT")
        if value == "UNBOUNDED":
            return ir.Bound("UNBOUNDED", side or "")
        assert isinstance(value, exp.Expression)
        return ir.Bound("VALUE", side or "", self.analyze(value, scope))

    def _check_frame(
        self,
        kind: str,
        start: ir.Bound,
        end: ir.Bound,
        keys: Sequence[ir.SortKey],
        node: exp.Expression,
    ) -> None:
        order = [
            ("UNBOUNDED", "PRECEDING"),
            ("VALUE", "PRECEDING"),
            ("CURRENT", ""),
            ("VALUE", "FOLLOWING"),
        ]
        order.append(("UNBOUNDED", "FOLLOWING"))
        places = [order.index((b.kind, b.side)) for b in (start, end)]
        if places[0] > places[1] or places[0] == len(order) - 1 or places[1] == 0:
            raise fail("INVALID_WINDOW_FRAME", "Window frame starts after it ends", node)
        values = [b.value for b in (start, end) if b.value is not None]
        if kind == "RANGE":
            self._check_range(values, keys, node)
            return
        if kind == "GROUPS" and not keys:
            message = "Window frame of type GROUPS requires ORDER BY"
            raise fail("MISSING_ORDER_BY", message, node)
        for value in values:
            exact = value.type.base == "decimal" and not value.type.scale
            if value.type.base not in INTEGERS and not exact:
                message = f"Window frame of type {kind} requires an exact numeric offset"
                raise fail("TYPE_MISMATCH", message, node)

    def _check_range(
        self, values: Sequence[ir.Expr], keys: Sequence[ir.SortKey], node: exp.Expression
    ) -> None:
        if values and len(keys) != 1:
            code = "INVALID_ORDER_BY" if keys else "MISSING_ORDER_BY"
            message = "Window frame of type RANGE PRECEDING or FOLLOWING requires single sort item"
            raise fail(code, message, node)
