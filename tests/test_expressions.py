"""Every expression of a table matches in Java what it matches here, on whole and spoilt lines."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pyarrow
import pytest

from lakehunt.content import roots
from lakehunt.engines.local.serdes.regex import RegexReader
from lakehunt.errors import Location
from lakehunt.expressions import read_expression
from lakehunt.model import Source
from lakehunt.sources import load_sources
from lakehunt.sources.lines import REGEX
from lakehunt.writer import expand
from lakehunt.writer.serdes import file_bytes
from tests.conftest import SHARED
from tests.java import Groups, matched_by_java
from tests.trino_live.hostile import mutated

SPOILT = 400
START = datetime(2026, 5, 1, 10, tzinfo=UTC)
TABLES = {
    table.name: (source, table.serde_properties["input.regex"])
    for source in load_sources(roots()).values()
    for format_ in source.formats
    for table in (format_.table, format_.lines_table)
    if table is not None and table.serde == REGEX
}


def lines_of(source: Source) -> list[str]:
    """Return lines of a source: samples where they are, and written ones, whole and spoilt."""
    whole = [*written(source), *samples(source.name)]
    spoilt = [mutated(whole[seed % len(whole)], seed) for seed in range(SPOILT)]
    # bytes that are no UTF-8 reach both as the sign for that, a line break never
    decoded = (line.encode(errors="surrogateescape").decode(errors="replace") for line in spoilt)
    return [line for line in (*whole, *decoded) if not {"\r", "\n"} & {*line}]


def written(source: Source) -> list[str]:
    """Return a few lines as the writer makes them of the source's example."""
    records = [{"repeat": "3", "every": "7s", "record": {}}]
    expanded = [*expand(source, records, START, Location("test"))]
    return file_bytes(source.formats[0], source.partitions, expanded).decode().splitlines()


def samples(source: str) -> list[str]:
    """Return the lines of the samples of a source, where they are on this machine."""
    files = sorted((SHARED / "samples" / source).rglob("*.*"))
    texts = (_text(path) for path in files if path.suffix in (".log", ".gz"))
    return [line for text in texts for line in text.split("\n") if line]


def _text(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode(errors="replace")


@pytest.mark.parametrize("name", TABLES)
def test_java_matches_the_same(name: str) -> None:
    source, expression = TABLES[name]
    lines = lines_of(source)
    by_java = matched_by_java(expression, lines)
    read = read_expression(expression)
    wanted = tuple(range(1, read.groups + 1))
    text = "".join(f"{line}\n" for line in lines).encode()
    rows = RegexReader.of(read, wanted).rows(pyarrow.py_buffer(text))
    assert rows.lines().to_pylist() == lines
    found: list[Groups] = [
        [column[row].as_py() for column in rows.columns] for row in range(len(lines))
    ]
    for line, here, groups in zip(lines, found, by_java, strict=True):
        assert here == (groups or [None] * len(wanted)), line
    assert sum(groups is not None for groups in by_java) > len(lines) / 10
