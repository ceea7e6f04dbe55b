"""Lines that a log should not have, for each kind of table: what a client sent, what was damaged.

It must not know sources: a table's columns say what can be wrong with a line.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

from lakehunt.model import Table, Type

VALUES = (
    "null", '"x"', '""', '"null"', "1", "-0", "1.0", "1.50", "1e3", "1E-7", "1e400", "01", "+1",
    "12345678901234567890", "9223372036854775808", "-9223372036854775808", "0.1234567890123456789",
    "true", '"true"', "{}", '{"a":1}', '{"a":{"b":[1,"x",null]}}', "[]", "[1]", '["x",null,2.50]',
    "[[]]", "[{}]", '[{"a":1}]', '"\\u0000"', '"\\ud800"', '"\\ud83d\\ude00"', '"\u00e9\u2028"',
    '"\\/\\b\\t"', '"a\tb"', '"a\x01b"', '" 1"', '"1 "', '"1.5"', '"1e3"', '"-7"', '"+5"',
    '"[1]"', '"{}"', "NaN", "x", "'x'",
)  # fmt: skip
"""Values of JSON, and some that are none."""
LINES = (
    "", " ", "null", "true", "1", '"x"', "[]", "{}", " {} ", "[{}]", "{", "}", "{}x", "{} {}", "{}}",
    "{,}", '{"a"}', '{"a":}', '{"a":1,}', '{"a":1 "b":2}', "{'a':'b'}", "{a:b}", "{a=b}", "{a=>b}",
    '{"a":1;"b":2}', "{#\n", "{/*x*/}", "# x", "\x00", '{"a":"\x00"}', '{"":1}', '{"a.b":1}',
    '{"a":{"a":{"a":{}}}}', '{"a":"\\x"}', '{"a":"\\u12"}', '{"a":"x', "<html>", "\ufeff{}",
)  # fmt: skip
"""Lines of any table of JSON."""
DELIMITED = ("", " ", "  ", "-", "- -", "\\N", "\\N \\N", "a  b", " a", "a ", '"a b" c', "\x00", "\x01")
PIECES = (" ", '"', '" ', ' "', '" "', '""', "-", "\\", "\\x22", "\x00", "\x01", "\t", "\r", "\u00e9",
          "\u2028", "\x85", "\x0b", "[", "]", ":", "' ", "\udcff", "\U0001f600")  # fmt: skip


def json_lines(table: Table, keys: Sequence[str]) -> Iterator[str]:
    """Yield lines of a JSON table: every odd value in a column of each type, odd keys, odd lines.

    Args:
        keys: what each column is called in a record.
    """
    yield from LINES
    seen: set[str] = set()
    for key, column in zip(keys, table.columns, strict=True):
        name = json.dumps(key)
        if column.type.glue() in seen:
            continue
        seen.add(column.type.glue())
        for value in VALUES:
            for wrapped in _wrapped(value, column.type):
                yield f"{{{name}:{wrapped}}}"
    name, upper = json.dumps(keys[0]), json.dumps(keys[0].upper())
    yield from (f'{{{name}:"1",{name}:"2"}}', f'{{{upper}:"1"}}', f'{{{upper}:"1",{name}:"2"}}')
    yield from (f'{{{name}:"1",{upper}:"2"}}', f'{{ {name} : "1" , "z" : 1 }}', f'{{{name}:"1"}}\r')


def _wrapped(value: str, type_: Type) -> Iterator[str]:
    """Yield a value in place of one of a type, and in the place of what that type holds."""
    yield value
    if type_.name == "struct":
        key, inner = type_.fields[0]
        yield from (f"{{{json.dumps(key)}:{text}}}" for text in _wrapped(value, inner))
        yield f"{{{json.dumps(key.swapcase())}:{value}}}"
    elif type_.name == "array":
        yield from (f"[{text}]" for text in _wrapped(value, type_.arguments[0]))
    elif type_.name == "map":
        yield f'{{"k":{value}}}'


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
