"""Character classes of Trino's regular expressions as ranges of code points, with unions and
intersections.

It must not know the rest of a pattern. The syntax module reads a class here and spells it for
either engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lakehunt.trino_on_duckdb.functions.definitions import invalid
from lakehunt.trino_on_duckdb.functions.entry import Refused

Ranges = tuple[tuple[int, int], ...]
LAST = 0x10FFFF
LAST_OF_TWO_DIGITS, LAST_OF_FOUR_DIGITS = 0xFF, 0xFFFF
DIGIT: Ranges = ((0x30, 0x39),)
SPACE: Ranges = ((0x09, 0x0D), (0x20, 0x20))
WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
UPPER: Ranges = ((0x41, 0x5A),)
LOWER: Ranges = ((0x61, 0x7A),)
ALPHA: Ranges = UPPER + LOWER
ALNUM: Ranges = DIGIT + ALPHA
# Classes by name, for ASCII subjects: beyond ASCII they are not reproduced.
NAMED: dict[str, Ranges] = {
    "alpha": ALPHA,
    "digit": DIGIT,
    "alnum": ALNUM,
    "upper": UPPER,
    "lower": LOWER,
    "space": SPACE,
    "xdigit": (*DIGIT, (0x41, 0x46), (0x61, 0x66)),
    "l": ALPHA,
    "lu": UPPER,
    "ll": LOWER,
    "n": DIGIT,
    "nd": DIGIT,
}
SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b", "v": "\x0b"}


@dataclass(slots=True)
class Odd:
    """What a class holds beyond characters: digits or spaces, named classes, nested ones or
    intersections."""

    digits: bool = False
    named: bool = False
    nested: bool = False


def normal(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Ranges sorted and merged."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """All code points that are not in `ranges`."""
    rest, at = [], 0
    for low, high in normal(ranges):
        if low > at:
            rest.append((at, low - 1))
        at = high + 1
    if at <= LAST:
        rest.append((at, LAST))
    return tuple(rest)


def intersection(left: Iterable[tuple[int, int]], right: Iterable[tuple[int, int]]) -> Ranges:
    """The code points in both."""
    return complement((*complement(left), *complement(right)))


def named_class(text: str, at: int) -> tuple[Ranges, int]:
    """The class of `{Name}` at `at`, and where the text goes on."""
    found = re.compile(r"\{([A-Za-z]+)\}").match(text, at)
    if not found or found[1].lower() not in NAMED:
        raise Refused(f"regular expression class \\p{text[at : at + 12]}")
    return NAMED[found[1].lower()], found.end()


def read_class(text: str, at: int) -> tuple[Ranges, bool, int, Odd]:
    """The class that begins with `[` at `at`: its ranges, whether they are negated, the place
    after it, oddities."""
    odd = Odd()
    at += 1
    negated = text.startswith("^", at)
    at += negated
    whole: Ranges | None = None
    found: list[tuple[int, int]] = []
    first = True
    while True:
        if at >= len(text):
            raise invalid("premature end of char-class")
        if text[at] == "]" and (not first or "]" not in text[at + 1 :]):
            if first:
                raise invalid("empty char-class")
            break
        first = False
        if text.startswith("&&", at):
            odd.nested = True
            whole = normal(found) if whole is None else intersection(whole, found)
            found, at = [], at + 2
            continue
        part, at = _part(text, at, odd)
        found.extend(part)
    if whole is not None:
        found = list(intersection(whole, found))
    return normal(found), negated, at + 1, odd


def _part(text: str, at: int, odd: Odd) -> tuple[Ranges, int]:
    """One member: a nested class, a class escape, a range or a character."""
    posix = re.compile(r"\[:(\^?)([a-z]+):\]").match(text, at)
    if posix:
        if posix[2] not in NAMED:
            raise Refused(f"regular expression class {posix[0]}")
        odd.named = odd.nested = True
        ranges = NAMED[posix[2]]
        return (complement(ranges) if posix[1] else ranges), posix.end()
    if text[at] == "[":
        ranges, negated, end, inner = read_class(text, at)
        odd.nested = True
        odd.digits |= inner.digits
        odd.named |= inner.named
        return (complement(ranges) if negated else ranges), end
    ranges_or_none, at_end = _class_escape(text, at, odd)
    if ranges_or_none is not None:
        if text.startswith("-", at_end) and not text.startswith("-]", at_end):
            raise Refused("a range that begins with a class")
        return ranges_or_none, at_end
    low, at = _member(text, at)
    if not text.startswith("-", at) or text.startswith("-]", at):
        return ((low, low),), at
    if text.startswith(("-[", "-&&"), at):
        raise Refused("a hyphen before a nested class")
    if _class_escape(text, at + 1, odd)[0] is not None:
        raise Refused("a range that ends with a class")
    high, at = _member(text, at + 1)
    if high < low:
        raise invalid("empty range in char class")
    return ((low, high),), at


def _class_escape(text: str, at: int, odd: Odd) -> tuple[Ranges | None, int]:
    if text[at : at + 1] != "\\" or at + 1 >= len(text):
        return None, at
    letter = text[at + 1]
    if letter in "dDsSwW":
        odd.digits |= letter.lower() != "w"
        odd.nested |= letter.isupper()
        ranges = {"d": DIGIT, "s": SPACE, "w": WORD}[letter.lower()]
        return (complement(ranges) if letter.isupper() else ranges), at + 2
    if letter in "pP":
        ranges, end = named_class(text, at + 2)
        odd.named = odd.nested = True
        return (complement(ranges) if letter == "P" else ranges), end
    return None, at


def _member(text: str, at: int) -> tuple[int, int]:
    if at >= len(text):
        raise invalid("premature end of char-class")
    if text[at] != "\\":
        return ord(text[at]), at + 1
    if at + 1 >= len(text):
        raise invalid("end pattern at escape")
    letter = text[at + 1]
    if letter in SIMPLE:
        return ord(SIMPLE[letter]), at + 2
    if letter == "b":
        return 8, at + 2
    for mark, digits in (("x", 2), ("u", 4)):
        found = re.compile(f"{mark}([0-9A-Fa-f]{{{digits}}})").match(text, at + 1)
        if found:
            return int(found[1], 16), found.end()
    if letter.isalnum() or not letter.isascii():
        raise Refused(f"regular expression escape \\{letter} in a class")
    return ord(letter), at + 2


def spelled_character(c: str, re2: bool) -> str:
    """One character as a pattern of RE2 or of Python."""
    code = ord(c)
    if c.isascii() and (c.isalnum() or c == "_"):
        return c
    if c.isascii() and c.isprintable() and c != " ":
        return "\\" + c
    if re2:
        return f"\\x{{{code:x}}}"
    if code <= LAST_OF_TWO_DIGITS:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= LAST_OF_FOUR_DIGITS else f"\\U{code:08x}"


def spelled(ranges: Ranges, negated: bool, re2: bool) -> str:
    """A class as a pattern of RE2 or of Python."""
    if not ranges:
        ranges, negated = ((0, LAST),), not negated
    body = ""
    for low, high in ranges:
        body += spelled_character(chr(low), re2)
        if high > low:
            body += "-" + spelled_character(chr(high), re2)
    return f"[{'^' if negated else ''}{body}]"
