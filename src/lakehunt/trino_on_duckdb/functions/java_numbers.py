"""Numbers as Java prints them.

It must not know JSON or SQL. JSON texts and formats print doubles in this way.
"""

from __future__ import annotations

import math

# Java prints doubles without exponent from a thousandth to ten million.
PLAIN_LEAST, PLAIN_END = -3, 7


def java_double(number: float, mark: str = "") -> str:
    """`number` as Java's Double.toString prints it; `mark` goes around NaN and infinities."""
    if not math.isfinite(number):
        return (
            mark
            + ("NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity")
            + mark
        )
    if number == 0:
        return "-0.0" if str(number).startswith("-") else "0.0"
    digits = repr(number).lstrip("-").partition("e")[0].replace(".", "").strip("0")
    shortest = f"{number:.{max(len(digits) - 1, 1)}e}"
    mantissa, _, exponent = shortest.partition("e")
    power = int(exponent)
    if not PLAIN_LEAST <= power < PLAIN_END:
        return f"{mantissa}E{power}"
    return f"{number:.{max(len(digits) - 1 - power, 1)}f}"
