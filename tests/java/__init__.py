"""`java.util.regex`, which RegexSerDe of Hive, Athena and Trino matches with, asked directly."""

import base64
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.delivered import Delivered, sample, samples

Groups = list[str | None]


def matched_by_java(expression: str, lines: Sequence[str]) -> list[Groups | None]:
    """Return the groups that Java finds in each line, None where it does not match.

    Skips the test where no Java is.
    """
    java = shutil.which("java")
    if java is None:
        pytest.skip("no java on this machine")
    program = Path(__file__).parent / "Match.java"
    texts = [base64.b64encode(text.encode()).decode() for text in (expression, *lines)]
    ran = subprocess.run(
        [java, program], input="\n".join(texts), capture_output=True, text=True, check=True
    )
    return [_groups(answer) for answer in ran.stdout.splitlines()]


def assert_read_alike(lake: Delivered, hostile: Sequence[str]) -> None:
    """Assert that a table has what Java finds in hostile lines and in those of the samples."""
    texts = (sample(*one).decode() for one in samples(lake.source))
    real = [line for text in texts for line in text.splitlines()]
    # bytes that are no UTF-8 reach both as the sign for that, a line break never
    lines = [line.replace("\udce9", "\ufffd") for line in (*real, *hostile)]
    lines = [line for line in lines if not {"\r", "\n"} & {*line}]
    table = lake.sources[lake.source].table
    by_java = matched_by_java(table.serde_properties["input.regex"], lines)
    lake.deliver_lines(*lines)
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    rows, _ = lake.ask(f"SELECT {names} FROM {table.name}")
    ours = [[*row.values()] for row in rows]
    assert ours == [groups or [None] * len(table.columns) for groups in by_java]
    assert sum(groups is not None for groups in by_java) > len(lines) / 2


def _groups(answer: str) -> Groups | None:
    if answer == "-":
        return None
    words = answer.split(" ")
    return [None if word == "~" else base64.b64decode(word).decode() for word in words]
