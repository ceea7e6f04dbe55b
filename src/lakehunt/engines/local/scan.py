"""Reads the files of a source once and leaves what the queries need as Parquet parts.

Knows DuckDB and the scan's plan. Each record becomes one row: its account columns always, the
columns of a relation where the record fulfils that relation's condition.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from lakehunt.engines.base import Progress
from lakehunt.engines.local.connection import Connection
from lakehunt.engines.local.documents import load_fast
from lakehunt.engines.local.exact import load_exactly
from lakehunt.engines.local.lake import LogFile
from lakehunt.engines.local.stream import Load, Stream
from lakehunt.engines.local.types import json_structure, quoted, text
from lakehunt.engines.local.wrapped import wrapping_key
from lakehunt.layouts import strftime
from lakehunt.model import Column, FileNote, PartitionColumn, Source, Type
from lakehunt.sql.share import Need, Scan
from lakehunt.sql.typed import lowered, raw_columns
from lakehunt.sql.views import ViewPlan, fields_read, pruned, read_view

# Each thread holds a row group in memory while it writes: small ones keep that small.
_ROW_GROUP_ROWS = 10240
ACCOUNT_COLUMNS = ("event_time", "event_id", "account_id", "region")
_EVENT_CLASS = "event_class"
# Computed first, for every record: when it was, and whether the event view has it.
_TIME = "scan.event_time"
_PARSED = "scan.parsed"


@dataclass(frozen=True, slots=True)
class Parts:
    """What a scan left: a DuckDB relation of all its rows, and the account of its files."""

    rows: str
    records: Mapping[str, int]
    refused: tuple[FileNote, ...]
    partial: tuple[FileNote, ...]
    has_class: bool


def scan_files(
    connection: Connection,
    scan: Scan,
    files: Sequence[LogFile],
    folder: Path,
    progress: Progress,
) -> Parts:
    """Return the rows of these files as Parquet parts below a folder, every file accounted for.

    Raises:
        duckdb.Error: the engine failed; broken files never do that.
    """
    reader = _Reader(connection, scan, files, folder, progress)
    source = scan.source.partitions
    ordinary = [number for number, file in enumerate(files) if not file.is_wrapped]
    fast = reader.read("fast", ordinary, lambda file: load_fast(file.data(), source.shapes))
    numbers = sorted({*range(len(files))} - {*ordinary} | {*fast.doubtful})
    records, refused, partial = fast.records, fast.refused, fast.partial
    rows = f"SELECT * FROM {reader.parts('fast')}"
    if numbers:
        exact = reader.read("exact", numbers, lambda file: load_exactly(file.data(), source))
        records = {**records, **dict.fromkeys(numbers, 0), **exact.records}
        refused, partial = {**refused, **exact.refused}, exact.partial
        again = ", ".join(str(number) for number in numbers)
        rows += f" WHERE file_no NOT IN ({again}) UNION ALL SELECT * FROM {reader.parts('exact')}"
    counts = {
        file.name: records.get(number, 0)
        for number, file in enumerate(files)
        if number not in refused or records.get(number)
    }
    notes, parts = _notes(files, refused), _notes(files, partial)
    return Parts(f"({rows})", counts, notes, parts, bool(source.event_class))


def _notes(files: Sequence[LogFile], reasons: Mapping[int, str]) -> tuple[FileNote, ...]:
    return tuple(FileNote(files[number].name, why) for number, why in sorted(reasons.items()))


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one reading of some files left, by file: records, doubts, and what was told of it."""

    records: Mapping[int, int]
    doubtful: Sequence[int]
    refused: Mapping[int, str]
    partial: Mapping[int, str]


class _Reader:
    def __init__(
        self,
        connection: Connection,
        scan: Scan,
        files: Sequence[LogFile],
        folder: Path,
        progress: Progress,
    ) -> None:
        self.connection = connection
        self.files = files
        self.folder = folder
        self.progress = progress
        self.select, self.raw = scan_sql(scan)
        self.table = scan.source.table.name
        self.columns = [column.name for column in scan.source.partitions.columns]

    def parts(self, turn: str) -> str:
        return f"read_parquet({text(str(self.folder / turn / '*.parquet'))})"

    def read(self, turn: str, numbers: Sequence[int], load: Load) -> _Turn:
        """Read files by one loader; a row that is no record at all makes a file doubtful too."""
        stream = Stream(self.files, numbers, self.columns, load, self.progress)
        target = text(str(self.folder / turn))
        self.connection.register("documents", stream.reader())
        table = quoted(self.table)
        try:
            self.connection.run(f"CREATE OR REPLACE TEMP VIEW {table} AS {self.raw}")
            self.connection.run(
                f"COPY ({self.select}) TO {target}"
                " (FORMAT parquet, COMPRESSION snappy, PER_THREAD_OUTPUT,"
                f" ROW_GROUP_SIZE {_ROW_GROUP_ROWS})"
            )
        finally:
            self.connection.run(f"DROP VIEW IF EXISTS {table}")
            self.connection.unregister("documents")
        self.connection.check()
        counted = self.connection.rows(
            "SELECT file_no, count(*), bool_or(doubtful OR (NOT parsed AND event_id IS NULL))"
            f" FROM {self.parts(turn)} GROUP BY 1"
        )
        records = {number: count for number, count, _ in counted}
        doubtful = sorted(number for number, _, doubt in counted if doubt)
        return _Turn(records, doubtful, stream.refused, stream.partial)


