"""Reads the files of a source once and leaves what the queries need as Parquet parts.

Knows DuckDB and the plan of a scan. Each record becomes one row: its account columns always, the
columns of a relation where the record fulfils that relation's condition.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lakehunt.engines.base import Progress
from lakehunt.engines.local.connection import Connection
from lakehunt.engines.local.kept.rows import ScanFiles, scan_kept
from lakehunt.engines.local.kept.store import KeptFile
from lakehunt.engines.local.parts import part_rows
from lakehunt.engines.local.scan_sql import scan_sql
from lakehunt.engines.local.turns import Turn, Turns
from lakehunt.engines.local.types import quoted
from lakehunt.model import FileNote, Source, Type
from lakehunt.sql.share import Need, Scan


@dataclass(frozen=True, slots=True)
class Parts:
    """What a scan left: a DuckDB relation of all its rows, and the account of its files.

    `passed_over` counts the files that cannot hold a row that is asked for: they are not parsed.
    `kept` counts those whose rows were there from a run before.
    """

    rows: str
    records: Mapping[str, int]
    refused: tuple[FileNote, ...]
    partial: tuple[FileNote, ...]
    header_lines: int
    has_class: bool
    passed_over: int
    kept: int


def scan_files(
    connection: Connection,
    scan: Scan,
    files: ScanFiles,
    folder: Path,
    progress: Progress,
    *,
    parse_all: bool,
) -> Parts:
    """Return the rows of these files as Parquet parts below a folder, every file accounted for.

    Args:
        parse_all: parse even the files that cannot hold what is asked for, to count their rows.

    Raises:
        LakeError: a table of the source is not read locally.
        duckdb.Error: the engine failed; broken files never do that.
    """
    sql_of = partial(scan_sql, scan, is_searched=not parse_all)
    turns = Turns(connection, scan.source, files.files, folder, progress, sql_of)
    turns.read(files.others)
    relations = [_without_doubtful(turn) for turn in turns.turns]
    relations += scan_kept(connection, scan, files, folder)
    return _parts(scan.source, turns, files.kept, relations)


def _without_doubtful(turn: Turn) -> str:
    rows = part_rows(turn.folder)
    numbers = ", ".join(str(number) for number in turn.doubtful)
    return f"(FROM {rows} WHERE file_no NOT IN ({numbers}))" if numbers else rows


def _parts(
    source: Source, turns: Turns, kept: Mapping[int, KeptFile], relations: Iterable[str]
) -> Parts:
    records = {**turns.records, **{number: one.records for number, one in kept.items()}}
    partial = {**turns.partial, **{n: one.partial for n, one in kept.items() if one.partial}}
    unparsed = {*turns.refused, *turns.passed_over}
    counts = {
        file.name: records.get(number, 0)
        for number, file in enumerate(turns.files)
        if number not in unparsed or records.get(number)
    }
    headers = sum(turns.headers.values()) + sum(one.header_lines for one in kept.values())
    return Parts(
        rows=f"({' UNION ALL BY NAME '.join(f'FROM {rows}' for rows in relations)})",
        records=counts,
        refused=turns.notes(turns.refused),
        partial=turns.notes(partial),
        header_lines=headers,
        has_class=bool(source.partitions.event_class),
        passed_over=len(turns.passed_over),
        kept=len(kept),
    )


def kept_rows(need: Need, parts: Parts, source: Source) -> str:
    """Return DuckDB's SELECT of a relation's rows over the parts of a scan."""
    row, kept = (quoted(f"{need.relation}.{word}") for word in ("row", "kept"))
    columns = {name: f"{row}.field{n}" for n, name in enumerate(need.columns)}
    for name in _guarded(source) & columns.keys():
        columns[name] = f"CASE WHEN {kept} THEN {columns[name]} END"
    shown = ", ".join(f"{value} AS {quoted(name)}" for name, value in columns.items())
    return f"SELECT {shown or 'NULL AS nothing'} FROM {parts.rows} WHERE {kept}"


def _guarded(source: Source) -> set[str]:
    """Return the raw columns whose fields must not be filtered by the Parquet reader.

    DuckDB 2.0.1 fails ("access index 14 within vector of size 11") where it hands the reader a
    filter on a field of a struct that holds a list or a map and lies in a struct, as in the parts.
    A filter on a CASE is not handed on.
    """
    columns = (column for format_ in source.formats for column in format_.table.columns)
    return {c.name for c in columns if c.type.name == "struct" and _holds_many(c.type)}


def _holds_many(type_: Type) -> bool:
    inner = (*type_.arguments, *(field for _, field in type_.fields))
    return type_.name in ("array", "map") or any(_holds_many(one) for one in inner)
