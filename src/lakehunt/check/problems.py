"""A problem that a rule found, with the rule's id and the column where it is known.

Knows no rule. The rules and the cases make problems; the command line shows them.
"""

from dataclasses import dataclass

from lakehunt.errors import Location, Problem


@dataclass(frozen=True, slots=True)
class RuleProblem(Problem):
    """One thing wrong, found by the rule `rule`; `column` counts from 1, 0 where unknown."""

    rule: str = ""
    column: int = 0

    @property
    def message(self) -> str:
        """Return what is wrong, what was expected and the nearest right word, without the place."""
        return str(self).removeprefix(f"{self.location}: ")


def problem_of(rule: str, found: Problem) -> RuleProblem:
    """Return a problem under a rule's id, its own one where it has one already."""
    if isinstance(found, RuleProblem):
        return found
    return RuleProblem(found.location, found.what, found.expected, found.nearest, rule)


def at(rule: str, start: Location, what: str, line: int = 0, column: int = 0) -> RuleProblem:
    """Return a problem at a line and column of the text that starts at `start`; 0 is unknown."""
    location = Location(start.path, start.line + max(line, 1) - 1)
    return RuleProblem(location, what, rule=rule, column=column if line else 0)
