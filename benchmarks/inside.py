"""An aggregate of `questions` by the local engine in this process, without imports and content.

Measured is the first question, the first that keeps what it parses, or the one after that.
"""

import sys
import tempfile
from pathlib import Path

from benchmarks.questions import NAMED, QUESTIONS
from benchmarks.timing import told
from lakehunt.content import roots
from lakehunt.engines.base import Limits
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.engines.local.kept.store import KeptStore
from lakehunt.model import Result, Source
from lakehunt.sources import load_sources
from lakehunt.sql.compile import Draft

FIRST, KEEPING, KEPT = "first", "keeping", "kept"
_MOST_BYTES = 1 << 40


def _asked(name: str, lake: Path, sources: dict[str, Source], store: Path, *, keep: bool) -> int:
    text = NAMED if name == "named" else QUESTIONS[name].ours
    engine = LocalEngine(lake, sources, KeptStore(store, _MOST_BYTES))
    try:
        limits = Limits(all_time=True, count=False, keep=keep)
        run = engine.run([Draft("q", text)], None, limits, lambda share: None)
    finally:
        engine.close()
    result = run.results["q"]
    assert isinstance(result, Result), result
    return sum(int(str(row["n"])) for row in result.rows())


def _measured(name: str, lake: Path, which: str) -> None:
    sources = load_sources(roots())
    # content is read when first asked for: here, not in what is measured
    assert all(source.formats for source in sources.values())
    with tempfile.TemporaryDirectory(prefix="lakehunt-bench-") as folder:
        if which == KEPT:
            _asked(name, lake, sources, Path(folder), keep=True)
        told(lambda: _asked(name, lake, sources, Path(folder), keep=which == KEEPING))


if __name__ == "__main__":
    _measured(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
