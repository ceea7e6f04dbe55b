"""The form of one row in the tables of functions: how a Trino signature is said in DuckDB's SQL.

It must not know any function, nor how a tree is lowered. The family modules build entries, the
lowering renders them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lakehunt.trino_on_duckdb.functions.definitions import fails


class Refused(Exception):
    """A call that cannot be said exactly in DuckDB; the text is the reason, fit for the user."""


class How(StrEnum):
    """By what means a signature is reproduced."""

    NATIVE = "native"
    MACRO = "macro"
    PYTHON = "python"
    REWRITE = "rewrite"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Argument:
    """One lowered argument of a call.

    sql: DuckDB expression text that can stand as an operand (parenthesised where it must be);
         of a lambda, the whole of it: `lambda x, y: body`.
    duckdb: its DuckDB type as text; empty for a lambda.
    trino: its Trino type as typeof prints it, after coercion to the signature.
    literal: the value as text where the argument is a literal, also through casts that keep the
    text; else None.
    parameters, body: of a lambda, the names as written in `sql` and the text of the body.
    """

    sql: str
    duckdb: str = ""
    trino: str = ""
    literal: str | None = None
    parameters: tuple[str, ...] = ()
    body: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to be said in DuckDB: arguments, result types, and the clauses of an aggregate
    or window call.

    distinct: `DISTINCT` or empty; order: `ORDER BY ...` within the parentheses; nulls: `IGNORE
    NULLS` or empty;
    after: `FILTER (...)` and `OVER (...)`, which follow the parentheses.
    """

    arguments: tuple[Argument, ...]
    duckdb: str = ""
    trino: str = ""
    distinct: str = ""
    order: str = ""
    nulls: str = ""
    after: str = ""


Choose = Callable[[Call], str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One signature of Trino and its DuckDB text.

    name: lower case. arguments: types exactly as in functions.tsv, a variadic one last.
    sql: the template. For REFUSED the reason; for REWRITE a key that the lowering implements.
    In a template:
        $1 $2 ...       an argument               $*  $2*     all of them, or from the second
        on, comma joined
        $t1             its DuckDB type           $d1         its Trino type as an SQL text literal
        $p1 $s1         first and second number of its Trino type: precision of a timestamp,
        precision and scale
        $r              the DuckDB result type    $rp $rs     precision and scale of the result
        $a2 $b2 $c2     parameter names of the lambda that is argument 2, $body2 its body
        $distinct $order $nulls $after            the clauses of Call; a clause without its mark
        is refused
        $$              a dollar sign
    choose: picks the template from the call where its literals or types decide (regular
    expressions, paths, formats).
    """

    name: str
    arguments: tuple[str, ...]
    how: How
    sql: str = ""
    choose: Choose | None = None


MARK = re.compile(r"\$(?:(\$|distinct|order|nulls|after|rp|rs|r\b|\*)|([tdpsabc]|body)?(\d+)(\*?))")
NUMBERS = re.compile(r"\((\d+)(?:,\s*(\d+))?\)")
CLAUSES = ("distinct", "order", "nulls", "after")


def render(entry: Entry, call: Call) -> str:
    """The DuckDB text of one call.

    Raises Refused, for a refused entry, for a clause that the template has no place for, and
    where `choose` does.
    """
    if entry.how is How.REFUSED:
        raise Refused(f"{entry.name}: {entry.sql}")
    template = entry.choose(call) if entry.choose else entry.sql
    for clause in CLAUSES:
        if getattr(call, clause) and f"${clause}" not in template:
            raise Refused(
                f"{entry.name}: {getattr(call, clause).split('(')[0].strip()} is not reproduced "
                f"here"
            )
    return MARK.sub(lambda mark: _fill(mark, call), template)


def quote(text: str) -> str:
    """`text` as a literal of DuckDB's SQL."""
    return "'" + text.replace("'", "''") + "'"


def literal(text: str) -> str:
    """`text` as an SQL literal inside a template, where a dollar sign is written twice."""
    return quote(text).replace("$", "$$")


def _fill(mark: re.Match[str], call: Call) -> str:
    word, kind, digits, rest = mark.groups()
    if word is not None:
        return _word(word, call)
    position = int(digits) - 1
    if rest:
        return ", ".join(argument.sql for argument in call.arguments[position:])
    return _argument(kind or "", call.arguments[position])


def _word(word: str, call: Call) -> str:
    if word == "$":
        return "$"
    if word == "*":
        return ", ".join(argument.sql for argument in call.arguments)
    if word == "r":
        return call.duckdb
    if word in ("rp", "rs"):
        return _number(call.trino, "ps".index(word[1]))
    clause: str = getattr(call, word)
    return f" {clause}" if word != "distinct" and clause else f"{clause} " if clause else ""


def _argument(kind: str, argument: Argument) -> str:
    if kind == "t":
        return argument.duckdb
    if kind == "d":
        return quote(argument.trino)
    if kind in ("p", "s"):
        return _number(argument.trino, "ps".index(kind))
    if kind == "body":
        return argument.body
    if kind:
        return argument.parameters["abc".index(kind)]
    return argument.sql


def _number(type_text: str, position: int) -> str:
    found = NUMBERS.search(type_text)
    return (found.group(position + 1) if found else None) or (
        "3" if type_text.startswith("time") else "0"
    )


def table(how: How, rows: Sequence[tuple[str, str, str]]) -> tuple[Entry, ...]:
    """Entries of one kind from rows of name, argument types and template.

    Argument types are separated by semicolons, since types have commas of their own; an empty
    text is no argument.
    """
    return tuple(Entry(name, split_types(types), how, sql) for name, types, sql in rows)


def split_types(types: str) -> tuple[str, ...]:
    """The types of a text that separates them by semicolons."""
    return tuple(part.strip() for part in types.split(";")) if types.strip() else ()


def concatenation(call: Call) -> str:
    """The template that joins all arguments; less than two are an error in Trino."""
    if not call.arguments[1:]:
        message = "There must be two or more concatenation arguments"
        return fails("INVALID_FUNCTION_ARGUMENT", message, call.duckdb or "VARCHAR")
    return "(" + " || ".join(f"${place}" for place in range(1, len(call.arguments) + 1)) + ")"
