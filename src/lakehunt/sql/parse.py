"""Reads Athena's SQL into a tree that prints back as the same query.

Knows the dialect, not the tables. The grammar is the one of Trino on DuckDB: calls, literals and
JSON paths stay as written.
"""

import hashlib
from functools import lru_cache

from sqlglot import exp

from lakehunt.errors import Location, SqlError
from lakehunt.trino_on_duckdb import TranslationError
from lakehunt.trino_on_duckdb.parser import parse

_DIALECT = "trino"


@lru_cache(maxsize=1024)
def parse_query(sql: str, where: Location | None = None) -> exp.Query:
    """Return the tree of one query; the same text gives the same tree, so copy before a change.

    Nodes do not tell their places: trees are copied often, and places cost more than all else of
    a copy. An error of a tree is found again in the text.

    Args:
        where: the file and the line that the text starts on, for errors.

    Raises:
        SqlError: no SQL, more than one statement, or not a query; with the position.
    """
    try:
        tree = parse(sql, marks=False)
    except TranslationError as error:
        raise SqlError(f"{place_of(error, where)}SYNTAX_ERROR: {error.message}") from error
    if not isinstance(tree, exp.Query):
        raise SqlError("only queries run here, expected SELECT or WITH")
    return tree


def place_of(error: TranslationError, where: Location | None) -> str:
    """Return where an error of a text lies, as the opening of its message."""
    if not error.line:
        return f"{where}: " if where else ""
    if where is None:
        return f"line {error.line}, column {error.column}: "
    return f"{where.path}:{where.line + error.line - 1}:{error.column}: "


def print_query(tree: exp.Expr, *, pretty: bool = True) -> str:
    """Return the query as Athena takes it."""
    return tree.sql(_DIALECT, pretty=pretty, normalize_functions=False)


def fingerprint(tree: exp.Expr) -> str:
    """Return 12 hexadecimal digits that survive reformatting and comments, not a change."""
    text = tree.sql(_DIALECT, comments=False, normalize_functions="lower")
    return hashlib.sha256(text.encode()).hexdigest()[:12]
