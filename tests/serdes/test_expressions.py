"""Splitting a line at its signs finds what matching the whole expression finds."""

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow
import pytest

from lakehunt.content import roots
from lakehunt.engines.local.serdes.plain import plain_lines
from lakehunt.engines.local.serdes.regex import RegexReader
from lakehunt.engines.local.serdes.signs import find_signs
from lakehunt.errors import LakeError, Location
from lakehunt.expressions import read_expression
from lakehunt.sources import load_sources
from lakehunt.writer import expand
from lakehunt.writer.serdes import file_bytes

EXPRESSION = (
    r'[^ ]([-0-9T:]+ [-+][0-9]+)[^ ] (?:([^ ]*):([0-9]+)|-) "([^ ]*) (.*?) ([^ "]*)" (-|[0-9]+)'
    r' (?:"(.*?)"|-) "(.*)" ([^ "]+) "([^"]*)"(?: ([^ "]+)(?: "([^"]*)" "([^"]*)")?)?( .*)? ?'
)
LINE = '[2026-05-01T10:00:00 +0000] 192.0.2.1:443 "GET /a b HTTP/2" 200 "-" "x y" host "z"'
LINES = (LINE, LINE + " ", LINE + " t", LINE + ' t "u" "v"', LINE.replace("192.0.2.1:443", "-"))
PIECES = (" ", '"', '" ', ' "', '" "', '""', "-", "!", "\x00", "\u00e9", '" a b "', '" 200 - "')


def _mutated(chance: random.Random, line: str) -> str:
    for _ in range(chance.choice([0, 1, 1, 2, 4])):
        signs = [place for place, char in enumerate(line) if char in ' "'] or [0]
        place = chance.choice(signs) + chance.randrange(2)
        cut = chance.choice([0, 0, 1, 6])
        line = line[:place] + chance.choice(PIECES) * (cut < 6) + line[place + cut :]
    return line


def _shipped() -> Iterator[tuple[str, str, str]]:
    """Yield the sources with such an expression, each with that and a line of its example."""
    for source in load_sources(roots()).values():
        expression = source.table.serde_properties.get("input.regex")
        if expression:
            where = Location(Path(__file__))
            records = expand(source, [{}], datetime(2026, 5, 1, tzinfo=UTC), where)
            text = file_bytes(source.formats[0], source.partitions, records).decode()
            yield source.name, expression, text.splitlines()[-1]


SHIPPED = [*_shipped()]
EXPRESSIONS = [pytest.param(EXPRESSION, LINES, id="made_up")] + [
    pytest.param(text, (line, f"{line} ", line.rpartition(" ")[0], f"{line} 1"), id=name)
    for name, text, line in SHIPPED
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("text", "written"), EXPRESSIONS)
def test_both_ways_agree(text: str, written: tuple[str, ...], seed: int) -> None:
    chance = random.Random(seed)
    lines = [_mutated(chance, chance.choice(written)) for _ in range(2000)]
    expression = read_expression(text)
    wanted = tuple(range(1, expression.groups + 1))
    data = "".join(line + "\n" for line in lines).encode()
    rows = RegexReader.of(expression, wanted).rows(pyarrow.py_buffer(data))
    assert rows.lines().to_pylist() == lines
    for row, line in enumerate(lines):
        match = re.fullmatch(text, line, re.DOTALL)
        expected = match.groups() if match else (None,) * len(wanted)
        assert tuple(column[row].as_py() for column in rows.columns) == expected, line


@pytest.mark.parametrize(
    ("text", "line"), [pytest.param(text, line, id=name) for name, text, line in SHIPPED]
)
def test_an_ordinary_line_of_a_shipped_table_is_split(text: str, line: str) -> None:
    """Matching each line takes five times as long."""
    reader = RegexReader.of(read_expression(text), (1,))
    signs = find_signs(pyarrow.py_buffer(f"{line}\n".encode()))
    assert [len(lines.lines) for _, lines in plain_lines(signs, reader.shapes)].count(1) == 1


@pytest.mark.parametrize("text", ["a\\.b", "(?=a)", "(a)*", "[[]", "a++", "(", "(a?)?", "a|)"])
def test_what_java_and_re2_read_differently_is_refused(text: str) -> None:
    with pytest.raises(LakeError, match=r"input\.regex"):
        read_expression(text)
