"""Reads rendered DDL back as the model of a source's relations.

Knows Athena's DDL by sqlglot, nothing of any one source. The package's loader calls it.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import TokenType

from lakehunt.errors import ContentError, Location, Problem
from lakehunt.model import Column, Table, Type, View

_VIEW = re.compile(r"CREATE\s+OR\s+REPLACE\s+VIEW\s+(\w+)\s+AS\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a rendered template: where it stands, and the view that it makes, if any.

    `sql` is the SELECT of a view, else the whole statement.
    """

    where: Location
    start: int
    end: int
    view: str
    opening: str
    sql: str

    def with_sql(self, sql: str) -> str:
        """Return the statement's text with another SELECT."""
        return self.opening + sql


def statements(where: Location, ddl: str) -> list[Statement]:
    """Return the statements of rendered DDL; comments stay inside.

    Raises:
        ContentError: it is no SQL.
    """
    found: list[Statement] = []
    for start, end in _spans(where, ddl):
        text = ddl[start:end]
        match = _VIEW.match(text)
        opening, sql = (match[0], text[match.end() :]) if match else ("", text)
        place = Location(where.path, where.line + ddl.count("\n", 0, start))
        found.append(Statement(place, start, end, match[1] if match else "", opening, sql))
    return found


def _spans(where: Location, ddl: str) -> Iterator[tuple[int, int]]:
    try:
        tokens = sqlglot.tokenize(ddl, read="hive")
    except TokenError as error:
        raise ContentError([Problem(where, f"not SQL: {error}")]) from error
    start: int | None = None
    end = 0
    for token in tokens:
        if token.token_type is TokenType.SEMICOLON:
            if start is not None:
                yield start, end
            start = None
        else:
            start = token.start if start is None else start
            end = token.end + 1
    if start is not None:
        yield start, end


def literal(text: str) -> str:
    """Return a text as Athena's DDL writes it: Hive's literal, in which a backslash escapes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\t", "\\t")
    return f"'{escaped}'"


def printed(properties: Mapping[str, str]) -> str:
    """Return the inside of TBLPROPERTIES, one property a line."""
    pairs = (f"\n    {literal(key)}={literal(value)}" for key, value in properties.items())
    return ",".join(pairs)


@contextmanager
def _placed(where: Location) -> Iterator[None]:
    try:
        yield
    except (ParseError, TokenError, ValueError) as error:
        what = str(error).partition("\n")[0]
        raise ContentError([Problem(where, f"not Athena DDL: {what}")]) from error


def read_view(statement: Statement, sql: str) -> View:
    """Return a view as a value, its SELECT being the given text.

    Raises:
        ContentError: it is no SELECT of named columns.
    """
    with _placed(statement.where):
        return _view(statement.view, sql)


def read_table(statement: Statement) -> Table:
    """Return an external table as a value.

    Raises:
        ContentError: it is no CREATE EXTERNAL TABLE that is known here.
    """
    with _placed(statement.where):
        return _table(statement.sql)


@lru_cache(maxsize=256)
def _view(name: str, sql: str) -> View:
    select = sqlglot.parse_one(sql, read="trino")
    if not isinstance(select, exp.Select):
        raise ValueError(f"view {name} is no SELECT")
    columns = tuple(item.output_name for item in select.selects)
    if not all(columns):
        raise ValueError(f"view {name}: column {columns.index('') + 1} has no name")
    return View(name, columns, sql)


@lru_cache(maxsize=256)
def _table(statement: str) -> Table:
    create = sqlglot.parse_one(statement, read="athena")
    if not isinstance(create, exp.Create) or not isinstance(create.this, exp.Schema):
        raise ValueError("expected CREATE EXTERNAL TABLE name (columns)")
    found: dict[type[exp.Expr], exp.Expr] = {
        type(p): p for p in create.args["properties"].expressions
    }
    partitioned = found.get(exp.PartitionedByProperty)
    partition_columns = partitioned.this.expressions if partitioned else ()
    serde = found.get(exp.RowFormatSerdeProperty)
    return Table(
        name=create.this.this.name,
        columns=tuple(_column(c) for c in create.this.expressions),
        partition_columns=tuple(_column(c) for c in partition_columns),
        serde=serde.name if serde else "",
        input_format=_format(found, "input_format"),
        output_format=_format(found, "output_format"),
        location=found[exp.LocationProperty].name,
        properties={
            p.name: p.args["value"].name
            for p in create.args["properties"].expressions
            if type(p) is exp.Property
        },
        serde_properties=_pairs(serde.args.get("serde_properties") if serde else None),
    )


def _pairs(properties: exp.Expr | None) -> dict[str, str]:
    items = properties.expressions if properties else []
    return {item.name: item.args["value"].name for item in items}


def _format(found: Mapping[type[exp.Expr], exp.Expr], key: str) -> str:
    stored = found.get(exp.FileFormatProperty)
    value = stored.this.args.get(key) if stored and isinstance(stored.this, exp.Expr) else None
    return value.name if value else ""


def _column(definition: exp.Expr) -> Column:
    kind = definition.args.get("kind")
    if not isinstance(kind, exp.DataType):
        raise ValueError(f"column {definition.name} has no type")
    comment = next(
        (
            constraint.kind.name
            for constraint in definition.args.get("constraints") or ()
            if isinstance(constraint.kind, exp.CommentColumnConstraint)
        ),
        "",
    )
    return Column(definition.name, _type(kind), comment)


def read_type(text: str) -> Type:
    """Return the type that Glue spells so.

    Raises:
        ValueError: it is none.
    """
    return _type(exp.DataType.build(text, dialect="hive"))


_SCALARS = {"TEXT": "string", "INT": "int", "VARBINARY": "binary"}


def _type(kind: exp.DataType) -> Type:
    name = kind.this.name if hasattr(kind.this, "name") else str(kind.this)
    if name == "STRUCT":
        fields = ((f.name, _type(f.args["kind"])) for f in kind.expressions)
        return Type("struct", fields=tuple(fields))
    if name in ("ARRAY", "MAP"):
        return Type(name.lower(), tuple(_type(inner) for inner in kind.expressions))
    if kind.expressions:
        sizes = ",".join(size.name for size in kind.expressions)
        return Type(f"{name.lower()}({sizes})")
    return Type(_SCALARS.get(name, name.lower()))
