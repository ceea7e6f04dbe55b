"""A query with everything that rules look at, and the form of a rule.

Knows the typed tree and headers, no rule. `rules` makes a `Checked`; each rule reads it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from lakehunt.check.tree import Placed
from lakehunt.model import Query, Source
from lakehunt.sql.compile import Draft
from lakehunt.trino_on_duckdb import Analysis, ir


@dataclass(frozen=True, slots=True)
class Checked:
    """A query that the analyzer took.

    `header` is None for a query without one. `tree` is as written, with its `:name`s, and `nodes`
    are all of it; `analysis` has values in their place. `queries` and `expressions` are all of the
    typed tree, each once.
    """

    header: Query | None
    draft: Draft
    tree: exp.Expr
    nodes: tuple[exp.Expr, ...]
    analysis: Analysis
    queries: tuple[ir.Query, ...]
    expressions: tuple[Placed, ...]
    sources: Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class Mark:
    """What is wrong, and the node that it is wrong with; without one it is the query's first.

    `key` is that of the header which is to blame instead.
    """

    what: str
    node: exp.Expr | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: why it is there, a query that breaks it and one that keeps it.

    `find` yields what breaks it; None where the query is refused before there is a typed tree.
    """

    id: str
    reason: str
    bad: str
    good: str
    find: Callable[[Checked], Iterable[Mark]] | None = None


def place(node: exp.Expr | None) -> tuple[int, int]:
    """Return the line and column of a node or of the nearest around it, 0 where unknown."""
    while node is not None and not node.meta.get("line"):
        node = node.parent
    if node is None:
        return (0, 0)
    return int(node.meta["line"]), int(node.meta.get("col") or 0)


def shown(node: exp.Expr | None, limit: int = 60) -> str:
    """Return an expression as text, cut short."""
    text = node.sql("trino", normalize_functions=False) if node is not None else "a value"
    return text if len(text) <= limit else f"{text[: limit - 2]}.."
