"""`explain`: types, functions, what is read, and the SQL for each engine."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran

Run = Callable[..., Ran]
_DAYS = ("--since", "2026-05-01", "--until", "2026-05-02T00:00:00")


def explained(lakehunt: Run, *arguments: object) -> dict[str, Any]:
    ran = lakehunt("explain", *arguments, "--format", "json")
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_a_saved_query(lakehunt: Run) -> None:
    found = explained(lakehunt, "cloudtrail.trail_stopped", *_DAYS)
    assert found["columns"][0] == {"name": "event_time", "type": "timestamp(3)"}
    assert {one["how"] for one in found["functions"]} <= {"native", "macro", "python", "rewrite"}
    (read,) = found["reads"]
    assert read["relation"] == "cloudtrail"
    assert "event_name" in read["columns"]
    assert read["bounds"]["first_day"] == "2026/05/01"
    assert "day >= '2026/05/01'" in found["sql"]["athena"]
    assert "day >= '2026/05/01'" in found["sql"]["trino"]
    assert "day" not in found["sql"]["local"].split("WHERE")[-1]


def test_parameters_without_a_value_get_a_stand_in(lakehunt: Run) -> None:
    found = explained(lakehunt, "cloudtrail.key_with_chains")
    assert found["parameters"] == {"access_key_id": "x"}
    found = explained(lakehunt, "cloudtrail.key_with_chains", "-p", "access_key_id=AKIA")
    assert "'AKIA'" in found["sql"]["athena"]
    assert lakehunt("explain", "cloudtrail.key_with_chains", "-p", "x=1").code == 2


def test_sql_of_ones_own(lakehunt: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = (
        "SELECT pair, json_extract_scalar(request_parameters, '$.a') AS a FROM cloudtrail "
        "CROSS JOIN UNNEST(ARRAY[ROW(1, 'x')]) AS t (pair)"
    )
    found = explained(lakehunt, sql)
    assert found["columns"][0]["type"] == "row(integer, varchar(1))"
    assert "TRANSFORM(ARRAY[ROW(1, 'x')]" in found["sql"]["trino"]
    assert "TRANSFORM" not in found["sql"]["athena"].upper()
    monkeypatch.setattr("sys.stdin", io.StringIO(sql))
    assert explained(lakehunt, "-")["sql"] == found["sql"]


def test_a_file_with_and_without_a_header(tmp_path: Path, lakehunt: Run) -> None:
    path = tmp_path / "x.sql"
    path.write_text("SELECT actor FROM cloudtrail")
    assert explained(lakehunt, path)["columns"] == [{"name": "actor", "type": "varchar"}]
    path.write_text("SELECT\n  actr FROM cloudtrail")
    ran = lakehunt("explain", path)
    assert ran.code == 2
    assert f"{path}:2:3: COLUMN_NOT_FOUND" in ran.err


def test_what_one_engine_refuses_is_shown_beside_the_others(lakehunt: Run) -> None:
    found = explained(lakehunt, "SELECT approx_most_frequent(3, actor, 9) AS x FROM cloudtrail")
    assert "local" not in found["sql"]
    assert found["refused"]["local"]


def test_the_table_is_for_people(lakehunt: Run) -> None:
    ran = lakehunt("explain", 'SELECT lower(actor) AS "a\x1b" FROM cloudtrail', *_DAYS)
    assert ran.code == 0
    for heading in ("Columns:", "Functions:", "Reads:", "athena:", "trino:", "local:"):
        assert heading in ran.out
    assert "lower(varchar(x))" in ran.out
    assert "\x1b" not in ran.out
