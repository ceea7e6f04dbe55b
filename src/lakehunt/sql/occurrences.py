"""Finds where a query reads log relations, with the columns and conditions of each place.

Knows SQL's scopes, not what the columns mean. Partition bounds and shared scans are made of it.
A condition listed here may be applied early: rows that fail it cannot reach the answer.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import MappingSchema

from lakehunt.sql.implied import implied
from lakehunt.trino_on_duckdb.signatures import named

_TAG = "occurrence"
_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
# Cannot raise and give the same for the same row, so they may run before any other condition.
_SAFE = (
    *_COMPARISONS,
    exp.And,
    exp.Between,
    exp.Boolean,
    exp.Cast,
    exp.Column,
    exp.DataType,
    exp.DataTypeParam,
    exp.Escape,
    exp.Identifier,
    exp.In,
    exp.Interval,
    exp.Introducer,
    exp.Is,
    exp.Like,
    exp.Literal,
    exp.Neg,
    exp.Not,
    exp.Null,
    exp.Or,
    exp.Paren,
    exp.Var,
)
# Safe between literals, such as `TIMESTAMP '...' - INTERVAL '14' DAY`; a column could overflow.
_SAFE_ON_LITERALS = (exp.Add, exp.Sub)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One place where a query reads a log relation.

    `columns` are lower case, None where all may be needed. `conditions` are conjuncts over
    bare columns of the relation.
    """

    relation: str
    columns: frozenset[str] | None
    conditions: tuple[exp.Expr, ...]


def log_tables(tree: exp.Expr, relations: Container[str]) -> list[exp.Table]:
    """Return the table nodes of a tree that name a log relation and not a CTE, in tree order.

    Args:
        relations: their names, in lower case.
    """
    return [
        table
        for table in tree.find_all(exp.Table)
        if table.name.lower() in relations and not is_cte(table)
    ]


def is_cte(table: exp.Table) -> bool:
    """Tell whether a table node names a CTE that is in scope where it stands."""
    node: exp.Expr | None = table
    name = table.name.lower()
    while node is not None:
        with_ = node.args.get("with_")
        inside = table.find_ancestor(exp.CTE)
        for cte in with_.expressions if with_ else ():
            if cte.alias.lower() == name and cte is not inside:
                return True
        node = node.parent
    return False


def find_occurrences(
    tree: exp.Query, relations: Mapping[str, Sequence[str]], now: datetime | None = None
) -> tuple[Occurrence, ...]:
    """Return the places where a bound query reads log relations, in tree order.

    Args:
        relations: the columns of each log relation.
        now: the clock from which conditions on it are made plain; without one they do not count.
    """
    tables = log_tables(tree, relations)
    names = [table.name.lower() for table in tables]
    for index, table in enumerate(tables):
        table.meta[_TAG] = index
    try:
        found = _scan(_qualified(tree, {name: relations[name] for name in names}), now)
    except SqlglotError:
        found = {}
    finally:
        for table in tables:
            table.meta.pop(_TAG, None)
    unknown = (None, ())
    return tuple(Occurrence(name, *found.get(i, unknown)) for i, name in enumerate(names))


def _qualified(tree: exp.Query, relations: Mapping[str, Sequence[str]]) -> exp.Query:
    # told in lower case: sqlglot need not make it so
    types: dict[str, object] = {
        name: {column.lower(): "varchar" for column in columns}
        for name, columns in relations.items()
    }
    return qualify(
        tree.copy(),
        dialect="trino",
        schema=MappingSchema(types, dialect="trino", normalize=False),
        expand_alias_refs=False,
        validate_qualify_columns=False,
        quote_identifiers=False,
        identify=False,
    )


_Found = dict[int, tuple[frozenset[str] | None, tuple[exp.Expr, ...]]]


def _scan(tree: exp.Query, now: datetime | None) -> _Found:
    found: _Found = {}
    # what each derived table's readers filter it by, one list per reader
    readers: dict[int, list[list[exp.Expr]]] = {}
    for scope in reversed(traverse_scope(tree)):
        filters = readers.get(id(scope), [])
        for branch in scope.set_operation_scopes:
            readers[id(branch)] = [_renamed(scope, branch, reader) for reader in filters]
        pushed = _pushed_down(scope, filters)
        for alias, (_, source) in scope.selected_sources.items():
            conditions = [*_conditions(scope, alias, now), *_of(alias, pushed)]
            if isinstance(source, Scope):
                readers.setdefault(id(source), []).append(conditions)
            elif _TAG in source.meta:
                bare = tuple(_bare(condition) for condition in conditions)
                found[source.meta[_TAG]] = (_columns(scope, alias), bare)
    return found


def _renamed(union: Scope, branch: Scope, conditions: list[exp.Expr]) -> list[exp.Expr]:
    """Return conditions on a union's columns as conditions on a branch's, matched by position."""
    names = dict(zip(_outputs(union.expression), _outputs(branch.expression), strict=False))
    renamed = [condition.copy() for condition in conditions]
    for condition in renamed:
        for column in condition.find_all(exp.Column):
            column.set("this", exp.to_identifier(names.get(column.name, column.name)))
    return renamed


