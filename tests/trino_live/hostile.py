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
    "1.50", "-1.5", "-0.0", "0.00", "1e3", "1.0E7", "1.2345678E7", "1.0E-5", "1e-7", "1E400",
    "false", "0.12345678901234567890", "123456789012345678901234567890", '"1.50"', '"<b></b>"',
    '{"a":1.50,"b":"\\u00e9</b>\\/","c":[1, 2e5]}', '[ 1.50, {"a" : 0.0} ]', '{"":1}',
    '{"x":{"k":null,"K":1}}', '{"a":1,"A":2,"b":3,"a":4}', '{"a":"\\u001f\\u007f\\\"\\\\"}',
    '"10:00:00.50,"',
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


def strange_keys(record: str, columns: Sequence[tuple[str, Type]]) -> Iterator[str]:
    """Yield a record with keys that come twice or in another case, at the top and in a struct.

    Args:
        columns: what each column is called in a record, and its type.
    """
    rest = record.strip()[1:-1]
    yield json.dumps({key.upper(): value for key, value in json.loads(record).items()})
    for key, type_ in columns:
        for again in (key, key.upper(), key.lower(), key.swapcase()):
            one, other = json.dumps(key), json.dumps(again)
            if type_.name == "string":
                yield f'{{{other}:"first",{rest}}}'
                values = ('"last"', "null", "1.50", '{"k":1,"k":2}')
                yield from (f'{{{rest},{one}:"first",{other}:{value}}}' for value in values)
            elif type_.name == "struct":
                yield f"{{{rest},{one}:null,{other}:{{}}}}"
                field = type_.fields[0][0]
                pair = f'{json.dumps(field)}:"first",{json.dumps(field.swapcase())}:"last"'
                yield f"{{{rest},{other}:{{{pair}}}}}"
                yield f'{{{rest},{other}:{{{json.dumps(field)}:"first",{pair.lower()}}}}}'


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
