"""Puts a value in place of a column that a view names and the deployed table has not.

Knows tokens, so that the rest of the view stays as written. A layout without folders for a
partition column leaves it to the record, a field that the user did not choose is NULL.
"""

from collections.abc import Iterator, Mapping

import sqlglot
from sqlglot.tokenizer_core import Token, TokenType

from lakehunt.layouts import strftime
from lakehunt.model import Field, Partitions, Table

_TYPES = {"string": "varchar", "int": "integer", "float": "real"}


def filled(sql: str, table: Table, partitions: Partitions) -> str:
    """Return a view's SELECT with each absent column replaced by what stands for it."""
    instead = _instead(sql, table, partitions)
    return replaced(sql, instead) if instead else sql


def _instead(sql: str, table: Table, partitions: Partitions) -> dict[str, str]:
    there = {column.name.lower() for column in (*table.columns, *table.partition_columns)}
    instead = {
        field.name: f"CAST(NULL AS {_type(field, table)})"
        for field in partitions.fields
        if field.name not in there
    }
    for column in partitions.columns:
        if column.raw_name.lower() in there:
            continue
        value = column.record if column.record and column.type != "date" else ""
        if column.name == partitions.window:
            time = replaced(item(sql, "event_time"), instead)
            format_ = strftime(column.format)
            value = f"date_format({time}, '{format_}')" if time else ""
        instead[column.raw_name] = value or "CAST(NULL AS varchar)"
    return instead


def _type(field: Field, table: Table) -> str:
    """Return the type that a field would have in a table: a text where all others are texts."""
    if all(column.type.name == "string" for column in table.columns):
        return "varchar"
    return _TYPES.get(field.type, field.type)


def replaced(sql: str, instead: Mapping[str, str]) -> str:
    """Return SQL with bare column names replaced; a whole item of the SELECT keeps its name."""
    names = {name.lower(): name for name in instead}
    parts: list[str] = []
    done = 0
    for token, is_item in _columns(sql):
        name = names.get(token.text.lower())
        if name is None:
            continue
        alias = f" AS {name}" if is_item else ""
        parts += [sql[done : token.start], instead[name], alias]
        done = token.end + 1
    return "".join((*parts, sql[done:]))


def _columns(sql: str) -> Iterator[tuple[Token, bool]]:
    """Yield tokens that may be a bare column, and whether one is a whole item of the SELECT."""
    tokens = sqlglot.tokenize(sql, read="trino")
    depth = 0
    for position, token in enumerate(tokens):
        before = tokens[position - 1].token_type if position else None
        after = tokens[position + 1].token_type if position + 1 < len(tokens) else None
        if token.token_type is TokenType.L_PAREN:
            depth += 1
        elif token.token_type is TokenType.R_PAREN:
            depth -= 1
        # a column of that name is quoted, and then no keyword
        elif token.token_type not in (TokenType.STRING, TokenType.END):
            # behind a text stands the unit of an interval; TIME ZONE is no column either
            named = before in (TokenType.DOT, TokenType.ALIAS, TokenType.STRING)
            named = named or tokens[position : position + 2][-1].text.upper() == "ZONE"
            if not named and after not in (TokenType.DOT, TokenType.L_PAREN):
                opens = before in (TokenType.SELECT, TokenType.COMMA)
                yield token, depth == 0 and opens and after in (TokenType.COMMA, TokenType.FROM)


def item(sql: str, name: str) -> str:
    """Return the expression of one named item of a SELECT, '' where it has none."""
    tokens = sqlglot.tokenize(sql, read="trino")
    depth = 0
    start = 0
    for position, token in enumerate(tokens):
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        if depth == 0 and token.token_type in (TokenType.SELECT, TokenType.COMMA):
            start = token.end + 1
        ahead = tokens[position + 1] if position + 1 < len(tokens) else token
        if depth == 0 and token.token_type is TokenType.ALIAS and ahead.text.lower() == name:
            return sql[start : token.start].strip()
        if depth == 0 and token.token_type is TokenType.FROM:
            break
    return ""


def condition(sql: str) -> str:
    """Return the condition of a SELECT that ends with its WHERE, '' where it has none."""
    depth = 0
    for token in sqlglot.tokenize(sql, read="trino"):
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        if depth == 0 and token.token_type is TokenType.WHERE:
            return sql[token.end + 1 :].strip()
    return ""
