"""Plain bounds that follow from a comparison with the clock, or of a column's day.

Knows comparisons, not sources. `occurrences` puts them beside the conditions that they follow from:
they may be wider than those, never narrower, and partition bounds are derived from them.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlglot import exp

from lakehunt.model import ValueType
from lakehunt.sql.bind import literal
from lakehunt.sql.bounds import MILLISECOND, TIME_COLUMN, TIME_TYPE, compared, instant, moved, span

_DAY = timedelta(days=1)
_CLOCKS = (exp.CurrentTimestamp, exp.Localtimestamp, exp.CurrentDate)
# Days that a calendar unit has at least and at most.
_CALENDAR = {"MONTH": (28, 31), "YEAR": (365, 366)}


def implied(condition: exp.Expr, now: datetime) -> Iterator[exp.Expr]:
    """Yield comparisons of a column with literals that hold wherever a condition does.

    Args:
        now: the clock here, in UTC; the engine's may be of another day.
    """
    for side, comparison, value in compared(condition):
        column = _column(side)
        is_plain = column is side and instant(value) is not None
        ends = None if column is None or is_plain else _ends(value, now)
        if column is None or ends is None:
            continue
        earliest, latest = ends
        if comparison in (exp.GT, exp.GTE, exp.EQ):
            first = literal(ValueType.TIMESTAMP, earliest)
            yield exp.GTE(this=column.copy(), expression=first)
        if comparison in (exp.LT, exp.LTE, exp.EQ):
            included = timedelta() if comparison is exp.LT else MILLISECOND
            # a moment lies less than a day after the start of its day
            end = moved(latest, included if column is side else _DAY)
            last = literal(ValueType.TIMESTAMP, end)
            yield exp.LT(this=column.copy(), expression=last)


def _column(side: exp.Expr) -> exp.Column | None:
    """Return a column that is compared as it is, or that of event time by its day.

    Of another column it is not known whether it is a text, which no moment can be compared with.
    """
    column = side
    match side:
        case exp.Paren():
            return _column(side.this)
        case exp.Anonymous(expressions=[inner]) if side.name.lower() == "date":
            column = inner
        case exp.Cast(this=inner) if _is_date(side):
            column = inner
    is_known = column is side or column.name.lower() == TIME_COLUMN
    return column if isinstance(column, exp.Column) and is_known else None


def _is_date(cast: exp.Cast) -> bool:
    return cast.to.sql("trino").lower() == "date"


def _ends(value: exp.Expr, now: datetime) -> tuple[datetime, datetime] | None:
    """Return moments between which a value lies, None where it is neither literal nor clock."""
    moment = instant(value)
    if moment is not None:
        return moment, moment
    if isinstance(value, _CLOCKS) or _is_now(value):
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return moved(today, -_DAY), moved(today, 2 * _DAY)
    spans = _added(value)
    inner = _ends(value.this, now) if spans else None
    if inner is None or spans is None:
        return None
    return moved(inner[0], min(spans)), moved(inner[1], max(spans))


def _is_now(value: exp.Expr) -> bool:
    return isinstance(value, exp.Anonymous) and value.name.lower() == "now"


def _added(value: exp.Expr) -> tuple[timedelta, ...] | None:
    """Return what an expression at least and at most adds to the time in it."""
    match value:
        case exp.Paren():
            return (timedelta(),)
        case exp.Cast() if TIME_TYPE.match(value.to.sql("trino")):
            return (-_DAY, timedelta()) if _is_date(value) else (timedelta(),)
        case exp.Add():
            return _spans(value.expression)
        case exp.Sub():
            spans = _spans(value.expression)
            return spans and tuple(-one for one in spans)
    return None


def _spans(value: exp.Expr) -> tuple[timedelta, timedelta] | None:
    """Return how long an interval literal is at least and at most."""
    exact = span(value)
    if exact is not None:
        return exact, exact
    unit = value.text("unit").upper().removesuffix("S")
    if not isinstance(value, exp.Interval) or unit not in _CALENDAR:
        return None
    try:
        count = int(value.this.name)
        least, most = (timedelta(days=days * count) for days in _CALENDAR[unit])
    except (ValueError, OverflowError):
        return None
    return least, most
