"""How the logs in a lake are: what there is of each day, what is missing, how late it came.

Knows no engine. `status` makes it, `render` shows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
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
class Silence:
    """A place, such as an account and region, whose last day is before that of others."""

    values: Mapping[str, str]
    last_day: date


@dataclass(frozen=True, slots=True)
class StrangeField:
    """A field that a table does not know: how many records have it, and a file that does."""

    name: str
    records: int
    example: str


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How the logs of one source are; `days` in order, those that are missing among them.

    Fields were looked for in `looked_into` of the `files` files.
    """

    source: str
    days: tuple[DayHealth, ...]
    silences: tuple[Silence, ...]
    strange_fields: tuple[StrangeField, ...]
    files: int
    looked_into: int

    @property
    def missing(self) -> tuple[DayHealth, ...]:
        """Return the days in a row that are missing between the first and the last."""
        return tuple(day for day in self.days if not day.files)
