"""Readers of files, chosen by the SerDe of a table and never by its source.

`reader_of` is the door; `format_of` tells by a file's first bytes which format of a source it is.
"""

from collections.abc import Sequence

from lakehunt.engines.local.documents import begins_as_json
from lakehunt.engines.local.serdes.delimited import DelimitedTable
from lakehunt.engines.local.serdes.json_documents import JsonDocumentsTable
from lakehunt.engines.local.serdes.json_lines import JsonLinesTable
from lakehunt.engines.local.serdes.parquet import MAGIC, ParquetTable
from lakehunt.engines.local.serdes.reader import Reader, Wanted
from lakehunt.engines.local.serdes.regex_table import RegexTable
from lakehunt.errors import LakeError
from lakehunt.model import Format, Partitions, Table
from lakehunt.sources.lines import (
    DOCUMENTS_INPUT,
    HIVE_JSON,
    LAZY_SIMPLE,
    OPENX_JSON,
    PARQUET,
    REGEX,
)

_JSON = (OPENX_JSON, HIVE_JSON)


def reader_of(table: Table, wanted: Wanted, partitions: Partitions) -> Reader:
    """Return the reader of a table's files.

    Raises:
        LakeError: the local engine does not read such a table.
    """
    if table.serde == REGEX:
        return RegexTable(table, wanted)
    if table.serde == LAZY_SIMPLE:
        return DelimitedTable(table, wanted, partitions)
    if table.serde == PARQUET:
        return ParquetTable(table, wanted)
    if table.input_format == DOCUMENTS_INPUT:
        return JsonDocumentsTable(table, wanted, partitions)
    if table.serde in _JSON:
        return JsonLinesTable(table, wanted, partitions)
    raise LakeError(f"{table.name}: tables with {table.serde} are not read locally")


def format_of(formats: Sequence[Format], data: bytes) -> Format:
    """Return the format of a source that a file has, by its first bytes."""
    if len(formats) == 1:
        return formats[0]
    if data.startswith(MAGIC):
        fits = [one for one in formats if one.table.serde == PARQUET]
    elif begins_as_json(data):
        fits = [one for one in formats if one.table.serde in _JSON]
    else:
        fits = [one for one in formats if one.table.serde in (REGEX, LAZY_SIMPLE)]
    return (fits or [*formats])[0]
