"""The documents stay true: commands exist, shown files are there, the README stays short."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehunt.cli.main import _COMMANDS
from lakehunt.content import roots, source_names
from lakehunt.library import load_queries
from lakehunt.model import ACTIVITY
from tests.conftest import PROJECT, Ran

DOCUMENTS = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *PROJECT.glob("*/README.md")]
_COMMAND = re.compile(r"^(?:\$ )?(?:\.venv/bin/)?lakehunt (.+)$", re.MULTILINE)


def commands(path: Path) -> list[list[str]]:
    text = path.read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"```\w*\n(.*?)```", text, re.DOTALL))
    return [shlex.split(line, comments=True) for line in _COMMAND.findall(blocks)]


def test_the_readme_is_short() -> None:
    assert len((PROJECT / "README.md").read_text(encoding="utf-8").splitlines()) < 120


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.relative_to(PROJECT).as_posix())
def test_documents_name_commands_and_queries_that_exist(path: Path) -> None:
    queries = load_queries(roots())
    for command, *arguments in commands(path):
        assert command in _COMMANDS
        for argument in arguments:
            if re.fullmatch(r"cloudtrail\.\w+", argument) and command != "new":
                assert argument in queries or argument.startswith("cloudtrail.my_"), argument


@pytest.mark.parametrize(
    "arguments",
    [c for path in DOCUMENTS for c in commands(path) if c[0] in ("sql", "run", "hunt")],
    ids=" ".join,
)
def test_commands_of_the_documents_run(
    arguments: list[str],
    lakehunt: Callable[..., Ran],
    samples: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("dump", "logs"):
        (tmp_path / name).symlink_to(samples / "invictus")
    assert lakehunt(*arguments).code in (0, 1)


def test_links_between_documents_lead_somewhere() -> None:
    for path in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path}: {target}"


def test_every_source_and_query_folder_has_a_source() -> None:
    folders = {path.name for path in (PROJECT / "queries").iterdir() if path.is_dir()}
    assert folders <= {ACTIVITY, *source_names(roots())}
