"""Values and run-time errors that a real Trino 476 gave, beyond the battery."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from lakehunt.trino_on_duckdb import Refused, TrinoError, translate
from lakehunt.trino_on_duckdb.functions.java_numbers import ASCII_DIGITS, OTHER_DIGITS
from lakehunt.trino_on_duckdb.runner import Runner

ROWS: list[tuple[str, list[Any]]] = [
    ("CAST(real '0' AS varchar), array_join(ARRAY[-0e0], ',')", ["0E0", "-0E0"]),
    ("CAST(real '1.2345675' AS varchar), CAST(4.9e-324 AS varchar)", ["1.234568E0", "4.9E-324"]),
    ("TRY_CAST('\u0e54\u0e55' AS smallint), TRY_CAST('\U0001d7d7' AS tinyint)", [45, None]),
    ("TRY_CAST(' -\u0663 ' AS bigint), TRY_CAST('\u0663' AS double)", [-3, None]),
    ("TRY_CAST('\u0663.\u0665' AS decimal(5,2)), TRY_CAST(' 5' AS decimal(5,2))", ["3.50", None]),
    ("CAST(json '\"\u0663\"' AS bigint), from_base('\u0663', 16)", [3, 3]),
    ("ARRAY[1, NULL] < ARRAY[2], ARRAY[1] < ARRAY[1, NULL], ARRAY[1] < NULL", [True, True, None]),
    ("TRY(MAP(ARRAY[1, 1], ARRAY[1, 2])), TRY_CAST(nan() AS integer)", [None, None]),
    ("CAST(json '{\"1\": 2}' AS map(bigint, integer))", [{"1": 2}]),
    ("MAP(ARRAY[ROW(1, 'a')], ARRAY[1])", [{"[1, a]": 1}]),
]
CAST = "INVALID_CAST_ARGUMENT"
ERRORS = [
    ("json_extract_scalar('{}', '$.x-y')", "INVALID_FUNCTION_ARGUMENT", "JSON path: '$.x-y'"),
    ("json_extract('{}', 'a''b')", "INVALID_FUNCTION_ARGUMENT", "Invalid JSON path: 'a'b'"),
    ("CAST('x' AS date)", "INVALID_CAST_ARGUMENT", "Value cannot be cast to date"),
    ("MAP(ARRAY[1], ARRAY[1, 2])", "INVALID_FUNCTION_ARGUMENT", "be the same length"),
    ("map_from_entries(ARRAY[(1, 1), (1, 2)])", "INVALID_FUNCTION_ARGUMENT", "are not allowed"),
    ("CAST(MAP(ARRAY['1', '01'], ARRAY[1, 2]) AS map(integer, bigint))", CAST, "not allowed"),
    ("CAST(1e30 AS bigint)", CAST, "cast to bigint"),
    ("CAST(1e30 AS integer)", "NUMERIC_VALUE_OUT_OF_RANGE", ""),
    ("CAST(CAST(nan() AS real) AS tinyint)", CAST, "cast to tinyint"),
    ("CAST('ABC_DEF: x' AS uuid)", CAST, "cast to uuid"),
    ("ARRAY[1, NULL] < ARRAY[1, 2]", "NOT_SUPPORTED", "NULL elements"),
]
ARRAYS = "FROM (VALUES ARRAY['a', 'b'], ARRAY['a'], NULL, ARRAY['NULL']) AS t(x)"


def run(select: str) -> list[Any]:
    """The first row."""
    rows: list[list[Any]] = Runner().rows(translate(f"SELECT {select}"))
    return rows[0]


@pytest.mark.parametrize(("select", "row"), ROWS, ids=[r[0] for r in ROWS])
def test_row(select: str, row: list[Any]) -> None:
    assert run(select) == row


@pytest.mark.parametrize(("select", "code", "end"), ERRORS, ids=[e[0] for e in ERRORS])
def test_error(select: str, code: str, end: str) -> None:
    with pytest.raises(TrinoError) as caught:
        run(select)
    assert caught.value.code == code
    assert caught.value.message.endswith(end)


def test_names_of_fields() -> None:
    one = "SELECT (t.who).a, ((who.a)), element_at(r, 1).a, r[1].a, (r[1]).a "
    catalog = {"t": {"who": "row(a bigint)", "r": "array(row(a bigint))"}}
    columns = translate(one + "FROM t", catalog).columns
    assert [c.name for c in columns] == ["a", "a", "_col2", "_col3", "_col4"]


def test_extremes_of_arrays() -> None:
    assert run(f"min(x), max(x) {ARRAYS}") == [["NULL"], ["a", "b"]]
    with pytest.raises(Refused, match="NULL inside"):
        run("min(x) FROM (VALUES ARRAY[1, NULL], ARRAY[2]) AS t(x)")


def test_digits_are_those_of_unicode_in_one_char() -> None:
    found = [c for c in map(chr, range(0x80, 0x10000)) if unicodedata.category(c) == "Nd"]
    assert "".join(found) == OTHER_DIGITS
    assert "".join(str(unicodedata.decimal(c)) for c in found) == ASCII_DIGITS
