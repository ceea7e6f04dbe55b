"""Finds the line of a key in the text of lakehunt.toml, which `tomllib` does not tell.

Knows how TOML spells tables and keys, not what they mean. `reading` calls it.
"""

import re
from collections.abc import Iterator, Sequence

_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")
_HEADER = re.compile(r"\s*\[\[?(.*?)\]\]?\s*(?:#.*)?$")


def line_of(text: str, path: Sequence[str]) -> int:
    """Return the line, counted from 1, on which a key of a table is set, or opens a table.

    Where no line sets it by itself, that of the nearest table around it.
    """
    wanted = tuple(path)
    found = {own: number for number, own in reversed([*_settings(text)])}
    while wanted:
        if wanted in found:
            return found[wanted]
        inside = [number for own, number in found.items() if own[: len(wanted)] == wanted]
        if inside:
            return min(inside)
        wanted = wanted[:-1]
    return 1


def _settings(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield each line that opens a table or sets a key, with the path of that from the top."""
    table: tuple[str, ...] = ()
    for number, row in enumerate(text.split("\n"), start=1):
        header = _HEADER.match(row)
        if header:
            parts, end = _parts(header[1])
            # a row of an array begins like a header
            if parts and end == len(header[1]):
                table = parts
                yield number, table
            continue
        key, end = _parts(row)
        if key and row[end : end + 1] == "=":
            yield number, (*table, *key)


def _parts(text: str) -> tuple[tuple[str, ...], int]:
    """Return the parts of a dotted key at the start of a text, and where it ends."""
    parts: list[str] = []
    end = 0
    while match := _PART.match(text, end):
        parts.append(next(part for part in match.groups() if part is not None))
        end = match.end()
        if text[end : end + 1] != ".":
            break
        end += 1
    return tuple(parts), end
