"""SQL macros that give DuckDB the functions of Trino which it lacks or answers otherwise.

Knows DuckDB only. `install` is called once per connection.
"""

import duckdb

# A text that the cast refuses: an error that TRY can catch, which error() is not.
_ISO = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?"
    r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?"
)
_MACROS = (
    # ISO 8601 in the extended form; milliseconds are kept, finer digits cut off
    f"""trino_try_from_iso8601(x) AS CASE WHEN regexp_full_match(x, '{_ISO}')
        THEN date_trunc('millisecond', TRY_CAST(x AS TIMESTAMPTZ)) END""",
    """trino_from_iso8601(x) AS CASE WHEN x IS NULL THEN NULL ELSE
        COALESCE(trino_try_from_iso8601(x), CAST('INVALID_FUNCTION_ARGUMENT: ' || x AS TIMESTAMPTZ))
        END""",
    "trino_json_scalar(j, p) AS CASE WHEN json_valid(j) THEN json_value(j, p) ->> '$' END",
    "trino_split_part(s, d, i) AS string_split(s, d)[i]",
    "trino_regexp_extract(s, p, g) AS regexp_extract_all(s, p, g)[1]",
    "trino_array_sort(a) AS list_sort(a, 'ASC', 'NULLS LAST')",
    "trino_slice(a, s, n) AS list_slice(a, s, s + n - 1)",
    """trino_contains(a, x) AS CASE
        WHEN a IS NULL OR x IS NULL THEN NULL
        WHEN list_contains(a, x) THEN true
        WHEN len(a) > list_count(a) THEN NULL
        ELSE false END""",
    """trino_any(b) AS CASE
        WHEN b IS NULL THEN NULL
        WHEN list_contains(b, true) THEN true
        WHEN len(b) > list_count(b) THEN NULL
        ELSE false END""",
    # text must be a whole number, a double rounds half up
    """trino_try_bigint(x) AS CASE typeof(x)
        WHEN 'DOUBLE' THEN TRY_CAST(floor(TRY_CAST(x AS DOUBLE) + 0.5) AS BIGINT)
        WHEN 'VARCHAR' THEN CASE WHEN regexp_full_match(CAST(x AS VARCHAR), '\\s*[+-]?[0-9]+\\s*')
            THEN TRY_CAST(trim(CAST(x AS VARCHAR)) AS BIGINT) END
        ELSE TRY_CAST(x AS BIGINT) END""",
    """trino_bigint(x) AS CASE WHEN x IS NULL THEN NULL ELSE COALESCE(
        trino_try_bigint(x),
        CAST('INVALID_CAST_ARGUMENT: ' || CAST(x AS VARCHAR) AS BIGINT)) END""",
    """trino_varchar(x) AS CASE typeof(x)
        WHEN 'TIMESTAMP' THEN strftime(CAST(x AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g')
        WHEN 'DOUBLE' THEN CAST(CAST('cast of a double to text' AS INTEGER) AS VARCHAR)
        ELSE CAST(x AS VARCHAR) END""",
)


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Make a connection fit for translated queries: UTC, no extensions from elsewhere, macros."""
    for setting in (
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "TimeZone = 'UTC'",
        "default_null_order = 'nulls_last'",
    ):
        connection.execute(f"SET {setting}")
    for macro in _MACROS:
        connection.execute(f"CREATE OR REPLACE TEMP MACRO {macro}")
