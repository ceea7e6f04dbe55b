"""The columns and conditions of a source's relations, over the raw table of one format.

Knows trees and views; `scan_sql` writes queries of them.
"""

from collections.abc import Mapping

from sqlglot import exp

from lakehunt.engines.local.types import quoted
from lakehunt.layouts import strftime
from lakehunt.model import Format, PartitionColumn, Partitions, Type
from lakehunt.sql.parse import parse_query
from lakehunt.sql.share import Need, Scan
from lakehunt.sql.typed import trino_type
from lakehunt.sql.views import ViewPlan, read_view

# Computed before all else, for every record: when it was, and whether the event view has it.
TIME = "scan.event_time"
PARSED = "scan.parsed"
# The text of a record's line; read only when asked. A star leaves it out, as it does the path.
LINE = "$line"


class Plans:
    """The columns and the condition of each relation, over the raw table of one format."""

    def __init__(self, scan: Scan, format_: Format) -> None:
        self.scan = scan
        self.source = scan.source
        self.format = format_
        view = read_view(format_.event_view)
        partitions = scan.source.partitions
        self._told = {
            column.raw_name.lower(): _filled(column, partitions) for column in partitions.columns
        }
        self.event = self._completed(view)

    def of(self, need: Need) -> ViewPlan:
        """Return the plan of a relation."""
        format_ = self.format
        if need.relation == format_.event_view.name:
            timed = {**self.event.columns, "event_time": exp.column(TIME, quoted=True)}
            return ViewPlan(timed, exp.column(PARSED, quoted=True))
        if need.relation == format_.unparsed_view.name:
            return self._unparsed()
        if need.relation == self.source.table.name:
            table = self.source.table
            columns = {c.name.lower(): c.type for c in table.columns}
            own = {c.name.lower(): c.type for c in self.format.table.columns}
            values = {name: self._raw(name, columns, own) for name in need.columns}
            return self._completed(ViewPlan(values, exp.true()))
        values = {name: exp.column(name, quoted=True) for name in need.columns}
        values |= {"line": exp.column(LINE, quoted=True)} if "line" in values else {}
        return self._completed(ViewPlan(values, exp.true()))

    def _unparsed(self) -> ViewPlan:
        plan = self._completed(read_view(self.format.unparsed_view))
        if self.format.lines_table is None:
            return plan
        # over lines the view repeats the table's expression: here the row was read already
        columns = {**plan.columns, "line": exp.column(LINE, quoted=True)}
        return ViewPlan(columns, expression(f"NOT {quoted(PARSED)}"))

    def _raw(self, name: str, columns: Mapping[str, Type], own: Mapping[str, Type]) -> exp.Expr:
        """Return a column of the deployed table over the table of this format."""
        wanted = columns.get(name.lower())
        if wanted is None or own.get(name.lower()) == wanted:
            return exp.column(name, quoted=True)
        there = quoted(name) if name.lower() in own else "NULL"
        return expression(f"CAST({there} AS {trino_type(wanted)})")

    def _completed(self, plan: ViewPlan) -> ViewPlan:
        """Return a plan in which the record tells what no path does."""
        columns = {name: self._filled_in(value) for name, value in plan.columns.items()}
        return ViewPlan(columns, self._filled_in(plan.condition))

    def _filled_in(self, value: exp.Expr) -> exp.Expr:
        def fill(node: exp.Expr) -> exp.Expr:
            told = self._told.get(node.name.lower()) if isinstance(node, exp.Column) else None
            if told is None or isinstance(node.parent, exp.Dot):
                return node
            return call("coalesce", exp.column(node.name, quoted=True), told.copy())

        return value.transform(fill)


def _filled(column: PartitionColumn, partitions: Partitions) -> exp.Expr | None:
    """Return what the record tells in place of a path, None where it tells nothing."""
    if column.name == partitions.window:
        format_ = exp.Literal.string(strftime(column.format))
        return call("date_format", exp.column(TIME, quoted=True), format_)
    if not column.record or column.type == "date":
        return None
    return expression(column.record)


def expression(sql: str) -> exp.Expr:
    """Return the tree of an expression."""
    return parse_query(f"SELECT {sql}").selects[0]


def call(name: str, *operands: exp.Expr) -> exp.Expr:
    """Return a call of a function of Trino."""
    return exp.Anonymous(this=name, expressions=[*operands])
