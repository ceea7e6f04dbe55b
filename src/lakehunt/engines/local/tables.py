"""Reads a CSV as records: a column of JSON texts, or a table whose headers are known.

Knows CSV and the tables that `partitions/<source>.yaml` names. The exact reading calls it.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from itertools import islice

from lakehunt.engines.local.archives import MOST_BYTES
from lakehunt.engines.local.wrapped import Finder
from lakehunt.model import CsvTable, Partitions

_DELIMITERS = ",;\t|"
# Where a column of JSON is looked for: a file of many rows without one is no such CSV.
_TRIED_ROWS = 100


@dataclass(slots=True)
class Broken:
    """How many parts of a file were left out, of how many, and the first of them."""

    words: str
    count: int = 0
    first: int = 0
    whole: int = 0

    def told(self) -> str:
        """Return it in words, or nothing."""
        parts = f"{self.count:,} of {self.whole:,} {self.words} {self.first:,}"
        return parts if self.count else ""


@dataclass(slots=True)
class CsvRecords:
    """The records of a CSV; `broken` fills up while they are taken."""

    records: Iterator[object]
    partial: str = ""
    broken: Broken = field(default_factory=lambda: Broken("rows hold no event, the first is row"))


def read_table(text: str, partitions: Partitions, finder: Finder) -> CsvRecords | None:
    """Return the records of a CSV, or None for a text that is no CSV with events."""
    rows = _rows(text)
    header = next(rows, [])
    table = known_table(header, partitions)
    if table is not None:
        shape = _Columns(header, table)
        found = CsvRecords(iter(()), shape.partial())
        found.records = _mapped(rows, shape, found.broken)
        return found
    names, rows = _named(header, rows)
    tried = [*islice(rows, _TRIED_ROWS)]
    if not any(finder.find(_object(names, row)) for row in tried):
        return None
    found = CsvRecords(iter(()))
    found.records = _wrapped(names, _chained(tried, rows), finder, found.broken)
    return found


def read_header(text: str) -> list[str]:
    """Return the first row of a CSV."""
    return next(_rows(text), [])


def known_table(header: Sequence[str], partitions: Partitions) -> CsvTable | None:
    """Return the table that a header is of, whatever its other columns."""
    headers = {_folded(name) for name in header}
    tables = (t for t in partitions.csv if {_folded(name) for name in t.identify} <= headers)
    return next(tables, None)


def _rows(text: str) -> Iterator[list[str]]:
    # the default of 128 KB is less than one record may have; the limit is the whole process's
    csv.field_size_limit(MOST_BYTES)
    first = text[: text.find("\n") + 1] or text
    delimiter = max(_DELIMITERS, key=first.count)
    return (row for row in csv.reader(StringIO(text, newline=""), delimiter=delimiter) if row)


def _named(
    header: list[str], rows: Iterator[list[str]]
) -> tuple[Sequence[str], Iterator[list[str]]]:
    """Return the names of the columns; a first row that holds JSON names none."""
    if any(cell.lstrip().startswith("{") for cell in header):
        return [str(number) for number in range(1, len(header) + 1)], _chained([header], rows)
    return header, rows


def _chained(first: Sequence[list[str]], rows: Iterator[list[str]]) -> Iterator[list[str]]:
    yield from first
    yield from rows


def _object(names: Sequence[str], row: Sequence[str]) -> object:
    # only a cell that is an object counts: a row is no record, whatever its headers say
    cells = zip(names, row, strict=False)
    return {name: cell for name, cell in cells if cell.lstrip().startswith("{")}


def _wrapped(
    names: Sequence[str], rows: Iterator[list[str]], finder: Finder, broken: Broken
) -> Iterator[object]:
    for number, row in enumerate(rows, start=1):
        broken.whole = number
        found = finder.find(_object(names, row))
        if found is None:
            broken.count += 1
            broken.first = broken.first or number
        else:
            yield found


def _mapped(rows: Iterator[list[str]], shape: "_Columns", broken: Broken) -> Iterator[object]:
    for number, row in enumerate(rows, start=1):
        broken.whole = number
        if len(row) == len(shape.header):
            yield shape.record(row)
        else:
            broken.count += 1
            broken.first = broken.first or number


class _Columns:
    """The columns of a known table: where each cell goes, and what no column tells."""

    def __init__(self, header: Sequence[str], table: CsvTable) -> None:
        known = {_folded(name): keys for name, keys in table.columns.items()}
        self.header = header
        self.table = table
        self.places = [known.get(_folded(name), ()) for name in header]

    def partial(self) -> str:
        """Return in words what the table is and lacks."""
        told = {key for keys in self.places for key in keys}
        lacking = [f"no {what}" for key, what in self.table.lacks.items() if key not in told]
        unread = [name for name, keys in zip(self.header, self.places, strict=True) if not keys]
        also = f"; columns not read: {', '.join(unread)}" if unread else ""
        return f"{self.table.title}: {', '.join(lacking) or 'a part of each event'}{also}"

    def record(self, row: Sequence[str]) -> Mapping[str, object]:
        """Return a row as a record; an empty cell is an absent key."""
        record: dict[str, object] = {}
        for keys, cell in zip(self.places, row, strict=True):
            for path in keys if cell else ():
                _put(record, path.split("."), cell)
        return record


def _put(record: dict[str, object], path: Sequence[str], cell: str) -> None:
    """Set a key such as `a.b` or `a[].b`, where `[]` is a list of one."""
    inner = record
    for key in path[:-1]:
        name = key.removesuffix("[]")
        below: dict[str, object] = {}
        value = inner.setdefault(name, [below] if key.endswith("[]") else below)
        child = value[0] if isinstance(value, list) else value
        assert isinstance(child, dict)
        inner = child
    inner[path[-1]] = cell


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
