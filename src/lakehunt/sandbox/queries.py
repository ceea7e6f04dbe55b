"""Runs a query on what Glue knows: names resolved, views expanded, then Trino on DuckDB.

Knows SQL and relations, neither results in S3 nor the API. `statements` calls it.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow
from sqlglot import exp

from lakehunt.engines.local.types import quoted, text
from lakehunt.sandbox.partitions import Placed
from lakehunt.sandbox.reading import Reading, Relation
from lakehunt.sandbox.store import Missing, Unreadable
from lakehunt.sql.occurrences import find_occurrences, is_cte
from lakehunt.trino_on_duckdb import Refused, Translation, TranslationError, TrinoError, translate
from lakehunt.trino_on_duckdb.analysis import Column
from lakehunt.trino_on_duckdb.parser import parse
from lakehunt.trino_on_duckdb.runner import Runner
from lakehunt.trino_on_duckdb.syntax.lexer import tokens
from lakehunt.trino_on_duckdb.types import Type
from lakehunt.trino_on_duckdb.types import parse as parse_type

_VIEW_TEXT = re.compile(r"/\* Presto View: (\S+) \*/")
_DEEPEST_VIEW = 16


class QueryFailed(Exception):
    """A statement that ends as FAILED; the message is the reason that Athena would give."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A query's columns and rows, in the form of Trino's client protocol, and its scanned bytes."""

    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Any]]
    scanned_bytes: int


@dataclass(slots=True)
class _Bound:
    tree: exp.Expression
    relations: dict[str, Relation] = field(default_factory=dict)

    @property
    def catalog(self) -> dict[str, Mapping[str, Type]]:
        return {name: relation.columns for name, relation in self.relations.items()}


class Session:
    """One statement's connection: what runs on it can be interrupted from another thread."""

    def __init__(self, reading: Reading, database: str) -> None:
        self.reading = reading
        self.database = database
        self._runner = Runner()

    def interrupt(self) -> None:
        """Stop what runs."""
        self._runner.connection.interrupt()

    def close(self) -> None:
        """Give the connection back."""
        self._runner.connection.close()

    def columns(self, sql: str) -> tuple[Column, ...]:
        """Return the columns of a query without running it.

        Raises:
            QueryFailed: Athena would refuse it.
        """
        return self._translated(sql, ())[1].columns

    def answer(self, sql: str, parameters: Sequence[str], scanned: Callable[[int], None]) -> Answer:
        """Return the rows of a query.

        Args:
            parameters: SQL literals for its question marks, in order.
            scanned: told the bytes that are read, before they are.

        Raises:
            QueryFailed: Athena would refuse it, or it failed.
        """
        bound, translation = self._translated(sql, parameters)
        size = self._scanned(bound)
        scanned(size)
        try:
            self._define(bound)
            rows = self._runner.rows(translation)
        except TranslationError as error:
            raise _failed(error) from error
        return Answer(translation.columns, rows, size)

    def table(
        self, sql: str, parameters: Sequence[str], scanned: Callable[[int], None]
    ) -> tuple[pyarrow.Table, tuple[Column, ...]]:
        """Return the rows of a query as Arrow, to be written to files; raises as `answer`."""
        bound, translation = self._translated(sql, parameters)
        scanned(self._scanned(bound))
        try:
            self._define(bound)
            rows = self._runner.arrow(translation)
        except TranslationError as error:
            raise _failed(error) from error
        return rows, translation.columns

    def _translated(self, sql: str, parameters: Sequence[str]) -> tuple[_Bound, Translation]:
        try:
            bound = _Bound(parse(filled(sql, parameters)))
            self._bind(bound, bound.tree, self.database, 0)
            return bound, translate(bound.tree, bound.catalog)
        except TranslationError as error:
            raise _failed(error) from error
        except Missing as error:
            raise QueryFailed(f"TABLE_NOT_FOUND: line 1:1: {error}") from error

    def _bind(self, bound: _Bound, tree: exp.Expression, database: str, depth: int) -> None:
        """Name the database of each table, and put a view's query where the view is named."""
        if depth > _DEEPEST_VIEW:
            raise QueryFailed("VIEW_IS_RECURSIVE: line 1:1: a view reads itself")
        named = (t for t in tree.find_all(exp.Table) if isinstance(t.this, exp.Identifier))
        for table in [table for table in named if not is_cte(table)]:
            place, name = (table.db or database).lower(), table.name.lower()
            described = self.reading.store.table(place, name)
            if described.get("TableType") == "VIRTUAL_VIEW":
                view = view_definition(described)
                inner = parse(view["originalSql"])
                self._bind(bound, inner, view.get("schema") or place, depth + 1)
                if _replaced(table, inner) is bound.tree:
                    raise QueryFailed("SYNTAX_ERROR: line 1:1: mismatched input")
            else:
                bound.relations[f"{place}.{name}"] = self.reading.relation(place, described)
                table.set("db", exp.to_identifier(place, quoted=True))
                table.set("this", exp.to_identifier(name, quoted=True))
                table.set("catalog", None)

    def _define(self, bound: _Bound) -> None:
        connection = self._runner.connection
        for name, relation in bound.relations.items():
            database, _, table = name.partition(".")
            try:
                sql = relation.sql()
            except Unreadable as error:
                raise QueryFailed(f"NOT_SUPPORTED: {error}") from error
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(database)}")
            connection.execute(f"CREATE VIEW {quoted(database)}.{quoted(table)} AS {sql}")

    def _scanned(self, bound: _Bound) -> int:
        """Return the bytes of the objects in the partitions that the query's places leave."""
        tables = {name.partition(".")[2]: relation for name, relation in bound.relations.items()}
        known = {name: tuple(relation.columns) for name, relation in tables.items()}
        assert isinstance(bound.tree, exp.Query)
        total = 0
        for occurrence in find_occurrences(bound.tree, known):
            relation = tables[occurrence.relation]
            kept = self._pruned(relation, occurrence.conditions)
            total += sum(one.stored.size_bytes for one in kept)
        return total

    def _pruned(self, relation: Relation, conditions: Sequence[exp.Expr]) -> Sequence[Placed]:
        """Return the objects of the partitions that these conditions admit."""
        keys = {key: relation.columns[key] for key in relation.keys}
        usable = [
            condition.copy()
            for condition in conditions
            if all(column.name.lower() in keys for column in condition.find_all(exp.Column))
        ]
        if not usable or not relation.placed:
            return relation.placed
        rows = ", ".join(
            f"({n}, {', '.join(text(one.values[key]) for key in one.values)})"
            for n, one in enumerate(relation.placed)
        )
        names = ", ".join(quoted(name) for name in ("number", *relation.placed[0].values))
        self._runner.connection.execute(
            f"CREATE OR REPLACE TEMP VIEW partitions AS FROM (VALUES {rows}) AS p({names})"
        )
        query = exp.select("number").from_("partitions").where(*usable, copy=False)
        catalog = {"partitions": {"number": parse_type("integer"), **keys}}
        numbers = self._runner.rows(translate(query, catalog))
        return [relation.placed[row[0]] for row in numbers]


