"""The sandbox as pytest fixtures, for any project that has lakehunt installed.

Knows pytest and nothing of what is tested. The entry point in pyproject.toml names it; nothing
heavy is imported until a fixture is asked for.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lakehunt.sandbox.server import Sandbox


@pytest.fixture(scope="session")
def lakehunt_sandbox_server() -> "Iterator[Sandbox]":
    """One sandbox for the session: S3, Glue and Athena on loopback. It starts empty."""
    from lakehunt.content import roots  # noqa: PLC0415
    from lakehunt.sandbox.server import Sandbox  # noqa: PLC0415
    from lakehunt.sources import load_sources  # noqa: PLC0415

    with Sandbox(load_sources(roots())) as sandbox:
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
