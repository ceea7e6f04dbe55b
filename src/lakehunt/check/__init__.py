"""Validates content: files load, queries keep the house rules and their promises, cases pass."""

from lakehunt.check.cases import check_cases
from lakehunt.check.problems import RuleProblem, problem_of
from lakehunt.check.rules import RULES, Rule, check_queries, check_query, check_text, ground

__all__ = [
    "RULES",
    "Rule",
    "RuleProblem",
    "check_cases",
    "check_queries",
    "check_query",
    "check_text",
    "ground",
    "problem_of",
]
