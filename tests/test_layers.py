"""The floors hold while the program runs, not only as written; the public surface is small."""

import subprocess
import sys
from pathlib import Path

import pytest

import lakehunt
from tests.conftest import PROJECT

# A room and what it must not bring along when it is imported alone.
_FORBIDDEN = {
    "lakehunt": {"click", "yaml", "sqlglot", "duckdb"},
    "lakehunt.model": {"yaml", "sqlglot", "duckdb", "click", "pyarrow"},
    "lakehunt.library": {"sqlglot", "duckdb", "click", "jinja2"},
    "lakehunt.sources": {"duckdb", "click", "pyarrow"},
    "lakehunt.sql.compile": {"duckdb", "click", "yaml", "pyarrow"},
    "lakehunt.trino_on_duckdb": {"lakehunt.model", "lakehunt.sources", "click", "yaml"},
    "lakehunt.engines.local.engine": {"click", "boto3"},
    "lakehunt.engines.athena.engine": {"click", "duckdb", "awswrangler"},
    "lakehunt.engines.athena.watch": {"boto3", "pyathena", "sqlglot"},
    "lakehunt.sandbox.plugin": {"moto", "boto3", "duckdb", "sqlglot"},
    "lakehunt.hunt": {"duckdb", "click"},
}


@pytest.mark.parametrize("room", _FORBIDDEN)
def test_a_room_brings_nothing_of_the_floors_above(room: str) -> None:
    code = f"import sys, {room}; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert not _FORBIDDEN[room] & {*ran.stdout.split()}


def test_the_public_surface_is_what_all_says() -> None:
    assert len(lakehunt.__all__) <= 10
    assert all(hasattr(lakehunt, name) for name in lakehunt.__all__)


@pytest.mark.parametrize(
    "path", sorted((PROJECT / "src").rglob("*.py")), ids=lambda p: p.relative_to(PROJECT).as_posix()
)
def test_modules_stay_small_and_say_what_they_hold(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    assert text.startswith('"""')


@pytest.mark.parametrize("folder", ["queries", "ddl", "partitions", "notebooks", "src", "tests"])
def test_each_top_folder_opens_with_a_short_readme(folder: str) -> None:
    readme = PROJECT / folder / "README.md"
    assert len(readme.read_text(encoding="utf-8").splitlines()) <= 20
