"""Tells how the logs in a lake are: files, rows and delays by day, gaps, fields nobody knows.

Knows runs and files, no SQL but the one that reads a source. The command `status` calls it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate

from lakehunt.engines.base import Limits, Progress, Run
from lakehunt.engines.local.documents import UNREADABLE
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.engines.local.lake import LogFile
from lakehunt.engines.local.strange import strange_fields
from lakehunt.layouts import stamp_of, strftime, window_column
from lakehunt.model import (
    DayHealth,
    FileAccount,
    Partitions,
    Silence,
    Source,
    SourceAccount,
    SourceHealth,
    StrangeField,
    Window,
)
from lakehunt.sql.compile import Draft

# Files that are looked into for fields that the table does not know: one a day at first.
_MOST_LOOKED_INTO = 200
_MOST_LOOKED_INTO_BYTES = 10_000_000
_NOTHING = timedelta()
_A_DAY = timedelta(days=1)
_COUNT = "SELECT count(*) AS n FROM {} WHERE event_time >= :since AND event_time < :until"


@dataclass(frozen=True, slots=True)
class Status:
    """How the logs of each source with files are, and the run that counted."""

    sources: tuple[SourceHealth, ...]
    run: Run


def lake_status(
    engine: LocalEngine,
    window: Window | None,
    narrow: Mapping[str, tuple[str, ...]],
    limits: Limits,
    progress: Progress,
) -> Status:
    """Return how the logs of a lake are; each file is read once.

    A window takes the folders of its days, all rows of each file; without one all there is counts.

    Raises:
        UnboundedError: there is no window and the lake is large.
        LakehuntError: the lake cannot be read at all.
    """
    drafts = [Draft(name, _COUNT.format(name), narrow=narrow) for name in engine.sources]
    # the folders of the days that were asked for, and none besides
    lateness = _NOTHING if limits.lateness is None else limits.lateness
    run = engine.run(drafts, window, replace(limits, counts_only=True, lateness=lateness), progress)
    healths = [
        _health(engine, engine.sources[account.source], account)
        for account in run.accounts
        if account.by_file
    ]
    return Status(tuple(healths), run)


def _health(engine: LocalEngine, source: Source, account: SourceAccount) -> SourceHealth:
    by_day: dict[tuple[date | None, bool], list[FileAccount]] = {}
    for file in account.by_file:
        by_day.setdefault(_day(source.partitions, file), []).append(file)
    files = {file.name: file for file in engine.lake.listing(source, ()).files}
    found = {
        name: names
        for name in _chosen([*by_day.values()])
        if (names := _strange(source, files[name])) is not None
    }
    days = [
        _of_day(source, day, is_by_event, own, found)
        for (day, is_by_event), own in sorted(by_day.items(), key=_in_order)
    ]
    return SourceHealth(
        source=source.name,
        days=tuple(_with_gaps(source.name, days)),
        silences=tuple(_silences(source.partitions, account.by_file)),
        strange_fields=tuple(_fields(found)),
        files=len(account.by_file),
        looked_into=len(found),
    )


def _in_order(item: tuple[tuple[date | None, bool], object]) -> tuple[date, bool]:
    (day, is_by_event), _ = item
    return day or date.max, is_by_event


def _day(partitions: Partitions, file: FileAccount) -> tuple[date | None, bool]:
    """Return the day of a file, and whether only its first event tells it."""
    told = file.values.get(partitions.window)
    if told:
        format_ = strftime(window_column(partitions).format)
        return datetime.strptime(told, format_).date(), False
    return (file.first_event.date(), True) if file.first_event else (None, False)


def _of_day(
    source: Source,
    day: date | None,
    is_by_event: bool,
    files: Sequence[FileAccount],
    found: Mapping[str, Counter[str]],
) -> DayHealth:
    firsts = [file.first_event for file in files if file.first_event]
    lasts = [file.last_event for file in files if file.last_event]
    unparsed = sum(file.unparsed for file in files)
    median, most = _delay(source.partitions, files)
    names = (name for file in files for name in found.get(file.name, ()))
    return DayHealth(
        source=source.name,
        day=day,
        is_by_event=is_by_event,
        files=len(files),
        size_bytes=sum(file.size_bytes for file in files),
        rows=sum(file.rows for file in files) - unparsed,
        unparsed=unparsed,
        first_event=min(firsts, default=None),
        last_event=max(lasts, default=None),
        delay_median=median,
        delay_max=most,
        strange_fields=tuple(dict.fromkeys(names)),
    )


def _chosen(days: Iterable[Sequence[FileAccount]]) -> Iterator[str]:
    """Yield the files to look into: the newest of each day, then the next, while they are few."""
    waiting = [[file for file in files if file.rows] for files in days]
    count = size_bytes = 0
    while waiting := [files for files in waiting if files]:
        for files in waiting:
            newest = files.pop()
            count, size_bytes = count + 1, size_bytes + newest.size_bytes
            if count > _MOST_LOOKED_INTO or size_bytes > _MOST_LOOKED_INTO_BYTES:
                return
            yield newest.name


def _strange(source: Source, file: LogFile) -> Counter[str] | None:
    try:
        return strange_fields(source, file)
    except UNREADABLE:
        # the run has named it among what it refused
        return None


def _fields(found: Mapping[str, Counter[str]]) -> Iterator[StrangeField]:
    """Yield the strange fields of all files, the most frequent first."""
    records = sum(found.values(), Counter[str]())
    for name, count in records.most_common():
        example = next(file for file, names in found.items() if name in names)
        yield StrangeField(name, count, example)


def _delay(
    partitions: Partitions, files: Iterable[FileAccount]
) -> tuple[timedelta | None, timedelta | None]:
    """Return the median and the longest delay, of all rows the median of their file.

    Nothing where the median row is later than its stamp: it tells the time of the events then.
    """
    delays = [one for file in files if (one := _delay_of(partitions, file))]
    if not delays:
        return None, None
    median = _middle(sorted((middle, rows) for middle, _, rows in delays))
    return (median, max(most for _, most, _ in delays)) if median >= _NOTHING else (None, None)


def _middle(delays: Sequence[tuple[timedelta, int]]) -> timedelta:
    """Return the delay of the middle row, of delays in order with the rows of each."""
    half = sum(rows for _, rows in delays) / 2
    seen = accumulate(rows for _, rows in delays)
    return next(delay for (delay, _), count in zip(delays, seen, strict=True) if count >= half)


def _delay_of(partitions: Partitions, file: FileAccount) -> tuple[timedelta, timedelta, int] | None:
    """Return the delay of the middle row and of the oldest of a file, and its rows."""
    middle, first = file.median_event, file.first_event
    if middle is None or first is None:
        return None
    rows = file.rows - file.unparsed
    stamp = stamp_of(partitions, file.name.rpartition("/")[2])
    if stamp is not None:
        return stamp - middle, stamp - first, rows
    if partitions.window not in file.values:
        return None
    day, _ = _day(partitions, file)
    assert day is not None
    return day - middle.astimezone(UTC).date(), day - first.astimezone(UTC).date(), rows


def _with_gaps(source: str, days: Sequence[DayHealth]) -> Iterator[DayHealth]:
    """Yield days, those in a row that are missing between two as one."""
    before: date | None = None
    for one in days:
        told = None if one.is_by_event else one.day
        if before and told and (told - before) > _A_DAY:
            yield DayHealth(source, before + _A_DAY, (told - before).days - 1)
        yield one
        before = told or before


def _silences(partitions: Partitions, files: Iterable[FileAccount]) -> Iterator[Silence]:
    """Yield the places that fell silent before the last day that any has."""
    last: dict[tuple[tuple[str, str], ...], date] = {}
    names = [column.name for column in partitions.columns if column.name != partitions.window]
    for file in files:
        day = _day(partitions, file)[0] if partitions.window in file.values else None
        place = tuple((name, file.values[name]) for name in names if name in file.values)
        if day and place:
            last[place] = max(day, last.get(place, day))
    newest = max(last.values(), default=None)
    for place, day in sorted(last.items()):
        if newest and day < newest:
            yield Silence(dict(place), day)
