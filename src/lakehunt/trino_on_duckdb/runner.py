"""Running a translated query on a DuckDB connection, its errors under Trino's names.

It must not know the analyzer's insides. The command line of the package and the judge use it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import duckdb

from .errors import Refused, TrinoError
from .prelude import Prelude, install
from .protocol import protocol
from .translation import Translation

NAMED = re.compile(
    r"""(['"]?)\b([A-Z]{3,}(?:_[A-Z]+)+):\ (.*?)
    (?:\1(?:\ to\ [A-Z]|\ can't\ be\ cast\ to\ |,\ expected\ format\ )[^\n]*(?:\n\nLINE\ .*)?)?$""",
    re.DOTALL | re.VERBOSE,
)
"""A name and its message: the end of the text, or the quoted text that a cast could not read."""
MAPS = {
    "Map keys must be unique": "Duplicate map keys are not allowed",
    "Map keys can not be NULL": "map key cannot be null",
    "key list does not align": "Key and value arrays must be the same length",
}
"""What DuckDB tells of a map that cannot be made, and what Trino does."""
UNKNOWN = "NOT_REPRODUCED"
"""What our functions raise for a value that they do not read as Trino does."""
BROKEN = (
    duckdb.BinderException,
    duckdb.ParserException,
    duckdb.CatalogException,
    duckdb.NotImplementedException,
    duckdb.InternalException,
)


class Runner:
    """A connection prepared for translated queries."""

    def __init__(self, connection: duckdb.DuckDBPyConnection | None = None) -> None:
        self.connection = connection or duckdb.connect()
        self.prelude: Prelude = install(self.connection, "")

    def rows(self, translation: Translation) -> list[list[Any]]:
        """The rows, values as Trino's client would get them.

        Raises TrinoError for what Trino raises too, Refused where DuckDB cannot run the text.
        """
        found = self._found(translation, lambda sql: self.connection.execute(sql).fetchall())
        forms = [protocol(c.type) for c in translation.columns]
        try:
            return [[f(v) for f, v in zip(forms, row, strict=True)] for row in found]
        except (OverflowError, ValueError) as error:
            raise Refused(f"a value cannot be shown: {error}") from error

    def arrow(self, translation: Translation) -> Any:
        """The rows as an Arrow table, in the types that carry them. Raises as `rows`."""
        return self._found(translation, lambda sql: self.connection.sql(sql).to_arrow_table())

    def _found(self, translation: Translation, fetch: Callable[[str], Any]) -> Any:
        try:
            self.prelude.need(translation.sql)
            unread: list[str] = getattr(self.prelude, "unread", [])
            unread.clear()
            found = fetch(translation.sql)
        except duckdb.Error as error:
            raise translated(error) from error
        if unread:
            # TRY took the refusal of a value for an error of Trino's
            raise Refused(unread[0].partition(": ")[2])
        return found


def translated(error: duckdb.Error) -> TrinoError | Refused:  # noqa: PLR0911 (one per kind)
    """DuckDB's error under Trino's name, or Refused where it tells of the lowering and not of the
    data.
    """
    message = str(error)
    named = NAMED.search(message)
    if named is not None:
        return Refused(named[3]) if named[2] == UNKNOWN else TrinoError(named[2], named[3])
    if isinstance(error, BROKEN):
        return Refused(f"DuckDB does not take it: {message.splitlines()[0]}")
    for words, told in MAPS.items():
        if words in message:
            return TrinoError("INVALID_FUNCTION_ARGUMENT", told)
    if "by zero" in message:
        return TrinoError("DIVISION_BY_ZERO", "Division by zero")
    if isinstance(error, duckdb.OutOfRangeException) or "out of range" in message.lower():
        return TrinoError("NUMERIC_VALUE_OUT_OF_RANGE", message)
    if isinstance(error, duckdb.ConversionException):
        return TrinoError("INVALID_CAST_ARGUMENT", message)
    if "More than one row" in message:
        return TrinoError("SUBQUERY_MULTIPLE_ROWS", "Scalar sub-query has returned multiple rows")
    return TrinoError("GENERIC_INTERNAL_ERROR", message)
