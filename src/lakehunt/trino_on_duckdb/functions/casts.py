"""Casts between scalars and text, where DuckDB reads or writes another text than Trino.

It must not know the lowering, which names these. The prelude installs them.
"""

from __future__ import annotations

import json
import math
import struct
from decimal import Decimal, localcontext
from fractions import Fraction

from lakehunt.trino_on_duckdb.functions import json_casts
from lakehunt.trino_on_duckdb.functions.definitions import (
    Definition,
    Macro,
    Python,
    TrinoError,
    fails,
)
from lakehunt.trino_on_duckdb.functions.entry import Entry
from lakehunt.trino_on_duckdb.functions.java_numbers import ASCII_DIGITS, OTHER_DIGITS

ENTRIES: tuple[Entry, ...] = ()

IPV4_BYTES, IPV6_BYTES = 4, 16
WIDEST = 100
BLANK = r"[\x00-\x20]*"
INTEGER = rf"'{BLANK}[+-]?[0-9]+{BLANK}'"
DIGITS = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
FLOAT = rf"'{BLANK}[+-]?(?:NaN|Infinity|{DIGITS}[fFdD]?){BLANK}'"
EXACT = r"'[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?'"
UUID_FORM = "'[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}'"
DAY = r"([+-]?[0-9]{4,})-([0-9]{1,2})-([0-9]{1,2})"
DATE = rf"'{BLANK}{DAY}{BLANK}'"
TIME = r"[0-9]{1,2}:[0-9]{1,2}(?::[0-9]{1,2}(?:\.[0-9]{1,12})?)?"
MOMENT = rf"{DAY}(?: {TIME})?"
ZONE = r"(?: ?(?:[A-Za-z][A-Za-z0-9_/+-]*|[+-][0-9]{1,2}(?::?[0-9]{2})?))"
INTEGERS = ("tinyint", "smallint", "integer", "bigint")


def _cannot(what: str, kind: str) -> str:
    return fails("INVALID_CAST_ARGUMENT", f"Value cannot be cast to {what}", kind)


def _checked(pattern: str, what: str, kind: str, done: str) -> str:
    return (
        f"CASE WHEN NOT regexp_full_match(s, {pattern}) THEN {_cannot(what, kind)} ELSE {done} END"
    )


def _plain_first(kind: str, otherwise: str) -> str:
    """An integer that reads back as the very text is that of the text; `otherwise` is slower."""
    number = f"TRY_CAST(s AS {kind})"
    return f"CASE WHEN CAST({number} AS VARCHAR) = s THEN {number} ELSE {otherwise} END"


def _in_ascii(pattern: str, done: str, otherwise: str) -> str:
    """`done` of a text that has the form once its digits are ASCII; else `otherwise`."""
    other = "trino_ascii_digits(s)"
    return (
        f"CASE WHEN regexp_full_match(s, {pattern}) THEN {done.format('s')} "
        f"WHEN regexp_matches(s, '[{OTHER_DIGITS}]') AND regexp_full_match({other}, {pattern}) "
        f"THEN {done.format(other)} "
        f"WHEN s IS NOT NULL THEN {otherwise} END"
    )


def scientific(digits: str) -> str:
    """A number in the form `1.5E0`, from its shortest decimal text."""
    if digits in ("nan", "inf", "-inf"):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[digits]
    sign, parts, exponent = Decimal(digits).as_tuple()
    text = "".join(map(str, parts)).lstrip("0")
    if not text:
        return "-0E0" if sign else "0E0"
    power = len(text) - 1 + int(exponent)
    rest = text[1:].rstrip("0") or "0"
    return f"{'-' if sign else ''}{text[0]}.{rest}E{power}"


def ip_of_bytes(data: bytes) -> str:
    """The digits of an address of 4 or 16 bytes."""
    if len(data) == IPV4_BYTES:
        return str(int.from_bytes(data, "big") | 0xFFFF << 32)
    if len(data) != IPV6_BYTES:
        raise TrinoError(f"INVALID_CAST_ARGUMENT: Invalid IP address binary length: {len(data)}")
    return str(int.from_bytes(data, "big"))


