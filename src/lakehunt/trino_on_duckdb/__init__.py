"""Trino's SQL, as Athena speaks it, on DuckDB: the same rows, the same error, or a refusal with its
reason.

It knows no logs and no files: a query's text and a catalog in, DuckDB's text and Trino's column
types out. The README
beside this file says what is exact.
"""

from __future__ import annotations

from .analysis import Analysis, Column, analyze
from .analyzer.relations import Flavour
from .errors import Refused, TranslationError, TrinoError
from .lowering.queries import lower
from .printing import printed
from .translation import Translation, translate

__all__ = [
    "Analysis",
    "Column",
    "Flavour",
    "Refused",
    "TranslationError",
    "Translation",
    "TrinoError",
    "analyze",
    "lower",
    "printed",
    "translate",
]
