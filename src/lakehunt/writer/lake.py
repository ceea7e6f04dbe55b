"""Lays records out as files, as AWS would deliver them.

Knows layouts and delivery, nothing of any one source. Cases, the demo and tests use it.
"""

import gzip
import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from lakehunt.layouts import file_name, folder, strftime
from lakehunt.model import PartitionColumn, Source
from lakehunt.writer.records import LogRecord
from lakehunt.writer.serdes import file_bytes

# AWS delivers "within about five minutes on average". Source: CloudTrail User Guide, "How
# CloudTrail works" (read 2026-11-23).
DELIVERY = timedelta(minutes=5)


def write_lake(
    lake: Path, source: Source, records: Iterable[LogRecord], delivered: datetime | None = None
) -> tuple[Path, ...]:
    """Write records into a lake folder in AWS's layout and return the files.

    One file holds what one account and region got within five minutes. Without `delivered`
    (UTC) a record is delivered five minutes after its event.
    """
    batches: dict[tuple[str, ...], list[LogRecord]] = {}
    for record in records:
        values = _partition_values(source, record, delivered or record.event_time + DELIVERY)
        batches.setdefault(values, []).append(record)
    return tuple(_write(lake, source, key, batch) for key, batch in sorted(batches.items()))


def write_empty(lake: Path, source: Source, delivered: datetime) -> tuple[Path, ...]:
    """Write a file without records into a lake folder, and return it: the log is there."""
    key = _partition_values(source, LogRecord(delivered, {}), delivered)
    return (_write(lake, source, key, []),)


def _partition_values(source: Source, record: LogRecord, delivered: datetime) -> tuple[str, ...]:
    slot = delivered.replace(minute=delivered.minute // 5 * 5, second=0, microsecond=0)
    values: list[str] = []
    for column in source.partitions.columns:
        if column.type == "date":
            values.append(slot.strftime(strftime(column.format)))
        else:
            values.append(record.folder.get(column.name) or _told(source, column, record))
    return (*values, slot.isoformat())


def _told(source: Source, column: PartitionColumn, record: LogRecord) -> str:
    example = source.partitions.example.get(column.record) or column.example or "unknown"
    return str(record.fields.get(column.record) or example)


def _write(lake: Path, source: Source, key: tuple[str, ...], batch: list[LogRecord]) -> Path:
    partitions = source.partitions
    values = dict(zip((c.name for c in partitions.columns), key[:-1], strict=True))
    delivered = datetime.fromisoformat(key[-1])
    data = file_bytes(source.formats[0], partitions, batch)
    # sixteen hexadecimal digits in capitals end the names of every service
    rest = hashlib.sha256(data).hexdigest()[:16].upper()
    layout = next(iter(partitions.layouts))
    name = file_name(partitions, values, delivered, rest)
    path = lake / folder(partitions, layout, values) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = gzip.compress(data, compresslevel=6, mtime=0) if name.endswith(".gz") else data
    path.write_bytes(packed)
    return path
