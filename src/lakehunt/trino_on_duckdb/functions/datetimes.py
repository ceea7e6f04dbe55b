"""Dates, timestamps and intervals: fields, truncation, sums and differences, by the type of the
value.

It must not know patterns of text. A zoned value is STRUCT(instant, zone) and is counted in its
local time.
"""

from __future__ import annotations

from lakehunt.trino_on_duckdb.functions.definitions import (
    Definition,
    Macro,
    failing,
    fails,
    invalid,
)
from lakehunt.trino_on_duckdb.functions.entry import Call, Choose, Entry, How, Refused, table

DATE, STAMP, ZONED, TIME = "date", "timestamp(p)", "timestamp(p) with time zone", "time(p)"
DAY_TIME, YEAR_MONTH = "interval day to second", "interval year to month"
BAD = "INVALID_FUNCTION_ARGUMENT"

# What a field is in DuckDB, of a date or of local time.
DATE_FIELDS = {
    "year": "year({0})",
    "quarter": "quarter({0})",
    "month": "month({0})",
    "week": "week({0})",
    "week_of_year": "week({0})",
    "day": "day({0})",
    "day_of_month": "day({0})",
    "day_of_week": "isodow({0})",
    "dow": "isodow({0})",
    "day_of_year": "dayofyear({0})",
    "doy": "dayofyear({0})",
    "year_of_week": "isoyear({0})",
    "yow": "isoyear({0})",
}
TIME_FIELDS = {
    "hour": "hour({0})",
    "minute": "minute({0})",
    "second": "second({0})",
    "millisecond": "(millisecond({0}) % 1000)",
}
INTERVAL_FIELDS: tuple[tuple[str, str, str], ...] = (
    ("day", DAY_TIME, "($1 // 86400000)"),
    ("day_of_month", DAY_TIME, "($1 // 86400000)"),
    ("hour", DAY_TIME, "($1 % 86400000 // 3600000)"),
    ("minute", DAY_TIME, "($1 % 3600000 // 60000)"),
    ("second", DAY_TIME, "($1 % 60000 // 1000)"),
    ("millisecond", DAY_TIME, "($1 % 1000)"),
    ("month", YEAR_MONTH, "CAST($1 % 12 AS BIGINT)"),
    ("year", YEAR_MONTH, "CAST($1 // 12 AS BIGINT)"),
    ("to_milliseconds", DAY_TIME, "$1"),
)
OTHERS: tuple[tuple[str, str, str], ...] = (
    ("last_day_of_month", DATE, "last_day($1)"),
    ("last_day_of_month", STAMP, "last_day($1)"),
    ("last_day_of_month", ZONED, "last_day(trino_local($1))"),
    ("date", STAMP, "CAST($1 AS DATE)"),
    ("date", ZONED, "CAST(trino_local($1) AS DATE)"),
    ("date", "varchar(x)", "trino_date($1)"),
    ("current_date", "", "CAST(timezone('UTC', now()) AS DATE)"),
    (
        "now",
        "",
        "struct_pack(instant := date_trunc('millisecond', timezone('UTC', now())), \"zone\" := "
        "'UTC')",
    ),
)

DATE_UNITS = ("day", "week", "month", "quarter", "year")
TIME_UNITS = ("millisecond", "second", "minute", "hour")
INTERVALS = {
    "millisecond": "to_milliseconds",
    "second": "to_seconds",
    "minute": "to_minutes",
    "hour": "to_hours",
    "day": "to_days",
    "week": "to_weeks",
    "month": "to_months",
    "quarter": "to_quarters",
    "year": "to_years",
}
MILLISECONDS = {
    "millisecond": 1,
    "second": 1000,
    "minute": 60_000,
    "hour": 3_600_000,
    "day": 86_400_000,
}
MILLISECONDS["week"] = 7 * MILLISECONDS["day"]
MONTHS = {"month": 1, "quarter": 3, "year": 12}
UNITS = {
    DATE: DATE_UNITS,
    STAMP: TIME_UNITS + DATE_UNITS,
    ZONED: TIME_UNITS + DATE_UNITS,
    TIME: TIME_UNITS,
}
NAMES = {DATE: "DATE", STAMP: "Timestamp", ZONED: "Timestamp", TIME: "Time"}


