"""What is kept of each record, and how a scan reads it in place of the logs.

Knows trees and views; runs nothing. Kept are the raw columns, and what a scan computes first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from lakehunt.engines.local.plans import LINE, PARSED, TIME, Plans
from lakehunt.engines.local.scan_sql import (
    ScanSql,
    level,
    over_raw,
    placed,
    raw_catalog,
    scan_select,
    timed_rows,
)
from lakehunt.engines.local.serdes.reader import DOCUMENTS
from lakehunt.engines.local.types import quoted, text
from lakehunt.model import Format, Source
from lakehunt.sql.share import Scan
from lakehunt.sql.typed import lowered
from lakehunt.sql.views import fields_read

# The number that a file has in the store; in the scan it has another.
NUMBER = "number"


@dataclass(frozen=True, slots=True)
class KeptSql:
    """DuckDB's SELECT of a scan, and the one of the raw table that it reads."""

    select: str
    raw: str


def keeping_sql(source: Source, format_: Format) -> ScanSql:
    """Return what is kept of the records of a format; the line only where nothing else is told.

    Raises:
        LakeError: the table of the format is not read locally.
    """
    plans = Plans(Scan(source, (), ()), format_)
    parsed = exp.column(PARSED, quoted=True)
    outputs: dict[str, exp.Expr] = {
        "file_no": exp.column("file_no"),
        "doubtful": exp.column("doubtful"),
        "parsed": parsed,
        "event_time": exp.column(TIME, quoted=True),
        "event_id": _unless(parsed, plans.event.columns["event_id"].copy()),
        "line": _unless(parsed, exp.column(LINE, quoted=True)),
    }
    for number, column in enumerate(format_.table.columns):
        outputs[f"c{number}"] = exp.column(column.name, quoted=True)
    return over_raw(level([], outputs, timed_rows(plans, reads_line=True)), source, format_)


def kept_sql(scan: Scan, format_: Format, rows: Sequence[Path]) -> KeptSql:
    """Return how the kept rows of a format are scanned, those of the files that are told."""
    select = scan_select(Plans(scan, format_), is_timed=True)
    read = fields_read([select])
    numbers = {column.name: number for number, column in enumerate(format_.table.columns)}
    types = {c.name: c.type for c in format_.table.columns if c.name.lower() in read}
    shown = [f"k.c{numbers[name]} AS {quoted(name)}" for name in types]
    shown += [f"k.line AS {quoted(LINE)}"] if LINE in read else []
    paths = ", ".join(text(str(path)) for path in rows)
    raw = (
        f"SELECT f.file_no, false AS doubtful, k.event_time AS {quoted(TIME)},"
        f" k.parsed AS {quoted(PARSED)}, {', '.join([*shown, *placed('f', scan.source)])}"
        f" FROM read_parquet([{paths}]) k JOIN {DOCUMENTS} f ON k.file_no = f.{NUMBER}"
    )
    name = format_.table.name
    timed = {TIME: "timestamp(3)", PARSED: "boolean"}
    catalog = {name: {**raw_catalog(scan.source, format_, types)[name], **timed}}
    return KeptSql(lowered(select, catalog).sql, raw)


def reads_lines(scan: Scan) -> bool:
    """Tell whether a scan shows the lines of records that parse: those are not kept."""
    tables = (format_.lines_table for format_ in scan.source.formats)
    lines = {table.name for table in tables if table is not None}
    return any(need.relation in lines for need in scan.needs)


def _unless(condition: exp.Expr, value: exp.Expr) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=exp.not_(condition.copy()), true=value)])
