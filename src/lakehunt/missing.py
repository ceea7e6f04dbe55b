"""Tells what of a source's logs is missing: days, days of one place, and what was to deliver.

Knows files by the values that their paths tell, no engine. `status` calls it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from lakehunt.config import Deployment
from lakehunt.layouts import strftime, window_column
from lakehunt.model import (
    DayHealth,
    FileAccount,
    Partitions,
    PlaceGaps,
    Silence,
    Source,
    Span,
    Window,
)
from lakehunt.sources.deployed import ACCOUNTS, REGIONS, lists_in, values_of
from lakehunt.times import ALL_TIME

_A_DAY = timedelta(days=1)
_A_MILLISECOND = timedelta(milliseconds=1)
# So many different days are remembered while files are told apart.
_DAYS = 1 << 12
Place = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """What is to be there: the days of a window as far as they are due, what lakehunt.toml lists.

    `narrow` holds accounts and regions to some; `lateness` stands for that of each source.
    """

    window: Window | None
    now: datetime
    narrow: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lateness: timedelta | None = None
    deployment: Deployment = field(default_factory=Deployment)

    def counted_on(self, partitions: Partitions) -> timedelta:
        """Return how late the files of a source may be."""
        return partitions.lateness if self.lateness is None else self.lateness

    def due(self, partitions: Partitions) -> "Due":
        """Return the days that must have files.

        A day is due once the lateness of its source has passed after its end.
        """
        if self.window is None:
            return Due()
        late = self.counted_on(partitions)
        whole_days = (self.now - datetime.min.replace(tzinfo=UTC) - late).days
        asked = (self.window.until - _A_MILLISECOND).date()
        last = min(asked, date.fromordinal(max(whole_days, 1)))
        is_open = self.window.since <= ALL_TIME.since
        first = max(self.window.since.date(), self.deployment.first_day or date.min)
        return Due(None if is_open or first > last else first, last)


@dataclass(frozen=True, slots=True)
class Due:
    """The first and the last day that must have files; None is that of the files that are there."""

    first: date | None = None
    last: date | None = None


def day_of(partitions: Partitions, file: FileAccount) -> tuple[date | None, bool]:
    """Return the day of a file, and whether only its first event tells it."""
    told = _told_day(partitions, file)
    if told is not None:
        return told, False
    return (file.first_event.date(), True) if file.first_event else (None, False)


def _told_day(partitions: Partitions, file: FileAccount) -> date | None:
    told = file.values.get(partitions.window)
    return _read_day(told, window_column(partitions).format) if told else None


@lru_cache(_DAYS)
def _read_day(text: str, format_: str) -> date:
    return datetime.strptime(text, strftime(format_)).date()


def with_gaps(source: str, days: Sequence[DayHealth], due: Due) -> list[DayHealth]:
    """Return days with those that are missing: between two, and of those that are due."""
    told = {one.day for one in days if one.day and not one.is_by_event}
    if days and not told:
        # nothing says that a file of each day was to come
        return [*days]
    gaps = (DayHealth(source, span.day, span.days) for span in _spans(_missing(told, due)))
    return sorted((*days, *gaps), key=lambda one: (one.day or date.max, one.is_by_event))


def _missing(there: Collection[date], due: Due) -> Iterator[date]:
    first = min([*there, *([due.first] if due.first else [])], default=date.max)
    last = max([*there, *([due.last] if due.last else [])], default=date.min)
    for number in range((last - first).days + 1):
        if (day := first + _A_DAY * number) not in there:
            yield day


def _spans(days: Iterable[date]) -> tuple[Span, ...]:
    """Return days in order as spans of days in a row."""
    spans: list[Span] = []
    for day in days:
        if spans and spans[-1].last + _A_DAY == day:
            spans[-1] = Span(spans[-1].day, spans[-1].days + 1)
        else:
            spans.append(Span(day))
    return tuple(spans)


def silences(places: Mapping[Place, set[date]]) -> Iterator[Silence]:
    """Yield the places that fell silent before the last day that any has."""
    newest = max((max(days) for days in places.values()), default=date.min)
    for place, days in places.items():
        if max(days) < newest:
            yield Silence(dict(place), max(days))


def place_gaps(places: Mapping[Place, set[date]], due: Due) -> Iterator[PlaceGaps]:
    """Yield the places without files on days of others, before the last day of their own.

    They count from the first day that is due, else from the first of their own.
    """
    everywhere = sorted(set().union(*places.values()))
    for place, days in places.items():
        first = due.first or min(days)
        lacking = (day for day in everywhere if first <= day < max(days) and day not in days)
        if spans := _spans(lacking):
            yield PlaceGaps(dict(place), spans)


def days_of_places(partitions: Partitions, files: Iterable[FileAccount]) -> dict[Place, set[date]]:
    """Return the days of each place that has files, such as an account and region, in order."""
    places: dict[Place, set[date]] = {}
    names = [column.name for column in partitions.columns if column.name != partitions.window]
    for file in files:
        day = _told_day(partitions, file)
        place = tuple((name, file.values[name]) for name in names if name in file.values)
        if day and place:
            places.setdefault(place, set()).add(day)
    return dict(sorted(places.items()))


def undelivered(
    partitions: Partitions, files: Sequence[FileAccount], expected: Expected
) -> dict[str, tuple[str, ...]]:
    """Return by column the accounts and regions of [deployment] that no file is of."""
    lacking: dict[str, tuple[str, ...]] = {}
    for column in partitions.columns:
        there = {file.values[column.name] for file in files if column.name in file.values}
        words = [word for word in lists_in(column.values) if word in (ACCOUNTS, REGIONS)]
        listed = [one for word in words for one in values_of(word, expected.deployment)]
        wanted = expected.narrow.get(column.name, listed)
        absent = tuple(one for one in listed if one in wanted and one not in there)
        # where no path tells the column, a file may be of any of them
        if there and absent:
            lacking[column.name] = absent
    return lacking


def configured(source: Source, deployment: Deployment) -> str:
    """Return where [deployment.buckets] says that a source's files lie, '' where it does not."""
    key = source.partitions.bucket
    if key not in deployment.buckets:
        return ""
    layouts = source.partitions.layouts
    layout = deployment.layouts.get(source.name, source.layout)
    folder = layouts.get(layout, "").partition("${")[0].rpartition("/")
    return f"s3://{deployment.buckets[key]}/{deployment.prefix_of(key)}{folder[0]}{folder[1]}"