def _unit(call: Call, kind: str) -> str | None:
    """The unit in lower case; None where Trino has no such unit for the type."""
    text = call.arguments[0].literal
    if text is None:
        raise Refused("the unit must be a literal")
    unit = text.lower()
    return unit if unit in UNITS[kind] else None


def _bad_unit(call: Call, kind: str) -> str:
    unit = (call.arguments[0].literal or "").lower()
    error = invalid(f"'{unit}' is not a valid {NAMES[kind]} field")
    return failing(error, call.duckdb or "BIGINT", "$2")


def _truncate(kind: str) -> Choose:
    def choose(call: Call) -> str:
        unit = _unit(call, kind)
        if unit is None:
            return _bad_unit(call, kind)
        if kind == DATE:
            return f"CAST(date_trunc('{unit}', $2) AS DATE)"
        if kind == STAMP:
            return f"date_trunc('{unit}', $2)"
        if kind == TIME:
            return f"trino_truncate_time($2, {MILLISECONDS[unit] * 1000})"
        zoned = "trino_truncate_instant" if unit in TIME_UNITS else "trino_truncate_zoned"
        return f"{zoned}('{unit}', $2)"

    return choose


def _add(kind: str) -> Choose:
    def choose(call: Call) -> str:
        unit = _unit(call, kind)
        if unit is None:
            return _bad_unit(call, kind)
        # A time of day wraps, so whole days of the count are dropped before they overflow.
        count = (
            f"$2 % {MILLISECONDS['day'] // MILLISECONDS[unit]}"
            if kind == TIME
            else "trino_count($2)"
        )
        step = f"{INTERVALS[unit]}({count})"
        if kind == DATE:
            return f"CAST($3 + {step} AS DATE)"
        if kind == ZONED:
            moved = (
                f"trino_packed(trino_instant_of($3) + {step}, trino_zone_of($3))"
                if unit in TIME_UNITS
                else f"trino_zoned(trino_local($3) + {step}, trino_zone_of($3))"
            )
        else:
            moved = f"($3 + {step})"
        if unit != "millisecond":
            return moved
        rounding = {
            STAMP: "trino_round_timestamp",
            ZONED: "trino_sum_zoned",
            TIME: "trino_sum_time",
        }
        return f"{rounding[kind]}({moved}, $p3)" if kind in rounding else moved

    return choose


def _difference(kind: str) -> Choose:
    def choose(call: Call) -> str:
        unit = _unit(call, kind)
        if unit is None:
            return _bad_unit(call, kind)
        if kind == TIME:
            return (
                f"((trino_time_milliseconds($3) - trino_time_milliseconds($2)) // "
                f"{MILLISECONDS[unit]})"
            )
        first, second = "$2", "$3"
        if kind == ZONED:
            first, second = (
                ("trino_instant_of($2)", "trino_instant_of($3)")
                if unit in TIME_UNITS
                else (
                    "trino_local($2)",
                    "trino_local_at(trino_instant_of($3), trino_zone_of($2))",
                )
            )
        elif kind == DATE:
            first, second = "CAST($2 AS TIMESTAMP)", "CAST($3 AS TIMESTAMP)"
        if unit in MONTHS:
            return f"(trino_months_between({first}, {second}) // {MONTHS[unit]})"
        return (
            f"((trino_milliseconds({second}) - trino_milliseconds({first})) // "
            f"{MILLISECONDS[unit]})"
        )

    return choose


