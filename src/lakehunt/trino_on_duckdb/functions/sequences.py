"""sequence: arrays of numbers, dates and timestamps from a start to a stop.

It must not know other arrays. Steps of days are milliseconds, steps of months are counted from
the start.
"""

from __future__ import annotations

from lakehunt.trino_on_duckdb.functions.definitions import Definition, Macro, fails
from lakehunt.trino_on_duckdb.functions.entry import Entry, How, table

BAD = "INVALID_FUNCTION_ARGUMENT"
LARGEST_RESULT = 10_000
DAY = 86_400_000
DAY_TIME, YEAR_MONTH, STAMP = "interval day to second", "interval year to month", "timestamp(p)"
TOO_LONG = "result of sequence function must not have more than 10000 entries"
DIRECTION = (
    "sequence stop value should be greater than or equal to start value if step is greater than "
    "zero "
    "otherwise stop should be less than or equal to start"
)


def _guarded(start: str, stop: str, count: str, result: str, body: str) -> str:
    """`body` where the step leads to the stop and the result is not too large."""
    return (
        f"CASE WHEN n = 0 THEN {fails(BAD, 'step must not be zero', result)} "
        f"WHEN n > 0 AND {stop} < {start} OR n < 0 AND {stop} > {start} THEN "
        f"{fails(BAD, DIRECTION, result)} "
        f"WHEN {count} >= {LARGEST_RESULT} THEN "
        f"{fails(BAD, TOO_LONG, result)} "
        f"ELSE {body} END"
    )


MONTHS = "((year(b) - year(a)) * 12 + month(b) - month(a))"
TABLE: tuple[tuple[str, str, str], ...] = (
    ("sequence", "bigint; bigint", "trino_sequence($1, $2, CASE WHEN $1 <= $2 THEN 1 ELSE -1 END)"),
    ("sequence", "bigint; bigint; bigint", "trino_sequence($1, $2, $3)"),
    (
        "sequence",
        "date; date",
        f"trino_date_sequence($1, $2, CASE WHEN $1 <= $2 THEN {DAY} ELSE -{DAY} END)",
    ),
    ("sequence", f"date; date; {DAY_TIME}", "trino_date_sequence($1, $2, $3)"),
    ("sequence", f"date; date; {YEAR_MONTH}", "trino_date_month_sequence($1, $2, $3)"),
    ("sequence", f"{STAMP}; {STAMP}; {DAY_TIME}", "trino_time_sequence($1, $2, $3)"),
    ("sequence", f"{STAMP}; {STAMP}; {YEAR_MONTH}", "trino_month_sequence($1, $2, $3)"),
)
ENTRIES: tuple[Entry, ...] = table(How.MACRO, TABLE)

DEFINITIONS: tuple[Definition, ...] = (
    Macro(
        "trino_sequence",
        "a, b, n",
        _guarded(
            "a",
            "b",
            "abs((CAST(b AS HUGEINT) - a) // n)",
            "BIGINT[]",
            "list_transform(range(CAST((CAST(b AS HUGEINT) - a) // n AS BIGINT) + 1), "
            "lambda trino_at: CAST(CAST(a AS HUGEINT) + CAST(trino_at AS HUGEINT) * n AS BIGINT))",
        ),
    ),
    Macro(
        "trino_date_sequence",
        "a, b, n",
        f"CASE WHEN n % {DAY} <> 0 THEN "
        + fails(
            BAD, "sequence step must be a day interval if start and end values are dates", "DATE[]"
        )
        + " ELSE "
        + _guarded(
            "a",
            "b",
            f"abs((b - a) // (n // {DAY}))",
            "DATE[]",
            f"list_transform(range((b - a) // (n // {DAY}) + 1), lambda trino_at: "
            f"a + CAST(trino_at * (n // {DAY}) AS INTEGER))",
        )
        + " END",
    ),
    Macro(
        "trino_time_sequence",
        "a, b, n",
        _guarded(
            "a",
            "b",
            "abs((epoch_us(b) - epoch_us(a)) // (n * 1000))",
            "TIMESTAMP[]",
            "list_transform(range((epoch_us(b) - epoch_us(a)) // (n * 1000) + 1), "
            "lambda trino_at: make_timestamp(epoch_us(a) + trino_at * n * 1000))",
        ),
    ),
    Macro(
        "trino_month_sequence",
        "a, b, n",
        _guarded(
            "a",
            "b",
            f"abs({MONTHS} // n)",
            "TIMESTAMP[]",
            f"list_filter(list_transform(range({MONTHS} // n + 1), lambda trino_at: "
            "a + to_months(CAST(trino_at * n AS INTEGER))), "
            "lambda trino_it: CASE WHEN n > 0 THEN trino_it <= b ELSE trino_it >= b END)",
        ),
    ),
    Macro(
        "trino_date_month_sequence",
        "a, b, n",
        "CAST(trino_month_sequence(CAST(a AS TIMESTAMP), CAST(b AS TIMESTAMP), n) AS DATE[])",
    ),
)
