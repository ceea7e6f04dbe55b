"""How the logs in a lake are: what there is of each day, what is missing, how late it came.

Knows no engine. `status` makes it, `render` shows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta


@dataclass(frozen=True, slots=True)
class DayHealth:
    """The files of a source of one day: that of their folder or name, else of their first event.

    `is_by_event` says which; None is the day where neither tells. Without files it stands for
    `days` days in a row of which no folder or name is there; `day` is the first. `rows` counts
    those that could be read, `unparsed` the others. The delay is from an event to the stamp of its
    file's name, or to the day of its folder; None where the stamp tells no delivery.
    `strange_fields` are not in the table, as far as files of the day were looked into.
    """

    source: str
    day: date | None
    days: int = 1
    is_by_event: bool = False
    files: int = 0
    size_bytes: int = 0
    rows: int = 0
    unparsed: int = 0
    first_event: datetime | None = None
    last_event: datetime | None = None
    delay_median: timedelta | None = None
    delay_max: timedelta | None = None
    strange_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """Days in a row; `day` is the first."""

    day: date
    days: int = 1

    @property
    def last(self) -> date:
        """Return the last of the days."""
        return self.day + timedelta(days=self.days - 1)


@dataclass(frozen=True, slots=True)
class Silence:
    """A place, such as an account and region, whose last day is before that of others."""

    values: Mapping[str, str]
    last_day: date


@dataclass(frozen=True, slots=True)
class PlaceGaps:
    """A place without files on days on which others of its source have some."""

    values: Mapping[str, str]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class StrangeField:
    """A field that a table does not know: how many records have it, and a file that does."""

    name: str
    records: int
    example: str


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How the logs of one source are; `days` in order, those that are missing among them.

    Fields were looked for in `looked_into` of the `files` files. `undelivered` are the accounts and
    regions of lakehunt.toml that no file is of, by column; `location` is where it says that the
    files lie, of a source that has none. A window counts on delivery within `lateness`.
    """

    source: str
    days: tuple[DayHealth, ...]
    silences: tuple[Silence, ...] = ()
    place_gaps: tuple[PlaceGaps, ...] = ()
    undelivered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    location: str = ""
    strange_fields: tuple[StrangeField, ...] = ()
    files: int = 0
    looked_into: int = 0
    lateness: timedelta = timedelta.max

    @property
    def late_days(self) -> tuple[DayHealth, ...]:
        """Return the days with events that came later than a window counts on."""
        return tuple(day for day in self.days if day.delay_max and day.delay_max > self.lateness)

    @property
    def missing(self) -> tuple[Span, ...]:
        """Return the days that are missing of the source as a whole."""
        return tuple(Span(one.day, one.days) for one in self.days if one.day and not one.files)
