"""What a pivot follows, and the part of its answer that a saved query gives.

Knows AWS's kinds of things, no log source. Headers of queries use these words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class PivotKind(StrEnum):
    """What a value may be."""

    ACCESS_KEY = "access_key"
    USER = "user"
    ROLE = "role"
    SESSION = "session"
    ACCOUNT = "account"
    ADDRESS = "address"
    NETWORK = "network"
    INSTANCE = "instance"
    INTERFACE = "interface"
    BUCKET = "bucket"
    HOST = "host"
    EVENT = "event"
    RESOURCE = "resource"


class Given(StrEnum):
    """What a pivot gives a query beside the value itself."""

    NAME = "name"
    MENTION = "mention"
    HELD = "held"
    ISSUED = "issued"
    ISSUER = "issuer"
    MACHINE = "machine"


class Part(StrEnum):
    """The part of a pivot's answer that a query gives."""

    NAMES = "names"
    LINKS = "links"
    SIBLINGS = "siblings"
    SAME = "same"
    COVERAGE = "coverage"
    ORIGINS = "origins"
    PROFILE = "profile"
    CREATED = "created"
    EVENTS = "events"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Pivot:
    """How a query takes part in a pivot: its part, and its parameter for each kind it answers.

    A query that takes nothing goes along with those of its sources that answer the value.
    """

    part: Part
    takes: Mapping[str, str] = field(default_factory=dict)

    @property
    def kinds(self) -> frozenset[str]:
        """Return the kinds of value that it answers."""
        return frozenset(self.takes) & frozenset(PivotKind)