def filled(sql: str, parameters: Sequence[str]) -> str:
    """Return a query with literals in place of its question marks.

    Raises:
        QueryFailed: there are more or fewer, or one is no literal.
        TranslationError: one cannot be read.
    """
    holes = [token.start for token in tokens(sql) if token.word == "?"]
    if len(holes) != len(parameters):
        what = f"Incorrect number of parameters: expected {len(holes)} but found {len(parameters)}"
        raise QueryFailed(f"INVALID_PARAMETER_USAGE: line 1:1: {what}")
    for hole, parameter in reversed([*zip(holes, parameters, strict=True)]):
        value = parse(f"SELECT {parameter}")
        if value.find(exp.Column, exp.Table, exp.Star) or len(value.expressions) != 1:
            raise QueryFailed(f"INVALID_PARAMETER_USAGE: line 1:1: {parameter} is no literal")
        sql = f"{sql[:hole]}({parameter}){sql[hole + 1 :]}"
    return sql


def view_definition(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a view in Glue says of itself: `originalSql`, `schema`, `columns`."""
    match = _VIEW_TEXT.search(table.get("ViewOriginalText") or "")
    if match is None:
        raise QueryFailed(f"INVALID_VIEW: line 1:1: View '{table['Name']}' is no Presto view")
    found: dict[str, Any] = json.loads(base64.b64decode(match[1]))
    return found


def view_text(definition: Mapping[str, Any]) -> str:
    """Return a view's definition as Glue keeps it."""
    packed = base64.b64encode(json.dumps(definition).encode()).decode()
    return f"/* Presto View: {packed} */"


def _replaced(table: exp.Table, inner: exp.Expression) -> exp.Expression:
    name = table.alias_or_name
    alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name, quoted=True))
    around = exp.Subquery(this=inner, alias=alias.copy())
    around.set("joins", table.args.get("joins"))
    table.replace(around)
    return around


def _failed(error: TranslationError) -> QueryFailed:
    place = f"line {error.line}:{error.column}: " if error.line else ""
    if isinstance(error, TrinoError):
        return QueryFailed(f"{error.code}: {place}{error.message}")
    assert isinstance(error, Refused)
    return QueryFailed(f"NOT_SUPPORTED: {place}not reproduced by the sandbox: {error.message}")
