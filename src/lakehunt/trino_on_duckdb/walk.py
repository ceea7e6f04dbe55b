"""Steps through the typed tree: the parts of an expression, and everything below one.

It must not know names or DuckDB. The analyzer's checks and the lowering use it.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import ir


def parts(node: ir.Expr) -> tuple[ir.Expr, ...]:  # noqa: PLR0911 (one per kind)
    """The expressions directly inside one; of a subquery only the value it is compared with."""
    if isinstance(node, (ir.Call, ir.Operator, ir.Grouping)):
        return node.arguments
    if isinstance(node, ir.Cast):
        return (node.value,)
    if isinstance(node, ir.Case):
        return (*(e for pair in node.whens for e in pair), node.default)
    if isinstance(node, ir.FieldOf):
        return (node.base,)
    if isinstance(node, ir.Lambda):
        return (node.body,)
    if isinstance(node, ir.Aggregate):
        filters = (node.filter,) if node.filter is not None else ()
        return (*node.arguments, *filters, *(k.value for k in node.order))
    if isinstance(node, ir.Window):
        return (
            *parts(node.call),
            *node.partition,
            *(k.value for k in node.order),
            *_bounds(node.frame),
        )
    if isinstance(node, ir.Subquery):
        return (node.value,) if node.value is not None else ()
    return ()


def _bounds(frame: ir.Frame | None) -> tuple[ir.Expr, ...]:
    if frame is None:
        return ()
    return tuple(b.value for b in (frame.start, frame.end) if b.value is not None)


def below(node: ir.Expr) -> Iterator[ir.Expr]:
    """The expression and all inside it, not into subqueries."""
    yield node
    for part in parts(node):
        yield from below(part)


def aggregates(node: ir.Expr) -> Iterator[ir.Aggregate]:
    """The aggregate calls of an expression that are not over a window."""
    for found in below(node):
        if isinstance(found, ir.Aggregate):
            yield found


def everything(query: ir.Query) -> Iterator[ir.Expr]:
    """Every expression of a query and of the queries inside it."""
    for top in _own(query):
        yield from _deep(top)
    yield from _inner(query)


def _deep(node: ir.Expr) -> Iterator[ir.Expr]:
    yield node
    if isinstance(node, ir.Subquery):
        yield from everything(node.query)
    for part in parts(node):
        yield from _deep(part)


def _own(query: ir.Query) -> Iterator[ir.Expr]:
    if isinstance(query, ir.Select):
        yield from (o.value for o in query.outputs)
        yield from (e for e in (query.where, query.having) if e is not None)
        yield from query.keys
        if query.source is not None:
            yield from _relation(query.source)
    if isinstance(query, ir.Rows):
        yield from (e for row in query.rows for e in row)
    yield from (k.value for k in query.order)


def _inner(query: ir.Query) -> Iterator[ir.Expr]:
    if isinstance(query, ir.SetOperation):
        yield from everything(query.left)
        yield from everything(query.right)
    if isinstance(query, ir.Wrapped):
        yield from everything(query.query)
    if isinstance(query, ir.Recursive):
        yield from everything(query.base)
        yield from everything(query.step)
    if isinstance(query, ir.Select) and query.source is not None:
        for relation in relations(query.source):
            if isinstance(relation, ir.Derived):
                yield from everything(relation.query)


def _relation(relation: ir.Relation) -> Iterator[ir.Expr]:
    for found in relations(relation):
        if isinstance(found, ir.Unnest):
            yield from found.arguments
        if isinstance(found, ir.Join) and found.condition is not None:
            yield found.condition


def relations(relation: ir.Relation) -> Iterator[ir.Relation]:
    """The relation and those joined in it, not those inside its queries."""
    yield relation
    if isinstance(relation, ir.Join):
        yield from relations(relation.left)
        yield from relations(relation.right)
    if isinstance(relation, ir.Sampled):
        yield from relations(relation.base)
