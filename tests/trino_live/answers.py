"""What a real Trino answered to the cases of a query, with the digest of all that it was asked.

It must not know how Trino is asked. An answer counts as long as nothing of that has changed: the
version of Trino, its tables, the statement, what lies in the logs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "answers"


@dataclass(frozen=True)
class Answer:
    """The rows of a query over the lake of some of its cases, as texts in order."""

    asked: str
    rows: list[str]


def digest(parts: Iterable[str | bytes]) -> str:
    """Return what is another for another question."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "big") + data)
    return found.hexdigest()[:32]


def stored(query_id: str) -> dict[str, Answer]:
    """Return the answers that are stored for a query, by the name of its first case."""
    path = _path(query_id)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {one["case"]: Answer(one["asked"], one["rows"]) for one in map(json.loads, lines)}


def store(query_id: str, answers: dict[str, Answer]) -> None:
    """Write the answers of a query, a text that differs only where an answer does."""
    FOLDER.mkdir(exist_ok=True)
    lines = (
        json.dumps({"case": case, "asked": one.asked, "rows": one.rows}, ensure_ascii=False) + "\n"
        for case, one in sorted(answers.items())
    )
    _path(query_id).write_text("".join(lines), encoding="utf-8")


def _path(query_id: str) -> Path:
    return FOLDER / f"{query_id}.jsonl"
