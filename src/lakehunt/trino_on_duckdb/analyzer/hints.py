"""What to write instead, where Trino's message leaves a reader without the next step.

It must not decide whether anything is an error. The operators of the analyzer ask it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from .. import ir
from ..types import INTEGERS, NUMBERS, TEXTS

Operands = Sequence[tuple[ir.Expr, Any]]


def cast_hint(operands: Operands) -> str:
    """The cast that makes a number of a text beside numbers; '' where that is not the trouble."""
    texts = [node for value, node in operands if value.type.base in TEXTS and node is not None]
    numbers = {value.type.base for value, _ in operands if value.type.base in NUMBERS}
    if not numbers or len(texts) != 1 or isinstance(texts[0], exp.Literal):
        return ""
    wanted = "bigint" if numbers <= {*INTEGERS} else "double"
    shown = texts[0].sql("trino")
    return f"{shown} is text: write TRY_CAST({shown} AS {wanted})"
