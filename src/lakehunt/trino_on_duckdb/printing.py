"""An analyzed query as text for an engine that speaks Trino's SQL, Athena or Trino itself.

It must not know DuckDB. What the flavours read differently is rewritten; all else stays as it was.
"""

from __future__ import annotations

from sqlglot import exp

from .analysis import Analysis
from .analyzer.relations import Flavour
from .errors import Refused


def printed(analysis: Analysis, flavour: Flavour | str) -> str:
    """The query's text, with the same meaning in that flavour.

    Raises Refused for UNNEST of rows written for Trino and printed for Athena.
    """
    target = Flavour(flavour)
    tree = analysis.tree.copy()
    if target is not analysis.flavour:
        pairs = zip(analysis.tree.find_all(exp.Unnest), tree.find_all(exp.Unnest), strict=True)
        for known, copied in pairs:
            _rewrite(analysis, known, copied, target)
    return str(tree.sql("trino" if target is Flavour.TRINO else "athena"))


def _rewrite(analysis: Analysis, known: exp.Unnest, copied: exp.Unnest, target: Flavour) -> None:
    for at, item in enumerate(known.expressions):
        kind = analysis.type_of(item)
        if kind is None or kind.base != "array" or kind.element.base != "row":
            continue
        if target is Flavour.ATHENA:
            raise Refused("UNNEST of rows: Athena gives one column where Trino gives one per field")
        copied.expressions[at].replace(_wrapped(copied.expressions[at].copy()))


def _wrapped(array: exp.Expression) -> exp.Expression:
    """Each element within a row of one field, which UNNEST takes off again."""
    name = exp.Identifier(this="element")
    row = exp.Anonymous(this="ROW", expressions=[exp.Column(this=name.copy())])
    keep = exp.Lambda(this=row, expressions=[name])
    return exp.Anonymous(this="TRANSFORM", expressions=[array, keep])