def divided(left: str, right: str, scale: int) -> str:
    """The quotient of two decimals at a scale, rounded half away from zero, as text."""
    divisor = Decimal(right)
    if not divisor:
        raise TrinoError("DIVISION_BY_ZERO: Division by zero")
    with localcontext() as context:
        context.prec = WIDEST
        a, b = Fraction(Decimal(left)), Fraction(divisor)
        scaled = abs(a / b) * 10**scale
        whole = int(scaled + Fraction(1, 2))
        return str(Decimal(whole if (a < 0) == (b < 0) else -whole).scaleb(-scale))


def json_row(value: str, size: int) -> str | None:
    """The JSON text of an array of that many elements or of an object; None for JSON's null."""
    found = json.loads(value, parse_float=str, parse_int=str)
    if found is None:
        return None
    if isinstance(found, dict) or (isinstance(found, list) and len(found) == size):
        return value
    raise TrinoError("INVALID_CAST_ARGUMENT: Cannot cast to row")


def json_field(value: str, at: int, name: str) -> str | None:
    """The JSON text of an array's element or of an object's member, its name in any case; None for
    null.
    """
    if value.startswith("["):
        return (json_casts.elements(value) or [])[at - 1]
    members = json_casts.members(value) or {}
    found = [v for k, v in members.items() if k.lower() == name]
    if len(found) > 1:
        raise TrinoError("INVALID_CAST_ARGUMENT: Duplicate field")
    return found[0] if found else None


def shortest(value: float) -> str:
    """The shortest decimal text that gives the same 32-bit number, of two digits the nearest."""
    if math.isnan(value) or math.isinf(value):
        return repr(value)
    packed = struct.pack("f", value)
    for digits in range(2, 10):
        text = f"{value:.{digits}g}"
        if struct.pack("f", float(text)) == packed:
            return text
    return repr(value)


def real_text(value: float) -> str:
    """What `CAST(real AS varchar)` gives."""
    short = shortest(value)
    return scientific(short if not math.isfinite(value) else f"{float(short):.6e}")


ROUND = "CAST(floor((epoch_us(t) + n // 2) / CAST(n AS DECIMAL(10,0))) AS BIGINT) * n"
CLOCK = "{0} || CASE WHEN p > 0 THEN '.' || left(printf('%06d', ({1}) % 1000000), p) ELSE '' END"
SPAN = "abs(ms)"

