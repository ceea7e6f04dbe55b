"""A query translated: DuckDB's text and the columns it returns.

It must not know connections. The package's root offers `translate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from . import functions
from .analysis import Analysis, Column, analyze
from .analyzer.relations import Flavour
from .catalog import Catalog
from .functions import How
from .lowering.queries import lower
from .types import Type


@dataclass(frozen=True, slots=True)
class Became:
    """What a signature became: by what means, and DuckDB's template where there is one."""

    name: str
    arguments: tuple[str, ...]
    how: How
    template: str


@dataclass(frozen=True, slots=True)
class Translation:
    """DuckDB's text, the columns of its result with their Trino types, and the analysis it came
    from.
    """

    sql: str
    columns: tuple[Column, ...]
    analysis: Analysis

    def functions(self) -> tuple[Became, ...]:
        """What each function of the query became, by name."""
        found = []
        for name, signatures in sorted(self.analysis.functions().items()):
            for arguments in sorted(signatures):
                entry = functions.find(name, arguments)
                if entry is not None:
                    found.append(Became(name, arguments, entry.how, entry.sql))
        return tuple(found)


def translate(
    sql: str | exp.Expression,
    catalog: Catalog | None = None,
    flavour: Flavour | str = Flavour.ATHENA,
    variables: Mapping[str, Type | str] | None = None,
) -> Translation:
    """One query as DuckDB's text. Raises TrinoError where Trino would, Refused where it is not
    reproduced.

    Args: `variables` are the types of `:name` placeholders whose values the connection has in
    variables of these names when the text runs.
    """
    analysis = analyze(sql, catalog, flavour, variables=variables)
    return Translation(lower(analysis), analysis.columns, analysis)
