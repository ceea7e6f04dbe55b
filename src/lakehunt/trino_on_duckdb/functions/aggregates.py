"""Aggregate functions: counts, sums and means by type, extremes, collections, statistics.

It must not know how groups are formed; the marks of the templates take DISTINCT, ORDER BY,
FILTER and OVER.
"""

from __future__ import annotations

from lakehunt.trino_on_duckdb.functions.arithmetic import decimal_average
from lakehunt.trino_on_duckdb.functions.definitions import Definition, Macro, Python, fails
from lakehunt.trino_on_duckdb.functions.entry import Call, Choose, Entry, How, Refused, table
from lakehunt.trino_on_duckdb.functions.kinds import comparable, element, is_nested

FLOATS = ("double", "real")
# The most values that max and min take.
LARGEST_COUNT = 10_000
ORDERED_ALIKE = (
    *("boolean", "tinyint", "smallint", "integer", "bigint", "decimal", "varchar", "date"),
    "timestamp",
)
"""Elements by which DuckDB orders arrays as Trino does; Trino raises where it meets a NULL."""
WITHOUT_NULLS = (
    "CASE WHEN list_count($1) < len($1) THEN "
    + fails("NOT_REPRODUCED", "the order of arrays with NULL inside", "$t1")
    + " ELSE $1 END"
)
NAN_LEAST = "CASE WHEN isnan($2) THEN CAST('-Infinity' AS $t2) ELSE $2 END"

TABLE: tuple[tuple[str, str, str], ...] = (
    ("count", "", "count(*)$after"),
    ("count", "t", "count($distinct$1$order)$after"),
    ("count_if", "boolean", "count($distinctCASE WHEN $1 THEN 1 END$order)$after"),
    ("sum", "bigint", "CAST(sum($distinct$1$order)$after AS BIGINT)"),
    ("sum", "double", "sum($distinct$1$order)$after"),
    ("sum", "real", "CAST(sum($distinctCAST($1 AS DOUBLE)$order)$after AS FLOAT)"),
    ("sum", "decimal(p,s)", "CAST(sum($distinct$1$order)$after AS $r)"),
    ("sum", "interval day to second", "CAST(sum($distinct$1$order)$after AS BIGINT)"),
    ("sum", "interval year to month", "CAST(sum($distinct$1$order)$after AS INTEGER)"),
    ("avg", "bigint", "avg($distinct$1$order)$after"),
    ("avg", "double", "avg($distinct$1$order)$after"),
    ("avg", "real", "CAST(avg($distinctCAST($1 AS DOUBLE)$order)$after AS FLOAT)"),
    (
        "avg",
        "decimal(p,s)",
        "CAST(trino_decimal_average(CAST(sum($distinct$1$order)$after AS VARCHAR), "
        "count($distinct$1$order)$after, $s1) AS $r)",
    ),
    ("avg", "interval day to second", "trino_java_round(avg($distinct$1$order)$after)"),
    (
        "avg",
        "interval year to month",
        "CAST(trino_java_round(avg($distinct$1$order)$after) AS INTEGER)",
    ),
    ("any_value", "t", "any_value($distinct$1$order)$after"),
    ("arbitrary", "t", "any_value($distinct$1$order)$after"),
    ("bool_and", "boolean", "bool_and($distinct$1$order)$after"),
    ("bool_or", "boolean", "bool_or($distinct$1$order)$after"),
    ("every", "boolean", "bool_and($distinct$1$order)$after"),
    ("bitwise_and_agg", "bigint", "bit_and($distinct$1$order)$after"),
    ("bitwise_or_agg", "bigint", "bit_or($distinct$1$order)$after"),
    ("bitwise_xor_agg", "bigint", "bit_xor($distinct$1$order)$after"),
    ("corr", "double; double", "trino_finite(corr($distinct$1, $2$order)$after)"),
    ("corr", "real; real", "CAST(trino_finite(corr($distinct$1, $2$order)$after) AS FLOAT)"),
    ("covar_pop", "double; double", "covar_pop($distinct$1, $2$order)$after"),
    ("covar_pop", "real; real", "CAST(covar_pop($distinct$1, $2$order)$after AS FLOAT)"),
    ("covar_samp", "double; double", "covar_samp($distinct$1, $2$order)$after"),
    ("covar_samp", "real; real", "CAST(covar_samp($distinct$1, $2$order)$after AS FLOAT)"),
    ("regr_slope", "double; double", "trino_finite(regr_slope($distinct$1, $2$order)$after)"),
    (
        "regr_slope",
        "real; real",
        "CAST(trino_finite(regr_slope($distinct$1, $2$order)$after) AS FLOAT)",
    ),
    (
        "regr_intercept",
        "double; double",
        "trino_finite(regr_intercept($distinct$1, $2$order)$after)",
    ),
    (
        "regr_intercept",
        "real; real",
        "CAST(trino_finite(regr_intercept($distinct$1, $2$order)$after) AS FLOAT)",
    ),
    ("geometric_mean", "bigint", "exp(avg($distincttrino_ln(CAST($1 AS DOUBLE))$order)$after)"),
    ("geometric_mean", "double", "exp(avg($distincttrino_ln($1)$order)$after)"),
    (
        "geometric_mean",
        "real",
        "CAST(exp(avg($distincttrino_ln(CAST($1 AS DOUBLE))$order)$after) AS FLOAT)",
    ),
    (
        "listagg",
        "varchar; varchar; boolean; varchar; boolean",
        "string_agg($distinct$1, $2$order)$after",
    ),
)
MOMENTS = {
    "stddev": "stddev_samp",
    "stddev_samp": "stddev_samp",
    "stddev_pop": "stddev_pop",
    "variance": "var_samp",
    "var_samp": "var_samp",
    "var_pop": "var_pop",
    "kurtosis": "kurtosis",
}


