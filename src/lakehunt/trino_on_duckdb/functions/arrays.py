"""Array functions without lambdas: positions, sets, slices, sequences.

It must not know maps or lambdas. Elements are compared as Trino does: NULL is unknown in
contains, a value in sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb

from lakehunt.trino_on_duckdb.functions.definitions import Definition, Macro, Python, fails, invalid
from lakehunt.trino_on_duckdb.functions.entry import (
    Call,
    Choose,
    Entry,
    How,
    Refused,
    concatenation,
    table,
)
from lakehunt.trino_on_duckdb.functions.kinds import (
    comparable,
    element,
    element_type,
    has_floats,
    is_nested,
)

BAD = "INVALID_FUNCTION_ARGUMENT"
LARGEST_RESULT = 10_000
LARGEST_COMBINATION = 5
LARGEST_COMBINATIONS = 100_000
E_, T_ = "array(e)", "array(t)"


def _plain(call: Call) -> str:
    """The element type of the first argument. Raises Refused for elements that cannot be compared
    exactly."""
    kind = element(call.arguments[0].trino)
    comparable(kind)
    return kind


def _guards(kind: str, parts: Sequence[str]) -> list[str]:
    """Conditions under which nested values compare as in Trino: no NULL and no NaN inside."""
    if not is_nested(kind):
        return []
    guards = [f"trino_without_nulls({part})" for part in parts]
    return guards + [f"trino_without_nans({part})" for part in parts if has_floats(kind)]


def _checked(template: str, nulls: bool = False) -> Choose:
    """A template for elements that can be compared; nested ones must have no NULL inside unless
    `nulls`."""

    def choose(call: Call) -> str:
        kind = _plain(call)
        guards = _guards(kind, [f"${n}" for n in range(1, len(call.arguments) + 1)])
        return template if nulls or not guards else _when(guards, template)

    return choose


def _when(conditions: Sequence[str], template: str) -> str:
    """`template` where all conditions hold, tried in order: a later one may raise."""
    for condition in reversed(conditions):
        template = f"CASE WHEN {condition} THEN {template} END"
    return template


def _equals(template: str, none: str) -> Choose:
    """A template that searches for $2; `none` is the answer for NaN, which equals nothing."""

    def choose(call: Call) -> str:
        chosen = _checked(template)(call)
        if element(call.arguments[0].trino) in ("double", "real"):
            return f"CASE WHEN isnan($2) AND $1 IS NOT NULL THEN {none} ELSE {chosen} END"
        return chosen

    return choose


def _extreme(name: str) -> Choose:
    """array_max or array_min: NaN loses against every number."""

    def choose(call: Call) -> str:
        kind = _plain(call)
        values = "$1"
        if kind in ("double", "real") and name == "max":
            values = "trino_without_nan($1)"
        return _when(["len($1) = list_count($1)", *_guards(kind, ["$1"])], f"list_{name}({values})")

    return choose


def _element_at(call: Call) -> str:
    index = call.arguments[1].literal
    if index is not None and index.strip("-+0"):
        return "$1[$2]"
    zero = fails(BAD, "SQL array indices start at 1", call.duckdb or element_type(call))
    return f"CASE WHEN $1 IS NULL THEN NULL WHEN $2 = 0 THEN {zero} ELSE $1[$2] END"


def _slice(call: Call) -> str:
    zero = fails(BAD, "SQL array indices start at 1", "$t1")
    negative = fails(BAD, "length must be greater than or equal to 0", "$t1")
    return (
        "CASE WHEN $1 IS NULL OR $2 IS NULL OR $3 IS NULL THEN NULL "
        f"WHEN $2 = 0 THEN {zero} WHEN $3 < 0 THEN {negative} "
        "WHEN $2 > 0 THEN list_slice($1, $2, $2 + least($3, len($1)) - 1) "
        "WHEN len($1) + $2 >= 0 THEN list_slice($1, len($1) + $2 + 1, len($1) + $2 + least($3, "
        "len($1))) "
        "WHEN $3 IS NOT NULL AND $2 IS NOT NULL THEN list_slice($1, 1, 0) END"
    )


def _trim(call: Call) -> str:
    negative = fails(BAD, "size must not be negative", "$t1")
    large = fails(BAD, "size must not exceed array cardinality", "$t1")
    return (
        f"CASE WHEN $1 IS NULL THEN NULL WHEN $2 < 0 THEN {negative} "
        f"WHEN $2 > len($1) THEN {large} "
        "ELSE list_slice($1, 1, len($1) - $2) END"
    )


def _repeat(call: Call) -> str:
    negative = fails(
        BAD, "count argument of repeat function must be greater than or equal to 0", "$r"
    )
    large = fails(
        BAD, "count argument of repeat function must be less than or equal to 10000", "$r"
    )
    return (
        f"CASE WHEN $2 < 0 THEN {negative} WHEN $2 > {LARGEST_RESULT} THEN {large} "
        "ELSE list_transform(range($2), lambda trino_i: $1) END"
    )


def _ngrams(call: Call) -> str:
    small = fails(BAD, "N must be positive", "$t1[]")
    return (
        f"CASE WHEN $1 IS NULL THEN NULL WHEN $2 <= 0 THEN {small} "
        "WHEN $2 >= len($1) THEN [$1] ELSE "
        "list_transform(range(1, len($1) - $2 + 2), lambda trino_i: list_slice($1, trino_i, "
        "trino_i + $2 - 1)) END"
    )


def _join_text(call: Call) -> str:
    """The elements as text. Raises Refused for types whose text is not DuckDB's."""
    kind = element(call.arguments[0].trino)
    base = kind.partition("(")[0]
    if base == "varchar":
        return "$1"
    if base in (
        "unknown",
        "tinyint",
        "smallint",
        "integer",
        "bigint",
        "date",
        "boolean",
    ):
        return "CAST($1 AS VARCHAR[])"
    if base == "decimal":
        return "list_transform($1, lambda trino_x: trino_decimal_text(trino_x))"
    if base == "double":
        return "list_transform($1, lambda trino_x: trino_text_of_double(trino_x))"
    if base == "json":
        return "list_transform($1, lambda trino_x: trino_json_to_varchar(trino_x))"
    raise Refused(f"array_join of {kind}")


