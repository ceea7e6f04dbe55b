"""Names in scope: what a relation offers, and how a dotted name finds its column.

It must not know expressions beyond carrying them. The analyzer's other modules look names up here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from .. import ir
from ..errors import TrinoError, nearest

Qualifier = tuple[str, ...]


def place(node: exp.Expression | None) -> tuple[int, int]:
    """Line and column of a node, 0 where unknown."""
    if node is None:
        return (0, 0)
    return int(node.meta.get("line") or 0), int(node.meta.get("col") or 0)


def fail(code: str, message: str, node: exp.Expression | None, hint: str = "") -> TrinoError:
    """The error, with the place of the node and what to write instead, if that is known."""
    return TrinoError(code, message, *place(node), hint=hint)


@dataclass(frozen=True, slots=True)
class Named:
    """One visible column: its name, the relation's names before it, and the expression it stands
    for.
    """

    name: str | None
    qualifier: Qualifier
    value: ir.Expr
    hidden: bool = False
    low: str | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        # a column is asked for its name as often as there are names in a query
        object.__setattr__(self, "low", self.name and self.name.lower())

    def answers(self, parts: Sequence[str]) -> bool:
        """True where the dotted name, in lower case, means this column."""
        if self.low != parts[-1]:
            return False
        prefix = tuple(parts[:-1])
        return not prefix or self.qualifier[-len(prefix) :] == prefix


@dataclass(frozen=True, slots=True)
class Shared:
    """A query of WITH: its name, unique in the statement, and its columns under their names."""

    name: str
    query: ir.Query
    columns: tuple[ir.Column, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """Visible columns, an outer scope for what is not found here, and the lambda parameters on top.

    `first` are columns that win over the others: the select list within ORDER BY.
    """

    columns: tuple[Named, ...] = ()
    parent: Scope | None = None
    parameters: dict[str, ir.Parameter] = field(default_factory=dict)
    first: tuple[Named, ...] = ()
    windows: dict[str, exp.Window] = field(default_factory=dict)
    tables: dict[str, Shared] = field(default_factory=dict)

    def find(self, parts: Sequence[str], node: exp.Expression) -> ir.Expr | None:
        """What a dotted name means, or None."""
        low = [p.lower() for p in parts]
        if len(low) == 1 and low[0] in self.parameters:
            return replace(self.parameters[low[0]], origin=node)
        for columns in (self.first, self.columns):
            found = [c for c in columns if c.answers(low)]
            if len({c.value for c in found}) > 1 or (len(found) > 1 and columns is self.columns):
                raise fail("AMBIGUOUS_NAME", f"Column '{'.'.join(parts)}' is ambiguous", node)
            if found:
                return found[0].value
        return self.parent.find(parts, node) if self.parent is not None else None

    def of(self, parts: Sequence[str]) -> tuple[Named, ...] | None:
        """The columns of the relation that the dotted name means, or None."""
        low = tuple(p.lower() for p in parts)
        found = tuple(c for c in self.columns if c.qualifier[-len(low) :] == low)
        if found:
            return found
        return self.parent.of(parts) if self.parent is not None else None

    def table(self, name: str) -> Shared | None:
        """The query of WITH by that name, or None."""
        found = self.tables.get(name.lower())
        return found if found or self.parent is None else self.parent.table(name)

    def names(self) -> Iterator[str]:
        """Every name that could have been meant."""
        yield from (c.name for c in (*self.first, *self.columns) if c.name)
        yield from self.parameters
        if self.parent is not None:
            yield from self.parent.names()

    def missing(self, parts: Sequence[str], node: exp.Expression) -> TrinoError:
        """COLUMN_NOT_FOUND with the nearest name."""
        hint = nearest(parts[-1], self.names())
        return fail(
            "COLUMN_NOT_FOUND", f"Column '{'.'.join(parts).lower()}' cannot be resolved{hint}", node
        )

    def within_lambda(self, parameters: dict[str, ir.Parameter]) -> Scope:
        """The scope of a lambda's body."""
        return replace(self, parameters={**self.parameters, **parameters})
