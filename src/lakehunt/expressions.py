"""The expressions that tables of text logs may have, as trees.

Knows regular expressions, not logs. Only what `java.util.regex` and RE2 read alike is taken: no
backslash, no lookaround, no repeated group. Anything else is refused.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from lakehunt.errors import LakeError

_QUANTIFIER = re.compile(r"(\*|\+|\?|\{[0-9]+(?:,[0-9]*)?\})([?+]?)")
_SET = re.compile(r"\[(\^?)([^][]+)\]")
_SPECIAL = frozenset("\\^$.[]|()*+?{}")
ASCII = frozenset(map(chr, range(128)))


@dataclass(frozen=True, slots=True)
class Atom:
    """One character out of `chars`, or a run of them.

    `chars` holds those of ASCII; `beyond` says whether all other characters belong to it too.
    `most` is None where there is no limit.
    """

    text: str
    chars: frozenset[str]
    beyond: bool
    least: int = 1
    most: int | None = 1
    lazy: bool = False

    @property
    def is_literal(self) -> bool:
        """Tell whether it stands for exactly one known character."""
        return self.least == 1 == self.most and len(self.chars) == 1 and not self.beyond

    def takes(self, char: str) -> bool:
        """Tell whether a character of ASCII belongs to it."""
        return char in self.chars


@dataclass(frozen=True, slots=True)
class Group:
    """Alternatives in brackets; `number` counts the capturing ones from 1, 0 is none of them."""

    branches: tuple["Sequence", ...]
    number: int = 0
    optional: bool = False

    @property
    def is_choice(self) -> bool:
        """Tell whether what is inside may take no part in a match."""
        return self.optional or len(self.branches) > 1


Sequence = tuple["Atom | Group", ...]


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that has to match a whole line, the dot matching every character."""

    text: str
    items: Sequence
    groups: int


@lru_cache(maxsize=64)
def read_expression(text: str) -> Expression:
    """Return the tree of an expression.

    Raises:
        LakeError: it holds what Java and RE2 may read differently; says what and where.
    """
    parser = _Parser(text)
    branches = parser.branches()
    if parser.position < len(text):
        raise parser.refusal("a bracket that was never opened")
    items = branches[0] if len(branches) == 1 else (Group(branches),)
    return Expression(text, items, parser.groups)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.groups = 0

    def refusal(self, what: str) -> LakeError:
        shown = self.text[self.position : self.position + 12]
        return LakeError(
            f"input.regex: {what} at character {self.position + 1} ({shown!r}): not reproduced"
            " locally; see ddl/README.md for what a table's expression may hold"
        )

    def branches(self) -> tuple[Sequence, ...]:
        found = [self._sequence()]
        while self.text.startswith("|", self.position):
            self.position += 1
            found.append(self._sequence())
        return tuple(found)

    def _sequence(self) -> Sequence:
        items: list[Atom | Group] = []
        while self.position < len(self.text) and self.text[self.position] not in "|)":
            items.append(self._group() if self.text[self.position] == "(" else self._atom())
        return tuple(items)

    def _group(self) -> Group:
        number = 0
        if self.text.startswith("(?:", self.position):
            self.position += 3
        elif self.text.startswith("(?", self.position):
            raise self.refusal("a special group")
        else:
            self.position += 1
            self.groups += 1
            number = self.groups
        branches = self.branches()
        if not self.text.startswith(")", self.position):
            raise self.refusal("a bracket that is never closed")
        self.position += 1
        sign, mode = self._quantifier()
        if sign not in ("", "?") or mode:
            raise self.refusal("a repeated group")
        group = Group(branches, number, bool(sign))
        if group.is_choice and not all(_least(branch) for branch in branches):
            # RE2 has no sign for a part that matched nothing and one that took no part
            raise self.refusal("a choice that may be empty before this")
        return group

    def _atom(self) -> Atom:
        char = self.text[self.position]
        match = _SET.match(self.text, self.position)
        if match:
            chars, beyond = self._set(match)
            text = match[0]
        elif char == ".":
            chars, beyond, text = ASCII, True, "."
        elif char in _SPECIAL or char not in ASCII or char < " ":
            raise self.refusal(f"{char!r}")
        else:
            chars, beyond, text = frozenset(char), False, char
        self.position += len(text)
        sign, mode = self._quantifier()
        if mode == "+":
            raise self.refusal("a possessive mark")
        least, most = _COUNTS.get(sign) or _counted(sign)
        return Atom(text, chars, beyond, least, most, mode == "?")

    def _set(self, match: re.Match[str]) -> tuple[frozenset[str], bool]:
        inside = match[2]
        if "\\" in inside or "&&" in inside or not inside.isascii():
            raise self.refusal("a set of characters that Java reads in a way of its own")
        chars: set[str] = set()
        for found in re.finditer(r"(.)-(.)|(.)", inside, re.DOTALL):
            first, last, single = found.groups()
            if single is None and first > last:
                raise self.refusal("a range that runs backwards")
            chars |= {single} if single else set(map(chr, range(ord(first), ord(last) + 1)))
        return (ASCII - chars, True) if match[1] else (frozenset(chars), False)

    def _quantifier(self) -> tuple[str, str]:
        match = _QUANTIFIER.match(self.text, self.position)
        if match is None:
            return "", ""
        self.position = match.end()
        return match[1], match[2]


_COUNTS: dict[str, tuple[int, int | None]] = {
    "": (1, 1),
    "*": (0, None),
    "+": (1, None),
    "?": (0, 1),
}


def _counted(sign: str) -> tuple[int, int | None]:
    least, comma, most = sign.strip("{}").partition(",")
    return int(least), (int(most) if most else None) if comma else int(least)


def _least(items: Sequence) -> int:
    """Return the length of the shortest text that a sequence matches."""
    return sum(
        item.least
        if isinstance(item, Atom)
        else 0
        if item.optional
        else min(_least(branch) for branch in item.branches)
        for item in items
    )
