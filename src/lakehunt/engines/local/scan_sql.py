"""The query of a scan: account columns of every record, then each relation's rows.

Knows trees, views and readers; runs nothing. `scan` runs what it makes, once per format.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from lakehunt.engines.local.serdes import reader_of
from lakehunt.engines.local.serdes.reader import Reader, Wanted
from lakehunt.engines.local.stream import path_columns
from lakehunt.engines.local.types import quoted
from lakehunt.layouts import strftime
from lakehunt.model import Format, PartitionColumn, Partitions, Source, Type
from lakehunt.sources.lines import PARQUET
from lakehunt.sql.needles import Needles, any_of, needles, text_paths
from lakehunt.sql.parse import parse_query
from lakehunt.sql.share import Need, Scan
from lakehunt.sql.typed import lowered, trino_type
from lakehunt.sql.views import ViewPlan, fields_read, pruned, read_view

ACCOUNT_COLUMNS = ("event_time", "event_id", "account_id", "region")
_EVENT_CLASS = "event_class"
# Computed first, for every record: when it was, and whether the event view has it.
_TIME = "scan.event_time"
_PARSED = "scan.parsed"
# The text of a record's line; read only when asked. A star leaves it out, as it does the path.
_LINE = "$line"
_PATH = "$path"


@dataclass(frozen=True, slots=True)
class ScanSql:
    """DuckDB's SELECT of a scan, the one of the raw table that it reads, and the reader of that.

    A file without the `needles` has no row that any relation keeps.
    """

    select: str
    raw: str
    reader: Reader
    needles: Needles = ()


def scan_sql(scan: Scan, format_: Format, *, is_searched: bool) -> ScanSql:
    """Return how the files of one format are scanned; with needles if they are searched first.

    Raises:
        LakeError: the table of the format is not read locally.
    """
    plans = _Plans(scan, format_)
    sql = _sql(scan_select(plans), scan.source, format_)
    return replace(sql, needles=_needles(plans)) if is_searched else sql


def _needles(plans: "_Plans") -> Needles:
    """Return what a file must hold for any relation to keep one of its rows."""
    table = plans.format.table
    if table.serde == PARQUET:
        return ()
    texts = {path for column in table.columns for path in text_paths(column.name, column.type)}
    alternatives: list[Needles] = []
    for need in plans.scan.needs:
        plan = plans.of(need)
        for demand in need.demands:
            alternatives.append(needles((_over(condition, plan) for condition in demand), texts))
    return any_of(alternatives)


def parsed_sql(source: Source, format_: Format) -> ScanSql:
    """Return how one tells of each record of a format alone whether the event view has it."""
    event = _Plans(Scan(source, (), ()), format_).event
    select = exp.select(_is_parsed(event).as_("parsed"), copy=False)
    return _sql(select.from_(exp.to_table(format_.table.name), copy=False), source, format_)


def lines_sql(source: Source, format_: Format) -> ScanSql:
    """Return the id and the text of each record of a format that the event view has."""
    event = _Plans(Scan(source, (), ()), format_).event
    event_id, line = event.columns["event_id"].copy(), exp.column(_LINE, quoted=True)
    select = exp.select(event_id.as_("event_id"), line.as_("line"), copy=False)
    select = select.from_(exp.to_table(format_.table.name), copy=False)
    return _sql(select.where(_is_parsed(event), copy=False), source, format_)


def _is_parsed(event: ViewPlan) -> exp.Expr:
    # neither true nor false, such as of a time that is missing, is not parsed
    return _call("coalesce", event.condition.copy(), exp.false())


def _sql(select: exp.Select, source: Source, format_: Format) -> ScanSql:
    partitions = source.partitions
    read = fields_read([select])
    columns = [column for column in format_.table.columns if column.name.lower() in read]
    types = {c.name: pruned(c.type, read[c.name.lower()]) for c in columns}
    reader = reader_of(format_.table, Wanted(types, _LINE in read), partitions)
    shown = [f"{reader.columns[name]} AS {quoted(name)}" for name in types]
    names = [column.raw_name for column in partitions.columns]
    places = zip(path_columns(names), names, strict=True)
    shown += [f"f.{own}::VARCHAR AS {quoted(name)}" for own, name in places]
    shown += [f"{reader.line} AS {quoted(_LINE)}"] if _LINE in read else []
    raw = (
        f"SELECT f.file_no, {reader.doubtful} AS doubtful, {', '.join(shown)},"
        f" f.log_file::VARCHAR AS {quoted(_PATH)} FROM {reader.rows}"
    )
    known = {name: trino_type(type_) for name, type_ in types.items()}
    hidden_texts = (_PATH, _LINE) if _LINE in read else (_PATH,)
    texts = dict.fromkeys((*names, *hidden_texts), "varchar")
    hidden = {"file_no": "integer", "doubtful": "boolean"}
    catalog = {format_.table.name: {**hidden, **known, **texts}}
    return ScanSql(lowered(select, catalog).sql, raw, reader)


def scan_select(plans: "_Plans") -> exp.Select:
    """Return a scan as a query over the raw table: account columns, then each relation's rows.

    In levels, so that each thing is computed once: what may fail, then the event's time and whether
    it parses, then whether a relation keeps it, then the columns of those that are kept.
    """
    source, event = plans.source, plans.event
    time, parsed = exp.column(_TIME, quoted=True), exp.column(_PARSED, quoted=True)
    outputs: dict[str, exp.Expr] = {
        "file_no": exp.column("file_no"),
        "doubtful": exp.column("doubtful"),
        "parsed": parsed,
        **{name: event.columns[name].copy() for name in ACCOUNT_COLUMNS},
        "event_time": time,
    }
    if source.partitions.event_class:
        outputs[_EVENT_CLASS] = event.columns[source.partitions.event_class].copy()
    flags: dict[str, exp.Expr] = {}
    for need in plans.scan.needs:
        plan = plans.of(need)
        flags |= _flags(need, plan)
        outputs |= _outputs(need, plan)
    first = {_TIME: event.columns["event_time"].copy(), _PARSED: _is_parsed(event)}
    hidden = (_PATH, _LINE) if _reads_line([*flags.values(), *outputs.values()]) else (_PATH,)
    below: exp.Table | exp.Subquery = exp.to_table(plans.format.table.name)
    levels, first = _tried(first)
    for number, level in enumerate(levels):
        below = _level(_all(hidden), level, below).subquery(f"tried{number}", copy=False)
    timed = _level(_all(hidden), first, below)
    flagged = _level(_all(hidden), flags, timed.subquery("timed", copy=False))
    return _level([], outputs, flagged.subquery("flagged", copy=False))


def _tried(named: Mapping[str, exp.Expr]) -> tuple[list[dict[str, exp.Expr]], dict[str, exp.Expr]]:
    """Return every TRY of some expressions, the inner ones first, and the expressions over those.

    What stands for a function of Trino repeats its operand, often many times: over a column that
    costs nothing. A TRY gives the same wherever it is computed.
    """
    levels: list[dict[str, exp.Expr]] = []
    places: dict[str, int] = {}
    names: dict[str, str] = {}
    roots = {name: exp.paren(expression) for name, expression in named.items()}
    for root in roots.values():
        for node in reversed([*filter(_is_try, root.walk())]):
            name = names.setdefault(node.sql(), f"scan.tried{len(names)}")
            inner = (
                places[column.name] for column in node.find_all(exp.Column) if column.name in places
            )
            place = places.setdefault(name, 1 + max(inner, default=-1))
            levels.extend({} for _ in range(place + 1 - len(levels)))
            levels[place][name] = node.copy()
            node.replace(exp.column(name, quoted=True))
    return levels, {name: root.this for name, root in roots.items()}


def _is_try(node: exp.Expr) -> bool:
    is_call = isinstance(node, exp.Anonymous) and node.name.upper() == "TRY"
    return is_call or isinstance(node, exp.TryCast)


class _Plans:
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
            timed = {**self.event.columns, "event_time": exp.column(_TIME, quoted=True)}
            return ViewPlan(timed, exp.column(_PARSED, quoted=True))
        if need.relation == format_.unparsed_view.name:
            return self._unparsed()
        if need.relation == self.source.table.name:
            table = self.source.table
            columns = {c.name.lower(): c.type for c in table.columns}
            own = {c.name.lower(): c.type for c in self.format.table.columns}
            values = {name: self._raw(name, columns, own) for name in need.columns}
            return self._completed(ViewPlan(values, exp.true()))
        values = {name: exp.column(name, quoted=True) for name in need.columns}
        values |= {"line": exp.column(_LINE, quoted=True)} if "line" in values else {}
        return self._completed(ViewPlan(values, exp.true()))

    def _unparsed(self) -> ViewPlan:
        plan = self._completed(read_view(self.format.unparsed_view))
        if self.format.lines_table is None:
            return plan
        # over lines the view repeats the table's expression: here the row was read already
        columns = {**plan.columns, "line": exp.column(_LINE, quoted=True)}
        return ViewPlan(columns, _expression(f"NOT {quoted(_PARSED)}"))

    def _raw(self, name: str, columns: Mapping[str, Type], own: Mapping[str, Type]) -> exp.Expr:
        """Return a column of the deployed table over the table of this format."""
        wanted = columns.get(name.lower())
        if wanted is None or own.get(name.lower()) == wanted:
            return exp.column(name, quoted=True)
        there = quoted(name) if name.lower() in own else "NULL"
        return _expression(f"CAST({there} AS {trino_type(wanted)})")

    def _completed(self, plan: ViewPlan) -> ViewPlan:
        """Return a plan in which the record tells what no path does."""
        columns = {name: self._filled_in(value) for name, value in plan.columns.items()}
        return ViewPlan(columns, self._filled_in(plan.condition))

    def _filled_in(self, value: exp.Expr) -> exp.Expr:
        def fill(node: exp.Expr) -> exp.Expr:
            told = self._told.get(node.name.lower()) if isinstance(node, exp.Column) else None
            if told is None or isinstance(node.parent, exp.Dot):
                return node
            return _call("coalesce", exp.column(node.name, quoted=True), told.copy())

        return value.transform(fill)


def _filled(column: PartitionColumn, partitions: Partitions) -> exp.Expr | None:
    """Return what the record tells in place of a path, None where it tells nothing."""
    if column.name == partitions.window:
        format_ = exp.Literal.string(strftime(column.format))
        return _call("date_format", exp.column(_TIME, quoted=True), format_)
    if not column.record or column.type == "date":
        return None
    return _expression(column.record)


def _expression(sql: str) -> exp.Expr:
    return parse_query(f"SELECT {sql}").selects[0]


def _call(name: str, *operands: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[*operands])


def _flags(need: Need, plan: ViewPlan) -> dict[str, exp.Expr]:
    """Return whether all readers of a relation may want a row, and which of them do."""
    common = exp.and_(plan.condition.copy(), _over(need.common, plan), copy=False)
    wanted = (_over(reader.condition, plan) for reader in need.readers)
    return {
        f"{need.relation}.common": common,
        **{f"{need.relation}.{number}": wants for number, wants in enumerate(wanted)},
    }


def _outputs(need: Need, plan: ViewPlan) -> dict[str, exp.Expr]:
    """Return a relation's rows: whether each is kept, and its columns as one row value.

    One value, because a CASE per column costs every row of the log, kept or not. Inside it each
    column is computed only where the readers that need it want the row.
    """
    common = exp.column(f"{need.relation}.common", quoted=True)
    kept = exp.and_(common, exp.paren(_any_wants(need, range(len(need.readers)))), copy=False)
    if not need.columns:
        return {f"{need.relation}.kept": kept}
    columns = [_column(need, name, plan.columns[name]) for name in need.columns]
    row = exp.If(this=kept.copy(), true=exp.Anonymous(this="ROW", expressions=columns))
    return {f"{need.relation}.kept": kept, f"{need.relation}.row": exp.Case(ifs=[row])}


def _any_wants(need: Need, numbers: Iterable[int]) -> exp.Expr:
    return exp.or_(*(exp.column(f"{need.relation}.{number}", quoted=True) for number in numbers))


def _column(need: Need, name: str, value: exp.Expr) -> exp.Expr:
    numbers = [n for n, reader in enumerate(need.readers) if name.lower() in reader.columns]
    if name.lower() in need.always or len(numbers) == len(need.readers):
        return value.copy()
    return exp.Case(ifs=[exp.If(this=_any_wants(need, numbers), true=value.copy())])


def _all(hidden: Iterable[str]) -> list[exp.Expr]:
    return [exp.Star(), *(exp.column(name, quoted=True) for name in hidden)]


def _reads_line(expressions: Iterable[exp.Expr]) -> bool:
    return any(column.name == _LINE for e in expressions for column in e.find_all(exp.Column))


def _level(
    kept: list[exp.Expr], named: Mapping[str, exp.Expr], below: exp.Table | exp.Subquery
) -> exp.Select:
    aliased = (exp.alias_(e, name, quoted=True, copy=False) for name, e in named.items())
    return exp.select(*kept, *aliased, copy=False).from_(below, copy=False)


def _over(condition: exp.Expr, plan: ViewPlan) -> exp.Expr:
    """Return a condition on a relation's columns as one on the raw table."""
    inside = {name.lower(): expression for name, expression in plan.columns.items()}

    def replace(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.name.lower() in inside:
            return exp.paren(inside[node.name.lower()].copy())
        return node

    return exp.paren(condition.transform(replace))
