"""Finds a record as it was logged, in the file that a query named.

Knows files and records, not what they mean. The engine offers it to workflows.
"""

import json
from collections.abc import Iterator, Mapping

from sqlglot import exp

from lakehunt.engines.local.connection import Connection
from lakehunt.engines.local.documents import UNREADABLE, unpacked, why_unreadable
from lakehunt.engines.local.exact import load_exactly
from lakehunt.engines.local.lake import Lake, LogFile
from lakehunt.engines.local.scan_sql import lines_sql
from lakehunt.engines.local.serdes import format_of
from lakehunt.engines.local.stream import Stream
from lakehunt.engines.local.types import text
from lakehunt.engines.local.wrapped import wrapping_key
from lakehunt.errors import LakeError
from lakehunt.model import Format, Source
from lakehunt.sources.lines import PARQUET
from lakehunt.sql.views import read_view

Record = Mapping[str, object]


def original_records(lake: Lake, source: Source, log_file: str, event_id: str) -> Iterator[Record]:
    """Yield the records of a log file that the event view shows under this id, as logged.

    A line of text is a record with the one key `line`.

    Raises:
        LakeError: the file is none of the lake's, or cannot be read.
    """
    file = lake.file(source, log_file)
    if file is None:
        raise LakeError(f"{log_file}: no file of this lake")
    try:
        data = unpacked(file.data())
        own = format_of(source.formats, data[:64])
        if own.lines_table or own.table.serde == PARQUET:
            yield from _lines(file, source, own, event_id)
        else:
            yield from _documents(data, source, event_id)
    except UNREADABLE as error:
        raise LakeError(f"{log_file}: {why_unreadable(error)}") from error


def _documents(data: bytes, source: Source, event_id: str) -> Iterator[Record]:
    column = read_view(source.event_view).columns["event_id"]
    assert isinstance(column, exp.Column)
    wrapped_in = wrapping_key(source.partitions.shapes)
    for document in load_exactly(data, source.partitions).texts:
        for record in json.loads(document)[wrapped_in]:
            if isinstance(record, dict) and record.get(column.name) == event_id:
                yield record


def _lines(file: LogFile, source: Source, format_: Format, event_id: str) -> Iterator[Record]:
    sql = lines_sql(source, format_)
    columns = [column.name for column in source.partitions.columns]
    stream = Stream(
        [file], [0], columns, sql.reader, format_, lambda _: format_, False, lambda _: None
    )
    found = f"SELECT line FROM ({sql.select}) WHERE event_id = {text(event_id)}"
    with (
        Connection() as connection,
        connection.reading(stream.arrow(), format_.table.name, sql.raw),
    ):
        lines = [line for (line,) in connection.rows(found)]
    for line in lines:
        yield _record(line)


def _record(line: str) -> Record:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    return record if isinstance(record, dict) else {"line": line}