def _outputs(query: exp.Expr) -> list[str]:
    names: list[str] = query.named_selects if isinstance(query, exp.Query) else []
    return names


def _conditions(scope: Scope, alias: str, now: datetime | None) -> list[exp.Expr]:
    """Return the conjuncts of a SELECT that filter one of its tables alone."""
    select = scope.expression
    if not isinstance(select, exp.Select):
        return []
    joins: list[exp.Join] = select.args.get("joins") or []
    position = next((i for i, join in enumerate(joins) if join.alias_or_name == alias), None)
    own = joins[position] if position is not None else None
    later = joins[position + 1 :] if position is not None else joins
    nullable = any(join.side in ("RIGHT", "FULL") for join in later)
    nullable = nullable or (own is not None and own.side in ("LEFT", "FULL"))
    found: list[exp.Expr] = []
    where = select.args.get("where")
    for condition in _told(where.this if where else None, now):
        if _filters(condition, alias) and (not nullable or _rejects_null(condition)):
            found.append(condition)
    for join in joins:
        inner = join.side == "" and not nullable
        if inner or (join is own and join.side == "LEFT" and not any(j.side for j in later)):
            on = _told(join.args.get("on"), now)
            found.extend(condition for condition in on if _filters(condition, alias))
    return found


def _told(condition: exp.Expr | None, now: datetime | None) -> list[exp.Expr]:
    """Return the conjuncts of a condition, and what of each is plain by the clock."""
    own = conjuncts(condition)
    plain = (plain for one in own if now is not None for plain in implied(one, now))
    return [*own, *plain]


def conjuncts(condition: exp.Expr | None) -> list[exp.Expr]:
    """Return the parts of a condition that AND joins, parentheses around them taken off."""
    if condition is None:
        return []
    if isinstance(condition, exp.Paren):
        return conjuncts(condition.this)
    if isinstance(condition, exp.And):
        return [*conjuncts(condition.left), *conjuncts(condition.right)]
    return [condition]


def _filters(condition: exp.Expr, alias: str) -> bool:
    columns = [*condition.find_all(exp.Column)]
    return (
        bool(columns)
        and all(column.table == alias for column in columns)
        and all(_is_safe(node) for node in condition.walk())
        and all(isinstance(cast.this, exp.Literal) for cast in condition.find_all(exp.Cast))
    )


def _is_safe(node: exp.Expr) -> bool:
    if isinstance(node, _SAFE_ON_LITERALS):
        return node.find(exp.Column) is None
    return isinstance(node, _SAFE)


def _rejects_null(condition: exp.Expr) -> bool:
    plain = isinstance(condition, (*_COMPARISONS, exp.Between, exp.In, exp.Like))
    return plain and isinstance(condition.this, exp.Column)


def _of(alias: str, conditions: Iterable[exp.Expr]) -> list[exp.Expr]:
    return [condition for condition in conditions if _filters(condition, alias)]


def _pushed_down(scope: Scope, readers: list[list[exp.Expr]]) -> list[exp.Expr]:
    """Return what all readers of a derived table filter it by, over the columns inside it."""
    select = scope.expression
    if not isinstance(select, exp.Select) or not readers or not all(readers):
        return []
    if any(select.args.get(key) for key in ("limit", "offset", "distinct", "having", "qualify")):
        return []
    if select.find(exp.Window):
        return []
    inside = {item.alias_or_name: item.unalias() for item in select.selects}
    group = select.args.get("group")
    if group or any(_aggregates(item) for item in inside.values()):
        keys = {key.sql() for key in group.expressions} if group else set()
        inside = {name: item for name, item in inside.items() if item.sql() in keys}
    mapped = [[_inside(c, inside) for c in reader] for reader in readers]
    usable = [[condition for condition in reader if condition is not None] for reader in mapped]
    if len(usable) == 1:
        return usable[0]
    if not all(usable):
        return []
    return [exp.or_(*(exp.and_(*reader) for reader in usable))]


def _aggregates(item: exp.Expr) -> bool:
    """Tell whether a function in an expression makes one value of many rows."""
    if item.find(exp.AggFunc):
        return True
    calls = (signature for call in item.find_all(exp.Anonymous) for signature in named(call.name))
    return any(signature.kind == "aggregate" for signature in calls)


def _inside(condition: exp.Expr, inside: Mapping[str, exp.Expr]) -> exp.Expr | None:
    copied = condition.copy()
    holder = exp.Paren(this=copied)
    for column in [*copied.find_all(exp.Column)]:
        target = inside.get(column.name)
        if not isinstance(target, exp.Column):
            return None
        column.replace(target.copy())
    inner: exp.Expr = holder.this
    return inner


def _columns(scope: Scope, alias: str) -> frozenset[str] | None:
    select = scope.expression
    if select.find(exp.Star) and not all(
        isinstance(star.parent, exp.Count | exp.Anonymous) for star in select.find_all(exp.Star)
    ):
        return None
    columns = select.find_all(exp.Column)
    return frozenset(c.name.lower() for c in columns if c.table == alias)


def _bare(condition: exp.Expr) -> exp.Expr:
    copied = condition.copy()
    for column in copied.find_all(exp.Column):
        column.set("table", None)
    return copied
