"""Trino's regular expressions (Joni with Java syntax) said for RE2 and for Python's re.

It must not know SQL. What neither says with the same meaning is refused; what Joni refuses is a
Trino error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from lakehunt.trino_on_duckdb.functions.definitions import invalid
from lakehunt.trino_on_duckdb.functions.entry import Refused
from lakehunt.trino_on_duckdb.functions.regex_classes import (
    DIGIT,
    SPACE,
    WORD,
    Ranges,
    named_class,
    read_class,
    spelled,
    spelled_character,
)

CONTROL = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b", "v": "\x0b"}
# RE2 takes no repetition beyond this.
LARGEST_REPEAT = 1000
QUANTIFIER = re.compile(r"(?:[*+?]|\{([0-9]+)(?:(,)([0-9]*))?\})([+?]?)")


@dataclass(frozen=True, slots=True)
class Flags:
    """The inline flags in force: i, s and m."""

    i: bool = False
    s: bool = False
    m: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a pattern: as Python has it, as RE2 has it or None, and whether it can match
    nothing."""

    python: str
    re2: str | None
    nullable: bool


@dataclass(frozen=True, slots=True)
class Pattern:
    """A whole pattern.

    groups: the number of capturing groups; names: of named ones, with their numbers;
    nullable_groups: those that can
    match the empty text. ascii: RE2 agrees only on ASCII subjects; end: only on subjects
    without a final line break.
    digits, boundary, folds, named: what Python must look out for beyond ASCII.
    """

    python: str
    re2: str | None
    groups: int
    names: tuple[tuple[str, int], ...]
    nullable: bool
    nullable_groups: frozenset[int]
    empty_loops: bool
    end: bool
    ascii: bool
    digits: bool
    boundary: bool
    folds: bool
    named: bool


