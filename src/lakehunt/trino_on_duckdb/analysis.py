"""The outcome of analysis, as a value, and the function that makes it.

It must not know DuckDB. The package's root and the lowering use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from . import ir, walk
from .analyzer.queries import Queries
from .analyzer.relations import Flavour
from .analyzer.scope import Scope
from .catalog import Catalog
from .parser import parse
from .types import Type
from .types import parse as parse_type


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the result: its name, `_col0` where the text gives none, and its Trino type."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Analysis:
    """A query with everything known about it.

    tree: the sqlglot tree that was read. query: its typed form. columns: of the result. types: the
    Trino type of
    each expression of the tree, by `id` of the node.
    """

    tree: exp.Expression
    query: ir.Query
    columns: tuple[Column, ...]
    flavour: Flavour
    types: Mapping[int, Type] = field(repr=False)

    def type_of(self, node: exp.Expression) -> Type | None:
        """The Trino type of an expression of the tree."""
        return self.types.get(id(node))

    def functions(self) -> dict[str, set[tuple[str, ...]]]:
        """The functions called, each with the signatures (argument types) that were chosen."""
        found: dict[str, set[tuple[str, ...]]] = {}
        for node in walk.everything(self.query):
            if isinstance(node, (ir.Call, ir.Aggregate)):
                found.setdefault(node.signature.name, set()).add(node.signature.texts)
        return found


def analyze(
    sql: str | exp.Expression,
    catalog: Catalog | None = None,
    flavour: Flavour | str = Flavour.ATHENA,
    parameters: Mapping[str, Type | str] | None = None,
    variables: Mapping[str, Type | str] | None = None,
) -> Analysis:
    """The analysis of one query.

    Args: `parameters` are the types of `:name` placeholders that have no value yet; such an
    analysis is for checking, not for lowering. `variables` are the types of those that become
    variables of the connection: their values are set before the query runs.

    Raises TrinoError with Trino's name for what is wrong, Refused for what cannot be read.
    """
    tree = parse(sql) if isinstance(sql, str) else sql
    known = {} if catalog is None else catalog
    analyzer = Queries(known, Flavour(flavour), _typed(parameters), _typed(variables))
    query = analyzer.query(tree, Scope())
    columns = tuple(Column(c.name or f"_col{i}", c.type) for i, c in enumerate(query.columns))
    return Analysis(tree, query, columns, analyzer.flavour, analyzer.types)


def _typed(named: Mapping[str, Type | str] | None) -> Mapping[str, Type]:
    return {n: t if isinstance(t, Type) else parse_type(t) for n, t in (named or {}).items()}
