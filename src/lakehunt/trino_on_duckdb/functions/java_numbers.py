"""Numbers as Java prints doubles and reads whole numbers.

It must not know JSON or SQL. JSON texts, formats and casts use it.
"""

from __future__ import annotations

import math

# Java prints doubles without exponent from a thousandth to ten million.
PLAIN_LEAST, PLAIN_END = -3, 7
ZEROS = (
    "\u0660\u06f0\u07c0\u0966\u09e6\u0a66\u0ae6\u0b66\u0be6\u0c66\u0ce6\u0d66"
    "\u0de6\u0e50\u0ed0\u0f20\u1040\u1090\u17e0\u1810\u1946\u19d0\u1a80\u1a90"
    "\u1b50\u1bb0\u1c40\u1c50\ua620\ua8d0\ua900\ua9d0\ua9f0\uaa50\uabf0\uff10"
)
"""The zero of each script whose digits Character.digit reads from one char; nine follow each."""
OTHER_DIGITS = "".join(chr(ord(zero) + n) for zero in ZEROS for n in range(10))
ASCII_DIGITS = "0123456789" * len(ZEROS)
"""What stands for OTHER_DIGITS, one by one."""


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


def ascii_digits(text: str) -> str:
    """`text` with the digits of other scripts as ASCII, by which Java reads whole numbers."""
    return text if text.isascii() else text.translate(str.maketrans(OTHER_DIGITS, ASCII_DIGITS))
