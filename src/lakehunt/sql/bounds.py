"""Derives partition bounds from the conditions of one place where a source is read.

Knows the partition columns and the lateness of a source, not files. Bounds never narrow the
answer: an event delivered within the lateness lies inside them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlglot import exp

from lakehunt.layouts import day_value
from lakehunt.model import Partitions
from lakehunt.times import ALL_TIME

TIME_COLUMN = "event_time"
MILLISECOND = timedelta(milliseconds=1)
_SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86400, "WEEK": 604800}
TIME_TYPE = re.compile(r"(?i)timestamp|date$")
_FLIPPED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
    exp.EQ: exp.EQ,
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one place may read: event time (UTC), window values and enum values; None is no bound.

    `first` and `last` are values of the window column, such as `2026/05/01`, both included.
    """

    since: datetime | None = None
    until: datetime | None = None
    first: str | None = None
    last: str | None = None
    values: Mapping[str, frozenset[str]] | None = None

    @property
    def is_bounded(self) -> bool:
        """Tell whether the place leaves out the distant past."""
        return self.first is not None

    def admit(self, partitions: Partitions, place: Mapping[str, str]) -> bool:
        """Tell whether files of these partition values may hold rows of the answer."""
        window = place.get(partitions.window)
        if window is not None:
            if self.first is not None and window < self.first:
                return False
            if self.last is not None and window > self.last:
                return False
        wanted = self.values or {}
        return all(place[name] in wanted[name] for name in wanted if name in place)


def derive(
    conditions: Iterable[exp.Expr], partitions: Partitions, *, is_raw: bool = False
) -> Bounds:
    """Return the bounds that a place's own conditions put on its partitions.

    The window column is bounded by event time, widened by the source's earliness and lateness.
    `is_raw` tells that the place reads a table, not a view.
    """
    conditions = [*conditions]
    names = _names(partitions, is_raw=is_raw)
    since, until = _time_bounds(conditions, TIME_COLUMN)
    first, last = _text_bounds(conditions, names[partitions.window])
    if since is not None:
        derived = day_value(partitions, moved(since, -partitions.earliness))
        first = max(first, derived) if first else derived
    if until is not None:
        last_moment = moved(until, -MILLISECOND)
        derived = day_value(partitions, moved(last_moment, partitions.lateness))
        last = min(last, derived) if last else derived
    values = {
        name: found
        for name, column in names.items()
        if name != partitions.window and (found := _values(conditions, column)) is not None
    }
    return Bounds(since, until, first, last, values)


def _names(partitions: Partitions, *, is_raw: bool) -> dict[str, str]:
    """Return what a relation calls each partition column, in lower case."""
    return {c.name: (c.raw_name if is_raw else c.name).lower() for c in partitions.columns}


def predicate(bounds: Bounds, partitions: Partitions, *, is_raw: bool = False) -> list[exp.Expr]:
    """Return the bounds as plain conditions on the partition columns, so that Athena prunes."""
    conditions: list[exp.Expr] = []
    names = _names(partitions, is_raw=is_raw)
    window = exp.column(names[partitions.window])
    if bounds.first is not None:
        conditions.append(exp.GTE(this=window.copy(), expression=exp.Literal.string(bounds.first)))
    if bounds.last is not None:
        conditions.append(exp.LTE(this=window.copy(), expression=exp.Literal.string(bounds.last)))
    for name, values in (bounds.values or {}).items():
        items = [exp.Literal.string(value) for value in sorted(values)]
        conditions.append(exp.In(this=exp.column(names[name]), expressions=items))
    return conditions


def moved(moment: datetime, by: timedelta) -> datetime:
    """Return a moment that lies a span later, the same where there is none so far away."""
    try:
        return moment + by
    except OverflowError:
        return moment


def _comparisons(
    conditions: Iterable[exp.Expr], column: str
) -> Iterable[tuple[type[exp.Expr], exp.Expr]]:
    """Yield (comparison, value) for each plain comparison of a column, the column on the left."""
    for condition in conditions:
        for side, comparison, value in compared(condition):
            if _is(side, column):
                yield comparison, value


