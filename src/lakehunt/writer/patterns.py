"""Writes a line that a table's expression reads back as the given columns.

Knows expressions, not logs. `serdes` calls it for RegexSerDe.
"""

import re
from collections.abc import Mapping

from lakehunt.errors import UsageError
from lakehunt.expressions import Atom, Expression, Group, Sequence

_NOTHING = "-"


def written_line(expression: Expression, columns: tuple[str, ...], row: Mapping[str, str]) -> str:
    """Return the line; a column that the row lacks is `-`, or left out where it may be.

    Raises:
        UsageError: no line gives these values, such as a blank in a word; names the column.
    """
    values = {number: row.get(name) for number, name in enumerate(columns, start=1)}
    line = _sequence(expression.items, values)
    match = re.fullmatch(expression.text, line, re.DOTALL)
    for number, name in enumerate(columns, start=1):
        if name in row and (match is None or match[number] != row[name]):
            what = f"{name}: {row[name]!r} does not come back from the line it is written to"
            raise UsageError(f"{what}; give the whole line under `line`: {line}")
    return line


def _sequence(items: Sequence, values: Mapping[int, str | None]) -> str:
    texts: list[str] = []
    for number, item in enumerate(items):
        if isinstance(item, Group):
            texts.append(_group(item, values))
        else:
            is_before_group = isinstance(next(iter(items[number + 1 :]), None), Group)
            texts.append(_atom(item, "[" if is_before_group else "]"))
    return "".join(texts)


def _group(group: Group, values: Mapping[int, str | None]) -> str:
    if group.number:
        value = values.get(group.number)
        # a missing word is a dash, a missing part of an expression is no text at all
        return ("" if group.optional else _NOTHING) if value is None else value
    if group.optional and not any(_is_given(branch, values) for branch in group.branches):
        return ""
    given = (branch for branch in group.branches if _is_given(branch, values))
    return _sequence(next(given, group.branches[-1]), values)


def _is_given(items: Sequence, values: Mapping[int, str | None]) -> bool:
    """Tell whether any column inside has a value."""
    groups = (item for item in items if isinstance(item, Group))
    return any(
        values.get(group.number) is not None
        if group.number
        else any(_is_given(branch, values) for branch in group.branches)
        for group in groups
    )


def _atom(atom: Atom, bracket: str) -> str:
    """Return what an atom outside of any column matches: the brackets around a time, or a text."""
    if atom.is_literal:
        return atom.text
    return (bracket if atom.takes(bracket) else min(atom.chars)) * atom.least
