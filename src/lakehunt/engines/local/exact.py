"""Reads a log file exactly: any run of JSON values, or a CSV, record by record.

Knows texts and lines, not DuckDB. `scan` takes it for the files that the fast reading does not
take: slower, but every line is either read or told.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from lakehunt.engines.local.documents import Documents, decoded
from lakehunt.engines.local.exact_json import NEXT_VALUE, ExactJson, skip_space
from lakehunt.engines.local.tables import Broken, CsvRecords, read_table
from lakehunt.engines.local.wrapped import Finder, wrapping_key
from lakehunt.model import Partitions

_BATCH_RECORDS = 1000


def load_exactly(data: bytes, partitions: Partitions) -> Documents:
    """Return an unpacked file as documents of at most 1,000 records each.

    Broken lines are left out and told; the others are read.

    Raises:
        ValueError: what is wrong with the file and where.
    """
    text = decoded(data)
    json = ExactJson()
    finder = Finder(partitions, json)
    key = wrapping_key(partitions.shapes)
    table = _table(text, partitions, finder)
    if table is not None:
        texts = tuple(_documents(table.records, key, json))
        return Documents(texts, table.broken.told(), table.partial)
    values = _Values(text, json, finder)
    texts = tuple(_documents(values.records(), key, json))
    if not values.count and values.first_error:
        raise values.first_error
    return Documents(texts, values.told())


def load_lines(data: bytes, partitions: Partitions) -> Documents:
    """Return an unpacked file as lines of one record each; a line that holds none stays as it is.

    Raises:
        ValueError: the file is no text.
    """
    text = decoded(data)
    json = ExactJson()
    finder = Finder(partitions, json)
    table = _table(text, partitions, finder)
    if table is not None:
        texts = tuple(json.printed(record) for record in table.records)
        return Documents(texts, table.broken.told(), table.partial)
    texts, are_whole = _line_by_line(text, json, finder)
    if not are_whole:
        # one record may stand on many lines
        values = _Values(text, json, finder)
        records = tuple(json.printed(record) for record in values.records())
        texts = texts if values.first_error else records
    return Documents(texts)


def _table(text: str, partitions: Partitions, finder: Finder) -> CsvRecords | None:
    is_json = text.lstrip().startswith(("{", "["))
    return None if is_json else read_table(text, partitions, finder)


def _line_by_line(text: str, json: ExactJson, finder: Finder) -> tuple[tuple[bytes, ...], bool]:
    """Return the records of each line, and whether each line is JSON."""
    texts: list[bytes] = []
    are_whole = True
    for line in text.removesuffix("\n").split("\n"):
        if not line.strip():
            texts.append(line.encode())
            continue
        try:
            value = json.whole(line)
        except ValueError:
            are_whole = False
            texts.append(line.encode())
            continue
        try:
            found = finder.records(value)
        except ValueError:
            found = []
        # a line that is a record itself is shown as it was delivered
        is_bare = not found or (len(found) == 1 and found[0] is value)
        texts += [line.encode()] if is_bare else [json.printed(record) for record in found]
    return tuple(texts), are_whole


class _Values:
    """The records of a run of JSON values, and what between them is none."""

    def __init__(self, text: str, json: ExactJson, finder: Finder) -> None:
        self.text = text
        self.json = json
        self.finder = finder
        self.count = 0
        self.first_error: ValueError | None = None
        self.broken = Broken("lines are broken JSON, the first is")
        self.strange = Broken("lines hold no event, the first is")

    def records(self) -> Iterator[object]:
        position = skip_space(self.text, 0)
        while position < len(self.text):
            try:
                value, end = self.json.value(self.text, position)
            except ValueError as error:
                self._note(self.broken, position, error)
                following = NEXT_VALUE.search(self.text, position)
                position = following.end() if following else len(self.text)
                continue
            try:
                records = self.finder.records(value)
                self.count += 1
                yield from records
            except ValueError as error:
                self._note(self.strange, position, error)
            position = skip_space(self.text, end)

    def _note(self, broken: Broken, position: int, error: ValueError) -> None:
        self.first_error = self.first_error or error
        broken.count += 1
        broken.first = broken.first or self.text.count("\n", 0, position) + 1

    def told(self) -> str:
        """Return what was left out."""
        notes = [broken for broken in (self.broken, self.strange) if broken.count]
        whole = len(self.text.rstrip().split("\n")) if notes else 0
        for broken in notes:
            broken.whole = whole
        return "; ".join(broken.told() for broken in notes)


def _documents(records: Iterable[object], key: str, json: ExactJson) -> Iterator[bytes]:
    remaining = iter(records)
    yield json.printed({key: [*islice(remaining, _BATCH_RECORDS)]})
    while batch := [*islice(remaining, _BATCH_RECORDS)]:
        yield json.printed({key: batch})
