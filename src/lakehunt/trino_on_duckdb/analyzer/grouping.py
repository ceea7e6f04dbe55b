"""GROUP BY: its grouping sets, and whether each expression may stand beside it.

It must not know FROM. The query analyzer calls it for every SELECT.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product

from sqlglot import exp

from .. import ir, walk
from ..errors import Refused
from ..types import comparable
from .expressions import Expressions
from .scope import Scope, fail, place

Sets = tuple[tuple[int, ...], ...] | None
MOST_SETS = 2048


def grouping_sets(
    analyzer: Expressions, node: exp.Select, outputs: Sequence[ir.Expr], scope: Scope
) -> tuple[tuple[ir.Expr, ...], Sets]:
    """The distinct keys and the grouping sets as places among them; no sets where there is no GROUP
    BY.
    """
    group = node.args.get("group")
    if group is None:
        return (), None
    keys: list[ir.Expr] = []

    def place_of(item: exp.Expression) -> int:
        value = _key(analyzer, item, outputs, scope)
        if value not in keys:
            keys.append(value)
        return keys.index(value)

    elements = [_element(item, place_of) for item in group.expressions]
    count = 1
    for element in elements:
        count *= len(element)
    if count > MOST_SETS:
        raise fail("TOO_MANY_GROUPING_SETS", f"GROUP BY has {count} grouping sets", node)
    sets = tuple(
        tuple(dict.fromkeys(k for part in combo for k in part)) for combo in product(*elements)
    )
    return tuple(keys), sets


def _element(item: exp.Expression, place_of: object) -> list[tuple[int, ...]]:
    assert callable(place_of)

    def columns(part: exp.Expression) -> tuple[int, ...]:
        if isinstance(part, exp.Tuple):
            return tuple(place_of(e) for e in part.expressions)
        return (place_of(part.this if isinstance(part, exp.Paren) else part),)

    if isinstance(item, (exp.Rollup, exp.Cube, exp.GroupingSets)):
        parts = [columns(p) for p in item.expressions]
        if isinstance(item, exp.GroupingSets):
            return parts
        if isinstance(item, exp.Rollup):
            chosen: list[tuple[tuple[int, ...], ...]] = [
                tuple(parts[:n]) for n in range(len(parts), -1, -1)
            ]
        else:
            chosen = [c for n in range(len(parts), -1, -1) for c in combinations(parts, n)]
        return [tuple(k for part in combo for k in part) for combo in chosen]
    return [columns(item)]


def _key(
    analyzer: Expressions, item: exp.Expression, outputs: Sequence[ir.Expr], scope: Scope
) -> ir.Expr:
    value: ir.Expr
    if isinstance(item, exp.Literal) and not item.is_string and item.this.isdigit():
        at = int(item.this)
        if not 1 <= at <= len(outputs):
            raise fail(
                "INVALID_COLUMN_REFERENCE", f"GROUP BY position {at} is not in select list", item
            )
        value = outputs[at - 1]
    else:
        value = analyzer.analyze(item, scope)
    for found in walk.below(value):
        if isinstance(found, (ir.Aggregate, ir.Window, ir.Grouping)):
            raise fail(
                "EXPRESSION_NOT_SCALAR",
                "GROUP BY clause cannot contain aggregations, window functions or "
                "grouping operations",
                item,
            )
        if isinstance(found, ir.Subquery):
            raise Refused("GROUP BY of a subquery is not reproduced", *place(item))
    if not comparable(value.type):
        raise fail(
            "TYPE_MISMATCH",
            f"{value.type} is not comparable, and therefore cannot be used in GROUP BY",
            item,
        )
    return value


def check_grouped(
    source: ir.Relation | None,
    outputs: Sequence[ir.Output],
    keys: Sequence[ir.Expr],
    sets: Sets,
    having: ir.Expr | None,
    order: Sequence[ir.SortKey],
) -> Sets:
    """The grouping sets, an empty one where aggregates stand without GROUP BY; None without
    aggregation.

    Raises EXPRESSION_NOT_AGGREGATE for what is neither grouped nor aggregated.
    """
    after = [o.value for o in outputs] + [k.value for k in order]
    after += [having] if having is not None else []
    aggregated = any(True for value in after for _ in walk.aggregates(value))
    if sets is None and not aggregated and having is None:
        _check_no_grouping(after)
        return None
    local = {r.id for r in walk.relations(source)} if source is not None else set()
    check = _Check(frozenset(keys), local)
    for value in after:
        check.expression(value)
    if having is not None and any(isinstance(v, ir.Window) for v in walk.below(having)):
        raise fail("NESTED_WINDOW", "HAVING clause cannot contain window functions", having.origin)
    return sets if sets is not None else ((),)


def _check_no_grouping(values: Sequence[ir.Expr]) -> None:
    for value in values:
        if any(isinstance(v, ir.Grouping) for v in walk.below(value)):
            message = "A GROUPING() operation can only be used with a corresponding GROUP BY clause"
            raise fail("MISSING_GROUP_BY", message, value.origin)


class _Check:
    def __init__(self, keys: frozenset[ir.Expr], local: set[int]) -> None:
        self.keys = keys
        self.local = local

    def expression(self, value: ir.Expr) -> None:
        if value in self.keys:
            return
        if isinstance(value, ir.Field) and value.relation in self.local:
            shown = value.origin.sql("trino") if value.origin is not None else value.name
            raise fail(
                "EXPRESSION_NOT_AGGREGATE",
                f"'{shown}' must be an aggregate expression or appear in GROUP BY clause",
                value.origin,
            )
        if isinstance(value, ir.Aggregate):
            self._aggregate(value)
            return
        if isinstance(value, ir.Grouping):
            for argument in value.arguments:
                if argument not in self.keys:
                    raise fail(
                        "INVALID_ARGUMENTS",
                        "The arguments to GROUPING() must be expressions referenced by the "
                        "GROUP BY at the associated query level",
                        value.origin,
                    )
            return
        if isinstance(value, ir.Subquery):
            for found in self._outer_fields(value.query):
                self.expression(found)
        if isinstance(value, ir.Window):
            for part in walk.parts(value):
                self.expression(part)
            return
        for part in walk.parts(value):
            self.expression(part)

    def _aggregate(self, value: ir.Aggregate) -> None:
        for part in walk.parts(value):
            if any(isinstance(v, (ir.Aggregate, ir.Grouping)) for v in walk.below(part)):
                raise fail(
                    "NESTED_AGGREGATION",
                    f"Cannot nest aggregations inside aggregation '{value.signature.name}'",
                    value.origin,
                )

    def _outer_fields(self, query: ir.Query) -> Iterator[ir.Field]:
        for found in walk.everything(query):
            if (
                isinstance(found, ir.Field)
                and found.relation in self.local
                and found not in self.keys
            ):
                yield found
