"""A lake of made-up sources, one per SerDe, and questions to it."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lakehunt.content import roots
from lakehunt.engines.base import Limits, Run
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.model import Result, Source
from lakehunt.sources import load_source
from lakehunt.sql.compile import Draft

SOURCES = ("web", "flows", "names")
Rows = list[dict[str, object]]


@dataclass(frozen=True)
class Lake:
    """A folder, and the made-up sources."""

    folder: Path
    sources: dict[str, Source]

    def put(self, source: str, data: bytes, name: str = "a", *, packed: bool = True) -> Path:
        """Write a file of a source where its layout has it."""
        region = "" if source == "names" else "us-east-1/"
        path = self.folder / f"AWSLogs/111122223333/{source}/{region}2026/05/01"
        stamp = "20260501T1005Z"
        middle = f"111122223333_{source}_us-east-1_{stamp}_{name}.log"
        middle = f"names_111122223333_{stamp}_{name}.log" if source == "names" else middle
        path = path / (f"{middle}.gz" if packed else middle)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data) if packed else data)
        return path

    def ask(self, sql: str) -> tuple[Rows, Run]:
        """Return the rows of a query and the run."""
        engine = LocalEngine(self.folder, self.sources)
        try:
            run = engine.run([Draft("q", sql)], None, Limits(), lambda _: None)
        finally:
            engine.close()
        result = run.results["q"]
        assert isinstance(result, Result), result
        return result.rows(), run


@pytest.fixture(scope="session")
def made_up() -> dict[str, Source]:
    """The made-up sources."""
    content = roots(Path(__file__).parent / "content")
    return {name: load_source(content, name) for name in SOURCES}


@pytest.fixture
def lake(tmp_path: Path, made_up: dict[str, Source]) -> Lake:
    """An empty lake."""
    return Lake(tmp_path, made_up)


@pytest.fixture
def lines_of(lake: Lake) -> Callable[[str], list[str]]:
    """Return a function that gives a column of text as a sorted list."""

    def column(sql: str) -> list[str]:
        return sorted(str(next(iter(row.values()))) for row in lake.ask(sql)[0])

    return column
