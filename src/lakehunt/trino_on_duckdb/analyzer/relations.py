"""FROM: tables, subqueries, UNNEST, LATERAL and joins to relations and the names they offer.

It must not know SELECT lists or grouping. The query analyzer builds on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlglot import exp

from .. import catalog as catalogs
from .. import ir, walk
from ..catalog import Catalog
from ..errors import Refused
from ..types import BIGINT, BOOLEAN, Type, common, comparable
from .expressions import Expressions
from .scope import Named, Scope, fail, place

Found = tuple[ir.Relation, tuple[Named, ...]]


class Flavour(StrEnum):
    """Whose SQL is read: in Athena UNNEST of an array of rows is one column, in Trino one per
    field.

    Source: Athena user guide, "Query arrays with complex types", against Trino, SELECT, "UNNEST".
    """

    ATHENA = "athena"
    TRINO = "trino"


class Relations(Expressions):
    """The FROM half of the analyzer."""

    def __init__(
        self,
        catalog: Catalog,
        flavour: Flavour,
        parameters: Mapping[str, Type],
        variables: Mapping[str, Type],
    ) -> None:
        super().__init__(parameters, variables)
        self.catalog = catalog
        self.flavour = flavour

    def source(self, node: exp.Select, outer: Scope) -> Found | None:
        """The whole FROM clause of a SELECT, or None."""
        clause = node.args.get("from_")
        if clause is None:
            return None
        found = self.relation(clause.this, outer)
        for join in node.args.get("joins") or []:
            found = self._join(found, join, outer)
        return found

    def relation(self, node: exp.Expression, outer: Scope) -> Found:
        """One relation with the joins that hang on it."""
        found = self._single(node, outer)
        for join in node.args.get("joins") or []:
            found = self._join(found, join, outer)
        sample = node.args.get("sample")
        if sample is not None:
            percent = self.analyze(sample.args["percent"], Scope())
            found = self._sampled(found, sample, percent)
        return found

    def _sampled(self, found: Found, sample: exp.TableSample, percent: ir.Expr) -> Found:
        base, columns = found
        relation = ir.Sampled(
            base.id, base.alias, base.columns, base, str(sample.args["method"]), percent
        )
        return relation, columns

    def _single(self, node: exp.Expression, outer: Scope) -> Found:
        if isinstance(node, exp.Paren):
            return self.relation(node.this, outer)
        if isinstance(node, exp.Table):
            return self._table(node, outer)
        if isinstance(node, exp.Subquery):
            query = self.query(node.this, Scope(parent=_blind(outer)))
            return self._derived(node, query)
        if isinstance(node, exp.Lateral):
            query = self.query(node.this.this, Scope(parent=outer))
            return self._derived(node, query, lateral=True)
        if isinstance(node, exp.Unnest):
            return self._unnest(node, outer)
        raise Refused(f"{type(node).__name__} in FROM is not reproduced", *place(node))

    # -------------------------------------------------------------- leaves

    def _named(
        self,
        node: exp.Expression,
        columns: Sequence[ir.Column],
        qualifier: tuple[str, ...] = (),
    ) -> tuple[int, str | None, tuple[ir.Column, ...], tuple[Named, ...]]:
        """Id, alias, columns under their final names, and what they offer."""
        alias = node.args.get("alias")
        name = alias.this.name if alias is not None else None
        given = [c.name for c in alias.args.get("columns") or []] if alias is not None else []
        if given:
            shown = [c for c in columns if not (c.name or "").startswith("$")]
            if len(given) != len(shown):
                raise fail(
                    "MISMATCHED_COLUMN_ALIASES",
                    f"Column alias list has {len(given)} entries but '{name}' has {len(shown)} "
                    "columns available",
                    node,
                )
            columns = [ir.Column(n, c.type) for n, c in zip(given, shown, strict=True)]
        if name is not None:
            qualifier = (name.lower(),)
        number = next(self.ids)
        offered = tuple(
            Named(c.name, qualifier, ir.Field(c.type, number, i, c.name or f"_col{i}"), _hidden(c))
            for i, c in enumerate(columns)
        )
        return number, name, tuple(columns), offered

    def _table(self, node: exp.Table, outer: Scope) -> Found:
        parts = [p.name for p in node.parts]
        shared = outer.table(parts[0]) if len(parts) == 1 else None
        if shared is not None:
            number, name, columns, offered = self._named(node, shared.columns, (parts[0].lower(),))
            relation: ir.Relation = ir.Derived(
                number, name or parts[0], columns, shared.query, False, shared.name, origin=node
            )
            return relation, offered
        found = catalogs.find(self.catalog, parts)
        if found is None:
            shown = ".".join(parts)
            hint = catalogs.hint(self.catalog, parts[-1])
            raise fail("TABLE_NOT_FOUND", f"Table '{shown}' does not exist{hint}", node)
        known, own = found
        number, name, columns, offered = self._named(node, own, tuple(p.lower() for p in parts))
        return ir.Scan(
            number, name or parts[-1], own, tuple(known.split(".")), origin=node
        ), offered

    def _derived(self, node: exp.Expression, query: ir.Query, lateral: bool = False) -> Found:
        number, name, columns, offered = self._named(node, query.columns)
        return ir.Derived(number, name, columns, query, lateral, origin=node), offered

    def _unnest(self, node: exp.Unnest, outer: Scope) -> Found:
        arguments: list[ir.Expr] = []
        columns: list[ir.Column] = []
        spread: list[bool] = []
        for item in node.expressions:
            value = self.analyze(item, outer)
            arguments.append(value)
            more, spreads = self._unnested(value.type, item)
            columns += more
            spread.append(spreads)
        if not arguments:
            raise fail("SYNTAX_ERROR", "mismatched input ')'", node)
        ordinality = bool(node.args.get("offset"))
        if ordinality:
            columns.append(ir.Column(None, BIGINT))
        number, name, named, offered = self._named(node, columns)
        relation = ir.Unnest(
            number, name, named, tuple(arguments), tuple(spread), ordinality, origin=node
        )
        return relation, offered

    def _unnested(self, kind: Type, node: exp.Expression) -> tuple[list[ir.Column], bool]:
        if kind.base == "map":
            return [ir.Column(None, t) for t in kind.children], False
        if kind.base != "array":
            raise fail("INVALID_FUNCTION_ARGUMENT", f"Cannot unnest type: {kind}", node)
        element = kind.element
        if element.base != "row" or self.flavour is Flavour.ATHENA:
            return [ir.Column(None, element)], False
        names = element.names or (None,) * len(element.args)
        return [ir.Column(n, t) for n, t in zip(names, element.children, strict=True)], True

    # -------------------------------------------------------------- joins

    def _join(self, left: Found, node: exp.Join, outer: Scope) -> Found:
        base, seen = left
        kind = (
            node.args.get("side")
            or node.args.get("kind")
            or ("INNER" if _has_criteria(node) else "CROSS")
        )
        beside = Scope(columns=seen, parent=outer)
        right, offered = self.relation(node.this, beside if _is_lateral(node.this) else outer)
        self._check_lateral(kind, node, right)
        number = next(self.ids)
        using = node.args.get("using")
        if using:
            condition: ir.Expr | None
            condition, names = self._using(kind, using, seen, offered, node)
        else:
            names = (*seen, *offered)
            on = node.args.get("on")
            inner = Scope(columns=names, parent=outer)
            condition = self.condition(on, inner, "JOIN ON clause") if on is not None else None
            if condition is not None:
                self.plain_only(condition, "JOIN clause")
                self._check_outer(kind, condition, {c.value for c in names})
        return ir.Join(number, None, (), kind, base, right, condition, origin=node), names

    def _check_outer(self, kind: str, condition: ir.Expr, columns: set[ir.Expr]) -> None:
        """Raises where a subquery in an outer join's condition looks at the joined relations."""
        if kind not in ("LEFT", "RIGHT", "FULL"):
            return
        for found in walk.below(condition):
            if isinstance(found, ir.Subquery) and any(
                e in columns for e in walk.everything(found.query)
            ):
                raise fail(
                    "NOT_SUPPORTED",
                    "Reference to column from outer scope not allowed in this context",
                    found.origin,
                )

    def plain_only(self, value: ir.Expr, where: str) -> None:
        """Raises EXPRESSION_NOT_SCALAR where aggregates, windows or groupings stand in the wrong
        clause.
        """
        for found in walk.below(value):
            if isinstance(found, (ir.Aggregate, ir.Window, ir.Grouping)):
                raise fail(
                    "EXPRESSION_NOT_SCALAR",
                    f"{where} cannot contain aggregations, window functions or grouping operations",
                    found.origin,
                )

    def _check_lateral(self, kind: str, node: exp.Join, right: ir.Relation) -> None:
        if not isinstance(right, ir.Unnest) and not (
            isinstance(right, ir.Derived) and right.lateral
        ):
            return
        what = "UNNEST" if isinstance(right, ir.Unnest) else "LATERAL"
        on = node.args.get("on")
        trivial = isinstance(on, exp.Boolean) and bool(on.this)
        if node.args.get("using"):
            raise fail(
                "NOT_SUPPORTED",
                f"{kind} JOIN involving {what} is only supported with condition ON TRUE",
                node,
            )
        if what == "LATERAL" and kind in ("RIGHT", "FULL") and not trivial:
            raise fail(
                "NOT_SUPPORTED",
                f"{kind} JOIN involving LATERAL relation is only supported with ON TRUE",
                node,
            )
        if what == "UNNEST" and kind != "CROSS" and not trivial:
            raise fail(
                "NOT_SUPPORTED",
                f"{kind} JOIN involving UNNEST is only supported with condition ON TRUE",
                node,
            )

    def _using(
        self,
        kind: str,
        using: Sequence[exp.Identifier],
        left: tuple[Named, ...],
        right: tuple[Named, ...],
        node: exp.Join,
    ) -> tuple[ir.Expr, tuple[Named, ...]]:
        merged: list[Named] = []
        used: list[Named] = []
        tests: list[ir.Expr] = []
        if len({u.name.lower() for u in using}) < len(using):
            raise fail(
                "DUPLICATE_COLUMN_NAME",
                f"Column '{using[-1].name}' is specified multiple times",
                using[-1],
            )
        for identifier in using:
            a, b = (self._one(identifier, x, w) for x, w in ((left, "left"), (right, "right")))
            x, y = self._paired(a.value, b.value, identifier)
            tests.append(ir.Operator(BOOLEAN, "=", (x, y)))
            both = ir.Operator(x.type, "coalesce", (x, y))
            value = {"INNER": x, "LEFT": x, "RIGHT": y}.get(kind, both)
            merged.append(Named(identifier.name, (), value))
            used += [a, b]
        condition: ir.Expr = tests[0]
        for test in tests[1:]:
            condition = ir.Operator(BOOLEAN, "and", (condition, test))
        rest = [n for n in (*left, *right) if not any(n is u for u in used)]
        return condition, (*merged, *rest)

    def _paired(
        self, a: ir.Expr, b: ir.Expr, identifier: exp.Identifier
    ) -> tuple[ir.Expr, ir.Expr]:
        joined = common(a.type, b.type)
        if joined is None or not comparable(joined):
            kinds = f"{a.type}, {b.type}"
            message = f"Column Types of left and right side are not comparable: {kinds}"
            raise fail("TYPE_MISMATCH", message, identifier)
        return self.coerce(a, joined), self.coerce(b, joined)

    def _one(self, identifier: exp.Identifier, columns: tuple[Named, ...], side: str) -> Named:
        found = [c for c in columns if c.answers([identifier.name.lower()])]
        if len(found) > 1:
            raise fail("AMBIGUOUS_NAME", f"Column '{identifier.name}' is ambiguous", identifier)
        if not found:
            message = f"Column '{identifier.name.lower()}' is missing from {side} side of join"
            raise fail("COLUMN_NOT_FOUND", message, identifier)
        return found[0]


def _hidden(column: ir.Column) -> bool:
    return bool(column.name and column.name.startswith("$"))


def _blind(outer: Scope) -> Scope | None:
    """What a plain subquery in FROM sees of the outside: no sibling columns, only outer queries and
    WITH.
    """
    return outer


def _has_criteria(node: exp.Join) -> bool:
    return node.args.get("on") is not None or bool(node.args.get("using"))


def _is_lateral(node: exp.Expression) -> bool:
    return isinstance(node, (exp.Unnest, exp.Lateral)) or (
        isinstance(node, exp.Paren) and _is_lateral(node.this)
    )
