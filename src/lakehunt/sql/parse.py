"""Reads Athena's SQL into a tree that prints back as the same query.

Knows the dialect, not the tables. Function calls and JSON paths stay as written, because
sqlglot's own reading of them drops arguments and rewrites paths.
"""

import hashlib
from functools import lru_cache
from typing import ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.trino import TrinoParser

from lakehunt.errors import Location, SqlError

# Calls with a syntax of their own; every other call is kept by its name.
_SPECIAL_CALLS = ("CAST", "TRY_CAST", "EXTRACT", "LISTAGG", "POSITION", "SUBSTRING", "TRIM")


class _Parser(TrinoParser):
    FUNCTIONS: ClassVar = {}
    FUNCTION_PARSERS: ClassVar = {
        name: parser
        for name, parser in TrinoParser.FUNCTION_PARSERS.items()
        if name in _SPECIAL_CALLS
    }


class AthenaQuery(Trino):
    """Athena's query dialect (Trino) with calls left as written."""

    Parser = _Parser


@lru_cache(maxsize=1024)
def parse_query(sql: str, where: Location | None = None) -> exp.Query:
    """Return the tree of one query; the same text gives the same tree, so copy before a change.

    Args:
        where: the file and the line that the text starts on, for errors.

    Raises:
        SqlError: no SQL, more than one statement, or not a query; with the position.
    """
    try:
        statements = [s for s in sqlglot.parse(sql, read=AthenaQuery) if s is not None]
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        what = str(first.get("description") or error).rstrip(".")
        line, column = int(first.get("line") or 1), int(first.get("col") or 1)
        near = str(first.get("highlight") or "")
        raise SqlError(f"{_place(where, line, column)}: {what}, near `{near}`") from error
    except TokenError as error:
        raise SqlError(f"{_place(where, 1, 1)}: {str(error).partition(chr(10))[0]}") from error
    if len(statements) != 1:
        raise SqlError(f"{_place(where, 1, 1)}: {len(statements)} statements, expected one query")
    tree = statements[0]
    if not isinstance(tree, exp.Query):
        raise SqlError(f"{_place(where, 1, 1)}: only queries run here, expected SELECT or WITH")
    return tree


def _place(where: Location | None, line: int, column: int) -> str:
    if where is None:
        return f"line {line}, column {column}"
    return f"{where.path}:{where.line + line - 1}:{column}"


def print_query(tree: exp.Expr, *, pretty: bool = True) -> str:
    """Return the query as Athena takes it."""
    return tree.sql(AthenaQuery, pretty=pretty, normalize_functions=False)


def fingerprint(tree: exp.Expr) -> str:
    """Return 12 hexadecimal digits that survive reformatting and comments, not a change."""
    text = tree.sql(AthenaQuery, comments=False, normalize_functions="lower")
    return hashlib.sha256(text.encode()).hexdigest()[:12]
