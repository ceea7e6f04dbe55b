"""Validates content: files load, queries keep the house rules and their promises, cases pass."""

from lakehunt.check.cases import check_cases
from lakehunt.check.rules import check_query, ground

__all__ = ["check_cases", "check_query", "ground"]
