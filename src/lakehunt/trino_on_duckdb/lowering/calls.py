"""Calls as DuckDB text: listed functions by their entries, aggregates, windows with their frames.

It must not know operators or queries. The expression lowering builds on it.
"""

from __future__ import annotations

from decimal import Decimal

from .. import functions, ir
from ..errors import Refused, TrinoError
from ..functions import Argument
from ..types import BIGINT, INTEGERS, STAMP, ZONED, Type, common
from .carried import duck, has, quoted
from .casts import cast
from .comparisons import ordering

FREE_WORDS = """
array_agg max min max_by min_by any_value arbitrary count element_at transform filter
cardinality slice reverse concat flatten first_value last_value nth_value lag lead greatest
least typeof repeat map_agg array_join any_match all_match none_match reduce zip zip_with map
transform_values map_values map_keys format_datetime
"""
FREE = frozenset(FREE_WORDS.split())
"""Generic functions that compare no zones, so that values with a zone may pass through."""


BAD_OFFSET = "INVALID_WINDOW_FRAME: Window frame offset value must not be negative or null"


class Calls:
    """The calls of the lowering."""

    def lower(self, node: ir.Expr) -> str:
        """An expression's text; the expression lowering defines it."""
        raise NotImplementedError

    # -------------------------------------------------------------- calls

    def call(self, node: ir.Call) -> str:
        return self.rendered(node, node.signature.name, node.signature.texts, node.arguments)

    def rendered(
        self,
        node: ir.Expr,
        name: str,
        texts: tuple[str, ...],
        arguments: tuple[ir.Expr, ...],
        **clauses: str,
    ) -> str:
        """The text of a listed function by its entry."""
        self._check_generic(name, texts, arguments)
        entry = functions.find(name, texts)
        if entry is None:
            raise Refused(f"{name}({', '.join(texts)}) is not reproduced yet")
        call = functions.Call(
            tuple(self.argument(a) for a in arguments), duck(node.type), str(node.type), **clauses
        )
        return f"({functions.render(entry, call)})"

    def _check_generic(
        self, name: str, texts: tuple[str, ...], arguments: tuple[ir.Expr, ...]
    ) -> None:
        for kind, shown in zip((a.type for a in arguments), texts, strict=False):
            generic = "timestamp" not in shown and has(kind, ZONED)
            if generic and kind.base != "function" and name not in FREE:
                raise Refused(f"{name} of values with a time zone is not reproduced")
            if (
                has(kind, "char")
                and "char(" not in shown.replace("varchar(", "")
                and shown != "any"
            ):
                raise Refused(f"{name} of char is not reproduced")

    def argument(self, node: ir.Expr) -> Argument:
        """One argument as an entry takes it."""
        if isinstance(node, ir.Lambda):
            return Argument(
                self.lower(node),
                parameters=tuple(quoted(p.name) for p in node.parameters),
                body=self.lower(node.body),
            )
        return Argument(self.lower(node), duck(node.type), str(node.type), literal(node))

    # -------------------------------------------------------------- aggregates

    def aggregated(self, node: ir.Aggregate) -> str:
        return self.aggregate(node, "", "")

    def aggregate(self, node: ir.Aggregate, over: str, nulls: str) -> str:
        """The text of an aggregate or window call."""
        after = []
        if node.filter is not None:
            after.append(f"FILTER (WHERE {self.lower(node.filter)})")
        if over:
            after.append(over)
        if node.distinct:
            for argument in node.arguments:
                if has(argument.type, ZONED, "map", "char"):
                    raise Refused(f"DISTINCT {argument.type} is not reproduced")
        return self.rendered(
            node,
            node.signature.name,
            node.signature.texts,
            node.arguments,
            distinct="DISTINCT" if node.distinct else "",
            order=self.order_by(node.order),
            nulls=nulls,
            after=" ".join(after),
        )

    def order_by(self, keys: tuple[ir.SortKey, ...]) -> str:
        """An ORDER BY clause, or nothing; constants are left out since they order nothing."""
        shown = [
            f"{ordering(self.lower(k.value), k.value.type)} {'DESC' if k.descending else 'ASC'} "
            f"NULLS {'FIRST' if k.nulls_first else 'LAST'}"
            for k in keys
            if not isinstance(k.value, ir.Constant)
        ]
        return f"ORDER BY {', '.join(shown)}" if shown else ""

    # -------------------------------------------------------------- windows

    def window(self, node: ir.Window) -> str:
        """The text of a call over a window."""
        parts = []
        if node.partition:
            keys = ", ".join(ordering(self.lower(p), p.type) for p in node.partition)
            parts.append(f"PARTITION BY {keys}")
        if node.frame is not None and node.frame.kind == "RANGE" and _offsets(node.frame):
            parts.append(self._ranged(node.frame, node.order[0]))
        else:
            parts.append(self.order_by(node.order))
            if node.frame is not None:
                start, end = (self._counted(b) for b in (node.frame.start, node.frame.end))
                parts.append(f"{node.frame.kind} BETWEEN {start} AND {end}")
        over = f"OVER ({' '.join(p for p in parts if p)})"
        return self.aggregate(node.call, over, "IGNORE NULLS" if node.ignore_nulls else "")

    def _counted(self, bound: ir.Bound) -> str:
        """A bound counted in rows or groups."""
        if bound.value is None:
            return _fixed(bound)
        value = cast(self._checked(bound.value), bound.value.type, BIGINT)
        return f"{value} {bound.side}"

    def _checked(self, value: ir.Expr) -> str:
        """An offset that raises where it is negative or null."""
        if isinstance(value, ir.Constant) and isinstance(value.value, (int, Decimal)):
            if value.value < 0:
                raise TrinoError("INVALID_WINDOW_FRAME", BAD_OFFSET.split(": ")[1])
            return self.lower(value)
        shown, carried = self.lower(value), duck(value.type)
        failing = f"CAST(CAST('{BAD_OFFSET}' AS INTEGER) AS {carried})"
        return f"(CASE WHEN {shown} IS NULL OR {shown} < 0 THEN {failing} ELSE {shown} END)"

    def _ranged(self, frame: ir.Frame, key: ir.SortKey) -> str:
        """ORDER BY and a frame whose bounds are distances from the key."""
        kind = key.value.type
        shown = ordering(self.lower(key.value), kind)
        values = _offsets(frame)
        spans = {v.type.base for v in values if v.type.base.startswith("interval")}
        if kind.base in ("date", STAMP, ZONED):
            if kind.base == ZONED and "interval year to month" in spans:
                raise Refused("a frame of months over values with a time zone is not reproduced")
            shown = f"CAST({shown} AS TIMESTAMP)" if kind.base == "date" else shown
        elif kind.base in (*INTEGERS, "decimal", "real", "double"):
            joined = kind
            for value in values:
                joined = common(joined, value.type) or joined
            shown = cast(shown, kind, joined)
            kind = joined
        elif not kind.base.startswith("interval"):
            raise Refused(f"a window frame over {kind} is not reproduced")
        direction = "DESC" if key.descending else "ASC"
        nulls = "FIRST" if key.nulls_first else "LAST"
        start, end = (self._distance(b, kind) for b in (frame.start, frame.end))
        return f"ORDER BY {shown} {direction} NULLS {nulls} RANGE BETWEEN {start} AND {end}"

    def _distance(self, bound: ir.Bound, kind: Type) -> str:
        if bound.value is None:
            return _fixed(bound)
        value = self._checked(bound.value)
        if kind.base in ("date", STAMP, ZONED):
            months = bound.value.type.base == "interval year to month"
            span = f"to_months({value})" if months else f"to_microseconds({value} * 1000)"
            return f"{span} {bound.side}"
        return f"{cast(value, bound.value.type, kind)} {bound.side}"


def _fixed(bound: ir.Bound) -> str:
    return "CURRENT ROW" if bound.kind == "CURRENT" else f"UNBOUNDED {bound.side}"


def _offsets(frame: ir.Frame) -> list[ir.Expr]:
    return [b.value for b in (frame.start, frame.end) if b.value is not None]


def literal(node: ir.Expr) -> str | None:
    """The value of a literal as text, also through implicit casts that keep it."""
    while isinstance(node, ir.Cast) and node.type.base in (
        "varchar",
        "joniregexp",
        "jsonpath",
        "codepoints",
    ):
        if node.type.length is not None and (node.value.type.length or 0) > node.type.length:
            return None
        node = node.value
    while isinstance(node, ir.Cast) and node.implicit:
        node = node.value
    if (
        not isinstance(node, ir.Constant)
        or node.value is None
        or isinstance(node.value, (bytes, bool))
    ):
        return None
    return str(node.value)
