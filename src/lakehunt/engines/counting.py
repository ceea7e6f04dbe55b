"""Counts what the logs hold in the window, by one more query per source, as every run accounts.

Knows a source's views, not how queries run. The engine runs the draft and hands back its row.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any

from sqlglot import exp

from lakehunt.errors import LakehuntError
from lakehunt.model import Result, Source, SourceAccount, ValueType, Window
from lakehunt.sql.bind import literal
from lakehunt.sql.bounds import Bounds, predicate
from lakehunt.sql.compile import Draft, Read
from lakehunt.sql.parse import print_query
from lakehunt.sql.views import read_view

_SUMMARY = """
    count(*) AS rows_read,
    count(*) FILTER (WHERE NOT parsed) AS rows_unparsed,
    count(event_id) - count(DISTINCT event_id) AS rows_duplicate,
    min(event_time) FILTER (WHERE parsed) AS first_event,
    max(event_time) FILTER (WHERE parsed) AS last_event,
    count(*) FILTER (WHERE {inside}) AS rows_in_window,
    count(DISTINCT date_trunc('hour', event_time)) FILTER (WHERE {inside}) AS hours,
    array_agg(DISTINCT account_id) FILTER (WHERE {inside} AND account_id IS NOT NULL) AS accounts,
    array_agg(DISTINCT region) FILTER (WHERE {inside} AND region IS NOT NULL) AS regions,
    histogram({event_class}) FILTER (WHERE {inside}) AS event_classes
"""


def counting_draft(source: Source, reads: Iterable[Read], window: Window | None) -> Draft:
    """Return the query that counts a source in the partitions that some places read of it."""
    own = [read for read in reads if read.source.name == source.name]
    view = read_view(source.event_view)
    names = ["event_time", "event_id", "account_id", "region"]
    event_class = source.partitions.event_class
    named = [view.columns[name].copy().as_(name) for name in [*names, *filter(None, [event_class])]]
    parsed = exp.paren(view.condition.copy()).as_("parsed")
    inner = exp.select(*named, parsed, copy=False).from_(source.table.name)
    inner = inner.where(*predicate(merged(own), source.partitions, is_raw=True), copy=False)
    shown = f"coalesce({event_class}, 'unknown')" if event_class else "'unknown'"
    summary = _SUMMARY.format(inside=_inside(window), event_class=shown)
    return Draft(_name(source), f"SELECT {summary} FROM ({print_query(inner)})")


def _name(source: Source) -> str:
    return f"account of {source.name}"


def merged(reads: Sequence[Read]) -> Bounds:
    """Return bounds that hold whatever any of some places reads."""
    bounds = [read.bounds for read in reads]
    firsts, lasts = [b.first for b in bounds], [b.last for b in bounds]
    shared = set.intersection(*(set(b.values or {}) for b in bounds))
    values = {name: frozenset().union(*((b.values or {})[name] for b in bounds)) for name in shared}
    return Bounds(
        first=None if None in firsts else min(filter(None, firsts)),
        last=None if None in lasts else max(filter(None, lasts)),
        values=values,
    )


def _inside(window: Window | None) -> str:
    if window is None:
        return "parsed"
    ends = (literal(ValueType.TIMESTAMP, moment) for moment in (window.since, window.until))
    since, until = (print_query(end) for end in ends)
    return f"parsed AND event_time >= {since} AND event_time < {until}"


def counted(
    source: Source,
    results: Mapping[str, Result | LakehuntError],
    lateness: timedelta | None,
    not_counted: Mapping[str, str],
) -> SourceAccount:
    """Return a source's account: what its counting query, among the results of a run, gave.

    Args:
        lateness: what the run counted on, None for the source's own.
        not_counted: what no query on that engine tells, and why.
    """
    result = results.get(_name(source))
    lateness = source.partitions.lateness if lateness is None else lateness
    if isinstance(result, Result):
        return _told(source, result, lateness, not_counted)
    why = str(result) if result else "that reads the logs once more: --count does it"
    return SourceAccount(source.name, lateness=lateness, not_counted={**not_counted, "rows": why})


def _told(
    source: Source, result: Result, lateness: timedelta, not_counted: Mapping[str, str]
) -> SourceAccount:
    row: Mapping[str, Any] = result.rows()[0]
    first, last = (row[name] and row[name].replace(tzinfo=UTC) for name in _ENDS)
    classes = sorted(row["event_classes"] or (), key=lambda pair: (-pair[1], pair[0]))
    return SourceAccount(
        source=source.name,
        bytes_read=result.scanned_bytes,
        rows_read=row["rows_read"],
        rows_in_window=row["rows_in_window"],
        rows_unparsed=row["rows_unparsed"],
        rows_duplicate=row["rows_duplicate"],
        first_event=first,
        last_event=last,
        hours=row["hours"],
        accounts=tuple(sorted(row["accounts"] or ())),
        regions=tuple(sorted(row["regions"] or ())),
        event_classes=dict(classes) if source.partitions.event_class else {},
        lateness=lateness,
        not_counted=not_counted,
    )


_ENDS = ("first_event", "last_event")
