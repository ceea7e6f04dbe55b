"""The values that everything is made of: sources, queries, cases, windows, results, findings.

Knows nothing of files, SQL engines or the command line. Every floor above uses it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from lakehunt.errors import Location

if TYPE_CHECKING:
    import pyarrow

# A record or row as a content file gives it: text all through, typed by the source's model.
Record: TypeAlias = Mapping[str, object]
# What a parameter may be bound to; a list binds each member.
Scalar: TypeAlias = str | int | float | bool | datetime | date | timedelta
Value: TypeAlias = Scalar | tuple[Scalar, ...] | None


class Kind(StrEnum):
    """What a query is for."""

    DETECTION = "detection"
    INVESTIGATION = "investigation"
    INVENTORY = "inventory"


class Status(StrEnum):
    """How far a query can be relied upon."""

    DRAFT = "draft"
    STABLE = "stable"
    DEPRECATED = "deprecated"


class Severity(StrEnum):
    """How urgent a finding is, lowest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Return 0 for low up to 3 for critical."""
        return [*Severity].index(self)


class ValueType(StrEnum):
    """The type word of a parameter or a promised column; the plural is a list of the singular."""

    TEXT = "text"
    INTEGER = "integer"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"
    DATE = "date"
    INTERVAL = "interval"
    TEXTS = "texts"
    INTEGERS = "integers"
    DOUBLES = "doubles"
    BOOLEANS = "booleans"
    TIMESTAMPS = "timestamps"
    DATES = "dates"
    INTERVALS = "intervals"

    @property
    def is_list(self) -> bool:
        """Tell whether this is the plural of another type."""
        return self.value.endswith("s")

    @property
    def element(self) -> "ValueType":
        """Return the singular."""
        return ValueType(self.value.removesuffix("s"))


@dataclass(frozen=True, slots=True)
class Param:
    """One `:name` of a query; without a default the caller must give a value."""

    name: str
    type: ValueType
    help: str = ""
    default: Value = None
    has_default: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """One saved query: its header and its SQL (Athena dialect, header cut off)."""

    id: str
    location: Location
    sql: str
    sql_line: int
    title: str
    kind: Kind
    status: Status
    version: int
    sources: tuple[str, ...]
    question: str
    columns: Mapping[str, ValueType]
    severity: Severity | None = None
    attack: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    quiet: timedelta = timedelta(hours=6)
    params: Mapping[str, Param] = field(default_factory=dict)
    misses: tuple[str, ...] = ()
    next: str = ""
    expected: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()
    replaced_by: str = ""

    @property
    def is_detection(self) -> bool:
        """Tell whether its rows become findings."""
        return self.kind is Kind.DETECTION


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of event time, `since <= t < until`, both aware and in UTC."""

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        if self.since.utcoffset() != timedelta(0) or self.until.utcoffset() != timedelta(0):
            raise ValueError("a window is in UTC")
        if self.since >= self.until:
            raise ValueError("a window ends after it begins")

    def __str__(self) -> str:
        return f"{instant(self.since)} to {instant(self.until)}"


def instant(moment: datetime) -> str:
    """Return the moment as ISO 8601 with `Z` and milliseconds: `2026-05-01T10:00:00.000Z`."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


@dataclass(frozen=True, slots=True)
class Case:
    """A test case: raw log records per source in, rows out."""

    name: str
    location: Location
    window: Window
    given: Mapping[str, Sequence[Record]]
    expect: Sequence[Record]
    params: Record = field(default_factory=dict)
    delivered: datetime | None = None


@dataclass(frozen=True, slots=True)
class Type:
    """A column's type as Glue has it; struct fields keep the spelling of the log's keys."""

    name: str
    arguments: tuple["Type", ...] = ()
    fields: tuple[tuple[str, "Type"], ...] = ()

    def glue(self) -> str:
        """Return Glue's spelling: lower case, no blanks."""
        if self.name == "struct":
            inner = ",".join(f"{key.lower()}:{type_.glue()}" for key, type_ in self.fields)
            return f"struct<{inner}>"
        if self.arguments:
            return f"{self.name}<{','.join(a.glue() for a in self.arguments)}>"
        return self.name


