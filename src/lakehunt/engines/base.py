"""The protocol that every engine keeps, and what a run of several statements returns.

Knows statements and results, no engine. Workflows are written against it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from lakehunt.errors import LakehuntError
from lakehunt.model import Bill, FileNote, Result, SourceAccount, Window
from lakehunt.sql.compile import Draft

# Called with the share of work done, 0 to 1; draws a progress bar or does nothing.
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may cost: rows returned, and whether a log table may be read unbounded.

    `count`: say what the logs hold beside the results, where that costs extra: on Athena a query,
    locally the parsing of files without anything that is asked for. `counts_only`: say it of each
    file too and answer nothing, which the local engine does. `keep`: keep the rows of all files
    that are parsed for the runs to come, where an engine parses.
    """

    max_rows: int | None = None
    all_time: bool = False
    lateness: timedelta | None = None
    count: bool = True
    counts_only: bool = False
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """The outcome of one or many drafts over one window, each read table scanned once.

    `window` is the one the parameters were bound to, None when the lake holds no event.
    `results` has a result or the error of each draft, by name, in the order given. `unknown` are
    files that no source knows. `bill` is what it cost, None where queries cost nothing.
    """

    window: Window | None
    results: Mapping[str, Result | LakehuntError]
    accounts: tuple[SourceAccount, ...]
    seconds: float
    unknown: tuple[FileNote, ...] = ()
    bill: Bill | None = None


class Engine(Protocol):
    """What the workflows ask of an engine."""

    def absent(self) -> frozenset[str]:
        """Return the names of sources that surely are not here, as far as that is cheap to know."""

    def run(
        self, drafts: Sequence[Draft], window: Window | None, limits: Limits, progress: Progress
    ) -> Run:
        """Return the results of all drafts over one window.

        Raises:
            LakehuntError: the lake cannot be read at all.
        """

    def close(self) -> None:
        """Give back connections and temporary files."""