def compared(condition: exp.Expr) -> Iterable[tuple[exp.Expr, type[exp.Expr], exp.Expr]]:
    """Yield (side, comparison, other side) of a comparison, as it stands and turned around."""
    if isinstance(condition, exp.Between):
        yield condition.this, exp.GTE, condition.args["low"]
        yield condition.this, exp.LTE, condition.args["high"]
    elif type(condition) in _FLIPPED:
        yield condition.this, type(condition), condition.expression
        yield condition.expression, _FLIPPED[type(condition)], condition.this


def _is(node: exp.Expr, column: str) -> bool:
    return isinstance(node, exp.Column) and node.name.lower() == column


def _time_bounds(
    conditions: Iterable[exp.Expr], column: str
) -> tuple[datetime | None, datetime | None]:
    since: list[datetime] = []
    until: list[datetime] = []
    for comparison, value in _comparisons(conditions, column):
        moment = instant(value)
        if moment is None:
            continue
        if comparison in (exp.GT, exp.GTE, exp.EQ) and moment > ALL_TIME.since:
            since.append(moment)
        if moment >= ALL_TIME.until:
            continue
        if comparison is exp.LT:
            until.append(moment)
        elif comparison in (exp.LTE, exp.EQ):
            until.append(moved(moment, MILLISECOND))
    return max(since, default=None), min(until, default=None)


def instant(value: exp.Expr) -> datetime | None:
    """Return the moment of a time literal, or of one moved by a literal span; else None."""
    if isinstance(value, exp.Paren):
        return instant(value.this)
    if isinstance(value, exp.Add | exp.Sub):
        moment, by = instant(value.this), span(value.expression)
        if moment is None or by is None:
            return None
        return moved(moment, by if isinstance(value, exp.Add) else -by)
    if isinstance(value, exp.Introducer) and value.name.upper() in ("TIMESTAMP", "DATE"):
        return _read(value.expression.name)
    if isinstance(value, exp.Cast) and TIME_TYPE.match(value.to.sql("trino")):
        return _read(value.this.name if isinstance(value.this, exp.Literal) else "")
    return None


def _read(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def span(value: exp.Expr) -> timedelta | None:
    """Return how long an interval literal is, None where that depends on the calendar."""
    if not isinstance(value, exp.Interval) or not isinstance(value.this, exp.Literal):
        return None
    seconds = _SECONDS.get(value.text("unit").upper().removesuffix("S"))
    try:
        return timedelta(seconds=seconds * int(value.this.name)) if seconds else None
    except (ValueError, OverflowError):
        return None


def _text_bounds(conditions: Iterable[exp.Expr], column: str) -> tuple[str | None, str | None]:
    first: list[str] = []
    last: list[str] = []
    for comparison, value in _comparisons(conditions, column):
        if isinstance(value, exp.Literal) and value.is_string:
            if comparison in (exp.GT, exp.GTE, exp.EQ):
                first.append(value.name)
            if comparison in (exp.LT, exp.LTE, exp.EQ):
                last.append(value.name)
    return max(first, default=None), min(last, default=None)


def _values(conditions: Iterable[exp.Expr], column: str) -> frozenset[str] | None:
    """Return the texts that a column is held to by = or IN, None where it is not."""
    found: frozenset[str] | None = None
    for condition in conditions:
        texts = literal_values(condition, column)
        if texts is not None:
            found = texts if found is None else found & texts
    return found


def literal_values(condition: exp.Expr, column: str) -> frozenset[str] | None:
    """Return the texts of `column = 'x'` or `column IN ('x', ...)`, None for anything else."""
    if isinstance(condition, exp.EQ):
        for left, right in (
            (condition.this, condition.expression),
            (condition.expression, condition.this),
        ):
            if _is(left, column) and isinstance(right, exp.Literal) and right.is_string:
                return frozenset({right.name})
    if isinstance(condition, exp.In) and _is(condition.this, column):
        items = condition.expressions
        if items and all(isinstance(i, exp.Literal) and i.is_string for i in items):
            return frozenset(item.name for item in items)
    return None
