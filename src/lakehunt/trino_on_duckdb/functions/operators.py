"""What operators need beyond DuckDB's own: exact decimal division, comparison of doubles,
subscripts, intervals.

It must not know the lowering, which names these. The prelude installs them.
"""

from __future__ import annotations

from lakehunt.trino_on_duckdb.functions.definitions import Definition, Macro, fails
from lakehunt.trino_on_duckdb.functions.entry import Entry

ENTRIES: tuple[Entry, ...] = ()

# DuckDB holds NaN equal to itself and above all numbers; in Trino every comparison with it is
# false, <> true.
EITHER_NAN = "isnan(a) OR isnan(b)"
NOTHING = "a + b < CAST('-inf' AS DOUBLE)"
BELOW_ONE = fails("INVALID_FUNCTION_ARGUMENT", "SQL array indices start at 1", "BIGINT")
NEGATIVE = fails("INVALID_FUNCTION_ARGUMENT", "Array subscript is negative", "BIGINT")
BEYOND = fails(
    "INVALID_FUNCTION_ARGUMENT",
    "Array subscript must be less than or equal to array length",
    "BIGINT",
)
HALF_DAY = fails(
    "INVALID_FUNCTION_ARGUMENT", "Cannot add hour, minutes or seconds to a date", "INTEGER"
)
TIMES = 'struct_pack("instant" := {0}, "zone" := (v)."zone")'

DEFINITIONS: tuple[Definition, ...] = (
    *(
        Macro(
            f"trino_double_{name}",
            "a, b",
            f"CASE WHEN {EITHER_NAN} THEN {NOTHING} ELSE a {sign} b END",
        )
        for name, sign in (("eq", "="), ("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">="))
    ),
    Macro(
        "trino_double_ne", "a, b", f"CASE WHEN {EITHER_NAN} THEN NOT ({NOTHING}) ELSE a <> b END"
    ),
    Macro("trino_unscaled", "d", "CAST(replace(CAST(d AS VARCHAR), '.', '') AS HUGEINT)"),
    # Half away from zero, as Trino's decimals round.
    Macro(
        "trino_divided",
        "a, b",
        "CASE WHEN abs(a % b) * 2 >= abs(b) THEN a // b + CASE WHEN (a < 0) = (b < 0) THEN 1 ELSE "
        "-1 END "
        "ELSE a // b END",
    ),
    Macro(
        "trino_all_equal",
        "l",
        "CASE WHEN list_contains(l, FALSE) THEN FALSE WHEN list_count(l) < len(l) THEN NULL ELSE "
        "TRUE END",
    ),
    Macro(
        "trino_index",
        "a, i",
        f"CASE WHEN i > len(a) THEN {BEYOND} WHEN i = 0 THEN {BELOW_ONE} WHEN i < 0 THEN "
        f"{NEGATIVE} ELSE i END",
    ),
    Macro(
        "trino_date_plus_days",
        "d, ms",
        f"CASE WHEN ms % 86400000 <> 0 THEN CAST(d + {HALF_DAY} AS DATE) "
        "ELSE d + CAST(ms // 86400000 AS INTEGER) END",
    ),
    # The first place where the arrays differ, or where either holds a NULL.
    Macro(
        "trino_meets_null",
        "a, b",
        "a IS NOT NULL AND b IS NOT NULL AND len(list_filter([list_filter("
        "range(1, least(len(a), len(b)) + 1), lambda trino_i: a[trino_i] IS NULL "
        "OR a[trino_i] IS DISTINCT FROM b[trino_i])[1]], "
        "lambda trino_i: trino_i IS NOT NULL AND (a[trino_i] IS NULL OR b[trino_i] IS NULL))) > 0",
    ),
    Macro("trino_date_plus_months", "d, m", "CAST(d + to_months(m) AS DATE)"),
    Macro("trino_plus_milliseconds", "t, ms", "t + to_microseconds(ms * 1000)"),
    Macro("trino_plus_months", "t, m", "t + to_months(m)"),
    Macro(
        "trino_zoned_plus_milliseconds",
        "v, ms",
        "CASE WHEN v IS NOT NULL AND ms IS NOT NULL THEN "
        f"{TIMES.format('(v).instant + to_microseconds(ms * 1000)')} END",
    ),
    Macro(
        "trino_zoned_plus_months",
        "v, m",
        "CASE WHEN v IS NOT NULL AND m IS NOT NULL THEN "
        'trino_zoned(trino_local(v) + to_months(m), (v)."zone") END',
    ),
    Macro(
        "trino_round_div",
        "x, n",
        "CASE WHEN x >= 0 THEN (x + n // 2) // n ELSE -((-x + n // 2 - 1) // n) END",
    ),
    Macro("trino_between_timestamps", "a, b", "trino_round_div(epoch_us(a) - epoch_us(b), 1000)"),
)
