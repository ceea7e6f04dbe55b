"""Which lines an expression matches in one way only, read off the expression itself.

Knows expressions, not bytes. A *variant* is one choice of an expression's optional parts, with its
cells parted by signs: blanks outside quotes, quotes, the line's end. A line with exactly these
signs, no quote inside a cell, and cells that match their own part of the expression, is matched by
the whole expression, and in no other way that would come first. Why, from left to right:
a bare cell cannot reach past its blank, nor a cell with quotes past its own closing quote; a lazy
mark takes the first quote there is; an optional part is left out only at the line's end, or where
the cell in its place lacks what that part needs. Only a greedy `.*` may reach further, over whole
cells: a variant where that would match is left out.
`plain` splits such lines without a regular expression; all others are matched with it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from lakehunt.engines.local.serdes.captures import Captures, re2_captures
from lakehunt.engines.local.serdes.choices import (
    BLANK,
    QUOTE,
    Edge,
    Flat,
    Mark,
    flattened,
    is_sign,
    may_take,
)
from lakehunt.expressions import ASCII, Atom, Expression, Group, Sequence

END = "\n"
_MOST_VARIANTS = 300


@dataclass(frozen=True, slots=True)
class Part:
    """Cells in a row, by the signs before and behind: -1 is the line's start."""

    before: int
    behind: int


@dataclass(frozen=True, slots=True)
class Check:
    """What cells in a row have to match, and the groups that are found by matching.

    `is_proven`: an earlier check has matched these cells already, this one is for the groups alone.
    They are what stands before and behind the last `parted_by`, where there is such a sign: without
    it in the text neither takes part.
    """

    part: Part
    captures: Captures
    groups: tuple[int, ...] = ()
    is_proven: bool = False
    parted_by: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a group stands: cells without some bytes at either side."""

    part: Part
    skip: int
    cut: int


@dataclass(frozen=True, slots=True)
class Variant:
    """One shape of lines.

    `tight` are the signs that follow the one before at once, `apart` those that do not; behind the
    quotes in `unspaced` stands no blank. Groups neither in `places` nor in a check take no part.
    """

    signs: str
    tight: tuple[int, ...]
    apart: tuple[int, ...]
    unspaced: tuple[int, ...]
    checks: tuple[Check, ...]
    places: dict[int, Place]


class _NotPlain(Exception):
    """The variant's lines may be matched in another way."""


@lru_cache(maxsize=256)
def plain_variants(expression: Expression, wanted: tuple[int, ...]) -> tuple[Variant, ...]:
    """Return the variants of an expression whose lines need no matching as a whole."""
    return tuple(variant for line in _plain_lines(expression) for variant in _shaped(line, wanted))


# Kept apart from what is wanted: of an expression as long as ALB's it takes most of the time.
@lru_cache(maxsize=32)
def _plain_lines(expression: Expression) -> tuple["_Line", ...]:
    flats = [
        flat for flat, _ in zip(flattened(expression.items), range(_MOST_VARIANTS), strict=False)
    ]
    if len(flats) == _MOST_VARIANTS:
        return ()
    lines = [_Line(flat) for flat in flats]
    words = [line.word() for line in lines]
    return tuple(line for line in lines if line.is_plain(words))


def _shaped(line: "_Line", wanted: tuple[int, ...]) -> Iterator[Variant]:
    try:
        yield line.variant(wanted)
    except _NotPlain:
        return


