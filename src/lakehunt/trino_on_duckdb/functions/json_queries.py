"""json_value, json_exists and json_query over paths of members and indexes, in lax and strict mode.

It must not know filters, methods or wildcards of SQL/JSON paths: those are refused. Clauses are
the lowering's matter.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lakehunt.trino_on_duckdb.functions import json_text
from lakehunt.trino_on_duckdb.functions.definitions import Definition, Python, TrinoError
from lakehunt.trino_on_duckdb.functions.entry import Call, Choose, Entry, How, Refused
from lakehunt.trino_on_duckdb.functions.json_text import Pairs, Spelled

STEP = re.compile(
    r'\s*(?:\.\s*(?:([A-Za-z_][A-Za-z0-9_]*)|"((?:[^"\\])*)")|\[\s*([0-9]{1,9})\s*\])'
)
MODE = re.compile(r"\s*(lax|strict)\s+\$")


class Failed(Exception):
    """The path does not fit the value: what ON ERROR is about."""


@lru_cache(maxsize=256)
def steps(path: str) -> tuple[bool, tuple[str | int, ...]]:
    """Whether a path is strict, and its keys and indexes. Raises Refused for anything else in
    it."""
    mode = MODE.match(path)
    if not mode:
        raise Refused(f"SQL/JSON path {path}")
    found: list[str | int] = []
    at = mode.end()
    while path[at:].strip():
        step = STEP.match(path, at)
        if not step or path[step.end() : step.end() + 1] == "(":
            raise Refused(f"SQL/JSON path {path}")
        name, quoted, index = step.groups()
        found.append(int(index) if index is not None else name if name is not None else quoted)
        at = step.end()
    return mode[1] == "strict", tuple(found)


def _items(text: str, path: str) -> list[object]:
    strict, wanted = steps(path)
    try:
        value, end = json_text.decode(text)
    except TrinoError:
        raise Failed from None
    if text[end:].strip(" \t\n\r"):
        raise Failed
    items = [value]
    for step in wanted:
        items = [found for item in items for found in _step(item, step, strict)]
    return items


def _step(item: object, step: str | int, strict: bool) -> list[object]:
    array = isinstance(item, list) and not isinstance(item, Pairs)
    if isinstance(step, int):
        if not array and strict:
            raise Failed
        inside = item if array and isinstance(item, list) else [item]
        if step < len(inside):
            return [inside[step]]
    elif isinstance(item, Pairs):
        found: list[object] = [value for key, value in item if key == step]
        if len(found) > 1:
            raise TrinoError("NOT_REPRODUCED: a key twice in a JSON object")
        if found:
            return found
    elif array and not strict and isinstance(item, list):
        return [
            found for part in item if isinstance(part, Pairs) for found in _step(part, step, False)
        ]
    if strict:
        raise Failed
    return []


def value(text: str, path: str) -> str | None:
    """The one scalar under the path as text, else None."""
    try:
        items = _items(text, path)
    except Failed:
        return None
    if len(items) != 1 or isinstance(items[0], list) or items[0] is None:
        return None
    if isinstance(items[0], Spelled):
        raise TrinoError("NOT_REPRODUCED: json_value of a number with fraction or exponent")
    return str(items[0]).lower() if isinstance(items[0], bool) else str(items[0])


def exists(text: str, path: str) -> bool:
    """Whether there is anything under the path."""
    try:
        return bool(_items(text, path))
    except Failed:
        return False


def query(text: str, path: str) -> str | None:
    """The one value under the path as JSON text, else None."""
    try:
        items = _items(text, path)
    except Failed:
        return None
    if len(items) != 1:
        return None
    shown = json_text.write(items[0])
    if re.search(r"[0-9][.eE]", re.sub(r'"(?:[^"\\]|\\.)*"', "", shown)):
        raise TrinoError("NOT_REPRODUCED: json_query of a number with fraction or exponent")
    return shown


def _checked(function: str) -> Choose:
    def choose(call: Call) -> str:
        path = call.arguments[1].literal
        if path is None:
            raise Refused("an SQL/JSON path must be a literal")
        steps(path)
        return f"{function}($1, $2)"

    return choose


TWO = ("varchar", "varchar")
ENTRIES: tuple[Entry, ...] = (
    Entry("json_value", TWO, How.PYTHON, choose=_checked("trino_json_value")),
    Entry("json_exists", TWO, How.PYTHON, choose=_checked("trino_json_exists")),
    Entry("json_query", TWO, How.PYTHON, choose=_checked("trino_json_query")),
)
DEFINITIONS: tuple[Definition, ...] = (
    Python("trino_json_value", ("VARCHAR", "VARCHAR"), "VARCHAR", value),
    Python("trino_json_exists", ("VARCHAR", "VARCHAR"), "BOOLEAN", exists),
    Python("trino_json_query", ("VARCHAR", "VARCHAR"), "VARCHAR", query),
)
