"""What a run is expected to read and to cost, and how such forecasts turned out.

Knows no engine. Engines make forecasts, renderers show them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Amount:
    """What is read: objects, their bytes, and partitions projected (None: not enumerable)."""

    partitions: int | None = 0
    objects: int = 0
    size_bytes: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        unknown = self.partitions is None or other.partitions is None
        partitions = None if unknown else (self.partitions or 0) + (other.partitions or 0)
        objects = self.objects + other.objects
        return Amount(partitions, objects, self.size_bytes + other.size_bytes)


@dataclass(frozen=True, slots=True)
class QueryForecast:
    """What one query reads and costs; `tables` maps each table to how often it is read.

    Of what the local engine reads it is one source, and `kept_bytes` need not be fetched.
    """

    name: str
    tables: Mapping[str, int]
    amount: Amount = Amount()
    usd: float = 0.0
    kept_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run reads, by query; `unknown` says of a table why its files could not be listed.

    `is_least` tells that listing ended when more was found than is allowed; `listings` counts the
    calls that it took.
    """

    queries: tuple[QueryForecast, ...] = ()
    unknown: Mapping[str, str] = field(default_factory=dict)
    listings: int = 0
    is_least: bool = False

    @property
    def amount(self) -> Amount:
        """Return what all queries read together."""
        return sum((query.amount for query in self.queries), Amount())

    @property
    def usd(self) -> float:
        """Return what all queries cost together."""
        return sum(query.usd for query in self.queries)


@dataclass(frozen=True, slots=True)
class Past:
    """A query that has run on Athena: what was forecast (None: nothing was), and what it read."""

    ended: datetime
    query: str
    version: int
    execution_id: str
    state: str
    reused: bool
    forecast_bytes: int | None
    scanned_bytes: int
    usd: float

    @property
    def is_told(self) -> bool:
        """Tell whether forecast and fact can be compared."""
        return self.state == "SUCCEEDED" and not self.reused and self.forecast_bytes is not None
