"""An aggregate of `questions` by the local engine in this process, without imports and content."""

import sys
from pathlib import Path

from benchmarks.questions import NAMED, QUESTIONS
from benchmarks.timing import told
from lakehunt.content import roots
from lakehunt.engines.base import Limits
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.model import Result, Source
from lakehunt.sources import load_sources
from lakehunt.sql.compile import Draft


def _asked(name: str, lake: Path, sources: dict[str, Source]) -> int:
    text = NAMED if name == "named" else QUESTIONS[name].ours
    engine = LocalEngine(lake, sources)
    try:
        limits = Limits(all_time=True, count=False)
        run = engine.run([Draft("q", text)], None, limits, lambda share: None)
    finally:
        engine.close()
    result = run.results["q"]
    assert isinstance(result, Result), result
    return sum(int(str(row["n"])) for row in result.rows())


if __name__ == "__main__":
    found = load_sources(roots())
    # content is read when first asked for: here, not in what is measured
    assert all(source.formats for source in found.values())
    told(lambda: _asked(sys.argv[1], Path(sys.argv[2]), found))
