"""The battery: small queries with the answers of a real Trino, one JSON line each, a file a topic.

It must not know who answers. The tests compare with it, scripts/battery.py writes it.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

Line = dict[str, Any]
FORMS = (("sql", "columns", "rows"), ("sql", "error", "message"))
FOLDER = Path(__file__).parent
ORDERED = re.compile(r"\border\s+by\b", re.IGNORECASE)


def files() -> list[Path]:
    """The files of the battery, by name."""
    return sorted(FOLDER.glob("*.jsonl"))


def read(path: Path) -> list[Line]:
    """The lines of one file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def write(path: Path, lines: list[Line]) -> None:
    """Writes the lines of one file, a text that differs only where an answer does."""
    texts = [json.dumps(line, ensure_ascii=False) + "\n" for line in lines]
    path.write_text("".join(texts), encoding="utf-8")


def differs(stored: Line, found: Line) -> str:
    """What differs between a stored answer and another one; nothing where they are the same.

    Names and types of columns, values and the names of errors count, the words of messages do not.
    Rows are compared as a bag where the query orders nothing.
    """
    if "error" in stored or "error" in found:
        told, wanted = _outcome(found), _outcome(stored)
        return "" if told == wanted else f"{told} where {wanted} is stored"
    if _lower(found["columns"]) != _lower(stored["columns"]):
        return f"columns {found['columns']} where {stored['columns']} are stored"
    rows = [stored["rows"], found["rows"]]
    if not ORDERED.search(stored["sql"]):
        rows = [sorted(r, key=repr) for r in rows]
    return "" if _same(*rows) else f"rows {found['rows']} where {stored['rows']} are stored"


def _outcome(line: Line) -> str:
    return line.get("error") or f"rows {line['rows']}"


def _lower(columns: list[list[str]]) -> list[list[str]]:
    return [[name, type_.lower()] for name, type_ in columns]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    if isinstance(one, float) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-12)
    return type(one) is type(other) and bool(one == other)
