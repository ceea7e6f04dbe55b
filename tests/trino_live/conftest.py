"""The running server, once per session; its tests skip where Java or Maven is missing."""

from collections.abc import Iterator

import pytest
import trino

from .client import connected
from .server import Unavailable, running


@pytest.fixture(scope="session")
def live() -> Iterator[trino.dbapi.Connection]:
    """A connection to a real Trino."""
    try:
        with running() as port, connected(port) as connection:
            yield connection
    except Unavailable as reason:
        pytest.skip(str(reason))