def scan_sql(scan: Scan) -> tuple[str, str]:
    """Return DuckDB's SELECT of a scan, and the one of the raw table that it reads."""
    select = scan_select(scan)
    raw, types = _raw_sql(scan.source, select)
    catalog = {scan.source.table.name: types}
    return lowered(select, catalog).sql, raw


def scan_select(scan: Scan) -> exp.Select:
    """Return the scan as a query over the raw table: account columns, then each relation's rows.

    Three levels, so that each thing is computed once: the event's time and whether it parses, then
    whether a relation keeps it, then the columns of those that are kept.
    """
    source = scan.source
    event = read_view(source.event_view)
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
    for need in scan.needs:
        flags |= _flags(need, source)
        outputs |= _outputs(need, source)
    first = {_TIME: event.columns["event_time"].copy(), _PARSED: event.condition.copy()}
    timed = _level(_all(), first, exp.to_table(source.table.name))
    flagged = _level(_all(), flags, timed.subquery("timed", copy=False))
    return _level([], outputs, flagged.subquery("flagged", copy=False))


def _flags(need: Need, source: Source) -> dict[str, exp.Expr]:
    """Return whether all readers of a relation may want a row, and which of them do."""
    plan = _plan(need, source)
    common = exp.and_(plan.condition.copy(), _over(need.common, plan), copy=False)
    wanted = (_over(reader.condition, plan) for reader in need.readers)
    return {
        f"{need.relation}.common": common,
        **{f"{need.relation}.{number}": wants for number, wants in enumerate(wanted)},
    }


def _outputs(need: Need, source: Source) -> dict[str, exp.Expr]:
    """Return a relation's rows: whether each is kept, and its columns as one row value.

    One value, because a CASE per column costs every row of the log, kept or not. Inside it each
    column is computed only where the readers that need it want the row.
    """
    plan = _plan(need, source)
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


def kept_rows(need: Need, parts: Parts) -> str:
    """Return DuckDB's SELECT of a relation's rows over the parts of a scan."""
    row = quoted(f"{need.relation}.row")
    columns = (f"{row}.field{n} AS {quoted(name)}" for n, name in enumerate(need.columns))
    shown = ", ".join(columns) or "NULL AS nothing"
    return f"SELECT {shown} FROM {parts.rows} WHERE {quoted(f'{need.relation}.kept')}"


def _all() -> list[exp.Expr]:
    # a star leaves hidden columns out
    return [exp.Star(), exp.column("$path", quoted=True)]


def _level(
    kept: list[exp.Expr], named: Mapping[str, exp.Expr], below: exp.Table | exp.Subquery
) -> exp.Select:
    aliased = (exp.alias_(e, name, quoted=True, copy=False) for name, e in named.items())
    return exp.select(*kept, *aliased, copy=False).from_(below, copy=False)


def _plan(need: Need, source: Source) -> ViewPlan:
    if need.relation == source.event_view.name:
        columns = read_view(source.event_view).columns
        timed = {**columns, "event_time": exp.column(_TIME, quoted=True)}
        return ViewPlan(timed, exp.column(_PARSED, quoted=True))
    if need.relation == source.unparsed_view.name:
        return read_view(source.unparsed_view)
    names = (exp.column(name, quoted=True) for name in need.columns)
    return ViewPlan(dict(zip(need.columns, names, strict=True)), exp.true())


def _over(condition: exp.Expr, plan: ViewPlan) -> exp.Expr:
    """Return a condition on a relation's columns as one on the raw table."""
    inside = {name.lower(): expression for name, expression in plan.columns.items()}

    def replace(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.name.lower() in inside:
            return exp.paren(inside[node.name.lower()].copy())
        return node

    return exp.paren(condition.transform(replace))


def _raw_sql(source: Source, select: exp.Select) -> tuple[str, dict[str, str]]:
    """Return DuckDB's SELECT of the raw columns that a scan reads, and their Trino types."""
    read = fields_read([select])
    for column in source.partitions.columns:
        read.setdefault(column.record.lower(), set()).add(())
    columns = [column for column in source.table.columns if column.name.lower() in read]
    types = {c.name: pruned(c.type, read[c.name.lower()]) for c in columns}
    key = wrapping_key(source.partitions.shapes)
    fields = Type("struct", fields=tuple(types.items()))
    structure = text(json.dumps({key: [json_structure(fields)]}))
    own = ", ".join(f"r.{quoted(name)} AS {quoted(name)}" for name in types)
    filled = ", ".join(_partition_sql(column) for column in source.partitions.columns)
    pruned_columns = (Column(name, type_) for name, type_ in types.items())
    catalog = {
        "file_no": "integer",
        "doubtful": "boolean",
        **raw_columns((*pruned_columns, *source.table.partition_columns)),
    }
    records = f"TRY(from_json(doc, {structure})).{quoted(key)}"
    sql = (
        f'SELECT file_no, r IS NULL AS doubtful, {own}, {filled}, f.log_file AS "$path"'
        f" FROM (SELECT * EXCLUDE (doc), unnest(coalesce({records}, [NULL])) AS r"
        " FROM documents) f"
    )
    return sql, catalog


def _partition_sql(column: PartitionColumn) -> str:
    own = f"r.{quoted(column.record)}"
    if column.type == "date":
        own = f"strftime(TRY_CAST({own} AS TIMESTAMP), {text(strftime(column.format))})"
    return f"coalesce(f.{quoted(column.name)}, {own}) AS {quoted(column.name)}"
