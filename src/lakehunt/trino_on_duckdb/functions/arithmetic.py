"""Arithmetic of Trino's number functions in Python: decimals on their digits, bases, buckets,
distributions.

It must not know SQL. The table of number functions registers them.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext
from statistics import NormalDist

from lakehunt.trino_on_duckdb.functions.definitions import TrinoError, invalid
from lakehunt.trino_on_duckdb.functions.java_numbers import ascii_digits

LONG = 2**63
# Decimals of up to so many digits are held in 64 bits.
SHORT_PRECISION = 18
SMALLEST_RADIX, LARGEST_RADIX = 2, 36
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
LARGEST_BITS = 64


def _at_scale(text: str, places: int, scale: int, rounding: str) -> str:
    if places >= scale:
        return text
    with localcontext() as context:
        context.prec = 100
        unit = Decimal(1).scaleb(-places)
        number = (Decimal(text) / unit).to_integral_value(rounding) * unit
        return format(number.quantize(Decimal(1).scaleb(-max(scale, 0))), "f")


def round_decimal(text: str, places: int, scale: int, precision: int) -> str:
    """A decimal rounded half up to `places`; precision is zero where the result has its own
    scale."""
    if precision and precision < SHORT_PRECISION and precision - scale + places <= 0:
        return "0"
    return _at_scale(text, places, scale, ROUND_HALF_UP)


def truncate_decimal(text: str, places: int, scale: int, precision: int) -> str:
    """A decimal without the digits after `places`."""
    if precision and precision - scale + places <= 0:
        return "0"
    return _at_scale(text, places, scale, ROUND_DOWN)


def round_whole(number: int, places: int) -> int:
    """A whole number rounded half up to tens, hundreds and so on."""
    unit: int = 10 ** min(-places, 40)
    rounded = (abs(number) + unit // 2) // unit * unit
    rounded = -rounded if number < 0 else rounded
    if not -LONG <= rounded < LONG:
        raise TrinoError(f"NUMERIC_VALUE_OUT_OF_RANGE: numerical overflow: {number}")
    return rounded


def decimal_remainder(left: str, right: str) -> str:
    """The remainder of two decimals, with the sign of the first."""
    with localcontext() as context:
        context.prec = 100
        return format(Decimal(left) % Decimal(right), "f")


def remainder(left: float, right: float) -> float:
    """The remainder of two doubles as Java's % has it, NaN for a zero divisor."""
    if math.isinf(left) or right == 0 or math.isnan(left) or math.isnan(right):
        return math.nan
    return math.fmod(left, right)


def decimal_average(total: str, count: int, scale: int) -> str | None:
    """The mean of decimals of one scale, rounded half up."""
    if count == 0:
        return None
    with localcontext() as context:
        context.prec = 100
        return format(
            (Decimal(total) / count).quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP), "f"
        )


def width_bucket(operand: float, first: float, second: float, count: int) -> int:
    """The bucket of a value among `count` equal ones between two bounds."""
    if count <= 0:
        raise invalid("bucketCount must be greater than 0")
    if math.isnan(operand):
        raise invalid("operand must not be NaN")
    if not math.isfinite(first) or not math.isfinite(second):
        raise invalid(f"{'second' if math.isfinite(first) else 'first'} bound must be finite")
    if first == second:
        raise invalid("bounds cannot equal each other")
    lower, upper = min(first, second), max(first, second)
    if operand < lower:
        bucket = 0
    elif operand >= upper:
        if count + 1 >= LONG:
            raise TrinoError(
                f"NUMERIC_VALUE_OUT_OF_RANGE: Bucket for value {operand} is out of range"
            )
        bucket = count + 1
    else:
        bucket = int(count * (operand - lower) / (upper - lower) + 1)
    return count - bucket + 1 if first > second else bucket


def width_bucket_of(operand: float, bins: list[float | None]) -> int:
    """The bucket of a value among bins given by their lower bounds."""
    if not bins:
        raise invalid("Bins cannot be an empty array")
    if math.isnan(operand):
        raise invalid("Operand cannot be NaN")
    values = [math.nan if value is None else value for value in bins]
    lower, upper = 0, len(values)
    while lower < upper:
        if values[lower] > values[upper - 1]:
            raise invalid("Bin values are not sorted in ascending order")
        index = (lower + upper) // 2
        if not math.isfinite(values[index]):
            raise invalid("Bin value must be finite")
        lower, upper = (lower, index) if operand < values[index] else (index + 1, upper)
    return lower


def _radix(radix: int) -> int:
    if not SMALLEST_RADIX <= radix <= LARGEST_RADIX:
        raise invalid(f"Radix must be between {SMALLEST_RADIX} and {LARGEST_RADIX}")
    return radix


def to_base(number: int, radix: int) -> str:
    """A number in lower-case digits of a base."""
    _radix(radix)
    digits, rest = "", abs(number)
    while rest or not digits:
        rest, digit = divmod(rest, radix)
        digits = DIGITS[digit] + digits
    return "-" + digits if number < 0 else digits


def from_base(text: str, radix: int) -> int:
    """The number that a text of digits of a base says."""
    _radix(radix)
    shown, text = text, ascii_digits(text)
    if re.fullmatch(r"[+-]?[0-9A-Za-z]+", text):
        try:
            number = int(text, radix)
        except ValueError:
            number = LONG
        if re.match(r"[+-]?0[box]", text, re.IGNORECASE) and radix in (2, 8, 16):
            number = LONG
        if -LONG <= number < LONG:
            return number
    raise invalid(f"Not a valid base-{radix} number: {shown}")


def bit_count(number: int, bits: int) -> int:
    """The number of set bits of a number held in `bits` bits."""
    if not SMALLEST_RADIX <= bits <= LARGEST_BITS:
        raise invalid(f"Bits specified in bit_count must be between 2 and 64, got {bits}")
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise invalid(f"Number must be representable with the bits specified. {number} cannot be")
    return (number & ((1 << bits) - 1)).bit_count()


def normal_cdf(mean: float, deviation: float, value: float) -> float:
    """The share of a normal distribution below a value."""
    if not deviation > 0:
        raise invalid("standardDeviation must be > 0")
    return 0.5 * (1 + math.erf((value - mean) / (deviation * math.sqrt(2))))


def inverse_normal_cdf(mean: float, deviation: float, share: float) -> float:
    """The value below which lies a share of a normal distribution."""
    if not 0 < share < 1:
        raise invalid("p must be 0 > p > 1")
    if not deviation > 0:
        raise invalid("standardDeviation must be > 0")
    return NormalDist(mean, deviation).inv_cdf(share)


def wilson_lower(successes: int, trials: int, z: float) -> float:
    """The lower bound of Wilson's score interval."""
    return _wilson(successes, trials, z, -1)


def wilson_upper(successes: int, trials: int, z: float) -> float:
    """The upper bound of Wilson's score interval."""
    return _wilson(successes, trials, z, 1)


def _wilson(successes: int, trials: int, z: float, side: int) -> float:
    if successes < 0:
        raise invalid("number of successes must not be negative")
    if trials <= 0:
        raise invalid("number of trials must be positive")
    if successes > trials:
        raise invalid("number of successes must not be larger than number of trials")
    if not z >= 0:
        raise invalid("z-score must not be negative")
    share = successes / trials
    middle = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return (middle + side * spread) / (1 + z * z / trials)
