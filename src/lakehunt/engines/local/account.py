"""Counts what a scan saw: files, rows, duplicates, and what the data can show at all.

Knows the parts of a scan. The engine puts the account into every run.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any

from lakehunt.engines.base import Limits
from lakehunt.engines.local.connection import Connection
from lakehunt.engines.local.lake import Listing, LogFile
from lakehunt.engines.local.scan import Parts
from lakehunt.model import FileAccount, SourceAccount, Window
from lakehunt.sql.bounds import Bounds

_SUMMARY = """
    SELECT
        count(*),
        count(*) FILTER (NOT parsed),
        count(event_id) - count(DISTINCT event_id),
        min(event_time) FILTER (parsed),
        max(event_time) FILTER (parsed),
        count(*) FILTER (parsed AND {inside}),
        count(DISTINCT date_trunc('hour', event_time)) FILTER (parsed AND {inside}),
        list(DISTINCT account_id ORDER BY account_id)
            FILTER (parsed AND account_id IS NOT NULL AND {inside}),
        list(DISTINCT region ORDER BY region) FILTER (parsed AND region IS NOT NULL AND {inside})
    FROM {rows}
"""
_CLASSES = """
    SELECT coalesce(event_class, 'unknown'), count(*) FROM {rows}
    WHERE parsed AND {inside} GROUP BY 1 ORDER BY 2 DESC, 1
"""
_PASSED_OVER = (
    "files without the values that the query asks for were not parsed (lakehunt status counts all)"
)
_BY_FILE = """
    SELECT
        file_no,
        count(*),
        count(*) FILTER (NOT parsed),
        min(event_time) FILTER (parsed),
        max(event_time) FILTER (parsed),
        quantile_disc(event_time, 0.5) FILTER (parsed)
    FROM {rows} GROUP BY 1
"""


def account_for_files(
    listing: Listing, read: Sequence[LogFile], bounds: Sequence[Bounds], limits: Limits
) -> SourceAccount:
    """Return the account of a source's files, those read by these bounds, before one is opened."""
    partitions = listing.source.partitions
    days = {
        file.values[partitions.window] for file in listing.files if partitions.window in file.values
    }
    return SourceAccount(
        source=listing.source.name,
        files_listed=len(listing.files) + len(listing.skipped),
        files_pruned=len(listing.files) - len(read),
        skipped=tuple(listing.skipped),
        lateness=limits.lateness if limits.lateness is not None else partitions.lateness,
        days_listed=tuple(sorted(days | {*listing.days})),
        others={} if read else _others(listing, bounds),
    )


def _others(listing: Listing, bounds: Sequence[Bounds]) -> dict[str, tuple[str, ...]]:
    """Return the values of files by partition column, of those in which no file fits."""
    others: dict[str, tuple[str, ...]] = {}
    for name in dict.fromkeys(name for one in bounds for name in one.values or {}):
        asked = frozenset[str]().union(*((one.values or {}).get(name, ()) for one in bounds))
        there = {file.values[name] for file in listing.files if name in file.values}
        if there and not there & asked:
            others[name] = tuple(sorted(there))
    return others


def account_for_rows(
    connection: Connection,
    account: SourceAccount,
    read: Sequence[LogFile],
    parts: Parts,
    window: Window | None,
) -> SourceAccount:
    """Return the account with what a scan saw; what the data shows is counted in the window."""
    places = {"rows": parts.rows, "inside": _inside(window)}
    # the ids of all events, of a large lake too
    with connection.within_bound():
        told = connection.rows(_SUMMARY.format(**places))[0]
    rows, unparsed, duplicate, first, last, within, hours, accounts, regions = told
    classes = connection.rows(_CLASSES.format(**places)) if parts.has_class else []
    return replace(
        account,
        files_read=sum(1 for count in parts.records.values() if count),
        files_empty=sum(1 for count in parts.records.values() if not count),
        files_passed_over=parts.passed_over,
        files_kept=parts.kept,
        not_counted={"rows": _PASSED_OVER} if parts.passed_over else {},
        bytes_read=sum(file.size_bytes for file in read),
        refused=parts.refused,
        partial=parts.partial,
        rows_read=rows,
        rows_in_window=within,
        rows_unparsed=unparsed,
        rows_duplicate=duplicate,
        header_lines=parts.header_lines,
        first_event=first and first.replace(tzinfo=UTC),
        last_event=last and last.replace(tzinfo=UTC),
        hours=hours,
        accounts=tuple(accounts or ()),
        regions=tuple(regions or ()),
        event_classes=dict(classes),
    )


def account_by_file(
    connection: Connection, read: Sequence[LogFile], parts: Parts
) -> tuple[FileAccount, ...]:
    """Return what a scan saw of each file, in their order; those without rows among them."""
    rows = connection.rows(_BY_FILE.format(rows=parts.rows))
    counted = {number: told for number, *told in rows}
    return tuple(_of_file(file, counted.get(number)) for number, file in enumerate(read))


def _of_file(file: LogFile, told: Sequence[Any] | None) -> FileAccount:
    account = FileAccount(file.name, file.size_bytes, file.values)
    if told is None:
        return account
    rows, unparsed, *times = told
    first, last, middle = (time and time.replace(tzinfo=UTC) for time in times)
    return replace(
        account,
        rows=rows,
        unparsed=unparsed,
        first_event=first,
        last_event=last,
        median_event=middle,
    )


def _inside(window: Window | None) -> str:
    if window is None:
        return "true"
    since, until = (f"{moment:%Y-%m-%d %H:%M:%S.%f}" for moment in (window.since, window.until))
    return f"event_time >= TIMESTAMP '{since}' AND event_time < TIMESTAMP '{until}'"
