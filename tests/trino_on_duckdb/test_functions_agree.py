"""Where a function has a fast way in DuckDB and an exact one in Python, both give the same answers.

Subjects are drawn at random from pieces that tend to go wrong, with a fixed seed.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import duckdb
import pytest

from lakehunt.trino_on_duckdb import functions
from lakehunt.trino_on_duckdb.functions import Argument, Call, render, urls
from lakehunt.trino_on_duckdb.functions.entry import quote
from lakehunt.trino_on_duckdb.prelude import Prelude, install

Draw = Callable[[random.Random], str]


@pytest.fixture(scope="module")
def prelude() -> Iterator[Prelude]:
    with duckdb.connect() as connection:
        yield install(connection, "")


def differing(prelude: Prelude, one: str, other: str, subjects: Sequence[object]) -> list[Any]:
    """The subjects `u` with both answers where these differ; an error counts as NULL."""
    sql = f"SELECT u, TRY({one}), TRY({other}) FROM (SELECT unnest($1) AS u)"
    prelude.need(sql)
    rows = prelude.connection.execute(sql, [list(subjects)]).fetchall()
    return [row for row in rows if row[1] != row[2]]


def text(name: str, arguments: tuple[str, ...], *values: str, known: bool) -> str:
    """A call on `u` and texts, the texts as literals or as something computed."""
    entry = functions.find(name, arguments)
    assert entry is not None
    rest = [Argument(quote(value), literal=value if known else None) for value in values]
    return render(entry, Call((Argument("u"), *rest)))


SCALARS = (
    *("1", "-0", "0", "1.50", "1e5", "12345678901234567890", "18446744073709551616", "01", "1."),
    *('"x"', '"a\\u00e9\\n"', '"nan"', '": nan,]"', "true", "null", "NaN", "-", "nul", '"tab\t"'),
)


def json_text(draw: random.Random, depth: int = 0) -> str:
    """A JSON text, or one that is broken in some way."""
    kind = draw.random()
    count = range(draw.randint(0, 3))
    if depth > 2 or kind < 0.5:
        return draw.choice(SCALARS)
    if kind < 0.8:
        keys = [draw.choice(['"a"', '"b"', '"0"', '"a b"', "a"]) for _ in count]
        members = ", ".join(f"{key}: {json_text(draw, depth + 1)}" for key in keys)
        return "{" + members + draw.choice(["}", "}", "}", "", ",}"])
    elements = ",".join(json_text(draw, depth + 1) for _ in count)
    return "[" + elements + draw.choice(["]", "]", "", ",]", " ]"])


@pytest.mark.parametrize("name", ["json_extract_scalar", "json_extract"])
@pytest.mark.parametrize("path", ["$", "$.a", "$.a.b", "$[0]", "$.a[0]", '$["a b"]', "$.0"])
def test_json_paths(prelude: Prelude, name: str, path: str) -> None:
    draw = random.Random(path)
    subjects = [json_text(draw) + draw.choice(["", "", " x"]) for _ in range(800)]
    arguments = ("varchar(x)", "jsonpath")
    fast = text(name, arguments, path, known=True)
    assert "_text($1" not in fast
    assert differing(prelude, fast, text(name, arguments, path, known=False), subjects) == []


def number(draw: random.Random, width: int) -> str:
    value = draw.choice([0, 1, 2, 9, 10, 12, 13, 23, 24, 28, 29, 30, 31, 32, 59, 60])
    return str(value).zfill(draw.choice([width, width, 1]))


DATES: dict[str, tuple[str, Draw]] = {
    "%Y-%m-%d %H:%i:%s": (
        "date_parse",
        lambda d: (
            f"{d.choice(['2020', '1999', '99', '12020'])}-{number(d, 2)}-{number(d, 2)} "
            f"{number(d, 2)}:{number(d, 2)}:{number(d, 2)}"
        ),
    ),
    "%d/%b/%Y": (
        "date_parse",
        lambda d: f"{number(d, 2)}/{d.choice(['Jan', 'feb', 'DEC', 'April', 'X'])}/2020",
    ),
    "yyyy-MM-dd'T'HH": (
        "parse_datetime",
        lambda d: f"{d.choice(['2020', '20'])}-{number(d, 2)}-{number(d, 2)}T{number(d, 2)}",
    ),
}


@pytest.mark.parametrize("pattern", DATES)
def test_dates_by_pattern(prelude: Prelude, pattern: str) -> None:
    name, made = DATES[pattern]
    draw = random.Random(pattern)
    subjects = [made(draw) + draw.choice(["", "", "", " ", "\n"]) for _ in range(2000)]
    arguments = ("varchar(x)", "varchar(y)")
    fast = text(name, arguments, pattern, known=True)
    assert "strptime" in fast
    assert differing(prelude, fast, text(name, arguments, pattern, known=False), subjects) == []


def test_iso_timestamps(prelude: Prelude) -> None:
    draw = random.Random(1)
    zones = ["", "Z", "+02:00", "-0530"]
    subjects = [
        f"2020-{number(draw, 2)}-{number(draw, 2)}T{number(draw, 2)}:{number(draw, 2)}:59"
        f"{draw.choice(['', '.1', '.123456', '.1234567'])}{draw.choice(zones)}"
        for _ in range(2000)
    ]
    fast, exact = "trino_from_iso8601_timestamp_fast(u)", "trino_from_iso8601_timestamp(u)"
    assert differing(prelude, fast, exact, subjects) == []


@pytest.mark.parametrize("pattern", ["%Y-%m-%d %H:%i:%s.%f %a %b %c %e %I %j %p %v %x %y", "%W %M"])
def test_dates_as_text(prelude: Prelude, pattern: str) -> None:
    draw = random.Random(2)
    start = datetime.datetime(1900, 1, 1)
    subjects = [start + datetime.timedelta(microseconds=draw.randrange(10**16)) for _ in range(500)]
    arguments = ("timestamp(p)", "varchar(x)")
    fast = text("date_format", arguments, pattern, known=True)
    exact = text("date_format", arguments, pattern, known=False)
    assert fast.startswith("strftime") and not exact.startswith("strftime")
    assert differing(prelude, fast, exact, subjects) == []


PIECES = (
    *("http", "ftp+x", ":", "//", "b.c", "ex-ample.com", "1.2.3.4", "[::1]", ":80", "/p", "?x=1"),
    *("&y=%20", "#", "%", "é", " ", "user@", "_", "'", "\n", "|", ".", "/"),
)


@pytest.mark.parametrize("part", urls.PARTS)
def test_parts_of_urls(prelude: Prelude, part: str) -> None:
    draw = random.Random(part)
    subjects = [
        draw.choice(["", "http://"]) + "".join(draw.choices(PIECES, k=draw.randint(1, 5)))
        for _ in range(2000)
    ]
    fast, exact = f"trino_url_{part}(u)", f"trino_url_{part}_of_any(u)"
    assert differing(prelude, fast, exact, subjects) == []
