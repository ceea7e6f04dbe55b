"""What a pivot leaves: what a value is, the chain of credentials around it, and all about it.

Knows no engine and no query. `pivot` makes it, renderers show it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lakehunt.model.outcomes import Failure, Finding
from lakehunt.model.pivots import Part, PivotKind
from lakehunt.model.queries import Query

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PivotValue:
    """A value as asked for: what it may be, best first, and how requests spell it.

    `mention` is a LIKE pattern that each event of it fits in one of its texts, `%` where that
    cannot be said.
    """

    text: str
    kinds: tuple[PivotKind, ...]
    names: tuple[str, ...]
    mention: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What a value turned out to be: its kind, its full names, the keys that are its own.

    `others` counts the events of what else bears the name, by kind.
    """

    value: PivotValue
    kind: PivotKind
    full_names: tuple[str, ...]
    held: tuple[str, ...] = ()
    others: Mapping[PivotKind, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hop:
    """A key on the chain: the key next to it on the way back to the start, and how far away."""

    key: str
    via: str
    depth: int


@dataclass(frozen=True, slots=True)
class Chain:
    """The keys that were held, those issued with them, and those that they were issued with.

    Nearest first, each key once, and never one of `held`. `left_out` counts those beyond the most
    that are followed.
    """

    held: tuple[str, ...] = ()
    issued: tuple[Hop, ...] = ()
    issuers: tuple[Hop, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """A command to go on with, as words without its program, and why."""

    words: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """All about a value: what it is, its chain, the rows of each part, the findings on it.

    Each row has the names of its sources under `source`. `questions` are queries that answer more.
    """

    subject: Subject
    chain: Chain
    parts: Mapping[Part, tuple[Row, ...]]
    findings: tuple[Finding, ...]
    questions: tuple[Query, ...] = ()
    failures: tuple[Failure, ...] = ()
    truncated: bool = False

    def facet(self, name: str, *relations: str) -> tuple[Row, ...]:
        """Return the rows of the profile for one facet, of some relations or of any."""
        return tuple(
            row
            for row in self.parts[Part.PROFILE]
            if row["facet"] == name and (not relations or row["relation"] in relations)
        )

    @property
    def occurs(self) -> bool:
        """Tell whether any event is by it, led to by it, or names it."""
        return bool(self.parts[Part.PROFILE])
