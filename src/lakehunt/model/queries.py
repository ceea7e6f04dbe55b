"""What a saved query and its cases say.

Knows neither files nor SQL. `library` reads them; workflows and faces use them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from lakehunt.errors import Location
from lakehunt.model.pivots import Pivot
from lakehunt.model.windows import Window

# The union of all sources on the common columns; a query may read it as if it were a source.
ACTIVITY = "activity"
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


class Stage(StrEnum):
    """What an attacker is after: the tactics of ATT&CK v19, in its order."""

    RECONNAISSANCE = "reconnaissance"
    RESOURCE_DEVELOPMENT = "resource development"
    INITIAL_ACCESS = "initial access"
    EXECUTION = "execution"
    PERSISTENCE = "persistence"
    PRIVILEGE_ESCALATION = "privilege escalation"
    STEALTH = "stealth"
    DEFENSE_IMPAIRMENT = "defense impairment"
    CREDENTIAL_ACCESS = "credential access"
    DISCOVERY = "discovery"
    LATERAL_MOVEMENT = "lateral movement"
    COLLECTION = "collection"
    COMMAND_AND_CONTROL = "command and control"
    EXFILTRATION = "exfiltration"
    IMPACT = "impact"


class Purpose(StrEnum):
    """What a workflow of ours runs a query for, besides answering its question."""

    STORIES = "stories"


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
    """One saved query: its header and its SQL (Athena dialect, header cut off).

    `event_classes` are those without which it finds nothing, or less; `lines` has where in the file
    each key of the header stands.
    """

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
    stage: Stage | None = None
    group_by: tuple[str, ...] = ()
    quiet: timedelta = timedelta(hours=6)
    params: Mapping[str, Param] = field(default_factory=dict)
    misses: tuple[str, ...] = ()
    next: str = ""
    expected: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()
    event_classes: tuple[str, ...] = ()
    replaced_by: str = ""
    serves: Purpose | None = None
    pivot: Pivot | None = None
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)

    def fits(self, sources: Iterable[str]) -> bool:
        """Tell whether all that it reads is among these sources."""
        return {*self.sources} - {ACTIVITY} <= {*sources}

    @property
    def is_detection(self) -> bool:
        """Tell whether its rows become findings."""
        return self.kind is Kind.DETECTION


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
