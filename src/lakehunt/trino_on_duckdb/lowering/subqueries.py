"""Queries used as values, as DuckDB text.

It must not know operators. The expression lowering builds on it.
"""

from __future__ import annotations

from .. import ir
from ..errors import Refused
from ..types import Type, row
from .calls import Calls
from .carried import duck, field_names, quoted
from .casts import cast
from .comparisons import compared, plain


class Subqueries(Calls):
    """The subqueries of the lowering."""

    def query_text(self, query: ir.Query) -> str:
        """A query's text; the query lowering defines it."""
        raise NotImplementedError

    def alias(self, wanted: str) -> str:
        """A new relation's name; the query lowering defines it."""
        raise NotImplementedError

    def subquery(self, node: ir.Subquery) -> str:
        """The text of a scalar subquery, EXISTS, IN or a comparison with ALL or ANY."""
        if node.kind == "exists":
            return f"EXISTS ({self.query_text(node.query)})"
        kind = _kind(node.query)
        duck(kind)
        if node.kind == "scalar":
            return self._scalar(node.query, kind)
        assert node.value is not None
        sign, word = ("=", "any") if node.kind == "in" else node.kind.split()
        target = node.value.type
        alias = self.alias("q")
        shown = f'{alias}."v"'
        if target.base == "row" and kind.base != "row":
            kind, shown = row((None, kind)), f'struct_pack("field0" := {shown})'
        shown = cast(shown, kind, target)
        body = self._single(node.query)
        if plain(target) and target.base != "char":
            if shown != f'{alias}."v"':
                body = f'SELECT {shown} FROM ({body}) AS {alias}("v")'
            found = "IN" if node.kind == "in" else f"{sign} {word.upper()}"
            return f"({self.lower(node.value)} {found} ({body}))"
        return self._three_valued(node.value, (sign, word), shown, f'FROM ({body}) AS {alias}("v")')

    def _scalar(self, query: ir.Query, kind: Type) -> str:
        body = f"({self._single(query)})"
        if len(query.columns) == 1:
            return body
        # no row at all is a row of NULLs in Trino
        names = zip(field_names(kind), kind.children, strict=True)
        nothing = ", ".join(f"{quoted(n)} := CAST(NULL AS {duck(t)})" for n, t in names)
        return f"coalesce({body}, struct_pack({nothing}))"

    def _three_valued(
        self, value: ir.Expr, comparison: tuple[str, str], shown: str, source: str
    ) -> str:
        """The comparison with every row, by hand: DuckDB's own IN takes NULLs inside rows for
        equal.
        """
        sign, word = comparison
        if word == "all" and sign != "<>":
            raise Refused(f"{sign} ALL over {value.type} is not reproduced")
        test = compared("=", self.lower(value), shown, value.type)
        found = (
            f"(CASE WHEN EXISTS (SELECT 1 {source} WHERE {test}) THEN TRUE "
            f"WHEN EXISTS (SELECT 1 {source} WHERE {test} IS NULL) THEN NULL ELSE FALSE END)"
        )
        if sign == "=":
            return found
        if word == "all":
            return f"(NOT {found})"
        raise Refused(f"{sign} ANY over {value.type} is not reproduced")

    def _single(self, query: ir.Query) -> str:
        """The query with one column: its own, or a row of them."""
        body = self.query_text(query)
        if len(query.columns) == 1:
            return body
        names = field_names(_kind(query))
        alias = self.alias("w")
        listed = ", ".join(f'"c{i}"' for i in range(len(names)))
        packed = ", ".join(f'{quoted(n)} := {alias}."c{i}"' for i, n in enumerate(names))
        return f"SELECT struct_pack({packed}) FROM ({body}) AS {alias}({listed})"


def _kind(query: ir.Query) -> Type:
    columns = query.columns
    if len(columns) == 1:
        return columns[0].type
    return row(*((c.name, c.type) for c in columns))
