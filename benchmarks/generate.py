"""Writes a seeded lake of any size and source: ordinary records, over and over, times ever new.

A few thousand records are made by the writer; a file is drawn from their texts, each with a time
and ids of its own. `benchmarks.run` calls it.
"""

import argparse
import gzip
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

from lakehunt.content import Reader, load_yaml, roots
from lakehunt.demo.holes import Filler, Outline
from lakehunt.demo.lake import ORDINARY
from lakehunt.demo.replay import ordinary_records
from lakehunt.demo.script import Pool
from lakehunt.demo.scriptfile import read_ordinary
from lakehunt.errors import Location
from lakehunt.layouts import file_name, folder, strftime, window_column
from lakehunt.model import Format, Source
from lakehunt.sources import load_source
from lakehunt.writer import LogRecord, expand, written_time
from lakehunt.writer.serdes import file_bytes

_SCRIPT = Path(__file__).with_name("records.yaml")
_START = datetime(2026, 5, 18, tzinfo=UTC)
_SPAN = timedelta(days=3)
_POOL_RECORDS = 3000
_ACCOUNTS = ("111122223333", "444455556666")
_REGIONS = ("us-east-1", "eu-west-1")
_PACK_LEVEL = 6
_PROCESSES = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """What one process writes: file by file so many bytes of text of one source."""

    lake: Path
    source: str
    file_bytes: int
    files: int
    seed: int = 1


def generate(plan: Plan) -> int:
    """Write a lake and return the bytes of its text."""
    jobs = [(plan, range(plan.files)[first::_PROCESSES]) for first in range(_PROCESSES)]
    with ProcessPoolExecutor(_PROCESSES) as pool:
        return sum(pool.map(_write, *zip(*jobs, strict=True)))


def log_files(lake: Path) -> list[Path]:
    """Return the files of a lake."""
    return sorted(path for path in lake.rglob("*") if path.is_file())


def _write(plan: Plan, numbers: Sequence[int]) -> int:
    random = Random(f"{plan.source}/{plan.seed}/{numbers}")
    source = load_source(roots(), plan.source)
    texts = _Texts(source, [*_records(source, random)])
    return sum(_write_file(plan, texts, number, random) for number in numbers)


def _records(source: Source, random: Random) -> Iterator[LogRecord]:
    if source.name == "cloudtrail":
        script = read_ordinary(ORDINARY)[source.name]
        yield from ordinary_records(source, script, _POOL_RECORDS, random)
        return
    reader = Reader(_SCRIPT, load_yaml(_SCRIPT.read_text(encoding="utf-8"), _SCRIPT), [])
    holes = reader.inner("holes")
    pools = {
        str(name): Pool(texts, tuple(range(1, len(texts) + 1)))
        for name in holes.data
        if (texts := holes.texts(str(name)))
    }
    where, filler = Location(_SCRIPT), Filler(pools, random)
    outline = Outline(reader.inner("records").mapping(source.name), where)
    for _ in range(_POOL_RECORDS):
        record = filler.fill(outline, _START, {}, source.partitions.unique)
        yield from expand(source, [{**record, "at": _START.isoformat()}], _START, where)


def _as_chosen(source: Source) -> Format:
    """Return a source's own format, with the fields that are there when nobody chose."""
    format_ = source.formats[0]
    chosen = source.partitions.default_fields
    columns = tuple(c for c in format_.table.columns if not chosen or c.name in chosen)
    return replace(format_, table=replace(format_.table, columns=columns))


class _Texts:
    """Records of one source as texts, cut where their times and ids stand."""

    def __init__(self, source: Source, records: Sequence[LogRecord]) -> None:
        self.source = source
        format_ = _as_chosen(source)
        self.is_document = format_.lines_table is None
        self.head = file_bytes(format_, source.partitions, [])
        self.tail = b"\n"
        skip = len(self.head)
        if self.is_document:
            self.head, self.tail, skip = self.head[:-2], b"]}", len(self.head) - 2
        texts = (file_bytes(format_, source.partitions, [record])[skip:] for record in records)
        self.pool = [self._cut(*both) for both in zip(texts, records, strict=True)]

    def _cut(self, text: bytes, record: LogRecord) -> list[bytes]:
        """Return a text in parts: every second one is the name of what stands there."""
        partitions = self.source.partitions
        told = {**written_time(partitions.time, record.event_time)}
        told |= {n: str(record.fields[n]) for n in partitions.unique if n in record.fields}
        names = {value.encode(): name.encode() for name, value in told.items()}
        pattern = b"(" + b"|".join(map(re.escape, names)) + b")"
        parts = re.split(pattern, text.removesuffix(self.tail))
        parts[1::2] = [names[part] for part in parts[1::2]]
        return parts

    def record(self, moment: datetime, random: Random) -> bytes:
        """Return the text of one record at a time."""
        partitions = self.source.partitions
        told = written_time(partitions.time, moment)
        for name in partitions.unique:
            told[name] = str(UUID(int=random.getrandbits(128), version=4))
        values = {name.encode(): value.encode() for name, value in told.items()}
        parts = random.choice(self.pool).copy()
        parts[1::2] = [values[part] for part in parts[1::2]]
        return b"".join(parts)

    def file(self, size_bytes: int, start: datetime, end: datetime, random: Random) -> bytes:
        """Return the text of a file of about that size."""
        mean = sum(len(b"".join(parts)) for parts in self.pool) // len(self.pool)
        count = max(1, size_bytes // mean)
        step = (end - start) / count
        texts = (self.record(start + n * step, random) for n in range(count))
        return self.head + (b"," if self.is_document else b"\n").join(texts) + self.tail


def _write_file(plan: Plan, texts: _Texts, number: int, random: Random) -> int:
    partitions = texts.source.partitions
    start, end = (_START + _SPAN * n / plan.files for n in (number, number + 1))
    values = {column.name: column.example or "example" for column in partitions.columns}
    day = start.strftime(strftime(window_column(partitions).format))
    account, region = random.choice(_ACCOUNTS), random.choice(_REGIONS)
    values |= {"account_id": account, "region": region, partitions.window: day}
    data = texts.file(plan.file_bytes, start, end, random)
    name = file_name(partitions, values, start, f"{number:016X}")
    path = plan.lake / folder(partitions, next(iter(partitions.layouts)), values) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data, _PACK_LEVEL, mtime=0) if name.endswith(".gz") else data)
    return len(data)


def main() -> None:
    """Write one lake."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lake", type=Path)
    parser.add_argument("source")
    parser.add_argument("--megabytes", type=int, default=200, help="text to write")
    parser.add_argument("--files", type=int, default=200)
    given = parser.parse_args()
    size_bytes = given.megabytes * 1_000_000 // given.files
    print(generate(Plan(given.lake, given.source, size_bytes, given.files)))


if __name__ == "__main__":
    main()
