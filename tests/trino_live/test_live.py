"""A real Trino still says what is stored: the battery, and the shared one where it is there.

It must not know our package. `make live` runs it.
"""

from __future__ import annotations

import functools

import pytest
import trino

from tests.battery import Line, differs, files, read
from tests.conftest import SHARED

from .client import answer

pytestmark = pytest.mark.live
BATTERY = SHARED / "oracle" / "battery.jsonl"
PATHS = {path.stem: path for path in [*files(), *([BATTERY] if BATTERY.exists() else [])]}
UNKNOWN = ("CLIENT",)
"""What the client itself refused when the shared file was made."""


@functools.cache
def lines(name: str) -> list[Line]:
    """The lines of one file."""
    return [line for line in read(PATHS[name]) if line.get("error") not in UNKNOWN]


CASES = [pytest.param(n, at, id=f"{n}:{at + 1}") for n in PATHS for at in range(len(lines(n)))]


@pytest.mark.parametrize(("name", "at"), CASES)
def test_a_stored_answer_is_the_servers(live: trino.dbapi.Connection, name: str, at: int) -> None:
    stored = lines(name)[at]
    assert not differs(stored, answer(live, stored["sql"])), stored["sql"]
