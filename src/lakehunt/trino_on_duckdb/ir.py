"""The typed tree: what the analyzer makes of a query and the lowering prints.

It must not know names, scopes or DuckDB. Every expression carries its Trino type and, where it has
one, its node in
the sqlglot tree (`origin`, no part of equality), so that rules can point into the user's text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from sqlglot import exp

from .signatures import Signature
from .types import Type

Value = None | bool | int | float | Decimal | str | bytes


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression and its type."""

    type: Type
    origin: exp.Expression | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Constant(Expr):
    """A literal. Text where the type has no Python value: timestamps, dates, intervals, doubles."""

    value: Value


@dataclass(frozen=True, slots=True)
class Variable(Expr):
    """A value that the connection has under this name when the query runs."""

    name: str


@dataclass(frozen=True, slots=True)
class Field(Expr):
    """A column of a relation in scope: the relation's id and the column's place in it."""

    relation: int
    index: int
    name: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Parameter(Expr):
    """A lambda's parameter, by its unique name."""

    name: str


@dataclass(frozen=True, slots=True)
class Lambda(Expr):
    """A lambda; `type` is its function type."""

    parameters: tuple[Parameter, ...]
    body: Expr


@dataclass(frozen=True, slots=True)
class Call(Expr):
    """A function of the signature table on arguments already of the signature's types."""

    signature: Signature
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Operator(Expr):
    """What SQL spells with signs or words: arithmetic, comparison, AND, IN, LIKE, subscript, row
    and array.
    """

    name: str
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Cast(Expr):
    """A conversion; `safe` is TRY_CAST, `implicit` one that the text does not show."""

    value: Expr
    safe: bool = False
    implicit: bool = False


@dataclass(frozen=True, slots=True)
class Case(Expr):
    """Conditions in order, each with its result."""

    whens: tuple[tuple[Expr, Expr], ...]
    default: Expr


@dataclass(frozen=True, slots=True)
class FieldOf(Expr):
    """A field of a row, by its place."""

    base: Expr
    index: int


@dataclass(frozen=True, slots=True)
class SortKey:
    """One item of ORDER BY. Nulls are last unless `nulls_first`, whatever the direction."""

    value: Expr
    descending: bool = False
    nulls_first: bool = False


@dataclass(frozen=True, slots=True)
class Aggregate(Expr):
    """An aggregate call with its clauses; `count(*)` has no arguments."""

    signature: Signature
    arguments: tuple[Expr, ...]
    distinct: bool = False
    filter: Expr | None = None
    order: tuple[SortKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Grouping(Expr):
    """`grouping(...)` of grouping columns."""

    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a frame: UNBOUNDED, CURRENT or a value, PRECEDING or FOLLOWING."""

    kind: str
    side: str = ""
    value: Expr | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """A window's frame."""

    kind: str
    start: Bound
    end: Bound


@dataclass(frozen=True, slots=True)
class Window(Expr):
    """A window function, or an aggregate over a window."""

    call: Aggregate
    partition: tuple[Expr, ...]
    order: tuple[SortKey, ...]
    frame: Frame | None
    ignore_nulls: bool = False


@dataclass(frozen=True, slots=True)
class Subquery(Expr):
    """A query used as a value: `kind` is scalar, exists, in, or a comparison with ALL or ANY (`=
    ANY`).
    """

    kind: str
    query: Query
    value: Expr | None = None
    correlated: bool = False


# ------------------------------------------------------------------ relations


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a relation offers: its name, None where it has none, and its type."""

    name: str | None
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """Something in FROM; `id` is unique in the query and names it in `Field`, `alias` is the user's
    word.
    """

    id: int
    alias: str | None
    columns: tuple[Column, ...]
    origin: exp.Expression | None = field(default=None, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True, eq=False)
class Scan(Relation):
    """A table of the catalog, by its parts."""

    table: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Derived(Relation):
    """A query in FROM, a LATERAL one, or a use of the query of WITH named `shared`."""

    query: Query
    lateral: bool = False
    shared: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Unnest(Relation):
    """UNNEST of arrays and maps. `spread` tells per argument whether rows become columns."""

    arguments: tuple[Expr, ...]
    spread: tuple[bool, ...]
    ordinality: bool


@dataclass(frozen=True, slots=True, eq=False)
class Join(Relation):
    """Two relations joined; its own id only names it. `using` pairs fields, which come first in its
    output.
    """

    kind: str
    left: Relation
    right: Relation
    condition: Expr | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Sampled(Relation):
    """A share of a relation's rows."""

    base: Relation
    method: str
    percent: Expr


# ------------------------------------------------------------------ queries


@dataclass(frozen=True, slots=True)
class Output:
    """One column of a query's result."""

    name: str | None
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A query: its result columns, and the tail that every kind of query can have."""

    columns: tuple[Column, ...]
    order: tuple[SortKey, ...] = field(default=(), kw_only=True)
    offset: int | None = field(default=None, kw_only=True)
    limit: int | None = field(default=None, kw_only=True)
    ties: bool = field(default=False, kw_only=True)
    ctes: tuple[tuple[str, Query], ...] = field(default=(), kw_only=True)
    origin: exp.Expression | None = field(default=None, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True, eq=False)
class Select(Query):
    """SELECT. `sets` is None without aggregation, else the grouping sets as places in `keys`."""

    outputs: tuple[Output, ...]
    source: Relation | None
    where: Expr | None = None
    keys: tuple[Expr, ...] = ()
    sets: tuple[tuple[int, ...], ...] | None = None
    having: Expr | None = None
    distinct: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Rows(Query):
    """VALUES."""

    rows: tuple[tuple[Expr, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class SetOperation(Query):
    """UNION, EXCEPT or INTERSECT. `order` keys of it are fields of relation `id`."""

    id: int
    kind: str
    distinct: bool
    left: Query
    right: Query


@dataclass(frozen=True, slots=True, eq=False)
class Recursive(Query):
    """A query of WITH RECURSIVE, named `name`: its first rows, and the step that uses them."""

    name: str
    base: Query
    step: Select


@dataclass(frozen=True, slots=True, eq=False)
class Wrapped(Query):
    """A query in parentheses with a tail of its own. `order` keys of it are fields of relation
    `id`.
    """

    id: int
    query: Query
