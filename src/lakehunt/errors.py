"""The error tree, where a problem lies, and the exit codes.

Knows nothing of logs, SQL or engines. Everything raises from here; only `cli` prints and exits.

    LakehuntError
    |-- UsageError       2  the command as typed: fix the command
    |-- ConfigError      2  lakehunt.toml: fix the file
    |-- ContentError     2  a source, query or case file: fix the file (every problem listed)
    |-- LakeError        2  the lake is missing or holds nothing to read: fix the path
    |-- SqlError         2  a query that Athena would refuse: fix the query
    |   `-- Refused      2  a query that the local engine cannot reproduce: run it on Athena
    |-- UnboundedError   2  a query that would read everything: bound it, or say so
    |-- LimitError       2  a run that would read more than is allowed: narrow it, or allow more
    |-- CloudError       3  AWS or Trino refused or cannot be reached: fix credentials, permissions
    `-- EngineError      3  the engine failed while running

Any other exception is a fault of ours: `cli` prints its traceback and exits with 3.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path


class ExitCode(IntEnum):
    """What the process says when it ends: 2 wins over 3, 3 wins over 1."""

    CLEAN = 0
    FOUND = 1
    USAGE = 2
    ENGINE = 3


@dataclass(frozen=True, slots=True)
class Location:
    """A line of a file, printed as `path:line`."""

    path: Path | str
    line: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in one place: what it is, what was expected, the nearest right word."""

    location: Location
    what: str
    expected: str = ""
    nearest: str = ""

    def __str__(self) -> str:
        expected = f", expected {self.expected}" if self.expected else ""
        nearest = f", did you mean {self.nearest}?" if self.nearest else ""
        return f"{self.location}: {self.what}{expected}{nearest}"


class LakehuntError(Exception):
    """Anything that lakehunt itself reports: one or more lines for the reader, and an exit code."""

    exit_code = ExitCode.USAGE


class UsageError(LakehuntError):
    """The command cannot be carried out as typed."""


class ConfigError(LakehuntError):
    """`lakehunt.toml` does not say what it must."""


class ContentError(LakehuntError):
    """Content files have problems; `problems` holds all that were found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class LakeError(LakehuntError):
    """The lake is missing, empty, or matches nothing."""


class SqlError(LakehuntError):
    """A query that cannot run as written."""


class Refused(SqlError):
    """A query that is valid on Athena, but that DuckDB would not answer alike."""


class UnboundedError(LakehuntError):
    """A query without a bound on event time, where that costs money or time."""


class LimitError(LakehuntError):
    """A run that would read more than is allowed."""


class CloudError(LakehuntError):
    """AWS or a Trino refused, or cannot be reached; names the permission that is missing."""

    exit_code = ExitCode.ENGINE


class EngineError(LakehuntError):
    """The engine failed while it ran a query."""

    exit_code = ExitCode.ENGINE


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name closest to `name`, or '' when none is close."""
    from difflib import get_close_matches  # noqa: PLC0415  5 ms that only an error pays

    matches = get_close_matches(name.lower(), [*known], n=1, cutoff=0.6)
    return matches[0] if matches else ""
