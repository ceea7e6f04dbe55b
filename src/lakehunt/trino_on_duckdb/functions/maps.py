"""Map functions: making, reading, joining and changing maps.

It must not know JSON or aggregates. DuckDB itself refuses NULL and duplicate keys, as Trino does.
"""

from __future__ import annotations

from lakehunt.trino_on_duckdb.functions.definitions import Definition, Macro, fails
from lakehunt.trino_on_duckdb.functions.entry import Call, Choose, Entry, How, Refused, table
from lakehunt.trino_on_duckdb.functions.kinds import comparable, element, has_floats, is_nested

KV = "map(k,v)"
BAD = "INVALID_FUNCTION_ARGUMENT"


def _keyed(template: str) -> Choose:
    """A template for maps whose keys DuckDB compares as Trino does."""

    def choose(call: Call) -> str:
        kind = call.arguments[0].trino
        comparable(kind.partition(",")[0] if kind.startswith("map(") else kind)
        return template

    return choose


def _made(call: Call) -> str:
    """map(keys, values); Trino takes no key with NULL inside."""
    key = element(call.arguments[0].trino)
    comparable(key)
    made = "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN CAST(map($1, $2) AS $r) END"
    return f"CASE WHEN trino_without_nulls($1) THEN {made} END" if is_nested(key) else made


def _lookup(call: Call) -> str:
    kind = call.arguments[1].trino
    comparable(kind)
    if is_nested(kind) and has_floats(kind):
        raise Refused("a nested key with floating-point numbers")
    return "map_extract_value($1, $2)"


def _concat(call: Call) -> str:
    present = " AND ".join(f"${n} IS NOT NULL" for n in range(1, len(call.arguments) + 1))
    comparable(call.arguments[0].trino)
    return f"CASE WHEN {present} THEN map_concat($*) END"


ENTRY_OF = (
    "list_transform([trino_e.key], lambda $a2: list_transform([trino_e.value], lambda "
    "$b2: $body2)[1])[1]"
)
CHANGED = (
    "map_from_entries(list_transform(map_entries($1), lambda trino_e: struct_pack(key := "
    "{0}, value := {1})))"
)
BOTH_KEYS = "list_distinct(list_concat(map_keys($1), map_keys($2)))"

TABLE: tuple[tuple[str, str, str], ...] = (
    ("map", "", "CAST(map([], []) AS $r)"),
    ("cardinality", KV, "CAST(cardinality($1) AS BIGINT)"),
    ("map_keys", KV, "map_keys($1)"),
    ("map_values", KV, "map_values($1)"),
    (
        "map_entries",
        KV,
        "list_transform(map_entries($1), lambda trino_e: struct_pack(field0 := trino_e.key, "
        "field1 := trino_e.value))",
    ),
    (
        "map_filter",
        "map(K,V); function(K,V,boolean)",
        f"map_from_entries(list_filter(map_entries($1), lambda trino_e: {ENTRY_OF}))",
    ),
    ("transform_keys", "map(K1,V); function(K1,V,K2)", CHANGED.format(ENTRY_OF, "trino_e.value")),
    ("transform_values", "map(K,V1); function(K,V1,V2)", CHANGED.format("trino_e.key", ENTRY_OF)),
    (
        "map_zip_with",
        "map(K,V1); map(K,V2); function(K,V1,V2,V3)",
        "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN "
        f"map_from_entries(list_transform({BOTH_KEYS}, lambda trino_k: struct_pack(key := "
        f"trino_k, value := "
        "list_transform([trino_k], lambda $a3: list_transform([map_extract_value($1, trino_k)], "
        "lambda $b3: "
        "list_transform([map_extract_value($2, trino_k)], lambda $c3: $body3)[1])[1])[1]))) END",
    ),
)

NULL_ENTRY = fails(BAD, "map entry cannot be null", "$r")
NULL_KEY = fails(BAD, "map key cannot be null", "$r")
MADE = (
    f"CASE WHEN len($1) > list_count($1) THEN {NULL_ENTRY} ELSE CAST(map(list_transform($1, "
    f"lambda trino_e: "
    "struct_extract_at(trino_e, 1)), list_transform($1, lambda trino_e: "
    "struct_extract_at(trino_e, 2))) AS $r) END"
)
MULTI = (
    f"CASE WHEN len($1) > list_count($1) THEN {NULL_ENTRY} "
    f"WHEN len(list_filter($1, lambda trino_e: struct_extract_at(trino_e, 1) IS NULL)) > 0 THEN "
    f"{NULL_KEY} "
    "ELSE trino_multimap(list_transform($1, lambda trino_e: struct_pack("
    "key := struct_extract_at(trino_e, 1), value := struct_extract_at(trino_e, 2)))) END"
)
CHOSEN: tuple[tuple[str, tuple[str, ...], Choose], ...] = (
    ("map", ("array(K)", "array(V)"), _made),
    ("map_concat", ("map(K,V)",), _concat),
    ("element_at", ("map(K,V)", "K"), _lookup),
    ("map_from_entries", ("array(row(k,v))",), _keyed(MADE)),
    ("multimap_from_entries", ("array(row(k,v))",), _keyed(MULTI)),
    ("array_histogram", ("array(t)",), _keyed("CAST(trino_array_histogram($1) AS $r)")),
)
ENTRIES: tuple[Entry, ...] = (
    *table(How.MACRO, TABLE),
    *(Entry(name, arguments, How.MACRO, choose=choose) for name, arguments, choose in CHOSEN),
)

DEFINITIONS: tuple[Definition, ...] = (
    Macro(
        "trino_array_histogram",
        "a",
        "map_from_entries(list_transform(list_distinct(list_filter(a, "
        "lambda trino_it: trino_it IS NOT NULL)), lambda trino_it: struct_pack(key := trino_it, "
        "value := CAST(len(list_filter(a, lambda trino_that: trino_that = trino_it)) AS "
        "BIGINT))))",
    ),
    Macro(
        "trino_multimap",
        "a",
        "map_from_entries(list_transform(list_distinct(list_transform(a, "
        "lambda trino_it: trino_it.key)), lambda trino_it: struct_pack(key := trino_it, "
        "value := list_transform(list_filter(a, lambda trino_that: trino_that.key = trino_it), "
        "lambda trino_that: trino_that.value))))",
    ),
)
