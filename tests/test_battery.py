"""Our package answers the battery as the real Trino did, or refuses with a reason: never otherwise.

It must not know the package's insides. A failure names the query by its file and line.
"""

from __future__ import annotations

import functools
import json

import pytest

from lakehunt.trino_on_duckdb.__main__ import answer
from lakehunt.trino_on_duckdb.analyzer.relations import Flavour
from lakehunt.trino_on_duckdb.runner import Runner
from tests.battery import FORMS, Line, differs, files, read
from tests.battery.known import KNOWN

PATHS = {path.stem: path for path in files()}
RIGHT_SHARE = 0.9
"""Enough that refusing more and more cannot pass for being right."""


@functools.cache
def lines(name: str) -> list[Line]:
    """The lines of one file."""
    return read(PATHS[name])


@functools.cache
def runner() -> Runner:
    """One connection for all queries, as the command has."""
    return Runner()


@functools.cache
def answered(sql: str) -> Line:
    """What we answer."""
    found: Line = json.loads(json.dumps(answer(runner(), sql, Flavour.TRINO)))
    return found


def case(name: str, at: int) -> object:
    """A line as a test, its id the file and the line."""
    reason = KNOWN.get(lines(name)[at]["sql"])
    marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
    return pytest.param(name, at, id=f"{name}:{at + 1}", marks=marks)


CASES = [case(name, at) for name in PATHS for at in range(len(lines(name)))]


@pytest.mark.parametrize(("name", "at"), CASES)
def test_an_answer_is_trinos_or_a_refusal(name: str, at: int) -> None:
    stored = lines(name)[at]
    found = answered(stored["sql"])
    if "refused" in found:
        assert found["refused"], stored["sql"]
    else:
        assert not differs(stored, found), stored["sql"]


def test_most_of_the_battery_is_answered() -> None:
    stored = [line for name in PATHS for line in lines(name)]
    refused = [line["sql"] for line in stored if "refused" in answered(line["sql"])]
    assert len(refused) <= (1 - RIGHT_SHARE) * len(stored), refused


@pytest.mark.parametrize("name", PATHS)
def test_a_file_holds_each_query_once_with_an_answer(name: str) -> None:
    texts = [line["sql"] for line in lines(name)]
    assert len(texts) == len(set(texts))
    assert [line for line in lines(name) if tuple(line) not in FORMS] == []
    assert not [line for line in lines(name) if line.get("error") == "GENERIC_INTERNAL_ERROR"]


def test_each_known_difference_is_a_query_of_the_battery() -> None:
    assert KNOWN.keys() <= {line["sql"] for name in PATHS for line in lines(name)}
