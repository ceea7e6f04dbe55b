"""Functions that are not reproduced, with the reasons a user gets.

It must not hold anything that works. Each group has one reason.
"""

from __future__ import annotations

from lakehunt.trino_on_duckdb.functions.definitions import Definition
from lakehunt.trino_on_duckdb.functions.entry import Entry, How, split_types

APPROXIMATE = (
    "an approximation whose result differs by design; count(DISTINCT ...) or array_agg are exact"
)
SKETCH = "sketches have no counterpart in DuckDB"
COLOR = "colours for terminals are not reproduced"
ZONED_TIME = "time with time zone is not carried"
RANDOM = "a random number of a range; use random()"
STATISTICS = "this distribution is not reproduced"

REASONS: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...] = (
    (
        APPROXIMATE,
        (
            (
                "approx_distinct",
                ("boolean", "boolean; double", "t", "t; double", "unknown", "unknown; double"),
            ),
            ("approx_most_frequent", ("bigint; bigint; bigint", "bigint; varchar; bigint")),
            (
                "approx_percentile",
                tuple(
                    f"{kind}; {rest}"
                    for kind in ("bigint", "double", "real")
                    for rest in (
                        "array(double)",
                        "double",
                        "double; array(double)",
                        "double; double",
                        "double; double; double",
                    )
                ),
            ),
            (
                "numeric_histogram",
                (
                    "bigint; double",
                    "bigint; double; double",
                    "bigint; real",
                    "bigint; real; double",
                ),
            ),
        ),
    ),
    (
        SKETCH,
        (
            ("approx_set", ("bigint", "double", "varchar(x)")),
            ("cardinality", ("hyperloglog", "setdigest")),
            ("empty_approx_set", ("",)),
            ("hash_counts", ("setdigest",)),
            ("intersection_cardinality", ("setdigest; setdigest",)),
            ("jaccard_index", ("setdigest; setdigest",)),
            ("make_set_digest", ("t",)),
            ("merge", ("hyperloglog", "qdigest(v)", "tdigest")),
            ("merge_set_digest", ("setdigest",)),
            (
                "qdigest_agg",
                tuple(
                    f"{kind}{rest}"
                    for kind in ("bigint", "double", "real")
                    for rest in ("", "; bigint", "; bigint; double")
                ),
            ),
            ("tdigest_agg", ("double", "double; double")),
            (
                "quantile_at_value",
                ("qdigest(bigint); bigint", "qdigest(double); double", "qdigest(real); real"),
            ),
            (
                "value_at_quantile",
                (
                    "qdigest(bigint); double",
                    "qdigest(double); double",
                    "qdigest(real); double",
                    "tdigest; double",
                ),
            ),
            (
                "values_at_quantiles",
                (
                    "qdigest(bigint); array(double)",
                    "qdigest(double); array(double)",
                    "qdigest(real); array(double)",
                    "tdigest; array(double)",
                ),
            ),
        ),
    ),
    (
        COLOR,
        (
            ("bar", ("double; bigint", "double; bigint; color; color")),
            (
                "color",
                ("double; color; color", "double; double; double; color; color", "varchar(x)"),
            ),
            ("render", ("bigint; color", "boolean", "double; color", "varchar(x); color")),
            ("rgb", ("bigint; bigint; bigint",)),
        ),
    ),
    (
        ZONED_TIME,
        (
            ("date_add", ("varchar(x); bigint; time(p) with time zone",)),
            ("date_diff", ("varchar(x); time(p) with time zone; time(p) with time zone",)),
            ("date_trunc", ("varchar(x); time(p) with time zone",)),
            ("hour", ("time(p) with time zone",)),
            ("minute", ("time(p) with time zone",)),
            ("second", ("time(p) with time zone",)),
            ("millisecond", ("time(p) with time zone",)),
            ("timezone", ("time(p) with time zone",)),
            ("timezone_hour", ("time(p) with time zone",)),
            ("timezone_minute", ("time(p) with time zone",)),
        ),
    ),
    (
        RANDOM,
        tuple(
            (
                name,
                tuple(
                    text
                    for kind in ("bigint", "integer", "smallint", "tinyint")
                    for text in (kind, f"{kind}; {kind}")
                ),
            )
            for name in ("rand", "random")
        ),
    ),
    (
        STATISTICS,
        (
            ("beta_cdf", ("double; double; double",)),
            ("inverse_beta_cdf", ("double; double; double",)),
            ("t_cdf", ("double; double",)),
            ("t_pdf", ("double; double",)),
        ),
    ),
    (
        "this hash is not reproduced",
        (
            ("checksum", ("t",)),
            ("murmur3", ("varbinary",)),
            ("spooky_hash_v2_32", ("varbinary",)),
            ("spooky_hash_v2_64", ("varbinary",)),
        ),
    ),
    (
        "similarity of sparse vectors is not reproduced",
        (("cosine_similarity", ("map(varchar,double); map(varchar,double)",)),),
    ),
    ("there are no groups of users here", (("current_groups", ("",)),)),
    ("table functions are not reproduced", (("exclude_columns", ("unknown; unknown",)),)),
    (
        "DuckDB's aggregates cannot take lambdas; use reduce over array_agg",
        (("reduce_agg", ("T; S; function(S,T,S); function(S,S,S)",)),),
    ),
)

ENTRIES: tuple[Entry, ...] = tuple(
    Entry(name, split_types(types), How.REFUSED, reason)
    for reason, functions in REASONS
    for name, signatures in functions
    for types in signatures
)
DEFINITIONS: tuple[Definition, ...] = ()
