"""What is written about Trino on DuckDB is true: the README's examples and floors, the page.

It must not know the package's insides.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys

import grimp
import pytest
from scripts import docs

from lakehunt.trino_on_duckdb.__main__ import answer
from lakehunt.trino_on_duckdb.analyzer.relations import Flavour
from lakehunt.trino_on_duckdb.runner import Runner

README = (docs.PACKAGE / "README.md").read_text(encoding="utf-8")
PACKAGE = "lakehunt.trino_on_duckdb"


def blocks(language: str) -> list[str]:
    """The blocks of the package's README in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_the_page_is_fresh() -> None:
    assert docs.PAGE.read_text(encoding="utf-8") == docs.page(), "stale: run `make docs`"


@pytest.mark.parametrize("code", blocks("python"))
def test_python_of_the_readme_prints_what_stands_beside_it(code: str) -> None:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "README.md", "exec"), {})
    assert said.getvalue().splitlines() == re.findall(r"print\(.*\)  # (.+)", code)


RESULTS = [line for block in blocks("console") for line in block.splitlines()[1:]]


@pytest.mark.parametrize("line", RESULTS)
def test_results_of_the_readme_are_given(line: str) -> None:
    result = answer(Runner(), json.loads(line)["sql"], Flavour.TRINO)
    assert json.dumps(result, ensure_ascii=False) == line


@pytest.mark.parametrize("command", [line for block in blocks("sh") for line in block.splitlines()])
def test_commands_of_the_readme_run(command: str) -> None:
    words = command.partition(" <")[0].split()
    ran = subprocess.run(
        [sys.executable, *words[1:]],
        input='{"sql": "SELECT 1"}\n',
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(ran.stdout)["rows"] == [[1]]


def test_floors_of_the_readme_hold() -> None:
    floors = blocks("text")[0].splitlines()
    height = {room: -number for number, floor in enumerate(floors) for room in floor.split()}
    graph = grimp.build_graph("lakehunt")
    for module in graph.find_descendants(PACKAGE):
        for below in graph.find_modules_directly_imported_by(module):
            if below.startswith(f"{PACKAGE}."):
                upper, lower = (name.split(".")[2] for name in (module, below))
                assert upper == lower or height[upper] > height[lower], (module, below)
