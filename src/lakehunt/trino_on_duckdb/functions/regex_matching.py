"""Regular expression functions in Python, for patterns and subjects that RE2 reads differently
from Joni.

It must not know SQL. Matches are found one by one as Trino does, with empty matches next to others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lakehunt.trino_on_duckdb.functions.definitions import TrinoError, invalid
from lakehunt.trino_on_duckdb.functions.entry import Refused
from lakehunt.trino_on_duckdb.functions.regex_syntax import Pattern, translate

# Spaces of Unicode beyond ASCII: whether \s takes them is not known of Joni.
WIDE_SPACE = frozenset(
    "\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
)


@lru_cache(maxsize=256)
def _compiled(text: str) -> tuple[Pattern, re.Pattern[str]]:
    try:
        pattern = translate(text)
    except Refused as reason:
        raise TrinoError(f"NOT_REPRODUCED: {reason}") from None
    return pattern, re.compile(pattern.python)


@lru_cache(maxsize=64)
def _with_unicode_boundary(python: str) -> re.Pattern[str]:
    return re.compile(python.replace("(?a:\\b)", "\\b").replace("(?a:\\B)", "\\B"))


def _found(subject: str, text: str, loops: bool = True) -> list[re.Match[str]]:
    """All matches. Raises TrinoError where Joni may see other ones."""
    pattern, compiled = _compiled(text)
    if loops and pattern.empty_loops:
        raise TrinoError("NOT_REPRODUCED: repetition of what can be empty in a regular expression")
    matches = list(_matches(subject, compiled))
    if not subject.isascii():
        _guard(subject, pattern, matches)
    return matches


def _guard(subject: str, pattern: Pattern, matches: list[re.Match[str]]) -> None:
    wide = [c for c in subject if not c.isascii()]
    unsure = (
        pattern.named
        or pattern.digits
        and any(c.isdigit() or c in WIDE_SPACE for c in wide)
        or pattern.folds
        and any(len(c.casefold()) > 1 or c in "\u0130\u0131\u017f\u212a" for c in wide)
    )
    if pattern.boundary and not unsure:
        others = _matches(subject, _with_unicode_boundary(pattern.python))
        unsure = [m.regs for m in others] != [m.regs for m in matches]
    if unsure:
        raise TrinoError("NOT_REPRODUCED: character class of a regular expression beyond ASCII")


def _matches(subject: str, compiled: re.Pattern[str]) -> Iterator[re.Match[str]]:
    at = 0
    while at <= len(subject):
        found = compiled.search(subject, at)
        if not found:
            return
        yield found
        at = found.end() + (found.end() == found.start())


def _group(text: str, group: int) -> int:
    count = _compiled(text)[0].groups
    if group < 0:
        raise invalid("Group cannot be negative")
    if group > count:
        raise invalid(f"Pattern has {count} groups. Cannot access group {group}")
    return group


def like(subject: str, text: str) -> bool:
    """Whether the pattern is found anywhere."""
    pattern, compiled = _compiled(text)
    if subject.isascii():
        return compiled.search(subject) is not None
    return bool(_found(subject, text, loops=False))


def extract(subject: str, text: str, group: int) -> str | None:
    """A group of the first match, None where there is no match or the group took no part."""
    number = _group(text, group)
    matches = _found(subject, text)
    return matches[0][number] if matches else None


def extract_all(subject: str, text: str, group: int) -> list[str | None]:
    """A group of every match."""
    number = _group(text, group)
    return [match[number] for match in _found(subject, text)]


def count(subject: str, text: str) -> int:
    """The number of matches."""
    return len(_found(subject, text))


def split(subject: str, text: str) -> list[str]:
    """What lies before, between and after the matches."""
    parts, at = [], 0
    for match in _found(subject, text):
        parts.append(subject[at : match.start()])
        at = match.end()
    return [*parts, subject[at:]]


def position(subject: str, text: str, start: int, occurrence: int) -> int:
    """Where the given match begins, counted from one, searching from `start`; -1 where there is
    none."""
    if start < 1:
        raise invalid("start position cannot be smaller than 1")
    if occurrence < 1:
        raise invalid("occurrence cannot be smaller than 1")
    pattern, compiled = _compiled(text)
    _found(subject, text)
    at = start - 1
    while at <= len(subject):
        found = compiled.search(subject, at)
        if not found:
            return -1
        occurrence -= 1
        if occurrence == 0:
            return found.start() + 1
        at = found.end() + (found.end() == found.start())
    return -1


def substitute(subject: str, text: str, replacement: str) -> str:
    """`subject` with every match replaced; $1 and ${name} stand for groups, a backslash for the
    next character."""
    matches = _found(subject, text)
    if not matches:
        return subject
    return _assemble(subject, matches, replacement_parts(replacement, _compiled(text)[0]))


def _assemble(subject: str, matches: list[re.Match[str]], parts: tuple[str | int, ...]) -> str:
    made, at = [], 0
    for match in matches:
        made.append(subject[at : match.start()])
        made += [part if isinstance(part, str) else match[part] or "" for part in parts]
        at = match.end()
    return "".join(made) + subject[at:]


def replacement_parts(replacement: str, pattern: Pattern) -> tuple[str | int, ...]:
    """Texts and group numbers of a replacement. Raises TrinoError for a group that is not there."""
    parts: list[str | int] = []
    i = 0
    while i < len(replacement):
        c = replacement[i]
        if c == "$":
            number, i = _replacement_group(replacement, i + 1, pattern)
            parts.append(number)
            continue
        if c == "\\":
            i += 1
            if i >= len(replacement):
                raise invalid(f"Illegal replacement sequence: {replacement}")
        parts.append(replacement[i])
        i += 1
    return tuple(parts)


def _replacement_group(replacement: str, i: int, pattern: Pattern) -> tuple[int, int]:
    if replacement.startswith("{", i):
        end = replacement.find("}", i)
        name = replacement[i + 1 : end if end >= 0 else len(replacement)]
        for known, number in pattern.names:
            if known == name:
                return number, (end if end >= 0 else len(replacement)) + 1
        raise invalid(f"Illegal replacement sequence: unknown group {{ {name} }}")
    if i >= len(replacement) or not "0" <= replacement[i] <= "9":
        raise invalid(f"Illegal replacement sequence: {replacement}")
    number = int(replacement[i])
    if number > pattern.groups:
        raise invalid(f"Illegal replacement sequence: unknown group {number}")
    i += 1
    while (
        i < len(replacement)
        and "0" <= replacement[i] <= "9"
        and number * 10 + int(replacement[i]) <= pattern.groups
    ):
        number = number * 10 + int(replacement[i])
        i += 1
    return number, i


def pieces(subject: str, text: str) -> dict[str, object]:
    """The texts around the matches, one more than these, and the groups of each: what a lambda
    needs to replace."""
    matches = _found(subject, text)
    return {"texts": split(subject, text), "matches": [list(match.groups()) for match in matches]}
