"""Tells how the logs in a lake are: files, rows and delays by day, gaps, fields nobody knows.

Knows runs and files, no SQL but the one that reads a source. The command `status` calls it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from lakehunt.engines.base import Limits, Progress, Run
from lakehunt.engines.local.documents import UNREADABLE
from lakehunt.engines.local.engine import LocalEngine
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
_MOST_LOOKED_INTO_BYTES = 20_000_000
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
    run = engine.run(drafts, window, replace(limits, by_file=True, lateness=lateness), progress)
    healths = [
        _health(engine, engine.sources[account.source], account)
        for account in run.accounts
        if account.by_file
    ]
    return Status(tuple(healths), run)


def _health(engine: LocalEngine, source: Source, account: SourceAccount) -> SourceHealth:
    by_day: dict[date | None, list[FileAccount]] = {}
    for file in account.by_file:
        by_day.setdefault(_day(source.partitions, file), []).append(file)
    looked = _Look(engine, source)
    days = [looked.day(day, files) for day, files in sorted(by_day.items(), key=_in_order)]
    return SourceHealth(
        source=source.name,
        days=tuple(_with_gaps(source.name, days)),
        silences=tuple(_silences(source.partitions, account.by_file)),
        strange_fields=tuple(looked.fields()),
        files=len(account.by_file),
        looked_into=looked.count,
    )


def _in_order(item: tuple[date | None, object]) -> date:
    return item[0] or date.max


def _day(partitions: Partitions, file: FileAccount) -> date | None:
    told = file.values.get(partitions.window)
    if told:
        return datetime.strptime(told, strftime(window_column(partitions).format)).date()
    return file.first_event.date() if file.first_event else None


class _Look:
    """One look at the days of a source; some files are opened for fields."""

    def __init__(self, engine: LocalEngine, source: Source) -> None:
        self._source = source
        self._files = {f.name: f for f in engine.lake.listing(source, ()).files}
        self._records: Counter[str] = Counter()
        self._examples: dict[str, str] = {}
        self._bytes = 0
        self.count = 0

    def day(self, day: date | None, files: Sequence[FileAccount]) -> DayHealth:
        """Return the health of a day."""
        firsts = [file.first_event for file in files if file.first_event]
        lasts = [file.last_event for file in files if file.last_event]
        unparsed = sum(file.unparsed for file in files)
        median, most = _delay(self._source.partitions, files)
        return DayHealth(
            source=self._source.name,
            day=day,
            files=len(files),
            size_bytes=sum(file.size_bytes for file in files),
            rows=sum(file.rows for file in files) - unparsed,
            unparsed=unparsed,
            first_event=min(firsts, default=None),
            last_event=max(lasts, default=None),
            delay_median=median,
            delay_max=most,
            strange_fields=tuple(self._strange(files)),
        )

    def fields(self) -> Iterator[StrangeField]:
        """Yield the strange fields of all days, the most frequent first."""
        for name, count in self._records.most_common():
            yield StrangeField(name, count, self._examples[name])

    def _strange(self, files: Sequence[FileAccount]) -> Iterable[str]:
        """Return the strange fields of the newest file of a day that has rows."""
        newest = next((file for file in reversed(files) if file.rows), None)
        if newest is None or self.count >= _MOST_LOOKED_INTO:
            return ()
        if self._bytes + newest.size_bytes > _MOST_LOOKED_INTO_BYTES:
            return ()
        try:
            found = strange_fields(self._source, self._files[newest.name])
        except UNREADABLE:
            # the run has named it among what it refused
            return ()
        self.count += 1
        self._bytes += newest.size_bytes
        self._records += found
        for name in found:
            self._examples.setdefault(name, newest.name)
        return found


def _delay(
    partitions: Partitions, files: Iterable[FileAccount]
) -> tuple[timedelta | None, timedelta | None]:
    """Return the median and the longest delay, of all rows the median of their file.

    Nothing where the median row is later than its stamp: it tells the time of the events then.
    """
    delays = [one for file in files if (one := _delay_of(partitions, file))]
    if not delays:
        return None, None
    half, seen = sum(rows for _, _, rows in delays) / 2, 0
    for median, _, rows in sorted(delays):
        seen += rows
        if seen >= half:
            break
    if median < _NOTHING:
        return None, None
    return median, max(most for _, most, _ in delays)


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
    day = _day(partitions, file)
    assert day is not None
    return day - middle.astimezone(UTC).date(), day - first.astimezone(UTC).date(), rows


def _with_gaps(source: str, days: Sequence[DayHealth]) -> Iterator[DayHealth]:
    """Yield days, those in a row that are missing between two as one."""
    before: date | None = None
    for one in days:
        if before and one.day and (one.day - before) > _A_DAY:
            yield DayHealth(source, before + _A_DAY, (one.day - before).days - 1)
        yield one
        before = one.day


def _silences(partitions: Partitions, files: Iterable[FileAccount]) -> Iterator[Silence]:
    """Yield the places that fell silent before the last day that any has."""
    last: dict[tuple[tuple[str, str], ...], date] = {}
    names = [column.name for column in partitions.columns if column.name != partitions.window]
    for file in files:
        day = _day(partitions, file) if partitions.window in file.values else None
        place = tuple((name, file.values[name]) for name in names if name in file.values)
        if day and place:
            last[place] = max(day, last.get(place, day))
    newest = max(last.values(), default=None)
    for place, day in sorted(last.items()):
        if newest and day < newest:
            yield Silence(dict(place), day)