def _join(call: Call) -> str:
    texts = _join_text(call)
    if call.arguments[2:]:
        texts = f"list_transform({texts}, lambda trino_x: coalesce(trino_x, $3))"
        return f"CASE WHEN $3 IS NOT NULL THEN trino_joined({texts}, $2) END"
    return f"trino_joined({texts}, $2)"


def _zip(call: Call) -> str:
    count = len(call.arguments)
    longest = "greatest(" + ", ".join(f"len(${n})" for n in range(1, count + 1)) + ", 0)"
    fields = ", ".join(f"field{n - 1} := ${n}[trino_i]" for n in range(1, count + 1))
    present = " AND ".join(f"${n} IS NOT NULL" for n in range(1, count + 1))
    return (
        f"CASE WHEN {present} THEN "
        f"list_transform(range(1, {longest} + 1), lambda trino_i: struct_pack({fields})) END"
    )


def _greatest(name: str) -> Choose:
    """greatest or least: NULL where any is NULL, NaN only where all are NaN."""

    def choose(call: Call) -> str:
        kind = call.arguments[0].trino
        names = [f"${n}" for n in range(1, len(call.arguments) + 1)]
        if is_nested(kind):
            comparable(kind)
        conditions = [" AND ".join(f"{n} IS NOT NULL" for n in names), *_guards(kind, names)]
        if kind in ("double", "real") and name == "greatest":
            values = ", ".join(f"CASE WHEN isnan({n}) THEN NULL ELSE {n} END" for n in names)
            return _when(conditions, f"coalesce(greatest({values}), $1)")
        if kind.endswith("with time zone") and len(names) > 1:
            same = " AND ".join(f"trino_zone_of($1) = trino_zone_of({n})" for n in names[1:])
            other = fails("NOT_REPRODUCED", f"{name} of values in different time zones", "$t1")
            return _when(conditions, f"CASE WHEN {same} THEN {name}($*) ELSE {other} END")
        return _when(conditions, f"{name}($*)")

    return choose


