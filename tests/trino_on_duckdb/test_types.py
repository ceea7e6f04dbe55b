"""Types and signatures: reading and printing, conversion, resolution of calls."""

from __future__ import annotations

import pytest

from lakehunt.trino_on_duckdb.binding import resolve
from lakehunt.trino_on_duckdb.signatures import named
from lakehunt.trino_on_duckdb.types import coerces, common, parse

TEXTS = [
    "array(varchar(5))",
    "row(a bigint, b varchar)",
    "timestamp(3) with time zone",
    "decimal(38,0)",
    "map(varchar, array(row(x double)))",
    'row("a b" integer)',
    "interval day to second",
]
COMMON = [
    ("integer", "bigint", "bigint"),
    ("integer", "decimal(3,1)", "decimal(11,1)"),
    ("varchar(3)", "varchar(5)", "varchar(5)"),
    ("varchar", "varchar(5)", "varchar"),
    ("date", "timestamp(3)", "timestamp(3)"),
    ("timestamp(6)", "timestamp(3) with time zone", "timestamp(6) with time zone"),
    ("array(unknown)", "array(integer)", "array(integer)"),
    ("varchar", "integer", None),
    ("bigint", "real", "real"),
]
CALLS = [
    ("concat", ["varchar(1)", "varchar(2)"], "varchar"),
    ("split", ["varchar(5)", "varchar(1)"], "array(varchar(5))"),
    ("replace", ["varchar(3)", "varchar(1)", "varchar(1)"], "varchar(7)"),
    ("round", ["decimal(14,1)", "integer"], "decimal(15,1)"),
    ("sum", ["decimal(3,1)"], "decimal(38,1)"),
    ("avg", ["integer"], "double"),
    ("contains", ["varchar(10)", "ipaddress"], "boolean"),
    ("date_diff", ["varchar(3)", "timestamp(0)", "date"], "bigint"),
    ("element_at", ["map(varchar(1), integer)", "varchar(1)"], "integer"),
    ("greatest", ["integer", "unknown", "bigint"], "bigint"),
    ("sum", ["varchar"], None),
]


@pytest.mark.parametrize("text", TEXTS)
def test_reads_and_prints(text: str) -> None:
    assert str(parse(text)) == text


@pytest.mark.parametrize(("a", "b", "joined"), COMMON, ids=[f"{a},{b}" for a, b, _ in COMMON])
def test_common_type(a: str, b: str, joined: str | None) -> None:
    wanted = parse(joined) if joined else None
    assert common(parse(a), parse(b)) == common(parse(b), parse(a)) == wanted
    assert wanted is None or coerces(parse(a), wanted)


@pytest.mark.parametrize(("name", "types", "result"), CALLS, ids=[f"{c[0]}{c[1]}" for c in CALLS])
def test_resolution(name: str, types: list[str], result: str | None) -> None:
    bound = resolve(named(name), [parse(t) for t in types])
    assert (str(bound.returns) if bound else None) == result
