"""JSON functions: paths, scalars, arrays, canonical text. DuckDB reads the common texts, Python
the others.

It must not know casts from and to JSON. The table of functions collects ENTRIES, the prelude
DEFINITIONS.
"""

from __future__ import annotations

import re

from lakehunt.trino_on_duckdb.functions import json_text
from lakehunt.trino_on_duckdb.functions.definitions import Definition, Macro, Python, TrinoError
from lakehunt.trino_on_duckdb.functions.entry import Call, Entry, How, literal, table

# DuckDB takes NaN, Infinity and trailing commas for JSON, Jackson does not.
LAX = r"'(?:^|[\[:,])\s*-?(?i:nan|inf)|,\s*[\]}]'"
# DuckDB takes an asterisk for a wildcard even in quotes, and has its own way with quotes.
SPECIAL = frozenset('*"\\')
# A number whose spelling DuckDB would change: a fraction, an exponent, more digits than it holds.
CHANGED = r"'(?:^|[\[:,])-?(?:[0-9]+[.eE]|[0-9]{19})'"


def _plain(key: str) -> bool:
    """Whether a key means itself in a path of DuckDB when it is quoted."""
    return bool(key) and not SPECIAL & set(key)


def _paths(call: Call) -> tuple[str, str] | None:
    """The path as DuckDB has it twice, numbers as indexes and as keys; None where the path is
    not known or not valid."""
    path = call.arguments[1].literal
    if path is None:
        return None
    try:
        keys = json_text.path_keys(path)
    except TrinoError:
        return None
    if len([key for key in keys if key.isdecimal()]) > 1 or not all(_plain(key) for key in keys):
        return None
    named = "".join(f'."{key}"' for key in keys)
    indexed = "".join(
        f"[{int(key)}]" if re.fullmatch("[0-9]{1,9}", key) else f'."{key}"' for key in keys
    )
    return "$" + indexed, "$" + named


def _at_path(name: str, call: Call) -> str:
    """The macro where the path is plain, both macros where a number may be an index or a key,
    else Python."""
    paths = _paths(call)
    if paths is None:
        return f"trino_{name}_text($1, $2)"
    indexed, keyed = paths
    one = f"trino_{name}($1, {literal(indexed)}, $2)"
    return one if indexed == keyed else f"coalesce({one}, trino_{name}($1, {literal(keyed)}, $2))"


def _scalar(call: Call) -> str:
    return _at_path("json_extract_scalar", call)


def _extract(call: Call) -> str:
    return _at_path("json_extract", call)


PYTHON: tuple[tuple[str, str, str], ...] = (
    ("json_array_contains", "json; bigint", "trino_json_array_contains_bigint($*)"),
    ("json_array_contains", "json; boolean", "trino_json_array_contains_boolean($*)"),
    ("json_array_contains", "json; double", "trino_json_array_contains_double($*)"),
    ("json_array_contains", "json; varchar(x)", "trino_json_array_contains_varchar($*)"),
    ("json_array_contains", "varchar(x); bigint", "trino_json_array_contains_bigint($*)"),
    ("json_array_contains", "varchar(x); boolean", "trino_json_array_contains_boolean($*)"),
    ("json_array_contains", "varchar(x); double", "trino_json_array_contains_double($*)"),
    ("json_array_contains", "varchar(x); varchar(y)", "trino_json_array_contains_varchar($*)"),
    ("json_array_get", "json; bigint", "trino_json_array_get($*)"),
    ("json_array_get", "varchar(x); bigint", "trino_json_array_get($*)"),
    ("json_parse", "varchar(x)", "trino_json_parse($1)"),
    ("json_size", "json; jsonpath", "trino_json_size($*)"),
    ("json_size", "varchar(x); jsonpath", "trino_json_size($*)"),
    ("is_json_scalar", "varchar(x)", "trino_is_json_scalar($1)"),
    ("is_json_scalar", "json", "trino_is_json_scalar($1)"),
)

