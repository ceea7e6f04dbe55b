"""Files of a source put where AWS would, and what its relations make of them."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lakehunt.engines.base import Limits
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.model import Result, Source, SourceAccount
from lakehunt.sql.compile import Draft

Row = dict[str, object]


@dataclass(frozen=True)
class Delivered:
    """A lake with files of one source, as bytes that nobody of us wrote or that went wrong."""

    folder: Path
    sources: Mapping[str, Source]
    source: str

    def put(self, name: str, data: bytes) -> None:
        """Put a file there, gzipped where its name says so."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)

    def ask(self, sql: str) -> tuple[list[Row], SourceAccount]:
        """Return the rows of a query and what the run says of the source's files."""
        engine = LocalEngine(self.folder, self.sources)
        try:
            run = engine.run([Draft("q", sql)], None, Limits(), lambda share: None)
        finally:
            engine.close()
        result = run.results["q"]
        assert isinstance(result, Result), result
        return result.rows(), next(one for one in run.accounts if one.source == self.source)

    def rows(self, columns: str = "*") -> list[Row]:
        """Return what could be read."""
        return self.ask(f"SELECT {columns} FROM {self.source}")[0]

    def unparsed(self) -> list[str]:
        """Return the lines that could not be read."""
        rows, _ = self.ask(f"SELECT line FROM {self.source}_unparsed")
        return [str(row["line"]) for row in rows]
