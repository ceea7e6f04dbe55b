"""Time zones: names as Trino keeps them, offsets, local time of a zoned value and back.

A zoned value is STRUCT(instant TIMESTAMP, zone VARCHAR). It must not know calendars or
patterns; datetimes build on it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lakehunt.trino_on_duckdb.functions.definitions import (
    Definition,
    Macro,
    Python,
    TrinoError,
    failing,
    fails,
    invalid,
)
from lakehunt.trino_on_duckdb.functions.entry import Call, Choose, Entry, How, literal, table

UTC_NAMES = frozenset(["utc", "z", "ut", "uct", "gmt", "gmt0", "greenwich", "universal", "zulu"])
PREFIXED = re.compile(r"((?:etc/)?(?:utc|gmt|ut))([+-].*)")
OFFSET = re.compile(r"([+-])(\d{1,2})(?::?(\d\d))?")
# Trino's zone keys end at fourteen hours.
LARGEST_OFFSET = 14 * 60
ZONED_TYPE = 'STRUCT(instant TIMESTAMP, "zone" VARCHAR)'
LAST_MINUTE = 59


def zone_name(text: str) -> str:
    """The name under which Trino keeps a zone: `UTC` for all its names, `+02:00` for offsets,
    else as in the database.

    Raises TrinoError for what is no zone.
    """
    lower = text.lower()
    if lower.removeprefix("etc/") in UTC_NAMES:
        return "UTC"
    prefixed = PREFIXED.fullmatch(lower)
    if prefixed:
        # By POSIX, Etc/GMT+5 lies west of Greenwich.
        west = prefixed[1] == "etc/gmt"
        text = prefixed[2].translate(str.maketrans("+-", "-+")) if west else prefixed[2]
    found = OFFSET.fullmatch(text)
    if found:
        sign, hours, minutes = found.groups()
        total = int(hours) * 60 + int(minutes or 0)
        if total > LARGEST_OFFSET or int(minutes or 0) > LAST_MINUTE:
            raise invalid(f"'{text}' is not a valid time zone")
        return offset_name(total if sign == "+" else -total)
    name = _names().get(lower)
    if name is None:
        raise invalid(f"'{text}' is not a valid time zone")
    return name


def offset_name(minutes: int) -> str:
    """The zone name of an offset in minutes."""
    if minutes == 0:
        return "UTC"
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def offset_zone(hours: int, minutes: int) -> str:
    """The zone of an offset given as hours and minutes."""
    total = hours * 60 + minutes
    if abs(total) > LARGEST_OFFSET:
        raise invalid(f"Invalid offset minutes {total}")
    return offset_name(total)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    import pytz  # noqa: PLC0415  (only where a zone is not a literal)

    return {name.lower(): name for name in pytz.all_timezones}


def _zone(call: Call, position: int) -> str:
    """The zone argument: checked now where it is a literal, else by the function in Python."""
    text = call.arguments[position].literal
    return f"trino_zone(${position + 1})" if text is None else literal(zone_name(text))


def _in_zone(function: str) -> Choose:
    """A function of a value and a zone, which is looked up now where it is a literal."""

    def choose(call: Call) -> str:
        try:
            return f"{function}($1, {_zone(call, 1)})"
        except TrinoError as error:
            return failing(error, ZONED_TYPE)

    return choose


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "at_timezone",
        ("timestamp(p) with time zone", "varchar(x)"),
        How.MACRO,
        choose=_in_zone("trino_at_timezone"),
    ),
    Entry(
        "with_timezone",
        ("timestamp(p)", "varchar(x)"),
        How.MACRO,
        choose=_in_zone("trino_zoned"),
    ),
    Entry(
        "from_unixtime",
        ("double", "varchar(x)"),
        How.MACRO,
        choose=_in_zone("trino_from_unixtime"),
    ),
    *table(
        How.MACRO,
        (
            ("from_unixtime", "double", "trino_from_unixtime($1, 'UTC')"),
            (
                "from_unixtime",
                "double; bigint; bigint",
                "trino_from_unixtime($1, trino_offset_zone($2, $3))",
            ),
            (
                "to_unixtime",
                "timestamp(p) with time zone",
                "(CAST(epoch_us(trino_instant_of($1)) AS DOUBLE) / 1e6)",
            ),
            ("timezone", "timestamp(p) with time zone", "trino_zone_of($1)"),
            ("timezone_hour", "timestamp(p) with time zone", "(trino_offset_minutes($1) // 60)"),
            ("timezone_minute", "timestamp(p) with time zone", "(trino_offset_minutes($1) % 60)"),
        ),
    ),
    *table(How.NATIVE, (("current_timezone", "", "'UTC'"),)),
)

LOCAL = "timezone(z, timezone('UTC', {0}))"
INSTANT = "timezone('UTC', timezone(z, t))"
# Where a clock is set back the wall time is there twice: DuckDB takes the later, Java the earlier
# one.
EARLIER = " ".join(
    f"WHEN {LOCAL.format(f'{INSTANT} - to_minutes({shift})')} = t THEN {INSTANT} - "
    f"to_minutes({shift})"
    for shift in (60, 30, 120)
)

DEFINITIONS: tuple[Definition, ...] = (
    Macro(
        "trino_offset_of",
        "z",
        "(CASE WHEN z[1] = '-' THEN -1 ELSE 1 END) * (CAST(z[2:3] AS BIGINT) * 60 + CAST(z[5:6] "
        "AS BIGINT))",
    ),
    Macro(
        "trino_local_at",
        "i, z",
        "CASE WHEN z = 'UTC' THEN i WHEN z[1] IN ('+', '-') THEN i + "
        "to_minutes(trino_offset_of(z)) "
        f"ELSE {LOCAL.format('i')} END",
    ),
    # A constant NULL loses its type when a field is taken from it.
    Macro("trino_instant_of", "v", "CAST((v).instant AS TIMESTAMP)"),
    Macro("trino_zone_of", "v", 'CAST((v)."zone" AS VARCHAR)'),
    Macro(
        "trino_packed",
        "t, z",
        'CASE WHEN t IS NOT NULL AND z IS NOT NULL THEN struct_pack(instant := t, "zone" := z) END',
    ),
    Macro("trino_local", "v", "trino_local_at(trino_instant_of(v), trino_zone_of(v))"),
    Macro(
        "trino_instant",
        "t, z",
        "CASE WHEN z = 'UTC' THEN t WHEN z[1] IN ('+', '-') THEN t - "
        "to_minutes(trino_offset_of(z)) "
        f"{EARLIER} ELSE {INSTANT} END",
    ),
    Macro(
        "trino_zoned",
        "t, z",
        "trino_packed(trino_instant(t, z), z)",
    ),
    Macro(
        "trino_at_timezone",
        "v, z",
        "trino_packed(trino_instant_of(v), z)",
    ),
    Macro(
        "trino_offset_minutes",
        "v",
        "((epoch_us(trino_local(v)) - epoch_us(trino_instant_of(v))) // 60000000)",
    ),
    Macro(
        "trino_java_round",
        "x",
        "CAST(CASE WHEN x - floor(x) >= 0.5 THEN floor(x) + 1 ELSE floor(x) END AS BIGINT)",
    ),
    # Trino keeps milliseconds in 52 bits.
    Macro(
        "trino_from_unixtime",
        "x, z",
        "CASE WHEN z IS NULL THEN NULL "
        'WHEN isnan(x) THEN struct_pack(instant := make_timestamp(0), "zone" := z) '
        "WHEN abs(x * 1000) >= 2251799813685248 THEN "
        + fails(
            "INVALID_FUNCTION_ARGUMENT",
            "Millis overflow",
            ZONED_TYPE,
        )
        + " WHEN x IS NOT NULL AND z IS NOT NULL THEN "
        'struct_pack(instant := make_timestamp(trino_java_round(x * 1000) * 1000), "zone" := z) '
        "END",
    ),
    Python("trino_zone", ("VARCHAR",), "VARCHAR", zone_name),
    Python("trino_offset_zone", ("BIGINT", "BIGINT"), "VARCHAR", offset_zone),
)
