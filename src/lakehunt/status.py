"""Tells how the logs in a lake are: files, rows and delays by day, gaps, fields nobody knows.

Knows runs and files, no SQL but the one that reads a source. The command `status` calls it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from itertools import accumulate

from lakehunt.engines.base import Limits, Progress, Run
from lakehunt.engines.local.documents import UNREADABLE
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.engines.local.lake import LogFile
from lakehunt.engines.local.strange import strange_fields
from lakehunt.layouts import stamp_of
from lakehunt.missing import (
    Expected,
    configured,
    day_of,
    days_of_places,
    place_gaps,
    silences,
    undelivered,
    with_gaps,
)
from lakehunt.model import (
    DayHealth,
    FileAccount,
    Partitions,
    Source,
    SourceAccount,
    SourceHealth,
    StrangeField,
)
from lakehunt.s3.address import is_address
from lakehunt.sql.compile import Draft

# Files that are looked into for fields that the table does not know: one a day at first.
_MOST_LOOKED_INTO = 200
_MOST_LOOKED_INTO_BYTES = 10_000_000
_NOTHING = timedelta()
_COUNT = "SELECT count(*) AS n FROM {} WHERE event_time >= :since AND event_time < :until"


@dataclass(frozen=True, slots=True)
class Status:
    """How the logs of each source with files are, and the run that counted."""

    sources: tuple[SourceHealth, ...]
    run: Run


def lake_status(
    engine: LocalEngine, expected: Expected, limits: Limits, progress: Progress
) -> Status:
    """Return how the logs of a lake are; each file is read once.

    A window takes the folders of its days, all rows of each file; without one all there is counts.

    Raises:
        UnboundedError: there is no window and the lake is large.
        LakehuntError: the lake cannot be read at all.
    """
    names = engine.sources
    drafts = [Draft(name, _COUNT.format(name), narrow=expected.narrow) for name in names]
    # the folders of the days that were asked for, and none besides
    lateness = _NOTHING if limits.lateness is None else limits.lateness
    narrow = replace(limits, counts_only=True, lateness=lateness)
    run = engine.run(drafts, expected.window, narrow, progress)
    accounts = {account.source: account for account in run.accounts}
    healths = [
        _health(engine, source, accounts.get(name, SourceAccount(name)), expected)
        for name, source in engine.sources.items()
    ]
    return Status(tuple(health for health in healths if health), run)


def _health(
    engine: LocalEngine, source: Source, account: SourceAccount, expected: Expected
) -> SourceHealth | None:
    """Return how the logs of a source are, None where neither files nor settings speak of it."""
    place = configured(source, expected.deployment)
    is_judged = not is_address(engine.lake.name) or place.startswith(engine.lake.name)
    where = place if is_judged else ""
    if account.by_file:
        found = _of_files(engine, source, account.by_file, expected)
        lacking = undelivered(source.partitions, account.by_file, expected) if is_judged else {}
        return replace(found, undelivered=lacking)
    if not (account.days_listed or where):
        return None
    days = with_gaps(source.name, (), expected.due(source.partitions))
    return SourceHealth(source.name, tuple(days), location="" if account.days_listed else where)


def _of_files(
    engine: LocalEngine, source: Source, own: Sequence[FileAccount], expected: Expected
) -> SourceHealth:
    partitions, due = source.partitions, expected.due(source.partitions)
    by_day: dict[tuple[date | None, bool], list[FileAccount]] = {}
    for file in own:
        by_day.setdefault(day_of(partitions, file), []).append(file)
    found = _looked_into(engine, source, [*by_day.values()])
    places = days_of_places(partitions, own)
    days = [
        _of_day(source, day, is_by_event, files, found)
        for (day, is_by_event), files in sorted(by_day.items(), key=_in_order)
    ]
    return SourceHealth(
        source=source.name,
        days=tuple(with_gaps(source.name, days, due)),
        silences=tuple(silences(places)),
        place_gaps=tuple(place_gaps(places, due)),
        strange_fields=tuple(_fields(found)),
        files=len(own),
        looked_into=len(found),
        lateness=expected.counted_on(partitions),
    )


def _looked_into(
    engine: LocalEngine, source: Source, days: Iterable[Sequence[FileAccount]]
) -> dict[str, Counter[str]]:
    """Return the strange fields of the files that are looked into, by name."""
    files = {file.name: file for file in engine.lake.listing(source, ()).files}
    told = ((name, _strange(source, files[name])) for name in _chosen(days))
    return {name: names for name, names in told if names is not None}


def _in_order(item: tuple[tuple[date | None, bool], object]) -> tuple[date, bool]:
    (day, is_by_event), _ = item
    return day or date.max, is_by_event


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
    day, _ = day_of(partitions, file)
    assert day is not None
    return day - middle.astimezone(UTC).date(), day - first.astimezone(UTC).date(), rows
