"""Calls as they stand in the text: to a form, an aggregate or a listed function.

It must not know operators. The expression analyzer builds on it.
"""

from __future__ import annotations

from sqlglot import exp

from .. import ir
from .clocks import Clocks
from .forms import Forms
from .scope import Scope
from .windows import Windows

FORMS_WORDS = """
if coalesce nullif try row grouping format count listagg at_timezone json_value json_exists
json_query
"""
FORMS = frozenset(FORMS_WORDS.split())


class Calls(Forms, Windows, Clocks):
    """The calls of the analyzer."""

    def anonymous(self, node: exp.Anonymous, scope: Scope) -> ir.Expr:
        """A call without clauses behind it."""
        name = str(node.this).lower()
        form = getattr(self, f"_form_{name}", None) if name in FORMS else None
        if form is not None:
            found: ir.Expr = form(node, scope)
            return found
        candidates = self._candidates(name, node)
        if candidates[0].kind != "scalar":
            return self.aggregate_call(node, scope)
        return self._resolved(
            name, candidates, [self._argument(a, scope) for a in node.expressions], node, scope
        )

    def _form_count(self, node: exp.Anonymous, scope: Scope) -> ir.Expr:
        return self.aggregate_call(node, scope)

    _form_listagg = _form_count
