"""Queries over DuckDB tables: names of the catalog, structs, both flavours."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from lakehunt.trino_on_duckdb import Flavour, Refused, TrinoError, analyze, printed, translate
from lakehunt.trino_on_duckdb.parser import parse
from lakehunt.trino_on_duckdb.runner import Runner

COLUMNS = {
    "id": "bigint",
    "who": "row(type varchar, arn varchar)",
    "headers": "array(row(name varchar, value varchar))",
    "raw": "varchar",
    "seen": "timestamp(3)",
    "$path": "varchar",
}
CATALOG = {"main.events": COLUMNS, "events": COLUMNS}
ROWS = """
CREATE TABLE events AS SELECT * FROM (VALUES
  (1, {'type': 'Root', 'arn': 'a'}, [{'name': 'host', 'value': 'x'}], '{"k": 1}',
   TIMESTAMP '2024-01-01 10:00:00.5', 's3://b/1'),
  (2, NULL, NULL, 'broken', NULL, 's3://b/2')
) AS t(id, who, headers, raw, seen, "$path")
"""
QUERIES: list[tuple[str, list[list[Any]]]] = [
    ("SELECT who.arn FROM main.events ORDER BY id", [["a"], [None]]),
    ("SELECT e.id, h.name FROM events e CROSS JOIN UNNEST(e.headers) AS t(h)", [[1, "host"]]),
    ("SELECT h FROM events LEFT JOIN UNNEST(headers) AS t(h) ON true WHERE id = 2", [[None]]),
    ("SELECT json_extract_scalar(raw, '$.k') FROM events ORDER BY id", [["1"], [None]]),
    ('SELECT "$path" FROM events WHERE id = 1', [["s3://b/1"]]),
    ("SELECT count(*) FROM (SELECT * FROM events)", [[2]]),
    ("SELECT CAST(seen AS varchar) FROM events WHERE id = 1", [["2024-01-01 10:00:00.500"]]),
    ("WITH a AS (SELECT id FROM events) SELECT count(*) FROM a x JOIN a y USING (id)", [[2]]),
    ("SELECT any_match(headers, h -> h.name = 'host') FROM events ORDER BY id", [[True], [None]]),
]


@pytest.fixture(scope="module")
def runner() -> Runner:
    """A runner over the table."""
    connection = duckdb.connect()
    connection.execute(ROWS)
    return Runner(connection)


@pytest.mark.parametrize(("sql", "rows"), QUERIES, ids=[q[0] for q in QUERIES])
def test_rows(runner: Runner, sql: str, rows: list[list[Any]]) -> None:
    assert runner.rows(translate(sql, CATALOG, Flavour.ATHENA)) == rows


@pytest.mark.parametrize(("until", "count"), [("2024-01-01 10:00:00.5", 0), ("2024-01-02", 1)])
def test_a_variable_has_its_value_when_the_query_runs(
    runner: Runner, until: str, count: int
) -> None:
    sql = "SELECT count(*) FROM events WHERE seen < :until AND :until - INTERVAL '1' DAY < seen"
    waiting = translate(sql, CATALOG, variables={"until": "timestamp(3)"})
    runner.connection.execute(f"SET VARIABLE until = TIMESTAMP '{until}'")
    assert runner.rows(waiting) == [[count]]


def test_a_variable_has_its_type() -> None:
    with pytest.raises(TrinoError, match="timestamp"):
        translate("SELECT id = :until FROM events", CATALOG, variables={"until": "timestamp(3)"})


def test_flavours_differ_in_unnest_of_rows() -> None:
    sql = "SELECT * FROM events CROSS JOIN UNNEST(headers)"
    athena = analyze(sql, CATALOG, Flavour.ATHENA).columns
    trino = analyze(sql, CATALOG, Flavour.TRINO).columns
    assert [str(c.type) for c in athena[5:]] == ["row(name varchar, value varchar)"]
    assert [c.name for c in trino[5:]] == ["name", "value"]


@pytest.mark.parametrize("sql", [q[0] for q in QUERIES])
def test_printing_keeps_the_tree(sql: str) -> None:
    printed = parse(sql).sql("athena")
    assert parse(printed).sql("athena") == printed


def test_star_leaves_hidden_columns_out() -> None:
    columns = analyze("SELECT * FROM events", CATALOG).columns
    assert "$path" not in [c.name for c in columns]


def test_types_are_kept_beside_the_tree() -> None:
    analysis = analyze("SELECT id + 1 FROM events", CATALOG)
    assert str(analysis.type_of(analysis.tree.expressions[0])) == "bigint"


def test_printing_for_trino_keeps_athenas_unnest() -> None:
    sql = "SELECT t.h.name FROM events CROSS JOIN UNNEST(headers) AS t(h)"
    athena = analyze(sql, CATALOG, Flavour.ATHENA)
    text = printed(athena, Flavour.TRINO)
    assert "UNNEST(TRANSFORM(headers, element -> ROW(element))) AS t(h)" in text
    assert analyze(text, CATALOG, Flavour.TRINO).columns == athena.columns
    assert printed(athena, Flavour.ATHENA) == sql
    with pytest.raises(Refused):
        printed(analyze("SELECT * FROM UNNEST(ARRAY[ROW(1)])", {}, "trino"), "athena")


def test_translation_tells_what_functions_became() -> None:
    became = translate("SELECT lower(raw), max(id) FROM events GROUP BY 1", CATALOG).functions()
    assert [(b.name, b.arguments) for b in became] == [("lower", ("varchar(x)",)), ("max", ("t",))]
