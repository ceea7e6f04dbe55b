"""Dates as text and text as dates: MySQL and Joda patterns, ISO 8601, durations.

It must not know how a pattern is read; it picks DuckDB's own functions where these agree, else
Python.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable

from lakehunt.trino_on_duckdb.functions import date_patterns, date_reading
from lakehunt.trino_on_duckdb.functions.date_patterns import Field
from lakehunt.trino_on_duckdb.functions.definitions import (
    Definition,
    Macro,
    Python,
    TrinoError,
    failing,
    invalid,
)
from lakehunt.trino_on_duckdb.functions.entry import Call, Choose, Entry, How, literal, quote, table
from lakehunt.trino_on_duckdb.functions.zones import ZONED_TYPE

STAMP, ZONED, TEXT = "timestamp(p)", "timestamp(p) with time zone", "varchar(x)"
Compile = Callable[[str], tuple[Field, ...]]
# The longest unit first: a duration is a number and one of these.
NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86400 * 10**9,
}
DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*")


def _compiled(call: Call, compiler: Compile) -> tuple[Field, ...] | str | None:
    """The fields of a literal pattern, DuckDB text that raises where Trino refuses it, None
    where it is no literal."""
    pattern = call.arguments[1].literal
    if pattern is None:
        return None
    try:
        return compiler(pattern)
    except TrinoError as error:
        return failing(error, call.duckdb or "VARCHAR")


def _format(compiler: Compile, function: str, zoned: bool) -> Choose:
    local = "trino_local($1)" if zoned else "$1"
    rest = "trino_offset_minutes($1), trino_zone_of($1)" if zoned else "0, 'UTC'"

    def choose(call: Call) -> str:
        fields = _compiled(call, compiler)
        if isinstance(fields, str):
            return fields
        pattern = date_patterns.strftime(fields) if fields is not None else None
        if pattern is None:
            return f"{function}({local}, CAST({rest.replace(', ', ' AS BIGINT), ', 1)}, $2)"
        return f"strftime({local}, {literal(pattern)})"

    return choose


def _parse(compiler: Compile, function: str, zoned: bool) -> Choose:
    def choose(call: Call) -> str:
        fields = _compiled(call, compiler)
        if isinstance(fields, str):
            return fields
        fast = date_patterns.strptime(fields) if fields is not None else None
        if fast is None:
            return f"{function}($1, $2)"
        shape, pattern = fast
        read = f"try_strptime($1, {literal(pattern)})"
        if zoned:
            read = f"trino_utc({read})"
        return (
            f"CASE WHEN regexp_full_match($1, {literal(shape)}) "
            f"THEN coalesce({read}, {function}($1, $2)) ELSE {function}($1, $2) END"
        )

    return choose


def date_format(local: datetime.datetime, offset: int, zone: str, pattern: str) -> str:
    """A local time in a MySQL pattern."""
    return date_patterns.print_time(date_patterns.mysql_fields(pattern), local, offset, zone)


def format_datetime(local: datetime.datetime, offset: int, zone: str, pattern: str) -> str:
    """A local time in a Joda pattern."""
    return date_patterns.print_time(date_patterns.joda_fields(pattern), local, offset, zone)


def date_parse(text: str, pattern: str) -> datetime.datetime:
    """The timestamp of a text in a MySQL pattern."""
    return date_reading.moment(date_reading.read(date_patterns.mysql_fields(pattern), text), text)


def parse_datetime(text: str, pattern: str) -> dict[str, object]:
    """The zoned timestamp of a text in a Joda pattern, in UTC where the text has no zone."""
    return _zoned(date_reading.read(date_patterns.joda_fields(pattern), text), text)


def from_iso8601_timestamp(text: str) -> dict[str, object]:
    """The zoned timestamp of an ISO 8601 text, in UTC where the text has no zone."""
    return _zoned(date_reading.read_iso(text), text)


def _zoned(reading: date_reading.Reading, text: str) -> dict[str, object]:
    local, zone = date_reading.moment(reading, text), reading.zone or "UTC"
    if zone == "UTC":
        return {"instant": local, "zone": zone}
    offset = re.fullmatch(r"([+-])(\d\d):(\d\d)", zone)
    if not offset:
        raise TrinoError("NOT_REPRODUCED: a zone name in a text")
    minutes = int(offset[2]) * 60 + int(offset[3])
    if minutes > 14 * 60:
        raise invalid(f"Invalid offset minutes {minutes}")
    return {
        "instant": local - datetime.timedelta(minutes=minutes if offset[1] == "+" else -minutes),
        "zone": zone,
    }


def parse_duration(text: str) -> int:
    """The milliseconds of a duration like `1.5 h`."""
    if not text:
        raise invalid("duration is empty")
    found = DURATION.fullmatch(text)
    if not found:
        raise invalid(f"duration is not a valid data duration string: {text}")
    if found[2] not in NANOSECONDS:
        raise invalid(f"Unknown time unit: {found[2]}")
    factor = NANOSECONDS[found[2]]
    milliseconds = float(found[1]) * (factor / 10**6)
    return int(milliseconds + 0.5)


def human_readable_seconds(seconds: float) -> str:
    """Seconds in words: weeks, days, hours, minutes and seconds that are not zero."""
    if not math.isfinite(seconds):
        raise invalid(f"Invalid argument found: {seconds}")
    rest, words = int(abs(seconds) + 0.5), []
    for name, size in (
        ("week", 604800),
        ("day", 86400),
        ("hour", 3600),
        ("minute", 60),
        ("second", 1),
    ):
        count, rest = divmod(rest, size)
        if count:
            words.append(f"{count} {name}{'s' if count != 1 else ''}")
    return ", ".join(words) or "0 seconds"


def _iso(zoned: bool) -> Choose:
    local = "trino_local($1)" if zoned else "$1"

    def choose(call: Call) -> str:
        number = re.search(r"\((\d+)\)", call.arguments[0].trino)
        precision = int(number[1]) if number else 3
        fraction = f" || '.' || left(strftime({local}, '%f'), {precision})" if precision else ""
        zone = " || trino_iso_offset($1)" if zoned else ""
        return f"(strftime({local}, '%Y-%m-%dT%H:%M:%S'){fraction}{zone})"

    return choose


TABLE: tuple[tuple[str, str, str], ...] = (
    ("from_iso8601_timestamp", TEXT, "trino_from_iso8601_timestamp_fast($1)"),
    ("from_iso8601_date", TEXT, "trino_from_iso8601_date_fast($1)"),
    ("to_iso8601", "date", "strftime($1, '%Y-%m-%d')"),
    ("parse_duration", TEXT, "trino_parse_duration($1)"),
    ("human_readable_seconds", "double", "trino_human_readable_seconds($1)"),
)
NANOS = "precision above microseconds"
ENTRIES: tuple[Entry, ...] = (
    Entry(
        "date_format",
        (STAMP, TEXT),
        How.MACRO,
        choose=_format(date_patterns.mysql_fields, "trino_date_format", False),
    ),
    Entry(
        "date_format",
        (ZONED, TEXT),
        How.MACRO,
        choose=_format(date_patterns.mysql_fields, "trino_date_format", True),
    ),
    Entry(
        "format_datetime",
        (STAMP, TEXT),
        How.MACRO,
        choose=_format(date_patterns.joda_fields, "trino_format_datetime", False),
    ),
    Entry(
        "format_datetime",
        (ZONED, TEXT),
        How.MACRO,
        choose=_format(date_patterns.joda_fields, "trino_format_datetime", True),
    ),
    Entry(
        "date_parse",
        (TEXT, "varchar(y)"),
        How.MACRO,
        choose=_parse(date_patterns.mysql_fields, "trino_date_parse", False),
    ),
    Entry(
        "parse_datetime",
        (TEXT, "varchar(y)"),
        How.MACRO,
        choose=_parse(date_patterns.joda_fields, "trino_parse_datetime", True),
    ),
    Entry("to_iso8601", (STAMP,), How.MACRO, choose=_iso(False)),
    Entry("to_iso8601", (ZONED,), How.MACRO, choose=_iso(True)),
    *table(How.MACRO, TABLE),
    *table(
        How.REFUSED,
        (
            ("from_iso8601_timestamp_nanos", TEXT, NANOS),
            ("from_unixtime_nanos", "bigint", NANOS),
            ("from_unixtime_nanos", "decimal(p,s)", NANOS),
        ),
    ),
)

PLAIN_STAMP = r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?Z"
DEFINITIONS: tuple[Definition, ...] = (
    Macro(
        "trino_utc",
        "t",
        "CASE WHEN t IS NOT NULL THEN struct_pack(instant := t, \"zone\" := 'UTC') END",
    ),
    Macro(
        "trino_from_iso8601_timestamp_fast",
        "s",
        f"CASE WHEN regexp_full_match(s, {quote(PLAIN_STAMP)}) THEN "
        f"coalesce(trino_utc(date_trunc('millisecond', "
        "TRY_CAST(left(s, length(s) - 1) AS TIMESTAMP))), trino_from_iso8601_timestamp(s)) "
        "ELSE trino_from_iso8601_timestamp(s) END",
    ),
    Macro(
        "trino_from_iso8601_date_fast",
        "s",
        r"CASE WHEN regexp_full_match(s, '\d{4}-\d\d-\d\d') "
        "THEN coalesce(TRY_CAST(s AS DATE), trino_from_iso8601_date(s)) ELSE "
        "trino_from_iso8601_date(s) END",
    ),
    Macro(
        "trino_iso_offset",
        "v",
        "CASE WHEN trino_offset_minutes(v) = 0 THEN 'Z' ELSE CASE WHEN trino_offset_minutes(v) < "
        "0 THEN '-' ELSE '+' END "
        "|| lpad(CAST(abs(trino_offset_minutes(v)) // 60 AS VARCHAR), 2, '0') || ':' "
        "|| lpad(CAST(abs(trino_offset_minutes(v)) % 60 AS VARCHAR), 2, '0') END",
    ),
    Python(
        "trino_date_format", ("TIMESTAMP", "BIGINT", "VARCHAR", "VARCHAR"), "VARCHAR", date_format
    ),
    Python(
        "trino_format_datetime",
        ("TIMESTAMP", "BIGINT", "VARCHAR", "VARCHAR"),
        "VARCHAR",
        format_datetime,
    ),
    Python("trino_date_parse", ("VARCHAR", "VARCHAR"), "TIMESTAMP", date_parse),
    Python("trino_parse_datetime", ("VARCHAR", "VARCHAR"), ZONED_TYPE, parse_datetime),
    Python("trino_from_iso8601_timestamp", ("VARCHAR",), ZONED_TYPE, from_iso8601_timestamp),
    Python("trino_from_iso8601_date", ("VARCHAR",), "DATE", date_reading.read_iso_date),
    Python("trino_parse_duration", ("VARCHAR",), "BIGINT", parse_duration),
    Python("trino_human_readable_seconds", ("DOUBLE",), "VARCHAR", human_readable_seconds),
)
