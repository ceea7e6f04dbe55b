"""Reads the files of a source once and leaves what the queries need as Parquet parts.

Knows DuckDB and the scan's plan. Each record becomes one row: its account columns always, the
columns of a relation where the record fulfils that relation's condition.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from sqlglot import exp

from lakehunt.engines.base import Progress
from lakehunt.engines.local.documents import LINES, load_exactly, load_fast
from lakehunt.engines.local.lake import LogFile
from lakehunt.engines.local.stream import Load, Stream
from lakehunt.engines.local.types import json_structure, quoted, text
from lakehunt.layouts import strftime
from lakehunt.model import FileNote, PartitionColumn, Source, Type
from lakehunt.sql.share import Need, Scan
from lakehunt.sql.views import ViewPlan, fields_read, pruned, read_view
from lakehunt.trino_on_duckdb import translate

# Each thread holds a row group in memory while it writes: small ones keep that small.
_ROW_GROUP_ROWS = 10240
ACCOUNT_COLUMNS = ("event_time", "event_id", "account_id", "region")
_EVENT_CLASS = "event_class"


@dataclass(frozen=True, slots=True)
class Parts:
    """What a scan left: a DuckDB relation of all its rows, and the account of its files."""

    rows: str
    records: Mapping[Path, int]
    refused: tuple[FileNote, ...]
    has_class: bool


def scan_files(
    connection: duckdb.DuckDBPyConnection,
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
    records, doubtful, refused = reader.read(
        "fast", range(len(files)), lambda file: load_fast(file.path, source.shapes)
    )
    rows = f"SELECT * FROM {reader.parts('fast')}"
    if doubtful:
        exact, _, broken = reader.read(
            "exact", doubtful, lambda file: load_exactly(file.path, source.shapes, source.identify)
        )
        records = {**records, **dict.fromkeys(doubtful, 0), **exact}
        refused = {**refused, **broken}
        again = ", ".join(str(number) for number in doubtful)
        rows += f" WHERE file_no NOT IN ({again}) UNION ALL SELECT * FROM {reader.parts('exact')}"
    notes = (FileNote(files[number].path, why) for number, why in sorted(refused.items()))
    counts = {
        file.path: records.get(number, 0)
        for number, file in enumerate(files)
        if number not in refused or records.get(number)
    }
    return Parts(f"({rows})", counts, tuple(notes), bool(source.event_class))


class _Reader:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        scan: Scan,
        files: Sequence[LogFile],
        folder: Path,
        progress: Progress,
    ) -> None:
        self.connection = connection
        self.files = files
        self.folder = folder
        self.progress = progress
        self.select = scan_sql(scan)
        self.columns = [column.name for column in scan.source.partitions.columns]

    def parts(self, turn: str) -> str:
        return f"read_parquet({text(str(self.folder / turn / '*.parquet'))})"

    def read(
        self, turn: str, numbers: Sequence[int], load: Load
    ) -> tuple[dict[int, int], list[int], dict[int, str]]:
        """Read files by one loader: records by file, files with a doubt, and those refused."""
        stream = Stream(self.files, numbers, self.columns, load, self.progress)
        target = text(str(self.folder / turn))
        self.connection.register("documents", stream.reader())
        try:
            self.connection.execute(
                f"COPY ({self.select}) TO {target}"
                " (FORMAT parquet, COMPRESSION snappy, PER_THREAD_OUTPUT,"
                f" ROW_GROUP_SIZE {_ROW_GROUP_ROWS})"
            )
        finally:
            self.connection.unregister("documents")
        counted = self.connection.execute(
            f"SELECT file_no, count(*), bool_or(doubtful) FROM {self.parts(turn)} GROUP BY 1"
        ).fetchall()
        records = {number: count for number, count, _ in counted}
        return records, sorted(n for n, _, doubt in counted if doubt), stream.refused


def scan_sql(scan: Scan) -> str:
    """Return DuckDB's SELECT of a scan over the stream `documents` and the source's file table."""
    select = scan_select(scan)
    raw = _raw_sql(scan.source, select)
    return f"WITH {quoted(scan.source.table.name)} AS ({raw}) {translate(select)}"


def scan_select(scan: Scan) -> exp.Select:
    """Return the scan as a query over the raw table: account columns, then `relation.column`s."""
    source = scan.source
    event = read_view(source.event_view)
    outputs: dict[str, exp.Expr] = {
        "file_no": exp.column("file_no"),
        "doubtful": exp.column("doubtful"),
        "parsed": event.condition.copy(),
        **{name: event.columns[name].copy() for name in ACCOUNT_COLUMNS},
    }
    if source.partitions.event_class:
        outputs[_EVENT_CLASS] = event.columns[source.partitions.event_class].copy()
    flags: list[exp.Expr] = [exp.Star()]
    for need in scan.needs:
        plan = _plan(need, source)
        kept = f"{need.relation}.kept"
        condition = exp.and_(plan.condition.copy(), _over(need.condition, plan), copy=False)
        flags.append(exp.alias_(condition, kept, quoted=True, copy=False))
        outputs[kept] = exp.column(kept, quoted=True)
        for name in need.columns:
            shown = exp.If(this=exp.column(kept, quoted=True), true=plan.columns[name].copy())
            outputs[f"{need.relation}.{name}"] = exp.Case(ifs=[shown])
    flagged = exp.select(*flags, copy=False).from_(source.table.name, copy=False)
    selects = [exp.alias_(e, name, quoted=True, copy=False) for name, e in outputs.items()]
    return exp.select(*selects, copy=False).from_(flagged.subquery("flagged", copy=False))


def _plan(need: Need, source: Source) -> ViewPlan:
    if need.relation == source.event_view.name:
        return read_view(source.event_view)
    if need.relation == source.unparsed_view.name:
        return read_view(source.unparsed_view)
    names = (exp.column(name, quoted=True) for name in need.columns)
    return ViewPlan(dict(zip(need.columns, names, strict=True)), exp.true())


def _over(condition: exp.Expr | None, plan: ViewPlan) -> exp.Expr:
    """Return a condition on a relation's columns as one on the raw table."""
    if condition is None:
        return exp.true()
    inside = {name.lower(): expression for name, expression in plan.columns.items()}

    def replace(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.name.lower() in inside:
            return exp.paren(inside[node.name.lower()].copy())
        return node

    return exp.paren(condition.transform(replace))


def _raw_sql(source: Source, select: exp.Select) -> str:
    """Return DuckDB's SELECT of the raw columns that a scan reads, one row per record."""
    read = fields_read([select])
    for column in source.partitions.columns:
        read.setdefault(column.record.lower(), set()).add(())
    columns = [column for column in source.table.columns if column.name.lower() in read]
    types = {c.name: pruned(c.type, read[c.name.lower()]) for c in columns}
    key = next((shape for shape in source.partitions.shapes if shape != LINES), "records")
    fields = Type("struct", fields=tuple(types.items()))
    structure = text(json.dumps({key: [json_structure(fields)]}))
    own = ", ".join(f"r.{quoted(name)} AS {quoted(name)}" for name in types)
    filled = ", ".join(_partition_sql(column) for column in source.partitions.columns)
    records = f"TRY(from_json(doc, {structure})).{quoted(key)}"
    return (
        f'SELECT file_no, r IS NULL AS doubtful, {own}, {filled}, f.log_file AS "$path"'
        f" FROM (SELECT * EXCLUDE (doc), unnest(coalesce({records}, [NULL])) AS r"
        " FROM documents) f"
    )


def _partition_sql(column: PartitionColumn) -> str:
    own = f"r.{quoted(column.record)}"
    if column.type == "date":
        own = f"strftime(TRY_CAST({own} AS TIMESTAMP), {text(strftime(column.format))})"
    return f"coalesce(f.{quoted(column.name)}, {own}) AS {quoted(column.name)}"
