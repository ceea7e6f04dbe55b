"""The sandbox as pytest fixtures, for any project that has lakehunt installed.

Knows pytest and nothing of what is tested. The entry point in pyproject.toml names it; nothing
heavy is imported until a fixture is asked for.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lakehunt.sandbox.server import Sandbox


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini option `lakehunt_content`."""
    text = "folder with queries/, ddl/ or partitions/ whose sources the sandbox reads besides ours"
    parser.addini("lakehunt_content", text, "paths")


@pytest.fixture(scope="session")
def lakehunt_content(pytestconfig: pytest.Config) -> Path | None:
    """The content folder over the bundled one, of the ini option; override it to choose another."""
    folders: list[Path] = pytestconfig.getini("lakehunt_content")
    if len(folders) > 1:
        raise pytest.UsageError(f"lakehunt_content: one folder is expected, not {len(folders)}")
    return folders[0] if folders else None


@pytest.fixture(scope="session")
def lakehunt_sandbox_server(lakehunt_content: Path | None) -> "Iterator[Sandbox]":
    """One sandbox for the session: S3, Glue and Athena on loopback. It starts empty."""
    from lakehunt.content import roots  # noqa: PLC0415
    from lakehunt.sandbox.server import Sandbox  # noqa: PLC0415
    from lakehunt.sources import load_sources  # noqa: PLC0415

    with Sandbox(load_sources(roots(lakehunt_content))) as sandbox:
        yield sandbox


@pytest.fixture
def lakehunt_sandbox(
    lakehunt_sandbox_server: "Sandbox", monkeypatch: pytest.MonkeyPatch
) -> "Iterator[Sandbox]":
    """An empty sandbox, and an environment in which boto3 and what builds on it talk to it."""
    for name, value in lakehunt_sandbox_server.environment.items():
        monkeypatch.setenv(name, value)
    lakehunt_sandbox_server.reset()
    yield lakehunt_sandbox_server
    lakehunt_sandbox_server.reset()
