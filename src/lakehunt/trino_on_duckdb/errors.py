"""The errors of this package, and the nearest known name that goes into their messages.

It must not know any other module here. Everything in the package raises these.

    TranslationError
    ├── TrinoError   Trino would refuse the text; `code` is Trino's error name
    └── Refused      Trino would accept it, and it is not reproduced on DuckDB
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TranslationError(Exception):
    """The text cannot be run; `line` and `column` point into it, from 1, 0 where unknown."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"line {line}:{column}: {message}" if line else message)
        self.message = message
        self.line = line
        self.column = column


class TrinoError(TranslationError):
    """Trino's own verdict: its error name, its message and the place.

    `hint` is ours: what to write instead, '' where nothing is known.
    """

    def __init__(
        self, code: str, message: str, line: int = 0, column: int = 0, hint: str = ""
    ) -> None:
        super().__init__(message, line, column)
        self.code = code
        self.hint = hint


class Refused(TranslationError):
    """Trino runs it, DuckDB would not give the same rows; the message is the reason."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence that names what was probably meant, or nothing: ` Did you mean 'x'?`."""
    found = difflib.get_close_matches(name.lower(), [k.lower() for k in known], n=1, cutoff=0.6)
    return f". Did you mean '{found[0]}'?" if found else ""
