"""Rules on what a query reads and how it names things.

Knows the trees and how bounds are derived, no header.
"""

from collections.abc import Iterable

from sqlglot import exp

from lakehunt.check.checked import Checked, Mark, Rule
from lakehunt.check.examples import headed, select
from lakehunt.check.stand_ins import WINDOW
from lakehunt.check.tree import bare, relations
from lakehunt.errors import SqlError
from lakehunt.layouts import window_column
from lakehunt.model import owner_of
from lakehunt.sql.compile import compile_draft, relation_columns
from lakehunt.sql.occurrences import log_tables
from lakehunt.sql.words import RESERVED
from lakehunt.trino_on_duckdb import ir

_LOWER, _UPPER = (">", ">="), ("<", "<=")
_FLIPPED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
# Source: Athena user guide, "Service limits" and "Considerations for engine version 3".
_MOST_ARGUMENTS = 127
_MOST_ELEMENTS = 254


def unbounded_tables(checked: Checked) -> Iterable[Mark]:
    """Yield each log table that is not bounded by event time on both sides."""
    if _is_plainly_bounded(checked):
        return
    try:
        statement = compile_draft(checked.draft, checked.sources, WINDOW, hold=False)
    except SqlError as error:
        yield Mark(f"no bounds can be derived: {error}")
        return
    tables = log_tables(checked.tree, relation_columns(checked.sources))
    for at, read in enumerate(statement.reads):
        if read.bounds.since is None or read.bounds.until is None:
            node = tables[at] if len(tables) == len(statement.reads) else None
            what = f"{read.occurrence.relation} is read unbounded"
            yield Mark(f"{what}: add event_time >= :since AND event_time < :until", node)


def _is_plainly_bounded(checked: Checked) -> bool:
    """Tell whether each log table stands alone in FROM with both bounds in its own WHERE.

    The compiler derives bounds from that, and from more; asking it takes as long as all else.
    """
    for query in checked.queries:
        scans = [found for found in relations(query) if isinstance(found, ir.Scan)]
        if scans and not (isinstance(query, ir.Select) and query.source is scans[0]):
            return False
        if scans and isinstance(query, ir.Select):
            sides = {side for part in _conjuncts(query.where) for side in _bounds(part, scans[0])}
            if len(sides) < 2:  # noqa: PLR2004  one below, one above
                return False
    return True


def _conjuncts(node: ir.Expr | None) -> Iterable[ir.Expr]:
    if isinstance(node, ir.Operator) and node.name == "and":
        for part in node.arguments:
            yield from _conjuncts(part)
    elif node is not None:
        yield node


def _bounds(node: ir.Expr, scan: ir.Scan) -> Iterable[str]:
    """Yield the side on which a comparison with a literal bounds the event time of a table."""
    if not isinstance(node, ir.Operator) or node.name not in _FLIPPED:
        return
    left, right = (bare(part) for part in node.arguments)
    name = node.name
    if not isinstance(left, ir.Field):
        left, right, name = right, left, _FLIPPED[name]
    time = isinstance(left, ir.Field) and left.relation == scan.id and left.name == "event_time"
    if time and isinstance(right.origin, exp.Introducer):
        yield "below" if name in _LOWER else "above"


def named_days(checked: Checked) -> Iterable[Mark]:
    """Yield each place where a saved query names the column that its files are partitioned by."""
    if checked.header is None:
        return
    scans = (r for q in checked.queries for r in relations(q) if isinstance(r, ir.Scan))
    days = {scan.id: _day_columns(checked, scan.table[-1]) for scan in scans}
    for placed in checked.expressions:
        node = placed.node
        if isinstance(node, ir.Field) and node.name.lower() in days.get(node.relation, ()):
            what = f"{node.name} is the day of delivery: a late event is in the folder of another"
            yield Mark(f"{what}, and :since and :until narrow the folders anyway", node.origin)


def _day_columns(checked: Checked, relation: str) -> tuple[str, ...]:
    source = owner_of(checked.sources, relation)
    if source is None:
        return ()
    column = window_column(source.partitions)
    return column.name.lower(), column.raw_name.lower()


