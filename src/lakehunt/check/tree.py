"""Steps through the typed tree of a query: each query in it once, each expression with its place.

Knows the typed tree, no rule. The rules look at what stands here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from lakehunt.trino_on_duckdb import ir, walk

# What counts rows: its value is no text of a log, whatever it counts.
COUNTS = ("count", "count_if", "approx_distinct")


@dataclass(frozen=True, slots=True)
class Placed:
    """An expression, the query that it stands in, and whether TRY catches what it raises."""

    node: ir.Expr
    query: ir.Query
    tried: bool


def queries(top: ir.Query) -> tuple[ir.Query, ...]:
    """Return every query of a tree once, the outermost first; a query of WITH has many readers."""
    found: dict[int, ir.Query] = {}
    waiting = [top]
    while waiting:
        query = waiting.pop()
        if id(query) not in found:
            found[id(query)] = query
            waiting += _inner(query)
    return tuple(found.values())


def _inner(query: ir.Query) -> Iterator[ir.Query]:
    yield from (shared for _, shared in query.ctes)
    if isinstance(query, ir.SetOperation):
        yield from (query.left, query.right)
    elif isinstance(query, ir.Wrapped):
        yield query.query
    elif isinstance(query, ir.Recursive):
        yield from (query.base, query.step)
    for relation in relations(query):
        if isinstance(relation, ir.Derived):
            yield relation.query
    for top in _tops(query):
        for node in walk.below(top):
            if isinstance(node, ir.Subquery):
                yield node.query


def relations(query: ir.Query) -> tuple[ir.Relation, ...]:
    """Return the relations that a query reads itself, joined ones apart."""
    source = query.source if isinstance(query, ir.Select) else None
    return tuple(walk.relations(source)) if source is not None else ()


def placed(query: ir.Query) -> Iterator[Placed]:
    """Yield every expression of one query, not of the queries inside it."""
    waiting = [(top, False) for top in _tops(query)]
    while waiting:
        node, tried = waiting.pop()
        yield Placed(node, query, tried)
        tried = tried or (isinstance(node, ir.Operator) and node.name == "try")
        waiting += [(part, tried) for part in walk.parts(node)]


def _tops(query: ir.Query) -> Iterator[ir.Expr]:
    if isinstance(query, ir.Select):
        yield from (output.value for output in query.outputs)
        yield from (part for part in (query.where, query.having) if part is not None)
        yield from query.keys
    elif isinstance(query, ir.Rows):
        yield from (value for row in query.rows for value in row)
    for relation in relations(query):
        if isinstance(relation, ir.Unnest):
            yield from relation.arguments
        elif isinstance(relation, ir.Join) and relation.condition is not None:
            yield relation.condition
    yield from (key.value for key in query.order)


def holds_log_text(node: ir.Expr) -> bool:
    """Tell whether a value comes from a column, and not only from counting rows."""
    if isinstance(node, ir.Field | ir.Parameter | ir.Subquery):
        return True
    if isinstance(node, ir.Aggregate) and node.signature.name in COUNTS:
        return False
    return any(holds_log_text(part) for part in walk.parts(node))


def varies(node: ir.Expr) -> bool:
    """Tell whether a value depends on rows at all."""
    rows = (ir.Field, ir.Parameter, ir.Subquery, ir.Aggregate, ir.Window)
    return any(isinstance(part, rows) for part in walk.below(node))


def bare(node: ir.Expr) -> ir.Expr:
    """Return an expression without the conversions that the text does not show."""
    while isinstance(node, ir.Cast) and node.implicit:
        node = node.value
    return node
