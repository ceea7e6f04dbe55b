"""Queries: WITH, SELECT, VALUES and set operations to typed queries.

It must not know DuckDB. `analyze` is the analyzer's door.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from .. import ir
from ..types import UNKNOWN, Type, common, comparable
from .ctes import Ctes
from .grouping import check_grouped, grouping_sets
from .scope import Named, Scope, fail

KINDS: dict[type[exp.Expression], str] = {
    exp.Union: "UNION",
    exp.Except: "EXCEPT",
    exp.Intersect: "INTERSECT",
}


class Queries(Ctes):
    """The query half of the analyzer."""

    def query(self, node: exp.Expression, scope: Scope) -> ir.Query:
        """A typed query; `scope` is the outer one, empty but for its parent."""
        ctes: list[tuple[str, ir.Query]] = []
        clause = node.args.get("with_")
        if clause is not None:
            for cte in clause.expressions:
                shared = self.shared(cte, scope, bool(clause.args.get("recursive")))
                if cte.alias.lower() in scope.tables:
                    raise fail(
                        "DUPLICATE_NAMED_QUERY",
                        f"WITH query name '{cte.alias}' specified more than once",
                        cte,
                    )
                scope = replace(scope, tables={**scope.tables, cte.alias.lower(): shared})
                ctes.append((shared.name, shared.query))
        found = self._body(node, scope)
        return (
            replace(found, ctes=tuple(ctes), origin=node) if ctes else replace(found, origin=node)
        )

    def _body(self, node: exp.Expression, scope: Scope) -> ir.Query:
        if isinstance(node, exp.Select):
            return self._select(node, scope)
        if isinstance(node, exp.Values):
            return self._rows(node, scope)
        if isinstance(node, exp.SetOperation):
            return self._with_tail(self._set_operation(node, scope), node, scope)
        if isinstance(node, (exp.Subquery, exp.Paren)):
            inner = self.query(node.this, Scope(parent=scope))
            if not any(node.args.get(k) is not None for k in ("order", "limit", "offset")):
                return inner
            return self._with_tail(ir.Wrapped(inner.columns, next(self.ids), inner), node, scope)
        raise fail("NOT_SUPPORTED", f"{type(node).__name__} is not a query", node)

    # -------------------------------------------------------------- tails

    def _ties(self, node: exp.Expression) -> bool:
        limit = node.args.get("limit")
        ties = isinstance(limit, exp.Fetch) and limit.args.get("limit_options") is not None
        if ties and node.args.get("order") is None:
            raise fail("MISSING_ORDER_BY", "FETCH FIRST WITH TIES clause requires ORDER BY", node)
        return ties

    def _limits(self, node: exp.Expression) -> tuple[int | None, int | None]:
        offset, limit = node.args.get("offset"), node.args.get("limit")
        rows = None
        if isinstance(limit, exp.Fetch):
            rows = int(limit.args["count"].this)
            if rows == 0:
                raise fail(
                    "INVALID_LIMIT_CLAUSE",
                    "FETCH FIRST row count must be positive (actual value: 0)",
                    node,
                )
        elif limit is not None:
            rows = int(limit.expression.this)
        return (int(offset.expression.this) if offset is not None else None), rows

    def _with_tail(
        self, query: ir.SetOperation | ir.Wrapped, node: exp.Expression, scope: Scope
    ) -> ir.Query:
        columns = tuple(
            Named(c.name, (), ir.Field(c.type, query.id, i, c.name or f"_col{i}"))
            for i, c in enumerate(query.columns)
        )
        order = node.args.get("order")
        keys: tuple[ir.SortKey, ...] = ()
        if order is not None:
            inner = Scope(columns=columns, parent=scope)
            keys = self._ordered(order, [c.value for c in columns], inner)
        offset, limit = self._limits(node)
        return replace(query, order=keys, offset=offset, limit=limit, ties=self._ties(node))

    def _ordered(
        self, order: exp.Order, outputs: Sequence[ir.Expr], scope: Scope
    ) -> tuple[ir.SortKey, ...]:
        """The items of ORDER BY, ordinals resolved."""
        found: list[ir.SortKey] = []
        for item in order.expressions:
            at = _ordinal(item.this)
            if at is None:
                found += self.sort_keys(exp.Order(expressions=[item]), scope)
                continue
            if not 1 <= at <= len(outputs):
                raise fail(
                    "INVALID_COLUMN_REFERENCE",
                    f"ORDER BY position {at} is not in select list",
                    item,
                )
            found.append(
                ir.SortKey(
                    outputs[at - 1], bool(item.args.get("desc")), bool(item.args.get("nulls_first"))
                )
            )
        return tuple(found)

    # -------------------------------------------------------------- SELECT

    def _select(self, node: exp.Select, outer: Scope) -> ir.Query:
        found = self.source(node, outer)
        source, names = found if found is not None else (None, ())
        scope = Scope(columns=names, parent=outer, windows=_windows(node))
        where = self._where(node, scope)
        outputs = self._outputs(node, scope)
        if not outputs:
            raise fail(
                "COLUMN_NOT_FOUND", "SELECT * not allowed from relation that has no columns", node
            )
        values = [o.value for o in outputs]
        keys, sets = grouping_sets(self, node, values, scope)
        having = None
        if node.args.get("having") is not None:
            having = self.condition(node.args["having"].this, scope, "HAVING clause")
        order = self._select_order(node, outputs, scope)
        distinct = node.args.get("distinct") is not None
        self._check_distinct_order(distinct, values, order, node)
        sets = check_grouped(source, outputs, keys, sets, having, order)
        offset, limit = self._limits(node)
        columns = tuple(ir.Column(o.name, o.value.type) for o in outputs)
        return ir.Select(
            columns,
            outputs,
            source,
            where,
            keys,
            sets,
            having,
            distinct,
            order=order,
            offset=offset,
            limit=limit,
            ties=self._ties(node),
        )

    def _where(self, node: exp.Select, scope: Scope) -> ir.Expr | None:
        clause = node.args.get("where")
        if clause is None:
            return None
        value = self.condition(clause.this, scope, "WHERE clause")
        self.plain_only(value, "WHERE clause")
        return value

    def _outputs(self, node: exp.Select, scope: Scope) -> tuple[ir.Output, ...]:
        found: list[ir.Output] = []
        for item in node.expressions:
            if isinstance(item, exp.Star):
                found += [ir.Output(c.name, c.value) for c in scope.columns if not c.hidden]
                if not scope.columns:
                    raise fail(
                        "COLUMN_NOT_FOUND",
                        "SELECT * not allowed in queries without FROM clause",
                        item,
                    )
            elif isinstance(item, exp.Dot) and isinstance(item.expression, exp.Star):
                found += self._all_fields(item, scope)
            elif isinstance(item, exp.Alias):
                found.append(ir.Output(item.alias, self.analyze(item.this, scope)))
            else:
                found.append(ir.Output(_implied(item), self.analyze(item, scope)))
        return tuple(found)

    def _all_fields(self, item: exp.Dot, scope: Scope) -> list[ir.Output]:
        aliases: list[str] = item.meta.get("aliases") or []
        found = None
        if isinstance(item.this, exp.Column):
            named = scope.of([p.name for p in item.this.parts])
            if named is not None:
                found = [ir.Output(c.name, c.value) for c in named if not c.hidden]
        if found is None:
            value = self.analyze(item.this, scope)
            if value.type.base != "row":
                raise fail(
                    "TYPE_MISMATCH", f"SELECT {item.sql('trino')}: not a row or relation", item
                )
            names = value.type.names or (None,) * len(value.type.args)
            found = [
                ir.Output(n, ir.FieldOf(t, value, i))
                for i, (n, t) in enumerate(zip(names, value.type.children, strict=True))
            ]
        if aliases and len(aliases) != len(found):
            raise fail(
                "MISMATCHED_COLUMN_ALIASES",
                f"Column alias list has {len(aliases)} entries but relation has "
                f"{len(found)} columns",
                item,
            )
        return (
            [replace(o, name=a) for o, a in zip(found, aliases, strict=True)] if aliases else found
        )

    def _select_order(
        self, node: exp.Select, outputs: tuple[ir.Output, ...], scope: Scope
    ) -> tuple[ir.SortKey, ...]:
        order = node.args.get("order")
        if order is None:
            return ()
        aliased = tuple(Named(o.name, (), o.value) for o in outputs if o.name)
        inner = replace(scope, first=aliased)
        return self._ordered(order, [o.value for o in outputs], inner)

    def _check_distinct_order(
        self,
        distinct: bool,
        values: Sequence[ir.Expr],
        order: Sequence[ir.SortKey],
        node: exp.Select,
    ) -> None:
        if not distinct:
            return
        for value in values:
            if not comparable(value.type):
                raise fail(
                    "TYPE_MISMATCH",
                    f"DISTINCT can only be applied to comparable types (actual: {value.type})",
                    value.origin,
                )
        if any(k.value not in values for k in order):
            message = "For SELECT DISTINCT, ORDER BY expressions must appear in select list"
            raise fail("EXPRESSION_NOT_IN_DISTINCT", message, node)

    # -------------------------------------------------------------- VALUES, set operations

    def _rows(self, node: exp.Values, outer: Scope) -> ir.Query:
        rows = [self._row(item, outer) for item in node.expressions]
        width = max(len(r) for r in rows)
        if any(len(r) != width for r in rows):
            raise fail("TYPE_MISMATCH", "Values rows have mismatched sizes", node)
        kinds: list[Type] = []
        for at in range(width):
            joined: Type = UNKNOWN
            for values in rows:
                wider = common(joined, values[at].type)
                if wider is None:
                    raise fail(
                        "TYPE_MISMATCH",
                        f"Values rows have mismatched types: {joined} vs {values[at].type}",
                        values[at].origin,
                    )
                joined = wider
            kinds.append(joined)
        done = tuple(tuple(self.coerce(v, t) for v, t in zip(r, kinds, strict=True)) for r in rows)
        for values in done:
            for value in values:
                self.plain_only(value, "VALUES")
        return ir.Rows(tuple(ir.Column(None, t) for t in kinds), done)

    def _row(self, item: exp.Expression, outer: Scope) -> tuple[ir.Expr, ...]:
        value = self.analyze(item, outer)
        if value.type.base != "row":
            return (value,)
        if isinstance(value, ir.Operator) and value.name == "row":
            return value.arguments
        return tuple(ir.FieldOf(t, value, i) for i, t in enumerate(value.type.children))

    def _set_operation(self, node: exp.SetOperation, scope: Scope) -> ir.SetOperation:
        kind = KINDS[type(node)]
        left = self.query(node.this, Scope(parent=scope))
        right = self.query(node.expression, Scope(parent=scope))
        if len(left.columns) != len(right.columns):
            raise fail(
                "TYPE_MISMATCH",
                f"{kind} query has different number of fields: {len(left.columns)}, "
                f"{len(right.columns)}",
                node,
            )
        columns = []
        for at, (a, b) in enumerate(zip(left.columns, right.columns, strict=True)):
            joined = common(a.type, b.type)
            if joined is None:
                raise fail(
                    "TYPE_MISMATCH",
                    f"column {at + 1} in {kind} query has incompatible types: {a.type}, {b.type}",
                    node,
                )
            distinct = bool(node.args.get("distinct"))
            if (distinct or kind != "UNION") and not comparable(joined):
                raise fail(
                    "TYPE_MISMATCH",
                    f"Type {joined} is not comparable and therefore cannot be used in {kind}",
                    node,
                )
            columns.append(ir.Column(a.name, joined))
        return ir.SetOperation(
            tuple(columns), next(self.ids), kind, bool(node.args.get("distinct")), left, right
        )


def _windows(node: exp.Select) -> dict[str, exp.Window]:
    found: dict[str, exp.Window] = {}
    for window in node.args.get("windows") or []:
        if window.this.name.lower() in found:
            raise fail(
                "DUPLICATE_WINDOW_NAME",
                f"WINDOW name {window.this.name} specified more than once",
                window,
            )
        found[window.this.name.lower()] = window
    return found


def _implied(node: exp.Expression) -> str | None:
    """The name that a column, or a field of one, gives to its output; parentheses do not count."""
    while isinstance(node, exp.Paren):
        node = node.this
    named = isinstance(node, exp.Dot) and _implied(node.this) is not None
    if named or isinstance(node, exp.Column):
        return str((node.expression if named else node).name)
    return None


def _ordinal(node: exp.Expression) -> int | None:
    """The position that a bare integer means in ORDER BY and GROUP BY."""
    if isinstance(node, exp.Literal) and not node.is_string and node.this.isdigit():
        return int(node.this)
    return None
