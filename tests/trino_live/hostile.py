"""Lines that a log should not have, for each kind of table: what a client sent, what was damaged.

It must not know sources: a table's columns say what can be wrong with a line.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence

from lakehunt.model import Table, Type

TEXTS = (
    "null", '"x"', '""', '"null"', "1", "-0", "1.0", "12345678901234567890", "-9223372036854775808",
    "true", '"true"', "{}", '{"a":1}', '{"a":{"b":[1,"x",null]}}', "[]", "[1]", "[[]]", '[{"a":1}]',
    '"\\u0000"', '"\\ud83d\\ude00"', '"\u00e9\u2028"', '"\\/\\b\\t\\n"', '" 1"', '"[1]"', '"{}"',
)  # fmt: skip
"""Values of JSON in a column of text."""
NUMBERS = ("null", '"x"', '""', "1", "-0", "1.0", "1.50", "-1.5", "1e3", '"1"', '"1.5"', '"-7"',
           '"+5"', "9223372036854775807", "9223372036854775808", '"9223372036854775808"', "true",
           '"true"', '" 1"', '"1 "', '"1e3"', '"0x1F"', '"NaN"')  # fmt: skip
"""Values of JSON in a column of numbers."""
LINES = ("", " ", "null", "true", "1", '"x"', "[]", "{}", " {} ", '{"":1}', '{"a.b":1}',
         '{"a":{"a":{"a":{}}}}')  # fmt: skip
"""Values of JSON that are no record of any table."""
LOOSE = (
    "{", "}", "{}x", "{} {}", "{}}", "{,}", '{"a"}', '{"a":}', '{"a":1,}', '{"a":1 "b":2}', "{a:b}",
    "{'a':'b'}", "{a=b}", '{"a":1;"b":2}', "# x", "\x00", '{"a":"\x00"}', '{"a":"\\x"}', '{"a":"x',
    "<html>",
)  # fmt: skip
"""Lines that are no JSON."""
DELIMITED = (
    "",
    " ",
    "  ",
    "-",
    "- -",
    "\\N",
    "\\N \\N",
    "a  b",
    " a",
    "a ",
    '"a b" c',
    "\x00",
    "\x01",
)
PIECES = (" ", '"', '" ', ' "', '" "', '""', "-", "\\", "\\x22", "\x00", "\x01", "\t", "\r",
          "\u00e9", "\u2028", "\x85", "\x0b", "[", "]", ":", "' ", "\udcff",
          "\U0001f600")  # fmt: skip


def json_lines(table: Table, keys: Sequence[str]) -> Iterator[str]:
    """Yield lines of a JSON table: every odd value in a column of each type, odd keys, odd lines.

    Args:
        keys: what each column is called in a record.
    """
    yield from (*LINES, *LOOSE)
    seen: set[str] = set()
    for key, column in zip(keys, table.columns, strict=True):
        if column.type.glue() not in seen:
            seen.add(column.type.glue())
            yield from (f"{{{json.dumps(key)}:{value}}}" for value in _values(column.type))
    name = json.dumps(keys[0])
    yield f'{{ {name} : "1" , "z" : 1 }}'


def is_json(line: str) -> bool:
    """Tell whether a line is JSON; one that is not may hold what a lenient reader makes of it."""
    try:
        json.loads(line or "null")
    except ValueError:
        return not line.strip()
    return True


def _values(type_: Type) -> Iterator[str]:
    """Yield values for a column of a type, odd ones in the place of what it holds."""
    if type_.name == "struct":
        yield from ("null", "{}", '{"zz":1}')
        for key, inner in type_.fields[:2]:
            yield from (f"{{{json.dumps(key)}:{text}}}" for text in _values(inner))
    elif type_.name == "array":
        yield from ("null", "[]", "[null]")
        yield from (f"[{text},{text}]" for text in _values(type_.arguments[0]))
    elif type_.name == "map":
        yield from ("null", "{}")
        yield from (f'{{"k":{text}}}' for text in _values(type_.arguments[1]))
    else:
        yield from TEXTS if type_.name == "string" else NUMBERS


def mutated(line: str, seed: int) -> str:
    """Return a line with a few pieces put in, cut out or written over, where its signs stand."""
    chance = random.Random(seed)
    for _ in range(chance.choice((1, 1, 2, 4))):
        signs = [place for place, char in enumerate(line) if char in ' "\t{}[]:,'] or [0]
        place = chance.choice(signs) + chance.randrange(2)
        cut = chance.choice((0, 0, 0, 1, 1, 6, len(line)))
        put = chance.choice((chance.choice(PIECES), ""))
        line = line[:place] + put + line[place + cut :]
    return line.replace("\n", " ")


def mutated_json(line: str, seed: int) -> str:
    """Return a record with one of its texts changed, or cut off somewhere."""
    if not seed % 5:
        return line[: random.Random(seed).randrange(1, len(line))]
    texts = [match for match in re.finditer(r'(?<=:)"[^"\\\\]*"', line)]
    match = random.Random(seed).choice(texts)
    return line[: match.start()] + json.dumps(mutated(match[0], seed)) + line[match.end() :]