class _Reader:
    """A recursive reader of one pattern; its flags gather what the parts need."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.groups = 0
        self.plain_groups = 0
        self.names: list[tuple[str, int]] = []
        self.nullable_groups: set[int] = set()
        self.empty_loops = self.end = self.digits = self.boundary = self.folds = self.named = (
            self.word
        ) = False
        self.references: list[int] = []

    def peek(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def alternation(self, flags: Flags) -> Piece:
        """Branches up to a closing parenthesis or the end; flags at its start hold for all of
        them."""
        leading = self._inline_flags(flags)
        if leading is not None:
            inner = self.alternation(leading)
            return _folded(inner, flags, leading)
        branches = [self.sequence(flags)]
        while self.peek("|"):
            self.at += 1
            branches.append(self.sequence(flags))
        if len(branches) == 1:
            return branches[0]
        texts = [b.re2 for b in branches]
        joined = None if None in texts else "|".join(t for t in texts if t is not None)
        return Piece(
            "|".join(b.python for b in branches), joined, any(b.nullable for b in branches)
        )

    def sequence(self, flags: Flags) -> Piece:
        parts: list[Piece] = []
        while self.at < len(self.text) and not self.peek("|") and not self.peek(")"):
            changed = self._inline_flags(flags)
            if changed is not None:
                start = self.at
                rest = self.sequence(changed)
                if self.peek("|"):
                    raise Refused(
                        f"regular expression flags before an alternative: {self.text[start:]}"
                    )
                parts.append(_grouped(_folded(rest, flags, changed)))
                break
            parts.append(self._quantified(self.atom(flags)))
        texts = [p.re2 for p in parts]
        joined = None if None in texts else "".join(t for t in texts if t is not None)
        return Piece("".join(p.python for p in parts), joined, all(p.nullable for p in parts))

    def _inline_flags(self, flags: Flags) -> Flags | None:
        found = re.compile(r"\(\?([imsx]*)(?:-([imsx]+))?\)").match(self.text, self.at)
        if not found or found[0] == "(?)":
            return None
        self.at = found.end()
        return self._with(flags, found[1], found[2] or "")

    def _with(self, flags: Flags, on: str, off: str) -> Flags:
        if "x" in on + off:
            raise Refused("regular expression flag x")
        self.folds |= "i" in on
        changes = {flag: True for flag in on} | {flag: False for flag in off}
        return replace(flags, **changes)

    def atom(self, flags: Flags) -> Piece:
        """A group, a class, an escape, an anchor or a character."""
        c = self.text[self.at]
        if c == "(":
            return self._group(flags)
        if c == "[":
            return self._class(flags)
        self.at += 1
        if c == "\\":
            return self._escape(flags)
        if c in ".^$":
            return self._sign(c, flags)
        if c in "*+?":
            raise invalid("target of repeat operator is not specified")
        return self._character(c, flags)

    def _class(self, flags: Flags) -> Piece:
        ranges, negated, self.at, odd = read_class(self.text, self.at)
        if odd.nested and flags.i:
            raise Refused("nested character class without case")
        self.digits |= odd.digits
        self.named |= odd.named
        return _set(ranges, negated)

    def _sign(self, c: str, flags: Flags) -> Piece:
        if c == ".":
            return Piece("(?s:.)", "(?s:.)", False) if flags.s else Piece("[^\\n]", "[^\\n]", False)
        if c == "$":
            return self._dollar(flags)
        if flags.m:
            return Piece("(?:\\A|(?<=\\n)(?!\\Z))", None, True)
        return Piece("\\A", "\\A", True)

    def _dollar(self, flags: Flags) -> Piece:
        if flags.m:
            return Piece("(?=\\n|\\Z)", None, True)
        self.end = True
        return Piece("(?=\\n?\\Z)", "\\z", True)

    def _character(self, c: str, flags: Flags) -> Piece:
        if flags.i and not c.isascii():
            raise Refused("case-insensitive match of letters beyond ASCII")
        return Piece(spelled_character(c, False), spelled_character(c, True), False)

    def _escape(self, flags: Flags) -> Piece:
        if self.at >= len(self.text):
            raise invalid("end pattern at escape")
        c = self.text[self.at]
        self.at += 1
        if c in "dDsSwWpP":
            return self._shorthand(c)
        if c in "bBAzZ":
            return self._anchor(c)
        if c == "Q":
            return self._quotation(flags)
        if c in "123456789":
            return self._reference(c)
        character, self.at = escaped_character(self.text, self.at - 1)
        return self._character(character, flags)

    def _shorthand(self, c: str) -> Piece:
        if c in "pP":
            ranges, self.at = named_class(self.text, self.at)
            self.named = True
        else:
            ranges = {"d": DIGIT, "s": SPACE, "w": WORD}[c.lower()]
            self.digits |= c.lower() != "w"
        return _set(ranges, c.isupper())

    def _anchor(self, c: str) -> Piece:
        if c in "bB":
            self.boundary = True
            return Piece(f"(?a:\\{c})", f"\\{c}", True)
        if c == "A":
            return Piece("\\A", "\\A", True)
        if c == "z":
            return Piece("\\Z", "\\z", True)
        self.end = True
        return Piece("(?=\\n?\\Z)", "\\z", True)

    def _quotation(self, flags: Flags) -> Piece:
        end = self.text.find("\\E", self.at)
        if end < 0:
            raise Refused("\\Q without \\E in a regular expression")
        text = self.text[self.at : end]
        self.at = end + 2
        if len(text) != 1 and QUANTIFIER.match(self.text, self.at):
            raise Refused("a quantifier after \\E")
        pieces = [self._character(c, flags) for c in text]
        return Piece(
            "".join(p.python for p in pieces), "".join(p.re2 or "" for p in pieces), not pieces
        )

    def _reference(self, c: str) -> Piece:
        if self.text[self.at : self.at + 1].isdigit():
            raise Refused("a back reference of two digits")
        self.references.append(int(c))
        return Piece(f"(?:\\{c})", None, True)

    def _group(self, flags: Flags) -> Piece:
        named = re.compile(r"\(\?<([A-Za-z][A-Za-z0-9]*)>").match(self.text, self.at)
        scoped = re.compile(r"\(\?([imsx]*)(?:-([imsx]+))?:").match(self.text, self.at)
        look = re.compile(r"\(\?(?:[=!>]|<[=!])").match(self.text, self.at)
        if self.peek("(?") and not (named or scoped or look):
            raise Refused(f"regular expression group {self.text[self.at : self.at + 4]}")
        if look:
            self.at = look.end()
            inner = self._closed(flags)
            return Piece(look[0] + inner.python + ")", None, look[0] != "(?>" or inner.nullable)
        if scoped:
            self.at = scoped.end()
            changed = self._with(flags, scoped[1], scoped[2] or "")
            return _grouped(_folded(self._closed(changed), flags, changed))
        self.at = named.end() if named else self.at + 1
        self.groups += 1
        number = self.groups
        if named:
            self.names.append((named[1], number))
        else:
            self.plain_groups += 1
        inner = self._closed(flags)
        if inner.nullable:
            self.nullable_groups.add(number)
        return Piece(
            f"({inner.python})", None if inner.re2 is None else f"({inner.re2})", inner.nullable
        )

    def _closed(self, flags: Flags) -> Piece:
        inner = self.alternation(flags)
        if not self.peek(")"):
            raise invalid("end pattern with unmatched parenthesis")
        self.at += 1
        return inner

    def _quantified(self, piece: Piece) -> Piece:
        found = QUANTIFIER.match(self.text, self.at)
        if not found:
            return piece
        self.at = found.end()
        text, (low, comma, high, mode) = found[0], found.groups()
        if QUANTIFIER.match(self.text, self.at):
            raise Refused("a quantifier after a quantifier")
        if low is not None and (comma is None and mode or high and int(low) > int(high)):
            raise Refused(f"regular expression quantifier {text}")
        least = int(low) if low is not None else int(text[0] == "+")
        many = text[0] in "*+" or comma is not None and not high
        self.empty_loops |= piece.nullable and (many or max(int(low or 0), int(high or 0)) > 1)
        counts = max(int(low or 0), int(high or 0))
        atom = piece.python if _single(piece.python) else f"(?:{piece.python})"
        re2 = None
        if piece.re2 is not None and mode != "+" and counts <= LARGEST_REPEAT:
            re2 = (piece.re2 if _single(piece.re2) else f"(?:{piece.re2})") + text
        return Piece(atom + text, re2, piece.nullable or least == 0)


def escaped_character(text: str, at: int) -> tuple[str, int]:
    """The character that the escape whose letter stands at `at` means, and where the next one
    begins."""
    c = text[at]
    if c in CONTROL:
        return CONTROL[c], at + 1
    for letter, digits in (("x", 2), ("u", 4)):
        if c == letter:
            found = re.compile(f"[0-9A-Fa-f]{{{digits}}}").match(text, at + 1)
            if not found or "D7FF" < found[0].upper() < "E000":
                raise Refused(f"regular expression escape \\{text[at : at + 5]}")
            return chr(int(found[0], 16)), found.end()
    if c.isalnum() or not c.isascii():
        raise Refused(f"regular expression escape \\{c}")
    return c, at + 1


def _set(ranges: Ranges, negated: bool) -> Piece:
    return Piece(spelled(ranges, negated, False), spelled(ranges, negated, True), False)


def _grouped(piece: Piece) -> Piece:
    return Piece(
        f"(?:{piece.python})", None if piece.re2 is None else f"(?:{piece.re2})", piece.nullable
    )


def _folded(piece: Piece, outer: Flags, inner: Flags) -> Piece:
    if outer.i == inner.i:
        return _grouped(piece)
    mark = "i" if inner.i else "-i"
    return Piece(
        f"(?{mark}:{piece.python})",
        None if piece.re2 is None else f"(?{mark}:{piece.re2})",
        piece.nullable,
    )


def _single(text: str) -> bool:
    """Whether a quantifier behind `text` holds for all of it: one character, one class or one
    group."""
    if re.fullmatch(r"\\?[^\\]|\\x[0-9a-f]{2}|\\x\{[0-9a-f]+\}|\\[uU][0-9a-f]+", text, re.S):
        return True
    return bool(re.fullmatch(r"\[(?:[^\]\\]|\\.)*\]", text, re.S))


@lru_cache(maxsize=256)
def translate(text: str) -> Pattern:
    """The pattern `text` for both engines. Raises TrinoError for what Joni refuses, Refused for
    what is not said."""
    reader = _Reader(text)
    piece = reader.alternation(Flags())
    if reader.at < len(text):
        raise invalid("unmatched close parenthesis")
    if any(number > reader.groups for number in reader.references):
        raise Refused("a back reference to a group that is not there")
    if reader.names and reader.plain_groups:
        raise Refused("named beside unnamed groups")
    try:
        re.compile(piece.python)
    except (re.error, OverflowError, RecursionError) as error:
        raise Refused(f"regular expression: {error}") from None
    beyond = reader.digits or reader.boundary or reader.folds or reader.named
    return Pattern(
        piece.python,
        piece.re2,
        reader.groups,
        tuple(reader.names),
        piece.nullable,
        frozenset(reader.nullable_groups),
        reader.empty_loops,
        reader.end,
        beyond,
        reader.digits,
        reader.boundary,
        reader.folds,
        reader.named,
    )