def combination_places(count: int, size: int) -> list[list[int]]:
    """The places of all combinations of `size` out of `count` elements, in Trino's order."""
    if size < 0:
        raise invalid(f"combination size must not be negative: {size}")
    if size > LARGEST_COMBINATION:
        raise invalid(f"combination size must not exceed {LARGEST_COMBINATION}: {size}")
    if comb(count, size) > LARGEST_COMBINATIONS:
        raise invalid("combinations exceed max size")
    places = combinations(range(1, count + 1), size)
    return sorted((list(found) for found in places), key=lambda found: found[::-1])


IN_RIGHT = "list_filter({0}, lambda trino_x: list_position({1}, trino_x) IS NOT NULL)"
DISTINCT = "list_filter({0}, lambda trino_x, trino_n: list_position({0}, trino_x) = trino_n)"
BOTH = "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN {0} END"
LONGER = "CASE WHEN len($1) < len($2) THEN $2 ELSE $1 END"
SHORTER = "CASE WHEN len($1) < len($2) THEN $1 ELSE $2 END"

CHOSEN: tuple[tuple[str, tuple[str, ...], Choose], ...] = (
    ("array_distinct", (E_,), _checked("trino_array_distinct($1)", nulls=True)),
    (
        "array_except",
        (E_, E_),
        _checked(
            BOTH.format(
                "trino_array_distinct(list_filter($1, lambda trino_x: list_position($2, trino_x) "
                "IS NULL))"
            ),
            nulls=True,
        ),
    ),
    (
        "array_intersect",
        (E_, E_),
        _checked(
            BOTH.format(f"trino_array_distinct({IN_RIGHT.format(LONGER, SHORTER)})"), nulls=True
        ),
    ),
    (
        "array_union",
        (E_, E_),
        _checked(BOTH.format("trino_array_distinct(list_concat($1, $2))"), nulls=True),
    ),
    ("array_max", (T_,), _extreme("max")),
    ("array_min", (T_,), _extreme("min")),
    ("array_position", (T_, "t"), _equals("trino_array_position($1, $2)", "CAST(0 AS BIGINT)")),
    (
        "array_remove",
        (E_, "e"),
        _equals(
            "CASE WHEN $2 IS NOT NULL THEN list_filter($1, lambda trino_x: trino_x IS NULL OR "
            "trino_x <> $2) END",
            "$1",
        ),
    ),
    ("array_sort", (E_,), _checked("list_sort($1, 'ASC', 'NULLS LAST')")),
    ("arrays_overlap", (E_, E_), _checked("trino_arrays_overlap($1, $2)")),
    ("contains", (T_, "t"), _equals("trino_contains($1, $2)", "trino_contains($1, NULL)")),
    ("contains_sequence", (T_, T_), _checked("trino_contains_sequence($1, $2)")),
    ("element_at", (E_, "bigint"), _element_at),
    ("slice", (E_, "bigint", "bigint"), _slice),
    ("trim_array", (E_, "bigint"), _trim),
    ("repeat", ("t", "bigint"), _repeat),
    ("ngrams", (T_, "integer"), _ngrams),
    ("array_join", (E_, "varchar"), _join),
    ("array_join", (E_, "varchar", "varchar"), _join),
    ("concat", ("array(E)",), concatenation),
    ("greatest", ("E",), _greatest("greatest")),
    ("least", ("E",), _greatest("least")),
    *(("zip", tuple(f"array(T{n})" for n in range(1, count + 1)), _zip) for count in (2, 3, 4, 5)),
)

TABLE: tuple[tuple[str, str, str], ...] = (
    ("cardinality", E_, "CAST(len($1) AS BIGINT)"),
    (
        "concat",
        "E; array(E)",
        "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN list_prepend($1, $2) END",
    ),
    (
        "concat",
        "array(E); E",
        "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN list_append($1, $2) END",
    ),
    ("flatten", "array(array(E))", "flatten($1)"),
    ("reverse", E_, "list_reverse($1)"),
    (
        "combinations",
        "array(t); integer",
        "list_transform(trino_combination_places(CAST(len($1) AS BIGINT), CAST($2 AS BIGINT)), "
        "lambda trino_c: list_transform(trino_c, lambda trino_i: $1[trino_i]))",
    ),
)

