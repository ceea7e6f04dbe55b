"""What the demo replays, as values: who acts, what they do and how often, and the attack.

Knows no log source, nor how it is written down. `scriptfile` reads it, `replay` plays it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lakehunt.errors import Location
from lakehunt.model import Record


@dataclass(frozen=True, slots=True)
class Pool:
    """The texts that a hole may be filled with; `shares` are their weights, added up."""

    texts: tuple[str, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Deed:
    """One kind of record that an actor leaves, holes open, with its share of that actor's."""

    location: Location
    weight: float
    fields: Record


@dataclass(frozen=True, slots=True)
class Actor:
    """Those who act alike: the holes of each member, when they act and what.

    `rhythm` has a weight for each hour of the day (UTC), added up.
    """

    weight: float
    rhythm: tuple[float, ...]
    members: tuple[Mapping[str, str], ...]
    deeds: tuple[Deed, ...]


@dataclass(frozen=True, slots=True)
class Ordinary:
    """The ordinary days of one source, `first_day` being their first midnight in UTC."""

    first_day: datetime
    days: int
    events: int
    pools: Mapping[str, Pool]
    actors: tuple[Actor, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the attack: how long after the step before, and the record or `repeat` of it."""

    location: Location
    after: timedelta
    entry: Record


@dataclass(frozen=True, slots=True)
class Attack:
    """The attack as one source logs it, with commands to go on with afterwards."""

    start: datetime
    pools: Mapping[str, Pool]
    steps: tuple[Step, ...]
    commands: tuple[str, ...]
