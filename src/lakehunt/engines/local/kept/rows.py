"""Finds files of a scan among what is kept, and reads their rows from there.

Knows the store, DuckDB and the plan of a scan. A file counts as kept as long as it is the same by
its place, size and times (in S3 by its ETag) and this program would read it in the same way.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import duckdb
import pyarrow

import lakehunt
from lakehunt.engines.local.connection import Connection
from lakehunt.engines.local.kept.sql import NUMBER, kept_sql
from lakehunt.engines.local.kept.store import KeptFile, KeptStore, Shelf
from lakehunt.engines.local.lake import LogFile
from lakehunt.engines.local.parts import part_rows, write_part
from lakehunt.engines.local.stream import path_columns
from lakehunt.model import Source
from lakehunt.sql.share import Scan


@dataclass(frozen=True, slots=True)
class ScanFiles:
    """The files of a scan, and what is kept of them, by their numbers.

    `ids` are those of all that have one: nothing is kept of the others.
    """

    files: Sequence[LogFile]
    shelf: Shelf = field(default_factory=Shelf)
    ids: Mapping[int, str] = field(default_factory=dict)
    kept: Mapping[int, KeptFile] = field(default_factory=dict)

    @property
    def others(self) -> list[int]:
        """Return the numbers of the files of which nothing is kept."""
        return [number for number in range(len(self.files)) if number not in self.kept]


def find_kept(
    store: KeptStore, source: Source, files: Sequence[LogFile], *, keep: bool
) -> ScanFiles:
    """Return files of a source with what is kept of them, and as what more would be."""
    if not keep and not store.folder.exists():
        return ScanFiles(files)
    shelf = store.shelf(_shelf_name(source))
    if not keep and shelf.is_empty:
        return ScanFiles(files)
    named = ((number, _file_id(file)) for number, file in enumerate(files))
    ids = {number: file_id for number, file_id in named if file_id is not None}
    return look_again(ScanFiles(files, shelf, ids))


def look_again(files: ScanFiles) -> ScanFiles:
    """Return the same files with what is kept of them by now."""
    kept = files.shelf.find(files.ids.values())
    return replace(files, kept={n: kept[name] for n, name in files.ids.items() if name in kept})


def scan_kept(connection: Connection, scan: Scan, files: ScanFiles, folder: Path) -> Iterator[str]:
    """Scan the kept rows of files format by format and yield DuckDB's relation of the parts.

    Raises:
        duckdb.Error: the engine failed.
    """
    for format_ in scan.source.formats:
        numbers = [n for n, one in files.kept.items() if one.format == format_.name]
        if not numbers:
            continue
        paths = files.shelf.rows((files.ids[number] for number in numbers), format_.name)
        sql = kept_sql(scan, format_, paths)
        told = _told(scan.source, files, numbers)
        target = folder / f"kept-{format_.name}"
        with connection.reading(told, format_.table.name, sql.raw):
            write_part(connection, sql.select, target)
        yield part_rows(target)


def _told(source: Source, files: ScanFiles, numbers: Sequence[int]) -> pyarrow.Table:
    """Return what is known of files as a stream tells it of each row."""
    columns = [column.name for column in source.partitions.columns]
    own = [files.files[number] for number in numbers]
    arrays = {
        NUMBER: pyarrow.array([files.kept[number].number for number in numbers], pyarrow.int64()),
        "file_no": pyarrow.array(numbers, pyarrow.int32()),
        "log_file": pyarrow.array([file.name for file in own], pyarrow.string()),
    }
    for column, name in zip(columns, path_columns(columns), strict=True):
        values = [file.values.get(column) for file in own]
        arrays[name] = pyarrow.array(values, pyarrow.string())
    return pyarrow.table(arrays)


def _shelf_name(source: Source) -> str:
    """Return a name that differs where the rows of a file would."""
    read = [repr(source.partitions), *(one.ddl for one in source.formats), duckdb.__version__]
    digest = hashlib.sha256("\0".join([_program(), *read]).encode()).hexdigest()
    return f"{source.name}-{digest[:16]}"


@cache
def _program() -> str:
    """Return a digest of this program's own code."""
    digest = hashlib.sha256()
    for path in sorted(Path(lakehunt.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _file_id(file: LogFile) -> str | None:
    """Return what is another for other bytes; None for a file that is not there any more."""
    try:
        version = file.content.version()
    except OSError:
        return None
    told = [version, dict(file.values), file.is_wrapped]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]
