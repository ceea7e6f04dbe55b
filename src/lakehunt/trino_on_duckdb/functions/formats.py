"""Values as text for readers: format, format_number, data sizes, typeof, vectors' distances.

It must not know casts. A format is taken apart while the query is compiled: each piece goes to
its own function.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Decimal

from lakehunt.trino_on_duckdb.functions.definitions import (
    Definition,
    Python,
    TrinoError,
    failing,
    invalid,
)
from lakehunt.trino_on_duckdb.functions.entry import (
    Argument,
    Call,
    Entry,
    How,
    Refused,
    literal,
    table,
)
from lakehunt.trino_on_duckdb.functions.java_numbers import java_double

SPECIFIER = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(<]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])")
WHOLE = ("tinyint", "smallint", "integer", "bigint")
BYTES = {
    unit: 1024**power
    for power, unit in enumerate(("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"))
}
# The largest number of decimal(38,0).
LARGEST_DECIMAL = 10**38 - 1
THOUSAND, HUNDRED, TEN = 1000, 100, 10


def format_pieces(text: str) -> list[str | re.Match[str]]:
    """Literal texts and specifiers of a format."""
    pieces: list[str | re.Match[str]] = []
    at = 0
    for found in SPECIFIER.finditer(text):
        pieces.append(text[at : found.start()])
        pieces.append(found)
        at = found.end()
    pieces.append(text[at:])
    if any(isinstance(piece, str) and "%" in piece for piece in pieces):
        raise invalid(f"Invalid format string: {text} (UnknownFormatConversion)")
    return pieces


def _format(call: Call) -> str:
    text = call.arguments[0].literal
    if text is None:
        raise Refused("a format that is no literal")
    try:
        parts = _format_parts(text, call.arguments[1:])
    except TrinoError as error:
        return failing(error, "VARCHAR")
    return "(" + " || ".join(parts or ["''"]) + ")"


def _format_parts(text: str, arguments: tuple[Argument, ...]) -> list[str]:
    parts, following = [], 0
    for piece in format_pieces(text):
        if isinstance(piece, str):
            if piece:
                parts.append(literal(piece))
        elif piece[5] in "%n":
            if piece[0] not in ("%%", "%n"):
                raise Refused(f"format specifier {piece[0]}")
            parts.append(literal("%" if piece[5] == "%" else "\n"))
        else:
            place = int(piece[1]) if piece[1] else following + 1
            following += not piece[1]
            if not 1 <= place <= len(arguments):
                raise invalid(f"Invalid format string: {text} (MissingFormatArgument: {piece[0]})")
            parts.append(_specified(piece, arguments[place - 1], place + 1))
    return parts


def _specified(piece: re.Match[str], argument: Argument, place: int) -> str:
    """The text of one argument: `place` counts from the format, which is the first argument."""
    _, flags, width, precision, letter = piece.groups()
    kind = argument.trino.partition("(")[0]
    if set(flags) & set("#(< ") or "-" in flags and "0" in flags or letter not in "sSdfxX":
        raise Refused(f"format specifier {piece[0]}")
    plain = f"{flags.replace('-', '')}" + (f".{precision}" if precision is not None else "")
    spec = literal(f"{flags}|{width or 0}|{precision or ''}|{letter}")
    if letter in "sS" and kind == "decimal" and not re.search(r",[ ]?[0-6]\)", argument.trino):
        raise Refused(f"format of {argument.trino}, which Java may print with an exponent")
    if letter in "sS":
        if "0" in flags or "," in flags or "+" in flags:
            raise invalid(f"Invalid format string (FormatFlagsConversionMismatch: {piece[0]})")
        shown = _text_of(kind, place)
        bare = not width and precision is None and letter == "s"
        return (
            f"coalesce({shown}, 'null')"
            if bare
            else f"trino_format_text(coalesce({shown}, 'null'), {spec})"
        )
    wanted = WHOLE if letter in "dxX" else ("decimal", "double", "real")
    if kind not in (*wanted, "unknown"):
        raise invalid(f"Invalid format string (IllegalFormatConversion: {letter} != {kind})")
    if letter in "dxX" and (precision is not None or letter in "xX" and set(flags) & set(",+")):
        raise invalid(f"Invalid format string (IllegalFormatPrecision: {plain})")
    return f"trino_format_number(coalesce({_text_of(kind, place)}, 'null'), {spec})"


def _text_of(kind: str, place: int) -> str:
    if kind == "decimal":
        return f"trino_decimal_text(${place})"
    if kind in ("varchar", "unknown", *WHOLE, "date", "boolean", "json"):
        return f"CAST(${place} AS VARCHAR)"
    if kind == "double":
        return f"trino_java_double(${place})"
    raise Refused(f"format of {kind}")


def format_text(text: str, spec: str) -> str:
    """A text cut and filled up as a specifier says."""
    flags, width, precision, letter = spec.split("|")
    shown = text[: int(precision)] if precision else text
    shown = shown.upper() if letter == "S" else shown
    return shown.ljust(int(width)) if "-" in flags else shown.rjust(int(width))


def format_specified_number(text: str, spec: str) -> str:
    """The digits of a number as a specifier says, half up."""
    flags, width, precision, letter = spec.split("|")
    if text in ("null", "NaN", "Infinity", "-Infinity"):
        signed = "+" + text if "+" in flags and text == "Infinity" else text
        return signed.ljust(int(width)) if "-" in flags else signed.rjust(int(width))
    if letter in "xX":
        number = int(text)
        digits = format(number if number >= 0 else number + 2**64, letter)
    else:
        digits = _digits(text, int(precision or 6) if letter == "f" else 0, "," in flags)
    sign = "-" if digits.startswith("-") else "+" if "+" in flags else ""
    digits = digits.lstrip("-")
    if "0" in flags:
        return sign + digits.zfill(int(width) - len(sign))
    return (sign + digits).ljust(int(width)) if "-" in flags else (sign + digits).rjust(int(width))


def _digits(text: str, places: int, grouped: bool) -> str:
    number = Decimal(text.replace("E", "e"))
    shown = (
        number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        if places or "." in text
        else number
    )
    return format(shown, ",f" if grouped else "f")


def java_double_text(number: float) -> str:
    """A double as Java prints it."""
    return java_double(number)


def format_number(number: int) -> str:
    """A number in three digits and a unit: K, M, B, T, Q."""
    value, unit = float(number), ""
    for letter in "KMBTQ":
        if abs(value) < THOUSAND:
            break
        value, unit = value / THOUSAND, letter
    places = 2 if value < TEN else 1 if value < HUNDRED else 0
    shown = format(Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP), "f")
    return (shown.rstrip("0").rstrip(".") if "." in shown else shown) + unit


def format_double(number: float) -> str:
    """A double in three digits and a unit, its fraction dropped."""
    if math.isnan(number):
        return "0"
    return format_number(
        int(max(min(number, 2.0**63 - 1024), -(2.0**63))) if math.isfinite(number) else 0
    )


def parse_data_size(text: str) -> str:
    """The bytes of a size like `2.3MB`."""
    found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)([a-zA-Z]+)", text)
    if not found or found[2] not in BYTES:
        raise invalid(f"Invalid data size: '{text}'")
    whole, _, fraction = found[1].partition(".")
    count = int((whole or "0") + fraction) * BYTES[found[2]] // 10 ** len(fraction)
    if count > LARGEST_DECIMAL:
        raise TrinoError(f"NUMERIC_VALUE_OUT_OF_RANGE: Value out of range: '{text}' ('{count}B')")
    return str(count)


Vector = list[float | None]


def _products(left: Vector, right: Vector) -> list[tuple[float, float]] | None:
    if len(left) != len(right):
        raise invalid("The arguments must have the same length")
    pairs = [(a, b) for a, b in zip(left, right, strict=True) if a is not None and b is not None]
    return pairs if len(pairs) == len(left) else None


def dot_product(left: Vector, right: Vector) -> float | None:
    """The sum of products, None where an element is NULL."""
    pairs = _products(left, right)
    total = 0.0
    for a, b in pairs or ():
        total += a * b
    return None if pairs is None else total


def euclidean_distance(left: Vector, right: Vector) -> float | None:
    """The length of the difference."""
    pairs = _products(left, right)
    total = 0.0
    for a, b in pairs or ():
        total += (a - b) * (a - b)
    return None if pairs is None else math.sqrt(total) if not math.isnan(total) else math.nan


def cosine_similarity(left: Vector, right: Vector) -> float | None:
    """The cosine of the angle between two vectors."""
    pairs = _products(left, right)
    if pairs is None:
        return None
    first = second = product = 0.0
    for a, b in pairs:
        first += a * a
        second += b * b
        product += a * b
    if first == 0 or second == 0:
        raise invalid("Vector magnitude cannot be zero")
    scale = math.sqrt(first * second) if first * second == first * second else math.nan
    if scale == 0:
        scale = math.sqrt(first) * math.sqrt(second)
    return product / scale if math.isfinite(scale) or math.isfinite(product) else math.nan


def cosine_distance(left: Vector, right: Vector) -> float | None:
    """One less the cosine."""
    found = cosine_similarity(left, right)
    return None if found is None else 1.0 - found


VECTORS = "array(double); array(double)"
TABLE: tuple[tuple[str, str, str], ...] = (
    ("format_number", "bigint", "trino_format_whole($1)"),
    ("format_number", "double", "trino_format_double($1)"),
    ("parse_data_size", "varchar(x)", "CAST(trino_parse_data_size($1) AS DECIMAL(38,0))"),
    ("parse_presto_data_size", "varchar(x)", "CAST(trino_parse_data_size($1) AS DECIMAL(38,0))"),
    ("dot_product", VECTORS, "trino_dot_product($*)"),
    ("euclidean_distance", VECTORS, "trino_euclidean_distance($*)"),
    ("cosine_similarity", VECTORS, "trino_cosine_similarity($*)"),
    ("cosine_distance", VECTORS, "trino_cosine_distance($*)"),
)
ENTRIES: tuple[Entry, ...] = (
    Entry("format", ("varchar", "any"), How.PYTHON, choose=_format),
    Entry("typeof", ("t",), How.NATIVE, "$d1"),
    *table(How.PYTHON, TABLE),
)
PAIR = ("DOUBLE[]", "DOUBLE[]")
DEFINITIONS: tuple[Definition, ...] = (
    Python("trino_format_text", ("VARCHAR", "VARCHAR"), "VARCHAR", format_text),
    Python("trino_format_number", ("VARCHAR", "VARCHAR"), "VARCHAR", format_specified_number),
    Python("trino_java_double", ("DOUBLE",), "VARCHAR", java_double_text),
    Python("trino_format_whole", ("BIGINT",), "VARCHAR", format_number),
    Python("trino_format_double", ("DOUBLE",), "VARCHAR", format_double),
    Python("trino_parse_data_size", ("VARCHAR",), "VARCHAR", parse_data_size),
    Python("trino_dot_product", PAIR, "DOUBLE", dot_product),
    Python("trino_euclidean_distance", PAIR, "DOUBLE", euclidean_distance),
    Python("trino_cosine_similarity", PAIR, "DOUBLE", cosine_similarity),
    Python("trino_cosine_distance", PAIR, "DOUBLE", cosine_distance),
)
