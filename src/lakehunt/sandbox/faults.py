"""What can be made to go wrong in the sandbox, so that a client's patience can be tested.

Knows chance and names of errors, not what a statement means. The Athena service asks it.
"""

import re
from dataclasses import dataclass, field
from random import Random


@dataclass(slots=True)
class Faults:
    """Faults to inject, by share of calls or by the text of a statement; none by default.

    Args:
        throttled: share of Athena calls, 0 to 1, that are answered with a throttling error.
        lost: share of Athena calls that are carried out and whose answer never arrives.
        failing: statements in which this regular expression is found end as FAILED, for `reason`.
        denied: calls of S3, Glue and Athena, and writes of Athena's own, in whose permission and
            resource this regular expression is found are refused: `s3:(Put|Delete)|glue:Create`.
        slow: statements in which this one is found take `slow_seconds` longer.
        seed: the same seed gives the same course of chance.
    """

    throttled: float = 0.0
    lost: float = 0.0
    failing: str = ""
    reason: str = "GENERIC_INTERNAL_ERROR: injected by the sandbox"
    denied: str = ""
    slow: str = ""
    slow_seconds: float = 1.0
    seed: int = 0
    _chance: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._chance = Random(self.seed)

    def is_throttled(self) -> bool:
        """Tell whether this call is one too many."""
        return self._chance.random() < self.throttled

    def is_lost(self) -> bool:
        """Tell whether the answer of this call gets lost."""
        return self._chance.random() < self.lost

    def fails(self, statement: str) -> bool:
        """Tell whether a statement is made to fail."""
        return bool(self.failing and re.search(self.failing, statement))

    def denies(self, asked: str) -> bool:
        """Tell whether a permission, its resource after a blank, is withheld."""
        return bool(self.denied and re.search(self.denied, asked))

    def delay_seconds(self, statement: str) -> float:
        """Return how much longer a statement takes."""
        return self.slow_seconds if self.slow and re.search(self.slow, statement) else 0.0
