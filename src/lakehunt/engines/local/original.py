"""Finds a record as it was logged, in the file that a query named.

Knows files and records, not what they mean. The engine offers it to workflows.
"""

import json
from collections.abc import Iterator, Mapping

from lakehunt.engines.local.documents import unpacked
from lakehunt.engines.local.exact import load_exactly
from lakehunt.engines.local.lake import Lake
from lakehunt.engines.local.wrapped import wrapping_key
from lakehunt.errors import LakeError
from lakehunt.model import Source

Record = Mapping[str, object]


def original_records(
    lake: Lake, source: Source, log_file: str, key: str, value: str
) -> Iterator[Record]:
    """Yield the records of a log file whose field `key` has this value, as they were logged.

    Raises:
        LakeError: the file is none of the lake's, or cannot be read.
    """
    file = lake.file(source, log_file)
    if file is None:
        raise LakeError(f"{log_file}: no file of this lake")
    try:
        documents = load_exactly(unpacked(file.data()), source.partitions)
    except (OSError, EOFError, ValueError) as error:
        raise LakeError(f"{log_file}: {error}") from error
    wrapped_in = wrapping_key(source.partitions.shapes)
    for text in documents.texts:
        for record in json.loads(text)[wrapped_in]:
            if isinstance(record, dict) and record.get(key) == value:
                yield record