@dataclass(frozen=True, slots=True)
class Column:
    """A column as delivered; `name` is spelled as the key in the log."""

    name: str
    type: Type
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The external table of a source, read back from its own DDL."""

    name: str
    columns: tuple[Column, ...]
    partition_columns: tuple[Column, ...]
    serde: str
    input_format: str
    output_format: str
    location: str
    properties: Mapping[str, str]
    serde_properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class View:
    """A view of a source: its name, its columns in order, and its SELECT in Athena's dialect."""

    name: str
    columns: tuple[str, ...]
    sql: str


@dataclass(frozen=True, slots=True)
class PartitionColumn:
    """One projected column: how Athena enumerates it, and where a record itself tells it."""

    name: str
    type: str
    values: str = ""
    format: str = ""
    range: str = ""
    interval: str = ""
    record: str = ""


@dataclass(frozen=True, slots=True)
class Skip:
    """A kind of file that lies beside the logs and holds no events of this source."""

    name: str
    reason: str
    path: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Partitions:
    """What `partitions/<source>.yaml` says: where the files lie and how they are recognised."""

    bucket: str
    layouts: Mapping[str, str]
    file: str
    stamp: str
    columns: tuple[PartitionColumn, ...]
    window: str
    lateness: timedelta
    earliness: timedelta
    shapes: tuple[str, ...]
    identify: tuple[str, ...]
    event_class: str = ""
    global_region: str = ""
    skip: tuple[Skip, ...] = ()
    example: Record = field(default_factory=dict)
    unique: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A log source: its relations and where its files lie."""

    name: str
    title: str
    docs: str
    ddl: str
    table: Table
    event_view: View
    unparsed_view: View
    partitions: Partitions

    @property
    def relations(self) -> tuple[str, ...]:
        """Return the names that a query may use in FROM."""
        return (self.table.name, self.event_view.name, self.unparsed_view.name)


# The columns that open each event view and each row detection, in this order.
COMMON_COLUMNS = (
    "event_time",
    "account_id",
    "region",
    "actor",
    "source_ip",
    "event_name",
    "target",
    "outcome",
    "event_id",
)


@dataclass(frozen=True, slots=True)
class FileNote:
    """A file that was not read as events, and why."""

    path: Path | str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceAccount:
    """What a run saw of one source: every file and row, and what the data can show at all.

    `first_event` and `last_event` are UTC; `hours` counts the hours that hold an event.
    """

    source: str
    files_listed: int = 0
    files_read: int = 0
    files_pruned: int = 0
    files_empty: int = 0
    bytes_read: int = 0
    skipped: tuple[FileNote, ...] = ()
    refused: tuple[FileNote, ...] = ()
    rows_read: int = 0
    rows_in_window: int = 0
    rows_unparsed: int = 0
    rows_duplicate: int = 0
    first_event: datetime | None = None
    last_event: datetime | None = None
    hours: int = 0
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    event_classes: Mapping[str, int] = field(default_factory=dict)
    lateness: timedelta = timedelta()
    days_listed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of one query as Arrow, and how they were come by."""

    table: "pyarrow.Table"
    engine: str
    fingerprint: str
    seconds: float
    scanned_bytes: int
    truncated: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the column names in order."""
        return tuple(self.table.column_names)

    def rows(self) -> list[dict[str, object]]:
        """Return the rows as dictionaries of Python values, timestamps in UTC without zone."""
        rows: list[dict[str, object]] = self.table.to_pylist()
        return rows


@dataclass(frozen=True, slots=True)
class Finding:
    """What one detection says about one subject: rows that agree on its `group_by` columns.

    `common` maps each common column to its distinct values, in the order seen.
    """

    query: Query
    fingerprint: str
    subject: Mapping[str, object]
    first_event_time: datetime
    last_event_time: datetime
    event_count: int
    common: Mapping[str, tuple[object, ...]]
    examples: tuple[Mapping[str, object], ...]
    log_files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """What one actor did, as findings in time order."""

    actor: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """A query of a hunt that could not be run, and why."""

    query_id: str
    message: str


DURATION = re.compile(r"(\d+) ?(seconds?|minutes?|hours?|days?|weeks?|[smhdw])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def duration(text: str) -> timedelta:
    """Return the span that a text such as `24h`, `1 day` or `0` names.

    Raises:
        ValueError: the text is no number with a unit (s, m, h, d, w or the word).
    """
    if text.strip() == "0":
        return timedelta()
    match = DURATION.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(f"{text!r} is no span of time such as 90m, 24h, 7d or 1 day")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2][0]])