DEFINITIONS: tuple[Definition, ...] = (
    *(
        Macro(
            f"trino_text_to_{kind}",
            "s",
            _plain_first(
                kind,
                _in_ascii(
                    INTEGER,
                    f"CAST(regexp_extract({{0}}, '-?[0-9]+') AS {kind})",
                    _cannot(kind, kind),
                ),
            ),
        )
        for kind in INTEGERS
    ),
    # TRY takes long even where nothing fails: only what may fail is inside.
    *(
        Macro(f"trino_try_text_to_{kind}", "s", _plain_first(kind, f"TRY(trino_text_to_{kind}(s))"))
        for kind in INTEGERS
    ),
    *(
        Macro(
            f"trino_text_to_{kind}",
            "s",
            _checked(
                FLOAT,
                kind,
                kind,
                f"CAST(regexp_extract(s, '[+-]?(?:NaN|Infinity|[0-9.]+(?:[eE][+-]?[0-9]+)?)') "
                f"AS {kind})",
            ),
        )
        for kind in ("double", "real")
    ),
    Macro(
        "trino_text_to_exact",
        "s",
        _in_ascii(EXACT, "{0}", _cannot("decimal", "VARCHAR")),
    ),
    Macro(
        "trino_ascii_digits",
        "s",
        f"translate(s, '{OTHER_DIGITS}', '{ASCII_DIGITS}')",
    ),
    Macro(
        "trino_text_to_boolean",
        "s",
        "CASE WHEN lower(s) IN ('true', 't', '1') THEN TRUE WHEN lower(s) IN ('false', 'f', '0') "
        "THEN FALSE "
        f"WHEN s IS NOT NULL THEN {_cannot('boolean', 'BOOLEAN')} END",
    ),
    Macro(
        "trino_text_to_date",
        "s",
        f"CASE WHEN NOT regexp_full_match(s, {DATE}) THEN "
        "CAST('INVALID_CAST_ARGUMENT: Value cannot be cast to date' AS DATE) "
        "ELSE trino_day(s) END",
    ),
    Macro(
        "trino_day",
        "s",
        f"CASE WHEN regexp_matches(s, '^{BLANK}[0-9]{{4}}-') THEN "
        "CAST(regexp_extract(s, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}') AS DATE) ELSE make_date("
        + ", ".join(f"CAST(regexp_extract(s, '{DAY}', {n}) AS BIGINT)" for n in (1, 2, 3))
        + ") END",
    ),
    Macro(
        "trino_seconds_fraction",
        "s, p",
        r"to_microseconds(CAST(round(CAST('0.' || coalesce(nullif(regexp_extract(s, '\.([0-9]+)', "
        r"1), ''), '0') "
        "AS DECIMAL(18,12)), p) * 1000000 AS BIGINT))",
    ),
    # Trino takes a zone behind a mere date, and drops it.
    Macro(
        "trino_text_to_timestamp",
        "s, p",
        f"CASE WHEN NOT regexp_full_match(s, '{BLANK}(?:{MOMENT}|{DAY}{ZONE}){BLANK}') THEN "
        "CAST('INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp' AS TIMESTAMP) "
        "ELSE trino_moment(s) + trino_seconds_fraction(s, p) END",
    ),
    Macro(
        "trino_moment",
        "s",
        "trino_day(s) + CAST(coalesce(nullif(regexp_extract(s, "
        "' ([0-9]{1,2}:[0-9]{1,2}(?::[0-9]{1,2})?)', 1), ''), '00:00') || CASE WHEN "
        "regexp_matches(s, ' [0-9]{1,2}:[0-9]{1,2}:') THEN '' ELSE ':00' END AS TIME)",
    ),
    # The check comes first: a cast that fails must not stand where a CASE tests it.
    Macro(
        "trino_checked_zoned",
        "s",
        f"CASE WHEN NOT regexp_full_match(s, '{BLANK}{MOMENT}{ZONE}?{BLANK}') "
        f"THEN {_cannot('timestamp with time zone', 'VARCHAR')} ELSE s END",
    ),
    Macro("trino_text_to_zoned", "s, p", "trino_zoned_of(trino_checked_zoned(s), p)"),
    Macro(
        "trino_zoned_of",
        "s, p",
        "trino_zoned(trino_moment(s) + trino_seconds_fraction(s, p), coalesce(trino_zone(nullif("
        f"trim(regexp_extract(s, '{MOMENT}({ZONE})', 4)), '')), 'UTC'))",
    ),
    Macro("trino_cast_to_scale", "t, n", f"make_timestamp({ROUND})"),
    Macro(
        "trino_cast_time_to_scale",
        "t, n",
        "CAST(make_timestamp((CAST(floor((epoch_us(t) + n // 2) / CAST(n AS DECIMAL(10,0))) AS "
        "BIGINT) * n) "
        "% 86400000000) AS TIME)",
    ),
    # Java writes a sign before a year of more than four digits and before one below 0.
    Macro(
        "trino_date_text",
        "d",
        "CASE WHEN year(d) BETWEEN 1 AND 9999 THEN strftime(d, '%Y-%m-%d') ELSE CASE WHEN "
        "year(d) < 0 THEN '-' WHEN year(d) > 9999 THEN '+' ELSE '' END || "
        "printf('%04d', abs(year(d))) || strftime(d, '-%m-%d') END",
    ),
    Macro(
        "trino_timestamp_text",
        "t, p",
        "trino_date_text(t) || "
        + CLOCK.format("strftime(t, ' %H:%M:%S')", "((epoch_us(t) % 1000000) + 1000000)"),
    ),
    Macro(
        "trino_zoned_text", "v, p", "trino_timestamp_text(trino_local(v), p) || ' ' || (v).\"zone\""
    ),
    Macro(
        "trino_time_text",
        "t, p",
        CLOCK.format(
            "strftime(CAST(DATE '2000-01-01' + t AS TIMESTAMP), '%H:%M:%S')", "epoch_us(t)"
        ),
    ),
    Macro(
        "trino_text_to_time",
        "s, p",
        "CASE WHEN NOT regexp_full_match(s, "
        f"'{BLANK}{TIME}{BLANK}') "
        "THEN CAST('INVALID_CAST_ARGUMENT: Value cannot be cast to time' AS TIME) "
        "ELSE CAST(CAST('2000-01-01 ' || regexp_extract(s, "
        "'[0-9]{1,2}:[0-9]{1,2}(?::[0-9]{1,2})?') || CASE WHEN "
        "regexp_matches(s, ':.*:') THEN '' ELSE ':00' END AS TIMESTAMP) + "
        "trino_seconds_fraction(s, p) AS TIME) END",
    ),
    Macro(
        "trino_span_text",
        "ms",
        f"CASE WHEN ms < 0 THEN '-' ELSE '' END || {SPAN} // 86400000 || printf(' "
        "%02d:%02d:%02d.%03d', "
        f"({SPAN} // 3600000) % 24, ({SPAN} // 60000) % 60, ({SPAN} // 1000) % 60, {SPAN} % 1000)",
    ),
    # DuckDB leaves the zero before the point out where a decimal has no digits there.
    Macro(
        "trino_decimal_text",
        "d",
        r"replace(regexp_replace(CAST(d AS VARCHAR), '^(-?)[.]', '\1#.'), '#', '0')",
    ),
    Macro(
        "trino_months_text",
        "m",
        "CASE WHEN m < 0 THEN '-' ELSE '' END || abs(m) // 12 || '-' || abs(m) % 12",
    ),
    Macro(
        "trino_short_text",
        "s, n",
        f"CASE WHEN length(s) > n THEN {_cannot('varchar(n): the value is longer', 'VARCHAR')} "
        "ELSE s END",
    ),
    # DuckDB takes braces and leaves hyphens out.
    Macro(
        "trino_text_to_uuid",
        "s",
        _checked(UUID_FORM, "uuid", "UUID", "CAST(s AS UUID)"),
    ),
    Macro("trino_ip_of_bytes", "b", "CAST(trino_ip_digits_of_bytes(b) AS UHUGEINT)"),
    Python("trino_ip_digits_of_bytes", ("BLOB",), "VARCHAR", ip_of_bytes),
    Macro("trino_ip_bytes", "a", "trino_ip_bytes_of_digits(CAST(a AS VARCHAR))"),
    Python(
        "trino_ip_bytes_of_digits",
        ("VARCHAR",),
        "BLOB",
        lambda digits: int(digits).to_bytes(IPV6_BYTES, "big"),
    ),
    *(
        Macro(
            f"trino_float_to_{kind}",
            "x",
            f"CASE WHEN isnan(x) THEN {_cannot(kind, kind)} ELSE CAST(round(x) AS {kind}) END",
        )
        for kind in INTEGERS
        if kind != "bigint"
    ),
    Macro(
        "trino_double_to_bigint",
        "x",
        "CASE WHEN isnan(x) OR x >= CAST('9223372036854775808' AS DOUBLE) "
        f"OR x < CAST('-9223372036854775808' AS DOUBLE) THEN {_cannot('bigint', 'BIGINT')} "
        "ELSE CAST(round(x) AS BIGINT) END",
    ),
    # A Java cast stops at the ends of the range.
    Macro(
        "trino_real_to_bigint",
        "x",
        f"CASE WHEN isnan(x) THEN {_cannot('bigint', 'BIGINT')} "
        "WHEN x >= 9223372036854775807 THEN 9223372036854775807 "
        "WHEN x <= -9223372036854775808 THEN -9223372036854775808 "
        "ELSE CAST(round(x) AS BIGINT) END",
    ),
    Python("trino_quotient_text", ("VARCHAR", "VARCHAR", "INTEGER"), "VARCHAR", divided),
    Python("trino_json_row", ("VARCHAR", "INTEGER"), "VARCHAR", json_row),
    Python("trino_json_field", ("VARCHAR", "INTEGER", "VARCHAR"), "VARCHAR", json_field),
    Python("trino_text_of_double", ("DOUBLE",), "VARCHAR", json_casts.double_text),
    Python("trino_text_of_real", ("FLOAT",), "VARCHAR", real_text),
)
