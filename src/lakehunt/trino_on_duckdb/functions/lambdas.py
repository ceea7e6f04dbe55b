"""Array functions that take lambdas: transform, filter, reduce, matches, zip_with, array_sort
with a comparator.

It must not know maps. DuckDB macros cannot take lambdas, so these are templates with the
lambda's text in them.
"""

from __future__ import annotations

from lakehunt.trino_on_duckdb.functions.definitions import Definition, Macro, fails
from lakehunt.trino_on_duckdb.functions.entry import Entry, How, table

COMPARATOR = fails(
    "INVALID_FUNCTION_ARGUMENT", "Lambda comparator must return either -1, 0, or 1", "INTEGER"
)
# The comparator's answer for an element `trino_y` already in order and the new one.
ORDER = (
    "list_transform([trino_y], lambda $a2: list_transform([trino_x[1]], lambda $b2: "
    f"CASE WHEN ($body2) IN (-1, 0, 1) THEN ($body2) ELSE {COMPARATOR} END)[1])[1]"
)

TABLE: tuple[tuple[str, str, str], ...] = (
    ("transform", "array(T); function(T,U)", "list_transform($1, $2)"),
    ("filter", "array(t); function(t,boolean)", "list_filter($1, $2)"),
    ("any_match", "array(t); function(t,boolean)", "trino_any_match(list_transform($1, $2))"),
    ("all_match", "array(t); function(t,boolean)", "trino_all_match(list_transform($1, $2))"),
    ("none_match", "array(t); function(t,boolean)", "NOT trino_any_match(list_transform($1, $2))"),
    (
        "reduce",
        "array(T); S; function(S,T,S); function(S,R)",
        "CASE WHEN $1 IS NOT NULL THEN list_transform([list_reduce($1, $3, $2)], $4)[1] END",
    ),
    (
        "zip_with",
        "array(T); array(U); function(T,U,R)",
        "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN "
        "list_transform(range(1, greatest(len($1), len($2)) + 1), lambda trino_i: "
        "list_transform([$1[trino_i]], lambda $a3: list_transform([$2[trino_i]], lambda $b3: "
        "$body3)[1])[1]) END",
    ),
    (
        "array_sort",
        "array(t); function(t,t,integer)",
        "list_reduce(list_transform($1, lambda trino_x: [trino_x]), lambda trino_acc, trino_x: "
        "list_concat("
        f"list_filter(trino_acc, lambda trino_y: {ORDER} <= 0), trino_x, "
        f"list_filter(trino_acc, lambda trino_y: {ORDER} > 0)), CAST([] AS $t1))",
    ),
)
ENTRIES: tuple[Entry, ...] = table(How.MACRO, TABLE)

DEFINITIONS: tuple[Definition, ...] = (
    Macro(
        "trino_any_match",
        "m",
        "CASE WHEN list_contains(m, true) THEN true WHEN len(m) > list_count(m) THEN NULL "
        "WHEN m IS NOT NULL THEN false END",
    ),
    Macro(
        "trino_all_match",
        "m",
        "CASE WHEN list_contains(m, false) THEN false WHEN len(m) > list_count(m) THEN NULL "
        "WHEN m IS NOT NULL THEN true END",
    ),
)