ENTRIES: tuple[Entry, ...] = (
    Entry("json_extract_scalar", ("json", "jsonpath"), How.MACRO, choose=_scalar),
    Entry("json_extract_scalar", ("varchar(x)", "jsonpath"), How.MACRO, choose=_scalar),
    Entry("json_extract", ("json", "jsonpath"), How.MACRO, choose=_extract),
    Entry("json_extract", ("varchar(x)", "jsonpath"), How.MACRO, choose=_extract),
    Entry("json_array_length", ("json",), How.MACRO, "trino_json_array_length($1)"),
    Entry("json_array_length", ("varchar(x)",), How.MACRO, "trino_json_array_length($1)"),
    Entry("json_format", ("json",), How.NATIVE, "$1"),
    *table(How.PYTHON, PYTHON),
)

# TRY, because DuckDB evaluates a constant argument before it knows which branch is taken.
TEXT = "TRY(json_extract_string(j, d))"
STRANGE = f"NOT json_valid(j) OR regexp_matches(j, {LAX})"

DEFINITIONS: tuple[Definition, ...] = (
    Macro(
        "trino_json_extract_scalar",
        "j, d, p",
        f"CASE WHEN {STRANGE} THEN trino_json_extract_scalar_text(j, p) ELSE CASE "
        f"TRY(json_type(j, d)) "
        f"WHEN 'VARCHAR' THEN {TEXT} WHEN 'BOOLEAN' THEN {TEXT} WHEN 'UBIGINT' THEN {TEXT} "
        f"WHEN 'BIGINT' THEN CASE WHEN {TEXT} = '0' THEN trino_json_extract_scalar_text(j, p) "
        f"ELSE {TEXT} END "
        "WHEN 'DOUBLE' THEN trino_json_extract_scalar_text(j, p) END END",
    ),
    Macro(
        "trino_json_extract",
        "j, d, p",
        f"CASE WHEN {STRANGE} THEN trino_json_extract_text(j, p) "
        f"ELSE CASE WHEN regexp_matches(CAST(TRY(json_extract(j, d)) AS VARCHAR), {CHANGED}) "
        "THEN trino_json_extract_text(j, p) ELSE CAST(TRY(json_extract(j, d)) AS VARCHAR) END END",
    ),
    Macro(
        "trino_json_array_length",
        "j",
        f"CASE WHEN {STRANGE} THEN trino_json_array_length_text(j) "
        "WHEN TRY(json_type(j)) = 'ARRAY' THEN CAST(TRY(json_array_length(j)) AS BIGINT) END",
    ),
    Python(
        "trino_json_extract_scalar_text",
        ("VARCHAR", "VARCHAR"),
        "VARCHAR",
        json_text.extract_scalar,
    ),
    Python("trino_json_extract_text", ("VARCHAR", "VARCHAR"), "VARCHAR", json_text.extract),
    Python("trino_json_array_length_text", ("VARCHAR",), "BIGINT", json_text.array_length),
    Python(
        "trino_json_array_contains_bigint",
        ("VARCHAR", "BIGINT"),
        "BOOLEAN",
        json_text.array_contains,
    ),
    Python(
        "trino_json_array_contains_boolean",
        ("VARCHAR", "BOOLEAN"),
        "BOOLEAN",
        json_text.array_contains,
    ),
    Python(
        "trino_json_array_contains_double",
        ("VARCHAR", "DOUBLE"),
        "BOOLEAN",
        json_text.array_contains,
    ),
    Python(
        "trino_json_array_contains_varchar",
        ("VARCHAR", "VARCHAR"),
        "BOOLEAN",
        json_text.array_contains,
    ),
    Python("trino_json_array_get", ("VARCHAR", "BIGINT"), "VARCHAR", json_text.array_get),
    Python("trino_json_parse", ("VARCHAR",), "VARCHAR", json_text.parse),
    Python("trino_json_size", ("VARCHAR", "VARCHAR"), "BIGINT", json_text.size),
    Python("trino_is_json_scalar", ("VARCHAR",), "BOOLEAN", json_text.is_scalar),
)
