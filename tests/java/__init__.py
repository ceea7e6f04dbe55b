"""`java.util.regex`, which RegexSerDe of Hive, Athena and Trino matches with, asked directly."""

import base64
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

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


def _groups(answer: str) -> Groups | None:
    if answer == "-":
        return None
    words = answer.split(" ")
    return [None if word == "~" else base64.b64decode(word).decode() for word in words]
