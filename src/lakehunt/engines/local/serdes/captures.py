"""A table's expression as RE2 takes it: only what is wanted is captured.

Knows expressions, not logs. The readers of RegexSerDe call it.
"""

from dataclasses import dataclass

from lakehunt.expressions import Atom, Group, Sequence


@dataclass(frozen=True, slots=True)
class Captures:
    """An expression as RE2 takes it, named groups only where something is wanted.

    `columns` has for each wanted group its name and the name of what must not be empty for the
    group to have taken part, "" where it always does.
    """

    pattern: str
    columns: tuple[tuple[str, str], ...]


def re2_captures(items: Sequence, wanted: tuple[int, ...]) -> Captures:
    """Return a pattern for whole lines that captures the wanted groups."""
    printer = _Printer(frozenset(wanted))
    body = printer.sequence(items, "")
    columns = tuple(printer.found.get(number, ("", "")) for number in wanted)
    return Captures(f"(?s)^(?:{body})$", columns)


class _Printer:
    def __init__(self, wanted: frozenset[int]) -> None:
        self.wanted = wanted
        self.found: dict[int, tuple[str, str]] = {}
        self.marks = 0

    def sequence(self, items: Sequence, choice: str) -> str:
        return "".join(
            atom_text(item) if isinstance(item, Atom) else self._group(item, choice)
            for item in items
        )

    def _group(self, group: Group, choice: str) -> str:
        name = f"g{group.number}" if group.number in self.wanted else ""
        if name and group.is_choice:
            self.found[group.number] = (name, name)
        elif name:
            self.found[group.number] = (name, choice)
        branches = [self._branch(branch, group, choice) for branch in group.branches]
        opened = f"(?P<{name}>" if name else "(?:"
        return opened + "|".join(branches) + ")" + ("?" if group.optional else "")

    def _branch(self, branch: Sequence, group: Group, choice: str) -> str:
        if not group.is_choice or not self._is_wanted(branch):
            return self.sequence(branch, choice)
        self.marks += 1
        mark = f"m{self.marks}"
        return f"(?P<{mark}>{self.sequence(branch, mark)})"

    def _is_wanted(self, items: Sequence) -> bool:
        groups = (item for item in items if isinstance(item, Group))
        return any(g.number in self.wanted or any(map(self._is_wanted, g.branches)) for g in groups)


def atom_text(atom: Atom) -> str:
    """Return an atom with its quantifier, as both Java and RE2 read it."""
    signs = {(0, None): "*", (1, None): "+", (0, 1): "?", (1, 1): ""}
    most = "" if atom.most is None else atom.most
    counted = f"{{{atom.least},{most}}}" if atom.least != atom.most else f"{{{atom.least}}}"
    return atom.text + signs.get((atom.least, atom.most), counted) + ("?" if atom.lazy else "")
