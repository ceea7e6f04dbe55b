"""The query of a scan: account columns of every record, then each relation's rows.

Knows trees, views and readers; runs nothing. `scan` runs what it makes, once per format.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from lakehunt.engines.local.plans import LINE, PARSED, TIME, Plans, call
from lakehunt.engines.local.serdes import reader_of
from lakehunt.engines.local.serdes.reader import Reader, Wanted
from lakehunt.engines.local.stream import path_columns
from lakehunt.engines.local.types import quoted
from lakehunt.model import Format, Source, Type
from lakehunt.sources.lines import PARQUET
from lakehunt.sql.needles import Needles, any_of, needles, text_paths
from lakehunt.sql.share import Need, Scan
from lakehunt.sql.typed import Catalog, lowered, trino_type
from lakehunt.sql.views import ViewPlan, fields_read, pruned

ACCOUNT_COLUMNS = ("event_time", "event_id", "account_id", "region")
_EVENT_CLASS = "event_class"
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
    plans = Plans(scan, format_)
    sql = over_raw(scan_select(plans), scan.source, format_)
    return replace(sql, needles=_needles(plans)) if is_searched else sql


def _needles(plans: Plans) -> Needles:
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
    event = Plans(Scan(source, (), ()), format_).event
    select = exp.select(_is_parsed(event).as_("parsed"), copy=False)
    return over_raw(select.from_(exp.to_table(format_.table.name), copy=False), source, format_)


def lines_sql(source: Source, format_: Format) -> ScanSql:
    """Return the id and the text of each record of a format that the event view has."""
    event = Plans(Scan(source, (), ()), format_).event
    event_id, line = event.columns["event_id"].copy(), exp.column(LINE, quoted=True)
    select = exp.select(event_id.as_("event_id"), line.as_("line"), copy=False)
    select = select.from_(exp.to_table(format_.table.name), copy=False)
    return over_raw(select.where(_is_parsed(event), copy=False), source, format_)


def _is_parsed(event: ViewPlan) -> exp.Expr:
    # neither true nor false, such as of a time that is missing, is not parsed
    return call("coalesce", event.condition.copy(), exp.false())


def over_raw(select: exp.Select, source: Source, format_: Format) -> ScanSql:
    """Return a query over the raw table of a format, and how that is read from files.

    Raises:
        LakeError: the table of the format is not read locally.
    """
    read = fields_read([select])
    columns = [column for column in format_.table.columns if column.name.lower() in read]
    types = {c.name: pruned(c.type, read[c.name.lower()]) for c in columns}
    reader = reader_of(format_.table, Wanted(types, LINE in read), source.partitions)
    shown = [f"{reader.columns[name]} AS {quoted(name)}" for name in types]
    shown += [f"{reader.line} AS {quoted(LINE)}"] if LINE in read else []
    raw = (
        f"SELECT f.file_no, {reader.doubtful} AS doubtful, {', '.join(shown)},"
        f" {', '.join(placed('f', source))} FROM {reader.rows}"
    )
    catalog = raw_catalog(source, format_, types)
    return ScanSql(lowered(select, catalog).sql, raw, reader)


def placed(rows: str, source: Source) -> list[str]:
    """Return what a file's path tells as raw columns, of rows that have it as a stream does."""
    names = [column.raw_name for column in source.partitions.columns]
    places = zip(path_columns(names), names, strict=True)
    shown = [f"{rows}.{own}::VARCHAR AS {quoted(name)}" for own, name in places]
    return [*shown, f"{rows}.log_file::VARCHAR AS {quoted(_PATH)}"]


def raw_catalog(source: Source, format_: Format, types: Mapping[str, Type]) -> Catalog:
    """Return the raw table of a format with these columns, and those that every one has."""
    known = {name: trino_type(type_) for name, type_ in types.items()}
    names = (column.raw_name for column in source.partitions.columns)
    texts = dict.fromkeys((*names, _PATH, LINE), "varchar")
    hidden = {"file_no": "integer", "doubtful": "boolean"}
    return {format_.table.name: {**hidden, **known, **texts}}


def scan_select(plans: Plans, *, is_timed: bool = False) -> exp.Select:
    """Return a scan as a query over the raw table: account columns, then each relation's rows.

    In levels, so that each thing is computed once: the event's time and whether it parses, then
    whether a relation keeps it, then the columns of those that are kept.

    Args:
        is_timed: the raw table has the first of these as columns.
    """
    source, event = plans.source, plans.event
    outputs: dict[str, exp.Expr] = {
        "file_no": exp.column("file_no"),
        "doubtful": exp.column("doubtful"),
        "parsed": exp.column(PARSED, quoted=True),
        **{name: event.columns[name].copy() for name in ACCOUNT_COLUMNS},
        "event_time": exp.column(TIME, quoted=True),
    }
    if source.partitions.event_class:
        outputs[_EVENT_CLASS] = event.columns[source.partitions.event_class].copy()
    flags: dict[str, exp.Expr] = {}
    for need in plans.scan.needs:
        plan = plans.of(need)
        flags |= _flags(need, plan)
        outputs |= _outputs(need, plan)
    reads_line = _reads_line([*flags.values(), *outputs.values()])
    table = exp.to_table(plans.format.table.name)
    below = table if is_timed else timed_rows(plans, reads_line=reads_line)
    flagged = level(_all(reads_line=reads_line), flags, below)
    return level([], outputs, flagged.subquery("flagged", copy=False))


def timed_rows(plans: Plans, *, reads_line: bool) -> exp.Subquery:
    """Return the raw table with when each record was, and whether the event view has it.

    In levels too: what may fail is computed first.
    """
    first = {TIME: plans.event.columns["event_time"].copy(), PARSED: _is_parsed(plans.event)}
    everything = _all(reads_line=reads_line)
    below: exp.Table | exp.Subquery = exp.to_table(plans.format.table.name)
    levels, first = _tried(first)
    for number, tried in enumerate(levels):
        below = level(everything, tried, below).subquery(f"tried{number}", copy=False)
    return level(everything, first, below).subquery("timed", copy=False)


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


def _all(*, reads_line: bool) -> list[exp.Expr]:
    hidden = (_PATH, LINE) if reads_line else (_PATH,)
    return [exp.Star(), *(exp.column(name, quoted=True) for name in hidden)]


def _reads_line(expressions: Iterable[exp.Expr]) -> bool:
    return any(column.name == LINE for e in expressions for column in e.find_all(exp.Column))


def level(
    kept: list[exp.Expr], named: Mapping[str, exp.Expr], below: exp.Table | exp.Subquery
) -> exp.Select:
    """Return a query of some columns as they are and of named expressions."""
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
