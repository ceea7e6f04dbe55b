"""Tells whose log a file is by its first bytes, where path and name do not tell.

Knows the start of a file, not where it lies. `lister` calls it for files with a name of their own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from lakehunt.engines.local.archives import foreign_kind
from lakehunt.engines.local.documents import is_utf16
from lakehunt.engines.local.exact_json import NEXT_VALUE, ExactJson, skip_space
from lakehunt.engines.local.tables import known_table, read_header, read_table
from lakehunt.engines.local.wrapped import Finder
from lakehunt.model import Partitions, Source
from lakehunt.sources.allowed import LINES

HEAD_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Recognised:
    """Whose log a file is, or why it is nobody's.

    `skipped` is the reason why its source leaves it out; `is_wrapped`: its records are not the
    values of the file themselves, so that only the exact reading finds them.
    """

    source: Source | None = None
    skipped: str = ""
    is_wrapped: bool = False
    reason: str = ""


class Recogniser:
    """Recognises the files of one lake."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._json = ExactJson()
        self._finders = [(one, Finder(one.partitions, self._json)) for one in sources]

    def recognise(self, head: bytes) -> Recognised:
        """Return whose log starts with these bytes, gzip taken off."""
        if not head.strip():
            return Recognised(reason="empty")
        recode = is_utf16(head)
        text = head.decode("utf-16" if recode else "utf-8", errors="replace")
        text = text.lstrip("\ufeff \t\r\n")
        found = self._by_json(text) if text.startswith(("{", "[", '"')) else None
        if found is None and not text.startswith(("{", "[")):
            found = self._by_csv(text)
        if found is None and len(head) >= HEAD_BYTES:
            found = self._by_keys(text)
        if found is None:
            return Recognised(reason=self._why_unknown(head, text))
        return replace(found, is_wrapped=found.is_wrapped or recode)

    def _why_unknown(self, head: bytes, text: str) -> str:
        kind = foreign_kind(head)
        if kind:
            return f"{kind}; gzip, zip and tar are read"
        if not text.startswith(("{", "[")):
            return "neither JSON, CSV nor text of a log that is known here"
        if next(self._values(text, 0), None) is None:
            return "not a whole JSON document"
        return "no log that is known here"

    def _by_json(self, text: str) -> Recognised | None:
        for source, finder in self._finders:
            for start in _starts(text, source.partitions):
                for number, value in enumerate(self._values(text, start)):
                    reason = _skipped(source.partitions, value) if number == 0 else ""
                    if reason:
                        return Recognised(source, skipped=reason)
                    record = finder.find(value)
                    if record is not None:
                        return Recognised(source, is_wrapped=record is not value)
        return None

    def _by_csv(self, text: str) -> Recognised | None:
        header = read_header(text)
        for source, finder in self._finders:
            partitions = source.partitions
            if known_table(header, partitions) or read_table(text, partitions, finder):
                return Recognised(source, is_wrapped=True)
        return None

    def _by_keys(self, text: str) -> Recognised | None:
        """Recognise a first record that is longer than the head: its keys have to do."""
        plain = dict.fromkeys(re.findall(r'"(\w+)"\s*:', text))
        # keys of a JSON text inside JSON or CSV: their quotes are escaped or doubled
        inner = dict.fromkeys(re.findall(r'\W"(\w+)\\*"+\s*:', text))
        for keys, is_wrapped in ((plain, False), (inner, True)):
            for source, finder in self._finders:
                reason = _skipped(source.partitions, keys)
                if reason:
                    return Recognised(source, skipped=reason)
                if finder.is_record(keys):
                    return Recognised(source, is_wrapped=is_wrapped)
        return None

    def _values(self, text: str, position: int) -> Iterator[object]:
        """Yield the values that stand there in a row; after a broken one, those on later lines."""
        while position < len(text):
            try:
                value, position = self._json.value(text, position)
            except ValueError:
                following = NEXT_VALUE.search(text, position)
                position = following.end() if following else len(text)
                continue
            yield value
            position = skip_space(text, position)
            if text[position : position + 1] == ",":
                position = skip_space(text, position + 1)


def _starts(text: str, partitions: Partitions) -> Iterator[int]:
    """Yield where a first record may begin: inside a known list, else at the very start."""
    for shape in partitions.shapes:
        if shape == LINES:
            continue
        key = shape.partition("[]")[0].rpartition(".")[2]
        match = re.search(rf'"{re.escape(key)}"\s*:\s*\[\s*', text)
        if match:
            yield match.end()
    yield len(text) - len(text.lstrip("[ \t\r\n"))


def _skipped(partitions: Partitions, record: object) -> str:
    if not isinstance(record, Mapping):
        return ""
    rules = (rule for rule in partitions.skip if rule.keys)
    return next((r.reason for r in rules if all(key in record for key in r.keys)), "")
