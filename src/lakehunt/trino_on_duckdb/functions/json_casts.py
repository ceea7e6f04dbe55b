"""JSON values as SQL values and back, for CAST: scalars, elements, members.

It must not know types that hold others; the lowering composes these. Texts are canonical JSON,
JSON null gives NULL.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from lakehunt.trino_on_duckdb.functions import json_text
from lakehunt.trino_on_duckdb.functions.definitions import Definition, Python, TrinoError
from lakehunt.trino_on_duckdb.functions.entry import Entry
from lakehunt.trino_on_duckdb.functions.java_numbers import ascii_digits, java_double
from lakehunt.trino_on_duckdb.functions.json_text import Spelled

ENTRIES: tuple[Entry, ...] = ()
TRUE, FALSE = ("t", "true", "1"), ("f", "false", "0")
FLOATING = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "+Infinity": math.inf, "-Infinity": -math.inf}
BITS = {"tinyint": 8, "smallint": 16, "integer": 32, "bigint": 64}
DIGITS_OF_REAL = 9


def _wrong(value: object, target: str) -> TrinoError:
    shown = (
        json_text.write(value)
        if not isinstance(value, str) or isinstance(value, Spelled)
        else value
    )
    return TrinoError(f"INVALID_CAST_ARGUMENT: Cannot cast '{shown}' to {target}")


def _decoded(text: str) -> object:
    value, _ = json_text.decode(text)
    return value


def to_boolean(text: str) -> bool | None:
    """The boolean of a JSON scalar: true, any number but zero, the words of CAST."""
    value = _decoded(text)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Spelled):
        return float(value) != 0
    if isinstance(value, str) and value.lower() in TRUE + FALSE:
        return value.lower() in TRUE
    if isinstance(value, int):
        return value != 0
    raise _wrong(value, "boolean")


def _to_whole(target: str) -> Callable[[str], int | None]:
    low, high = -(2 ** (BITS[target] - 1)), 2 ** (BITS[target] - 1) - 1

    def convert(text: str) -> int | None:
        value = _decoded(text)
        if value is None:
            return None
        number = _whole(value, target)
        if not low <= number <= high:
            raise _wrong(value, target)
        return number

    return convert


def _whole(value: object, target: str) -> int:
    if isinstance(value, Spelled):
        number = float(value)
        if not math.isfinite(number):
            raise _wrong(value, target)
        return (
            int(Decimal(number).quantize(Decimal(1), "ROUND_HALF_UP"))
            if abs(number) < 2**70
            else 2**70
        )
    if isinstance(value, str):
        digits = ascii_digits(value.strip())
        if not re.fullmatch(r"[+-]?[0-9]+", digits):
            raise _wrong(value, target)
        return int(digits)
    if isinstance(value, int):
        return int(value)
    raise _wrong(value, target)


def _floating(value: object, target: str) -> float:
    if isinstance(value, str) and not isinstance(value, Spelled):
        word = value.strip()
        if word in SPECIAL:
            return SPECIAL[word]
        if not FLOATING.fullmatch(word):
            raise _wrong(value, target)
        return float(word)
    if isinstance(value, (int, str)):
        try:
            return float(value)
        except OverflowError:
            return math.inf if str(value)[0] != "-" else -math.inf
    raise _wrong(value, target)


def to_double(text: str) -> float | None:
    """The double of a JSON scalar."""
    value = _decoded(text)
    return None if value is None else _floating(value, "double")


def to_real(text: str) -> float | None:
    """The real of a JSON scalar, infinite beyond its range."""
    value = _decoded(text)
    if value is None:
        return None
    number = _floating(value, "real")
    try:
        return float(struct.unpack("f", struct.pack("f", number))[0])
    except OverflowError:
        return math.copysign(math.inf, number)


def to_varchar(text: str) -> str | None:
    """The text of a JSON scalar: numbers with fraction or exponent as CAST prints doubles."""
    value = _decoded(text)
    if value is None:
        return None
    if isinstance(value, Spelled):
        return double_text(float(value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int)):
        return str(value)
    raise _wrong(value, "varchar")


def double_text(number: float) -> str:
    """A double as CAST AS VARCHAR prints it: always with an exponent."""
    if not math.isfinite(number):
        return java_double(number)
    if number == 0:
        return "-0E0" if str(number)[0] == "-" else "0E0"
    digits = repr(number).lstrip("-").partition("e")[0].replace(".", "").strip("0")
    mantissa, _, exponent = f"{number:.{max(len(digits) - 1, 1)}e}".partition("e")
    return f"{mantissa}E{int(exponent)}"


def to_decimal_text(text: str) -> str | None:
    """The plain decimal digits of a JSON scalar."""
    value = _decoded(text)
    if value is None:
        return None
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (str, int)):
        digits = ascii_digits(str(value))
        try:
            number = Decimal(digits)
        except InvalidOperation:
            raise _wrong(value, "decimal") from None
        if number.is_finite() and re.fullmatch(r"[0-9.eE+-]+", digits):
            return format(number, "f")
    raise _wrong(value, "decimal")


def elements(text: str) -> list[str] | None:
    """The JSON texts of the elements of an array."""
    value = _decoded(text)
    if value is None:
        return None
    if not isinstance(value, list) or isinstance(value, json_text.Pairs):
        raise TrinoError(f"INVALID_CAST_ARGUMENT: Expected a json array, but got {text}")
    return [json_text.write(item) for item in value]


def members(text: str) -> dict[str, str] | None:
    """The JSON texts of the members of an object by key."""
    value = _decoded(text)
    if value is None:
        return None
    if not isinstance(value, json_text.Pairs):
        raise TrinoError(f"INVALID_CAST_ARGUMENT: Expected a json object, but got {text}")
    found = {key: json_text.write(item) for key, item in value}
    if len(found) != len(value):
        raise TrinoError("INVALID_CAST_ARGUMENT: Duplicate keys are not allowed")
    return found


def of_double(number: float) -> str:
    """The JSON text of a double."""
    return java_double(number, '"')


def of_real(number: float) -> str:
    """The JSON text of a real: the fewest digits that are read back as the same real."""
    if math.isfinite(number):
        for digits in range(1, DIGITS_OF_REAL + 1):
            short = float(f"{number:.{digits - 1}e}")
            try:
                same = struct.pack("f", short) == struct.pack("f", number)
            except OverflowError:
                same = False
            if same:
                number = short
                break
    return java_double(number, '"')


DEFINITIONS: tuple[Definition, ...] = (
    Python("trino_json_to_boolean", ("VARCHAR",), "BOOLEAN", to_boolean),
    Python("trino_json_to_tinyint", ("VARCHAR",), "TINYINT", _to_whole("tinyint")),
    Python("trino_json_to_smallint", ("VARCHAR",), "SMALLINT", _to_whole("smallint")),
    Python("trino_json_to_integer", ("VARCHAR",), "INTEGER", _to_whole("integer")),
    Python("trino_json_to_bigint", ("VARCHAR",), "BIGINT", _to_whole("bigint")),
    Python("trino_json_to_real", ("VARCHAR",), "FLOAT", to_real),
    Python("trino_json_to_double", ("VARCHAR",), "DOUBLE", to_double),
    Python("trino_json_to_varchar", ("VARCHAR",), "VARCHAR", to_varchar),
    Python("trino_json_to_decimal_text", ("VARCHAR",), "VARCHAR", to_decimal_text),
    Python("trino_json_elements", ("VARCHAR",), "VARCHAR[]", elements),
    Python("trino_json_members", ("VARCHAR",), "MAP(VARCHAR, VARCHAR)", members),
    Python("trino_json_of_varchar", ("VARCHAR",), "VARCHAR", json_text.quoted),
    Python("trino_json_of_double", ("DOUBLE",), "VARCHAR", of_double),
    Python("trino_json_of_real", ("FLOAT",), "VARCHAR", of_real),
)
