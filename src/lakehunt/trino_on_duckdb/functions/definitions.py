"""What the tables install on a connection: SQL macros and Python functions, as values.

It must not know DuckDB connections. The family modules make definitions, the prelude installs
those a statement names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


class TrinoError(Exception):
    """A Trino run-time error; its text is `CODE: message`, which DuckDB repeats in the error of
    the query."""


def invalid(message: str) -> TrinoError:
    """The error for an argument outside a function's domain."""
    return TrinoError(f"INVALID_FUNCTION_ARGUMENT: {message}")


@dataclass(frozen=True, slots=True)
class Macro:
    """A DuckDB macro: `name(parameters) AS body`."""

    name: str
    parameters: str
    body: str

    @property
    def statement(self) -> str:
        """The statement that creates it on one connection."""
        return f"CREATE OR REPLACE TEMP MACRO {self.name}({self.parameters}) AS {self.body}"


@dataclass(frozen=True, slots=True)
class Python:
    """A scalar function in Python: NULL for a NULL argument unless `nulls`, an exception is the
    error of the query."""

    name: str
    parameters: tuple[str, ...]
    returns: str
    call: Callable[..., object]
    nulls: bool = False


Definition = Macro | Python

NAME = re.compile(r"\btrino_\w+")


def named(text: str) -> set[str]:
    """The names of definitions that occur in SQL text."""
    return set(NAME.findall(text))


def fails(code: str, message: str, duckdb_type: str) -> str:
    """DuckDB text that raises a Trino error when it is evaluated, of type `duckdb_type`; TRY
    turns it into NULL.

    A cast that fails is the one form that TRY accepts: error() counts as volatile there.
    """
    text = f"{code}: {message}".replace("'", "''")
    return f"CAST(CAST('{text}' AS INTEGER) AS {duckdb_type})"


def failing(error: TrinoError, duckdb_type: str, argument: str = "$1") -> str:
    """The template of a call that raises `error` on every row where `argument` is there."""
    code, _, message = str(error).partition(": ")
    raising = fails(code, message, duckdb_type).replace("$", "$$")
    return f"CASE WHEN {argument} IS NOT NULL THEN {raising} END"
