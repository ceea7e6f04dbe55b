"""Splitting a line at its signs finds what matching the whole expression finds."""

import random
import re

import pyarrow
import pytest

from lakehunt.engines.local.serdes.regex import RegexReader
from lakehunt.errors import LakeError
from lakehunt.expressions import read_expression

EXPRESSION = (
    r'[^ ]([-0-9T:]+ [-+][0-9]+)[^ ] (?:([^ ]*):([0-9]+)|-) "([^ ]*) (.*?) ([^ "]*)" (-|[0-9]+)'
    r' (?:"(.*?)"|-) "(.*)" ([^ "]+) "([^"]*)"(?: ([^ "]+)(?: "([^"]*)" "([^"]*)")?)?( .*)?'
)
LINE = '[2026-05-01T10:00:00 +0000] 192.0.2.1:443 "GET /a b HTTP/2" 200 "-" "x y" host "z"'
LINES = (LINE, LINE + " t", LINE + ' t "u" "v"', LINE.replace("192.0.2.1:443", "-"))
PIECES = (" ", '"', '" ', ' "', '" "', '""', "-", "!", "\x00", "\u00e9", '" a b "', '" 200 - "')


def _mutated(chance: random.Random, line: str) -> str:
    for _ in range(chance.choice([0, 1, 1, 2, 4])):
        signs = [place for place, char in enumerate(line) if char in ' "'] or [0]
        place = chance.choice(signs) + chance.randrange(2)
        cut = chance.choice([0, 0, 1, 6])
        line = line[:place] + chance.choice(PIECES) * (cut < 6) + line[place + cut :]
    return line


@pytest.mark.parametrize("seed", range(5))
def test_both_ways_agree(seed: int) -> None:
    chance = random.Random(seed)
    lines = [_mutated(chance, chance.choice(LINES)) for _ in range(2000)]
    expression = read_expression(EXPRESSION)
    wanted = tuple(range(1, expression.groups + 1))
    text = "".join(line + "\n" for line in lines).encode()
    found: dict[int, tuple[object, ...]] = {}
    for rows in RegexReader.of(expression, wanted).rows(pyarrow.py_buffer(text)):
        for row, start in enumerate(rows.starts.tolist()):
            found[start] = tuple(column[row].as_py() for column in rows.columns)
    start = 0
    for line in lines:
        match = re.fullmatch(EXPRESSION, line, re.DOTALL)
        expected = match.groups() if match else (None,) * len(wanted)
        assert found.pop(start) == expected, line
        start += len(line.encode()) + 1
    assert not found


@pytest.mark.parametrize("text", ["a\\.b", "(?=a)", "(a)*", "[[]", "a++", "(", "(a?)?", "a|)"])
def test_what_java_and_re2_read_differently_is_refused(text: str) -> None:
    with pytest.raises(LakeError, match=r"input\.regex"):
        read_expression(text)