def stars(checked: Checked) -> Iterable[Mark]:
    """Yield each SELECT of all columns."""
    for query in checked.nodes:
        for item in query.expressions if isinstance(query, exp.Select) else ():
            last = item.expression if isinstance(item, exp.Dot) else item
            if isinstance(last, exp.Star):
                yield Mark("SELECT * in a saved query: name the columns", item)


def reserved_names(checked: Checked) -> Iterable[Mark]:
    """Yield each alias that is a reserved word."""
    for node in checked.nodes:
        for name in _given_names(node):
            where = RESERVED.get(name.name.lower())
            if where is not None:
                yield Mark(f"the alias {name.name} is a reserved word in Athena's {where}", name)


def _given_names(node: exp.Expr) -> Iterable[exp.Expr]:
    """Return the names that a node gives: to a column, a table, or a table's columns."""
    if isinstance(node, exp.Alias):
        return [node.args["alias"]]
    if isinstance(node, exp.TableAlias):
        own = [node.this] if node.this is not None else []
        return [*own, *(node.args.get("columns") or [])]
    return ()


def engine_differences(checked: Checked) -> Iterable[Mark]:
    """Yield each form that Athena and Trino read differently."""
    for query in checked.queries:
        for found in relations(query):
            for argument in found.arguments if isinstance(found, ir.Unnest) else ():
                if argument.type.base == "array" and argument.type.element.base == "row":
                    what = "UNNEST of rows is one column in Athena, one per field in Trino"
                    yield Mark(f"{what}: UNNEST(SEQUENCE(1, CARDINALITY(x)))", argument.origin)
    for placed in checked.expressions:
        node = placed.node
        if isinstance(node, ir.Operator) and node.name in ("=", "<>", "in", *_FLIPPED):
            kinds = {bare(part).type.base for part in node.arguments}
            if {"char", "varchar"} <= kinds:
                yield Mark(
                    "char beside varchar is padded or not by engine: use varchar", node.origin
                )


def limits(checked: Checked) -> Iterable[Mark]:
    """Yield each call and list that is longer than Athena takes."""
    for node in checked.nodes:
        if not isinstance(node, exp.Anonymous | exp.Array):
            continue
        most = _MOST_ELEMENTS if isinstance(node, exp.Array) else _MOST_ARGUMENTS
        if len(node.expressions) > most:
            what = f"{len(node.expressions)} items, Athena takes {most} here"
            yield Mark(f"{what}: put them in VALUES rows", node)


RULES = (
    Rule(
        "unbounded-table",
        "Without bounds on event time every file of the log is read, and on Athena paid for.",
        "SELECT event_id FROM cloudtrail WHERE event_time >= :since",
        select("event_id"),
        unbounded_tables,
    ),
    Rule(
        "named-day",
        "Event time bounds the folders, with room for late files; a day of its own cuts them off.",
        headed(select("event_name", " AND day = '2026/05/01'"), {"event_name": "text"}),
        headed(select("event_name"), {"event_name": "text"}),
        named_days,
    ),
    Rule(
        "select-star",
        "A column that a table gains later must not change what a saved query returns.",
        select("*"),
        select("event_id, event_name"),
        stars,
    ),
    Rule(
        "reserved-name",
        "A result with such a column can be neither saved as a table nor queried without quotes.",
        select('event_time AS "end"'),
        select("event_time AS end_time"),
        reserved_names,
    ),
    Rule(
        "engine-difference",
        "The library runs on Athena and on Trino: what they read apart has two meanings.",
        select("event_id").replace(
            "cloudtrail", "cloudtrail CROSS JOIN UNNEST(ARRAY[ROW(1, 2)]) AS t (pair)"
        ),
        select("event_id, n").replace(
            "cloudtrail", "cloudtrail CROSS JOIN UNNEST(SPLIT(actor, '/')) AS t (n)"
        ),
        engine_differences,
    ),
    Rule(
        "argument-limit",
        "Athena refuses longer calls and lists when the query is sent.",
        select(f"CONTAINS(ARRAY[{', '.join(map(str, range(_MOST_ELEMENTS + 1)))}], 1) AS known"),
        select("CONTAINS(ARRAY[1, 2], 1) AS known"),
        limits,
    ),
)
