"""The running server, once per session; its tests skip where Java or Maven is missing."""

from collections.abc import Iterator

import pytest
import trino

from lakehunt.sandbox.server import Sandbox

from .client import connected
from .judge import Judge
from .server import Unavailable, running


@pytest.fixture(scope="session")
def judge(lakehunt_sandbox_server: Sandbox) -> Iterator[Judge]:
    """A real Trino that reads the sandbox's Glue and S3."""
    try:
        with running(lakehunt_sandbox_server.url) as port:
            judge = Judge(port, lakehunt_sandbox_server)
            judge.wait()
            yield judge
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def live(judge: Judge) -> Iterator[trino.dbapi.Connection]:
    """A connection to a real Trino."""
    with connected(judge.port) as connection:
        yield connection
