"""Every choice of an expression's optional parts and alternatives, made.

Knows expressions, and that signs (blanks and quotes) part the cells of a line: choices between
parts without signs stay as they are. `variants` takes apart what comes out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from lakehunt.expressions import Atom, Group, Sequence

BLANK, QUOTE = " ", '"'


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a capturing group starts or ends."""

    number: int
    is_start: bool


class Mark(Enum):
    """What is to be said of a choice."""

    SKIPPED = "an optional part was left out"
    UNSURE = "an earlier alternative may match as well"


Flat = tuple[Atom | Group | Edge | Mark, ...]


def flattened(items: Sequence) -> Iterator[Flat]:
    """Yield a sequence with every choice made that has signs in it."""
    if not items:
        yield ()
        return
    is_absent = _is_ruled_out(items[0], items[1:])
    for head in _choices(items[0]):
        for rest in flattened(items[1:]):
            yield rest if is_absent and head == (Mark.SKIPPED,) else head + rest


def _is_ruled_out(item: Atom | Group, behind: Sequence) -> bool:
    """Tell whether an optional cell needs a character that the cell in its place does not take."""
    if not isinstance(item, Group) or not item.optional or len(item.branches) > 1:
        return False
    *own, end = item.branches[0]
    if not is_sign(end, BLANK) or any(
        may_take(atom, sign) for atom in own for sign in BLANK + QUOTE
    ):
        return False
    cell: list[Atom | Group] = []
    for other in behind:
        if isinstance(other, Group) and _has_signs(other):
            return False
        if is_sign(other, BLANK) or is_sign(other, QUOTE):
            break
        cell.append(other)
    needed = {
        char for atom in own if isinstance(atom, Atom) and atom.is_literal for char in atom.chars
    }
    return any(not any(may_take(other, char) for other in cell) for char in needed)


def _choices(item: Atom | Group) -> Iterator[Flat]:
    if isinstance(item, Atom):
        yield from _choices_of_sign(item)
        return
    edges = [Edge(item.number, True)], [Edge(item.number, False)]
    start, end = (tuple(edge) if item.number else () for edge in edges)
    if item.is_choice and not _has_signs(item):
        yield (item,) if item.optional else (*start, Group(item.branches), *end)
        return
    for number, branch in enumerate(item.branches):
        is_sure = all(_parted(earlier, branch) for earlier in item.branches[:number])
        mark = () if is_sure else (Mark.UNSURE,)
        yield from ((*mark, *start, *flat, *end) for flat in flattened(branch))
    if item.optional:
        yield (Mark.SKIPPED,)


def _choices_of_sign(atom: Atom) -> Iterator[Flat]:
    sign = replace(atom, least=1, most=1)
    if (atom.least, atom.most) == (0, 1) and (is_sign(sign, BLANK) or is_sign(sign, QUOTE)):
        # a lazy one would be tried the other way round
        yield (Mark.UNSURE, sign) if atom.lazy else (sign,)
        yield (Mark.SKIPPED,)
    else:
        yield (atom,)


def _has_signs(group: Group) -> bool:
    return any(
        _has_signs(item)
        if isinstance(item, Group)
        else is_sign(item, BLANK) or is_sign(item, QUOTE)
        for branch in group.branches
        for item in branch
    )


def _parted(earlier: Sequence, branch: Sequence) -> bool:
    """Tell whether a branch starts in a way that rules out the one tried before it."""
    first, own = earlier[0], branch[0]
    if not isinstance(first, Atom) or not isinstance(own, Atom) or not first.is_literal:
        return False
    return own.least > 0 and not any(own.takes(char) for char in first.chars)


def is_sign(item: object, char: str) -> bool:
    """Tell whether a part is a sign itself."""
    return isinstance(item, Atom) and item.is_literal and item.takes(char)


def may_take(item: Atom | Group | None, char: str) -> bool:
    """Tell whether a part may take a character."""
    if isinstance(item, Group):
        return any(may_take(inner, char) for branch in item.branches for inner in branch)
    return item is not None and item.takes(char)