class _Line:
    """A variant taken apart: its signs, and the cell before each of them."""

    def __init__(self, flat: Flat) -> None:
        self.flat = flat
        self.signs = ""
        self.cells: list[list[Atom | Group | Edge]] = [[]]
        self.quoted: list[bool] = []
        is_open = False
        for item in flat:
            if isinstance(item, Mark):
                continue
            if is_sign(item, QUOTE) or (is_sign(item, BLANK) and not is_open):
                self._close(QUOTE if is_sign(item, QUOTE) else BLANK, is_open)
                is_open ^= is_sign(item, QUOTE)
            else:
                self.cells[-1].append(item)
        self._close(END, is_open)
        self.cells.pop()
        self.is_open = is_open
        self.greedy = next((n for n in range(len(self.cells)) if self._is_greedy(n)), None)

    def _close(self, sign: str, is_open: bool) -> None:
        self.signs += sign
        self.quoted.append(is_open)
        self.cells.append([])

    def _atoms(self, number: int) -> list[Atom | Group]:
        return [item for item in self.cells[number] if not isinstance(item, Edge)]

    def _is_greedy(self, number: int) -> bool:
        """Tell whether a cell's last mark runs on over quotes."""
        atoms = self._atoms(number)
        last = atoms[-1] if atoms else None
        runs_on = isinstance(last, Atom) and last.most is None and not last.lazy
        return self.quoted[number] and runs_on and may_take(last, QUOTE)

    def word(self) -> str:
        """Return the cells behind the greedy one: `q` with quotes, `b` bare, `*` any number."""
        start = -1 if self.greedy is None else self.greedy
        letters = ""
        for number in range(start + 1, len(self.cells)):
            if (
                any(may_take(atom, BLANK) for atom in self._atoms(number))
                and not (self.quoted[number])
            ):
                return letters + "*"
            if self.quoted[number]:
                letters += "q"
            elif self._atoms(number) or not self._is_joint(number):
                letters += "b"
        return letters

    def _is_joint(self, number: int) -> bool:
        """Tell whether a bare cell is the nothing between a quote and the sign beside it."""
        return self.signs[number] == QUOTE or (number > 0 and self.signs[number - 1] == QUOTE)

    def is_plain(self, words: list[str]) -> bool:
        """Tell whether a line of this variant is matched in no other way."""
        try:
            self._check(words)
        except _NotPlain:
            return False
        return True

    def _check(self, words: list[str]) -> None:
        skipped = next((n for n, item in enumerate(self.flat) if item is Mark.SKIPPED), None)
        behind = () if skipped is None else self.flat[skipped:]
        goes_on = any(isinstance(item, Atom | Group) for item in behind)
        if self.is_open or goes_on or Mark.UNSURE in self.flat:
            raise _NotPlain
        for number in range(len(self.cells)):
            if self.quoted[number]:
                self._check_quoted(number)
            else:
                self._check_bare(number)
        if self.greedy is not None:
            self._check_reach(words)

    def _check_bare(self, number: int) -> None:
        atoms = self._atoms(number)
        if atoms and self._is_joint(number):
            raise _NotPlain
        behind_greedy = self.greedy is not None and number > self.greedy
        for atom in atoms:
            if may_take(atom, BLANK) or (behind_greedy and may_take(atom, QUOTE)):
                raise _NotPlain

    def _check_quoted(self, number: int) -> None:
        atoms = self._atoms(number)
        for position, atom in enumerate(atoms):
            behind = atoms[position + 1 :]
            if not may_take(atom, QUOTE) or (number == self.greedy and not behind):
                continue
            if isinstance(atom, Group):
                raise _NotPlain
            ends = behind and isinstance(behind[0], Atom) and behind[0].is_literal
            if ends and not any(atom.takes(char) for char in ASCII if is_sign(behind[0], char)):
                continue
            if not atom.lazy or any(may_take(other, QUOTE) for other in behind):
                raise _NotPlain

    def _check_reach(self, words: list[str]) -> None:
        own = self.word()
        for position, letter in enumerate(own):
            rest = own[position + 1 :]
            for word in words if letter == "q" else ():
                if rest == word or (word.endswith("*") and rest.startswith(word[:-1])):
                    raise _NotPlain

    def variant(self, wanted: tuple[int, ...]) -> Variant:
        """Return the shape, with the places of the wanted groups."""
        tight: list[int] = []
        apart: list[int] = []
        checked: list[int] = []
        for number in range(len(self.cells)):
            atoms = self._atoms(number)
            free = QUOTE if self.quoted[number] else BLANK + QUOTE
            if not atoms and not self.quoted[number] and self._is_joint(number):
                tight.append(number)
            elif len(atoms) == 1 and (least := _takes_all_but(atoms[0], free)) is not None:
                apart += [number] * least
            else:
                checked.append(number)
        places, matched = self._places(wanted)
        checks = tuple(self._checks(checked, matched))
        if matched - {group for check in checks for group in check.groups}:
            raise _NotPlain
        quotes = [n for n, sign in enumerate(self.signs) if sign == QUOTE][::2]
        unspaced = [n for n in quotes if self.greedy is not None and n >= self.greedy]
        return Variant(
            signs=self.signs,
            tight=tuple(tight),
            apart=tuple(apart),
            unspaced=tuple(unspaced),
            checks=checks,
            places=places,
        )

    def _places(self, wanted: tuple[int, ...]) -> tuple[dict[int, Place], set[int]]:
        """Return the groups that whole cells hold, and those found only by matching."""
        places: dict[int, Place] = {}
        matched: set[int] = set()
        for cell in self.cells:
            for item in cell:
                if isinstance(item, Group):
                    matched |= _numbers(item) & {*wanted}
        for group in wanted:
            edges = [
                (number, position)
                for number, cell in enumerate(self.cells)
                for position, item in enumerate(cell)
                if isinstance(item, Edge) and item.number == group
            ]
            if not edges:
                continue
            (first, start), (last, end) = edges
            before, behind = self.cells[first][:start], self.cells[last][end + 1 :]
            skip, cut = _width(before), _width(behind)
            if skip is None or cut is None:
                matched.add(group)
            else:
                places[group] = Place(Part(first - 1, last), skip, cut)
        return places, matched

    def _checks(self, checked: list[int], matched: set[int]) -> Iterator[Check]:
        """Yield the checks, one for cells that only bare ones part."""
        numbers = [*checked]
        while numbers:
            run = [numbers.pop(0)]
            while numbers and all(self._is_plain_bare(n) for n in range(run[0], numbers[0] + 1)):
                run.append(numbers.pop(0))
            first, last = run[0], run[-1]
            items = self._items(first, last)
            groups = tuple(sorted(matched & _all_numbers(items)))
            alone = {n: self._items(n, n) for n in run}
            own = {n: tuple(sorted(matched & _all_numbers(cell))) for n, cell in alone.items()}
            if not groups or sum(map(len, own.values())) < len(groups):
                yield Check(Part(first - 1, last), re2_captures(items, groups), groups)
                continue
            # capturing takes many times as long as matching, so it is done on the least there is
            yield Check(Part(first - 1, last), re2_captures(items, ()))
            for number in run:
                if own[number]:
                    captures = re2_captures(alone[number], own[number])
                    sign = _parting(alone[number], own[number])
                    yield Check(Part(number - 1, number), captures, own[number], True, sign)

    def _is_plain_bare(self, number: int) -> bool:
        return not self.quoted[number] and not self._is_joint(number)

    def _items(self, first: int, last: int) -> Sequence:
        """Return the expression of some cells; single characters at their sides are of one byte."""
        items: list[Atom | Group | Edge] = []
        for number in range(first, last + 1):
            items += [_narrowed(item) for item in self.cells[number]]
            if number < last:
                items.append(Atom(self.signs[number], frozenset(self.signs[number]), False))
        return _grouped(items)


