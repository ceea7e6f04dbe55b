"""The judge: our answer to each golden query against a real Trino's, as a verdict.

It must not know how answers come about. The golden tests and `python judge.py` use it.
"""

from __future__ import annotations

import collections
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lakehunt.trino_on_duckdb.__main__ import answer
from lakehunt.trino_on_duckdb.analyzer.relations import Flavour
from lakehunt.trino_on_duckdb.runner import Runner

GOLDEN = ("battery.jsonl", "trino-unit-tests.jsonl")
Line = dict[str, Any]


def oracle() -> Path | None:
    """The folder of golden files: $LAKEHUNT_ORACLE, or ../shared/oracle beside the project; None
    where absent.
    """
    given = os.environ.get("LAKEHUNT_ORACLE")
    found = Path(given) if given else Path(__file__).resolve().parents[3] / "shared" / "oracle"
    return found if (found / "compare.py").exists() else None


def golden(name: str) -> list[Line]:
    """The lines of a golden file that the server knew the functions and types of."""
    folder = oracle()
    assert folder is not None
    lines = [
        json.loads(line) for line in (folder / name).read_text(encoding="utf-8").split("\n") if line
    ]
    return [g for g in lines if _known(g)]


def _known(line: Line) -> bool:
    unknown = ("TYPE_NOT_FOUND", "CLIENT")
    return line.get("error") not in unknown and "not registered" not in line.get("message", "")


def comparer() -> Callable[[Line, Line], str]:
    """The `verdict` of the oracle's compare.py."""
    folder = oracle()
    assert folder is not None
    spec = importlib.util.spec_from_file_location("compare", folder / "compare.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    verdict: Callable[[Line, Line], str] = module.verdict
    return verdict


def judged(name: str) -> list[tuple[str, Line, Line]]:
    """Verdict, golden line and answer for each line of a golden file."""
    verdict = comparer()
    runner = Runner()
    found = []
    for line in golden(name):
        result = json.loads(json.dumps(answer(runner, line["sql"], Flavour.TRINO)))
        found.append((verdict(line, result), line, result))
    return found


def main() -> None:
    """Prints counts, and with names of verdicts as arguments the lines that have them."""
    wanted = set(sys.argv[1:])
    for name in GOLDEN:
        started = time.time()
        found = judged(name)
        counts = collections.Counter(v for v, _, _ in found)
        share = (counts["right"] + counts["agreed"]) / len(found)
        print(
            f"{name}: {len(found)} queries, right or agreed {share:.1%}, {dict(counts)}, "
            f"{time.time() - started:.1f} s"
        )
        for verdict, line, result in found:
            if verdict in wanted:
                want = line.get("error") or line.get("rows")
                got = result.get("refused") or result.get("error") or result.get("rows")
                text = line["sql"][:300].replace("\n", " ")
                print(
                    f"  {verdict} {text} | want {str(want)[:120]} | got {str(got)[:120]} "
                    f"{result.get('message', '')[:160]}"
                )


if __name__ == "__main__":
    main()
