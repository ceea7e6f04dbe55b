"""Everything about one value: what it is, the chain around it, what it did and left behind.

Knows saved queries by the parts they say they answer. `cli` calls it.
"""

from lakehunt.pivot.asking import Asked, pivot
from lakehunt.pivot.steps import steps_of
from lakehunt.pivot.values import kind_of_word, recognise

__all__ = ["Asked", "kind_of_word", "pivot", "recognise", "steps_of"]