def _moments() -> tuple[Entry, ...]:
    rows = [
        (name, kind, f"{function}($distinct$1$order)$after")
        for name, function in MOMENTS.items()
        for kind in ("bigint", "double")
    ]
    # DuckDB corrects the skewness for small samples, Trino does not.
    skew = "trino_skewness(skewness($distinct$1$order)$after, count($distinct$1$order)$after)"
    return table(How.NATIVE, [*rows, ("skewness", "bigint", skew), ("skewness", "double", skew)])


def _collected(call: Call) -> str:
    """array_agg; Trino keeps distinct values in the order of their first appearance."""
    if call.distinct and not call.order:
        comparable(call.arguments[0].trino)
        return "trino_array_distinct(list($1)$after)/*$distinct*/"
    return "list($distinct$1$order)$after"


def _extreme(name: str) -> Choose:
    """max or min: NaN loses against every number."""

    def choose(call: Call) -> str:
        kind = call.arguments[0].trino
        if kind.startswith("array(") and element(kind).partition("(")[0] in ORDERED_ALIKE:
            return f"{name}($distinct{WITHOUT_NULLS}$order)$after"
        if is_nested(kind):
            raise Refused(f"{name} of {kind}")
        if kind in FLOATS and name == "max":
            return (
                "coalesce(max($distinctCASE WHEN NOT isnan($1) THEN $1 END)$after, max($1)$after)"
            )
        return f"{name}($distinct$1$order)$after"

    return choose


def _extremes(name: str) -> Choose:
    """The n largest or smallest values."""

    def choose(call: Call) -> str:
        kind, count = call.arguments[0].trino, call.arguments[1].literal
        if is_nested(kind) or kind in FLOATS:
            raise Refused(f"{name} of several {kind}")
        comparable(kind)
        if count is None or not 0 < int(count) <= LARGEST_COUNT:
            raise Refused(f"{name} of a number of values that is no literal between 1 and 10000")
        return f"{name}($1, $2)$after"

    return choose


