"""Each golden query against a real Trino's answer; skipped where the golden files are absent.

It must not know the package's insides. A failure names the query by its file and line.
"""

from __future__ import annotations

import collections
from functools import cache

import pytest

from .judge import GOLDEN, Line, golden, judged, oracle

pytestmark = pytest.mark.skipif(
    oracle() is None, reason="golden files are absent: set LAKEHUNT_ORACLE to their folder"
)
LAX_SHARE, RIGHT_SHARE = 0.01, {"battery.jsonl": 0.97, "trino-unit-tests.jsonl": 0.75}


@cache
def answers(name: str) -> list[tuple[str, Line, Line]]:
    """The verdicts on one file, made once."""
    return judged(name)


def cases() -> list[tuple[str, int]]:
    """Every golden line, by file and place."""
    return [(name, at) for name in GOLDEN for at in range(len(golden(name)))] if oracle() else []


def label(case: object) -> str:
    """The id of a case."""
    assert isinstance(case, tuple)
    name, at = case
    line = golden_line(name, at)
    return f"{line.get('file') or line.get('topic')}:{line.get('line', line.get('id'))}"


@cache
def _lines(name: str) -> list[Line]:
    return golden(name)


def golden_line(name: str, at: int) -> Line:
    """One golden line."""
    return _lines(name)[at]


@pytest.mark.parametrize("case", cases(), ids=label)
def test_never_other_rows(case: tuple[str, int]) -> None:
    name, at = case
    verdict, line, result = answers(name)[at]
    assert verdict != "wrong", (line["sql"], line.get("rows"), result.get("rows"))
    if "columns" in line and "columns" in result:
        ours, theirs = ([t.lower() for _, t in x["columns"]] for x in (result, line))
        assert ours == theirs, line["sql"]


@pytest.mark.parametrize("name", RIGHT_SHARE)
def test_share(name: str) -> None:
    counts = collections.Counter(verdict for verdict, _, _ in answers(name))
    total = counts.total()
    assert (counts["right"] + counts["agreed"]) / total >= RIGHT_SHARE[name], counts
    assert counts["lax"] / total <= LAX_SHARE, counts
