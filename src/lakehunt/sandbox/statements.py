"""What each kind of statement does in the sandbox: queries, tables made of queries, and DDL.

Knows SQL's statements, the store and queries, not the API. `executions` calls it.
"""

import re
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass

from lakehunt.sandbox import definitions, listings, written
from lakehunt.sandbox.queries import QueryFailed, Session
from lakehunt.sandbox.reading import Reading
from lakehunt.sandbox.results import Outcome, of_answer, of_lines
from lakehunt.sandbox.store import Missing
from lakehunt.trino_on_duckdb import TranslationError
from lakehunt.trino_on_duckdb.types import VARCHAR

_COMMENTS = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(r"\w+")
_EXECUTE = re.compile(r"EXECUTE\s+\"?(\w+)\"?(?:\s+USING\s+(.*))?", re.IGNORECASE | re.DOTALL)
_PREPARE = re.compile(r"PREPARE\s+\"?(\w+)\"?\s+FROM\s+(.*)", re.IGNORECASE | re.DOTALL)
_EXPLAIN = re.compile(r"EXPLAIN(?:\s+ANALYZE)?(?:\s*\([^)]*\))?\s+(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement and its surroundings: what StartQueryExecution was given.

    `prepared` are the texts of prepared statements by name; `scanned` is told the bytes read.
    """

    id: str
    sql: str
    database: str
    output: str
    parameters: Sequence[str]
    prepared: MutableMapping[str, str]
    scanned: Callable[[int], None]


def execute(statement: Statement, session: Session, reading: Reading) -> Outcome:
    """Return what a statement left.

    Raises:
        QueryFailed: with Athena's code and message.
    """
    sql = without_comments(statement.sql)
    words = tuple(word.upper() for word in _WORD.findall(sql)[:2])
    first = words[0] if words else ""
    try:
        if first in definitions.WORDS and not written.is_table_of_query(sql):
            return definitions.define(sql, statement.database, session, reading)
        if first in listings.WORDS:
            return listings.listed(sql, statement.database, reading.store)
        if first in ("CREATE", "UNLOAD"):
            return written.write(sql, statement, session, reading.store)
        return _asked(sql, first, statement, session)
    except Missing as error:
        raise QueryFailed(f"FAILED: SemanticException [Error 10001]: {error}") from error


def without_comments(sql: str) -> str:
    """Return a statement without comments before it and without a semicolon after it."""
    found = _COMMENTS.match(sql)
    return sql[found.end() if found else 0 :].strip().rstrip(";").rstrip()


def kind_of(sql: str) -> str:
    """Return Athena's word for the kind of a statement: DML, DDL or UTILITY."""
    word = _WORD.match(without_comments(sql))
    first = word[0].upper() if word else ""
    if first in ("SHOW", "DESCRIBE", "DESC", "EXPLAIN"):
        return "UTILITY"
    return "DDL" if first in ("CREATE", "DROP", "ALTER", "MSCK") else "DML"


def _asked(sql: str, first: str, statement: Statement, session: Session) -> Outcome:
    parameters = statement.parameters
    prepare = _PREPARE.fullmatch(sql)
    if prepare:
        statement.prepared[prepare[1]] = prepare[2]
        return Outcome("PREPARE")
    if first == "DEALLOCATE":
        statement.prepared.pop(sql.rsplit(maxsplit=1)[-1].strip('"'), None)
        return Outcome("DEALLOCATE")
    if first == "EXECUTE":
        sql, parameters = _prepared(sql, statement)
    explained = _EXPLAIN.fullmatch(sql)
    if explained:
        session.columns(explained[1])
        plan = [["Fragment 0 [SINGLE]"], ["    checked by the sandbox, which plans nothing"]]
        return of_lines("EXPLAIN", [("Query Plan", VARCHAR)], plan)
    return of_answer(session.answer(sql, parameters, statement.scanned))


def _prepared(sql: str, statement: Statement) -> tuple[str, list[str]]:
    match = _EXECUTE.fullmatch(sql)
    if match is None or match[1] not in statement.prepared:
        name = match[1] if match else sql
        raise QueryFailed(f"PreparedStatement {name} was not found in workGroup")
    try:
        given = written.parted(match[2]) if match[2] else []
    except TranslationError as error:
        raise QueryFailed(f"SYNTAX_ERROR: {error}") from error
    return statement.prepared[match[1]], given