def _extreme_by(name: str, function: str) -> Choose:
    """The value beside the largest or smallest key; the value may be NULL."""

    def choose(call: Call) -> str:
        key = call.arguments[1].trino
        if is_nested(key):
            raise Refused(f"{name} by {key}")
        if len(call.arguments) == len(("v", "k", "n")):
            count = call.arguments[2].literal
            if key in FLOATS or count is None or not 0 < int(count) <= LARGEST_COUNT:
                raise Refused(f"{name} of several values by {key}")
            best = function.removesuffix("_null")
            picked = f"{best}(struct_pack(value := $1), $2, $3)$after"
            return f"list_transform({picked}, lambda trino_x: trino_x.value)"
        chosen = NAN_LEAST if key in FLOATS and name == "max_by" else "$2"
        return f"{function}($distinct$1, {chosen}$order)$after"

    return choose


def _keyed(template: str) -> Choose:
    """A map by the first argument, whose values must be told apart as in Trino."""

    def choose(call: Call) -> str:
        kind = call.arguments[0].trino
        comparable(kind.partition(",")[0] if kind.startswith("map(") else kind)
        return template

    return choose


ENTRY = "list($distinctstruct_pack(key := $1, value := $2)$order)$after"
ENTRIES: tuple[Entry, ...] = (
    *table(How.NATIVE, TABLE),
    *_moments(),
    Entry("array_agg", ("t",), How.NATIVE, choose=_collected),
    Entry("max", ("t",), How.NATIVE, choose=_extreme("max")),
    Entry("min", ("t",), How.NATIVE, choose=_extreme("min")),
    Entry("max", ("e", "bigint"), How.NATIVE, choose=_extremes("max")),
    Entry("min", ("e", "bigint"), How.NATIVE, choose=_extremes("min")),
    Entry("max_by", ("v", "k"), How.NATIVE, choose=_extreme_by("max_by", "arg_max_null")),
    Entry("min_by", ("v", "k"), How.NATIVE, choose=_extreme_by("min_by", "arg_min_null")),
    Entry("max_by", ("v", "k", "bigint"), How.NATIVE, choose=_extreme_by("max_by", "arg_max_null")),
    Entry("min_by", ("v", "k", "bigint"), How.NATIVE, choose=_extreme_by("min_by", "arg_min_null")),
    Entry(
        "histogram",
        ("t",),
        How.MACRO,
        choose=_keyed("CAST(trino_filled_map(histogram($distinct$1$order)$after) AS $r)"),
    ),
    Entry("map_agg", ("k", "v"), How.MACRO, choose=_keyed(f"trino_first_entries({ENTRY})")),
    Entry("multimap_agg", ("k", "v"), How.MACRO, choose=_keyed(f"trino_all_entries({ENTRY})")),
    Entry(
        "map_union",
        ("map(k,v)",),
        How.MACRO,
        choose=_keyed("trino_first_entries(flatten(list(map_entries($1)$order)$after))"),
    ),
)

KEYED = "list_filter(a, lambda trino_it: trino_it.key IS NOT NULL)"
DEFINITIONS: tuple[Definition, ...] = (
    Macro("trino_finite", "x", "CASE WHEN isfinite(x) THEN x END"),
    Macro("trino_skewness", "g, n", "g * (n - 2) / sqrt(CAST(n AS DOUBLE) * (n - 1))"),
    Macro("trino_filled_map", "m", "CASE WHEN len(map_keys(m)) > 0 THEN m END"),
    Macro(
        "trino_first_entries",
        "a",
        f"CASE WHEN len(list_distinct(list_transform({KEYED}, lambda trino_it: trino_it.key))) "
        f"= len({KEYED}) AND len({KEYED}) > 0 THEN map_from_entries({KEYED}) "
        f"WHEN len({KEYED}) > 0 THEN map_from_entries(list_filter({KEYED}, "
        f"lambda trino_it, trino_at: list_position(list_transform({KEYED}, "
        "lambda trino_that: trino_that.key), trino_it.key) = trino_at)) END",
    ),
    Macro(
        "trino_all_entries",
        "a",
        f"CASE WHEN len({KEYED}) > 0 THEN trino_multimap({KEYED}) END",
    ),
    Python("trino_decimal_average", ("VARCHAR", "BIGINT", "BIGINT"), "VARCHAR", decimal_average),
)