def _parting(items: Sequence, groups: tuple[int, ...]) -> str:
    """Return the sign between two groups that are all of a cell, or its first alternative."""
    cell = items[0]
    if len(items) > 1 or not isinstance(cell, Group) or cell.number or cell.optional:
        return ""
    own, others = cell.branches[0], cell.branches[1:]
    numbers = [item.number if isinstance(item, Group) else 0 for item in own]
    sign = own[1] if len(own) == 3 else None  # noqa: PLR2004  a group, the sign, a group
    if not isinstance(sign, Atom) or not sign.is_literal or numbers != [groups[0], 0, *groups[1:]]:
        return ""
    (char,) = sign.chars
    are_choices = any(isinstance(item, Group) and item.is_choice for item in own)
    is_last = not may_take(own[2], char)
    is_alone = not any(may_take(item, char) for branch in others for item in branch)
    return char if is_last and is_alone and not are_choices else ""


def _grouped(items: list[Atom | Group | Edge]) -> Sequence:
    """Return items with their groups as groups again; one cut by the part's end is left out."""
    built: list[Atom | Group] = []
    opened: list[tuple[int, int]] = []
    for item in items:
        if not isinstance(item, Edge):
            built.append(item)
        elif item.is_start:
            opened.append((item.number, len(built)))
        elif opened and opened[-1][0] == item.number:
            _, start = opened.pop()
            built[start:] = [Group((tuple(built[start:]),), item.number)]
    return tuple(built)


def _narrowed(item: Atom | Group | Edge) -> Atom | Group | Edge:
    """Return a single character as one of ASCII, so that it is known to take one byte."""
    if not isinstance(item, Atom) or not item.beyond or (item.least, item.most) != (1, 1):
        return item
    codes = sorted(ord(char) for char in item.chars)
    starts = [codes[0], *(b for a, b in pairwise(codes) if b > a + 1)]
    ends = [*(a for a, b in pairwise(codes) if b > a + 1), codes[-1]]
    ranges = (f"\\x{a:02x}-\\x{b:02x}" for a, b in zip(starts, ends, strict=True))
    return Atom(f"[{''.join(ranges)}]", item.chars, False)


def _width(items: list[Atom | Group | Edge]) -> int | None:
    """Return how many bytes some items take, None where that is not fixed."""
    width = 0
    for item in items:
        if isinstance(item, Group):
            return None
        if isinstance(item, Atom):
            if (item.least, item.most) != (1, 1):
                return None
            width += 1
    return width


def _takes_all_but(item: Atom | Group, free: str) -> int | None:
    """Return the least length of a cell that takes any text without some signs, else None."""
    if isinstance(item, Group) or item.most is not None or item.least > 1 or not item.beyond:
        return None
    return item.least if ASCII - frozenset(free + END) <= item.chars else None


def _numbers(group: Group) -> set[int]:
    inner = {n for branch in group.branches for n in _all_numbers(branch)}
    return inner | ({group.number} if group.number else set())


def _all_numbers(items: Sequence) -> set[int]:
    return {n for item in items if isinstance(item, Group) for n in _numbers(item)}
