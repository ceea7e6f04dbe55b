"""WITH: named queries, recursive ones too.

It must not know SELECT lists or grouping. The query analyzer builds on it.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from .. import ir
from ..errors import Refused
from ..types import coerces
from .relations import Relations
from .scope import Scope, Shared, fail, place


class Ctes(Relations):
    """The queries of WITH."""

    def shared(self, cte: exp.CTE, scope: Scope, recursive: bool) -> Shared:
        """One query of WITH under a name that no other has."""
        name = f"{cte.alias.lower()}@{next(self.ids)}"
        if recursive and _names_itself(cte):
            return self._recursive(cte, name, scope)
        query = self.query(cte.this, Scope(parent=scope))
        return Shared(name, query, self._renamed(cte, query.columns))

    def _renamed(self, cte: exp.CTE, columns: tuple[ir.Column, ...]) -> tuple[ir.Column, ...]:
        given = [c.name for c in cte.args["alias"].args.get("columns") or []]
        if not given:
            return columns
        if len(given) != len(columns):
            counts = f"{len(given)} entries but relation has {len(columns)} columns"
            raise fail("MISMATCHED_COLUMN_ALIASES", f"Column alias list has {counts}", cte)
        return tuple(ir.Column(n, c.type) for n, c in zip(given, columns, strict=True))

    def _recursive(self, cte: exp.CTE, name: str, scope: Scope) -> Shared:
        if not cte.args["alias"].args.get("columns"):
            message = "Column alias list is required for a recursive WITH query"
            raise fail("MISSING_COLUMN_ALIASES", message, cte)
        body = cte.this
        tail = any(body.args.get(k) is not None for k in ("order", "limit", "offset", "with_"))
        if not isinstance(body, exp.Union) or body.args.get("distinct") or tail:
            raise Refused("this form of WITH RECURSIVE is not reproduced", *place(cte))
        base = self.query(body.this, Scope(parent=scope))
        columns = self._renamed(cte, base.columns)
        known = {cte.alias.lower(): Shared(name, base, columns)}
        step = self.query(
            body.expression, Scope(parent=replace(scope, tables={**scope.tables, **known}))
        )
        return Shared(
            name, ir.Recursive(columns, name, base, self._step(step, columns, cte)), columns
        )

    def _step(self, step: ir.Query, columns: tuple[ir.Column, ...], cte: exp.CTE) -> ir.Select:
        """The step with its columns as the base has them."""
        if not isinstance(step, ir.Select) or step.sets is not None or step.distinct or step.order:
            raise Refused("this form of WITH RECURSIVE is not reproduced", *place(cte))
        if len(step.columns) != len(columns):
            raise fail(
                "TYPE_MISMATCH", "base and step relations of recursion have different sizes", cte
            )
        for a, b in zip(step.columns, columns, strict=True):
            if not coerces(a.type, b.type):
                kinds = f"{a.type} is not coercible to {b.type}"
                raise fail("TYPE_MISMATCH", f"recursion step relation output type {kinds}", cte)
        outputs = tuple(
            replace(o, value=self.coerce(o.value, c.type))
            for o, c in zip(step.outputs, columns, strict=True)
        )
        return replace(step, outputs=outputs, columns=columns)


def _names_itself(cte: exp.CTE) -> bool:
    name = cte.alias.lower()
    return any(t.name.lower() == name and not t.db for t in cte.this.find_all(exp.Table))