ENTRIES: tuple[Entry, ...] = (
    *(Entry(name, arguments, How.MACRO, choose=choose) for name, arguments, choose in CHOSEN),
    *table(How.MACRO, TABLE),
    *table(How.REFUSED, (("shuffle", E_, "a random order"),)),
)

DEFINITIONS: tuple[Definition, ...] = (
    # Nested values with NULL inside make a comparison unknown in Trino; DuckDB takes NULL for a
    # value there.
    Macro(
        "trino_without_nulls",
        "x",
        "CASE WHEN contains(CAST(x AS VARCHAR), 'NULL') THEN "
        + fails("NOT_REPRODUCED", "comparison of nested values with NULL inside", "BOOLEAN")
        + " ELSE x IS NOT NULL END",
    ),
    Macro(
        "trino_without_nans",
        "x",
        "CASE WHEN contains(CAST(x AS VARCHAR), 'nan') THEN "
        + fails("NOT_REPRODUCED", "comparison of nested values with NaN inside", "BOOLEAN")
        + " ELSE x IS NOT NULL END",
    ),
    Macro(
        "trino_without_nan",
        "a",
        "CASE WHEN len(list_filter(a, lambda trino_it: NOT isnan(trino_it))) > 0 "
        "THEN list_filter(a, lambda trino_it: NOT isnan(trino_it)) ELSE a END",
    ),
    Macro(
        "trino_joined",
        "a, d",
        "CASE WHEN a IS NOT NULL AND d IS NOT NULL THEN coalesce(array_to_string(a, d), '') END",
    ),
    Macro(
        "trino_array_distinct",
        "a",
        "CASE WHEN len(a) > 20000 THEN trino_long_array_distinct(a) "
        "ELSE list_filter(a, lambda trino_it, trino_at: list_position(a, trino_it) = trino_at) END",
    ),
    # Values with their places, sorted by value, the first of each taken, sorted back by place.
    Macro(
        "trino_long_array_distinct",
        "a",
        "list_transform([list_sort(list_zip(a, range(1, len(a) + 1)))], lambda trino_all: "
        "list_transform(list_sort(list_transform(list_filter(trino_all, lambda trino_it, trino_at: "
        "trino_at = 1 OR trino_it[1] IS DISTINCT FROM trino_all[trino_at - 1][1]), "
        "lambda trino_it: struct_pack(place := trino_it[2], item := trino_it[1]))), "
        "lambda trino_it: trino_it.item))[1]",
    ),
    Macro(
        "trino_array_position",
        "a, x",
        "CASE WHEN a IS NOT NULL AND x IS NOT NULL THEN coalesce(CAST(list_position(a, x) AS "
        "BIGINT), 0) END",
    ),
    Macro(
        "trino_contains",
        "a, x",
        "CASE WHEN x IS NULL THEN NULL WHEN list_position(a, x) IS NOT NULL THEN true "
        "WHEN len(a) > list_count(a) THEN NULL WHEN a IS NOT NULL THEN false END",
    ),
    Macro(
        "trino_arrays_overlap",
        "a, b",
        "CASE WHEN a IS NULL OR b IS NULL THEN NULL "
        "WHEN len(list_filter(a, lambda trino_it: trino_it IS NOT NULL "
        "AND list_position(b, trino_it) IS NOT "
        "NULL)) > 0 THEN true "
        "WHEN len(a) = 0 OR len(b) = 0 THEN false WHEN len(a) > list_count(a) OR len(b) > "
        "list_count(b) THEN NULL "
        "WHEN a IS NOT NULL AND b IS NOT NULL THEN false END",
    ),
    Macro(
        "trino_contains_sequence",
        "a, b",
        "CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN len(b) = 0 THEN true "
        "WHEN len(a) > list_count(a) OR len(b) > list_count(b) THEN "
        + fails("NOT_REPRODUCED", "contains_sequence of arrays with NULL", "BOOLEAN")
        + " ELSE len(list_filter(range(1, len(a) - len(b) + 2), "
        "lambda trino_at: list_slice(a, trino_at, trino_at + len(b) - 1) = b)) > 0 END",
    ),
    Python("trino_combination_places", ("BIGINT", "BIGINT"), "BIGINT[][]", combination_places),
)