def _fields() -> tuple[Entry, ...]:
    rows = []
    for name, template in (DATE_FIELDS | TIME_FIELDS).items():
        kinds = (DATE, STAMP) if name in DATE_FIELDS else (TIME, STAMP)
        rows += [(name, kind, template.format("$1")) for kind in kinds]
        rows.append((name, ZONED, template.format("trino_local($1)")))
    return table(How.NATIVE, rows)


UNIT = "varchar(x)"
KINDS = (DATE, STAMP, ZONED, TIME)
ENTRIES: tuple[Entry, ...] = (
    *_fields(),
    *table(How.NATIVE, INTERVAL_FIELDS),
    *table(How.NATIVE, OTHERS),
    *(Entry("date_trunc", (UNIT, kind), How.MACRO, choose=_truncate(kind)) for kind in KINDS),
    *(Entry("date_add", (UNIT, "bigint", kind), How.MACRO, choose=_add(kind)) for kind in KINDS),
    *(
        Entry("date_diff", (UNIT, kind, kind), How.MACRO, choose=_difference(kind))
        for kind in KINDS
    ),
)

# The day of `a`, moved to that of `b` where `b` is the last day of a shorter month, as Joda counts
# months.
FIRST_DAY = "CASE WHEN day(b) = day(last_day(b)) THEN least(day(a), day(b)) ELSE day(a) END"
DEFINITIONS: tuple[Definition, ...] = (
    Macro(
        "trino_date",
        "s",
        r"CASE WHEN regexp_full_match(s, '\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}\s*') THEN "
        r"CAST(trim(s, E' \t\n\r\f\x0b') AS DATE) "
        f"WHEN s IS NOT NULL THEN "
        f"{fails('INVALID_CAST_ARGUMENT', 'Value cannot be cast to date', 'DATE')} END",
    ),
    Macro(
        "trino_count",
        "n",
        "CASE WHEN n NOT BETWEEN -2147483648 AND 2147483647 THEN "
        f"{fails(BAD, 'integer overflow', 'INTEGER')} ELSE CAST(n AS INTEGER) END",
    ),
    Macro("trino_milliseconds", "t", "(epoch_us(t) - (epoch_us(t) % 1000 + 1000) % 1000) // 1000"),
    Macro("trino_time_milliseconds", "t", "epoch_us(t) // 1000"),
    Macro(
        "trino_truncate_time",
        "t, n",
        "CAST(TIME '00:00:00' + to_microseconds(epoch_us(t) // n * n) AS TIME)",
    ),
    Macro(
        "trino_truncate_zoned",
        "u, v",
        "trino_zoned(date_trunc(u, trino_local(v)), trino_zone_of(v))",
    ),
    Macro(
        "trino_truncate_instant",
        "u, v",
        "trino_packed(trino_instant_of(v) - (trino_local(v) - date_trunc(u, trino_local(v))), "
        "trino_zone_of(v))",
    ),
    Macro(
        "trino_round_timestamp",
        "t, p",
        "CASE WHEN p >= 3 THEN t ELSE make_timestamp(CAST(floor((epoch_us(t) + 5 * pow(10, 5 - "
        "p)) / pow(10, 6 - p)) "
        "* pow(10, 6 - p) AS BIGINT)) END",
    ),
    Macro(
        "trino_sum_zoned",
        "v, p",
        "trino_packed(trino_round_timestamp(trino_instant_of(v), p), trino_zone_of(v))",
    ),
    Macro(
        "trino_sum_time",
        "t, p",
        "CAST(trino_round_timestamp(make_timestamp(epoch_us(t)), p) AS TIME)",
    ),
    Macro(
        "trino_whole_months",
        "a, b",
        "(year(b) - year(a)) * 12 + month(b) - month(a) - CASE WHEN "
        f"(day(b), CAST(b AS TIME)) < ({FIRST_DAY}, CAST(a AS TIME)) THEN 1 ELSE 0 END",
    ),
    Macro(
        "trino_months_between",
        "a, b",
        "CASE WHEN a <= b THEN trino_whole_months(a, b) ELSE -trino_whole_months(b, a) END",
    ),
)
