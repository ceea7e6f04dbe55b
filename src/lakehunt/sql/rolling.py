"""A query as text that always looks at the last days, for a place that binds no parameters.

Knows bound statements. What an account saves for its console is written with it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlglot import exp

from lakehunt.layouts import strftime, trino_format, window_column
from lakehunt.model import Source, Window
from lakehunt.sql.compile import Draft, athena_tree, compile_draft
from lakehunt.sql.parse import print_query

# Stands for the start of the day on which the text runs. Far from any time that a query names;
# at midnight, so that what is derived from it keeps its distance in whole days.
_TODAY = datetime(2150, 1, 1, tzinfo=UTC)
_NEAR = timedelta(days=3660)


def rolling_text(draft: Draft, sources: Mapping[str, Source], days: int) -> str:
    """Return a draft bound to whole days in UTC: today, and that many before it.

    Its window and its partition bounds are counted from `current_date`, which Athena takes in UTC.
    Log tables that the draft itself leaves unbounded stay so.

    Raises:
        SqlError: as `compile_draft`.
    """
    window = Window(_TODAY - timedelta(days=days), _TODAY + timedelta(days=1))
    statement = compile_draft(replace(draft, now=_TODAY), sources, window, hold=False)
    formats = {
        value: window_column(read.source.partitions).format
        for read in statement.reads
        for value in (read.bounds.first, read.bounds.last)
        if value
    }
    tree = athena_tree(statement, sources)
    return print_query(tree.transform(lambda node: _rolled(node, formats)))


def _rolled(node: exp.Expr, formats: Mapping[str, str]) -> exp.Expr:
    if isinstance(node, exp.Introducer) and node.name.upper() == "TIMESTAMP":
        moment = datetime.fromisoformat(node.expression.name).replace(tzinfo=UTC)
        if abs(moment - _TODAY) < _NEAR:
            to = exp.DataType(this=exp.DType.USERDEFINED, kind="timestamp(3)")
            return exp.Cast(this=_day(moment), to=to)
    if isinstance(node, exp.Literal) and node.is_string and node.name in formats:
        format_ = formats[node.name]
        moment = datetime.strptime(node.name, strftime(format_)).replace(tzinfo=UTC)
        if abs(moment - _TODAY) < _NEAR:
            pattern = exp.Literal.string(trino_format(format_))
            return exp.Anonymous(this="date_format", expressions=[_day(moment), pattern])
    return node


def _day(moment: datetime) -> exp.Expr:
    """Return a day as its distance from the one on which the text runs."""
    days = (moment - _TODAY).days
    today = exp.CurrentDate()
    if not days:
        return today
    span = exp.Interval(this=exp.Literal.string(str(abs(days))), unit=exp.var("DAY"))
    return (exp.Add if days > 0 else exp.Sub)(this=today, expression=span)
