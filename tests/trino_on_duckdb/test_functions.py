"""The tables of functions: every signature has an entry, templates hold, both engines agree."""

from __future__ import annotations

import collections
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from lakehunt.trino_on_duckdb import functions, signatures
from lakehunt.trino_on_duckdb.functions import Argument, Call, Entry, How, Refused, render
from lakehunt.trino_on_duckdb.functions.definitions import Macro, named
from lakehunt.trino_on_duckdb.functions.entry import quote
from lakehunt.trino_on_duckdb.prelude import Prelude, install


@pytest.fixture(scope="module")
def prelude() -> Iterator[Prelude]:
    with duckdb.connect() as connection:
        yield install(connection, "")


def rows(prelude: Prelude, sql: str) -> list[Any]:
    prelude.need(sql)
    return prelude.connection.execute(sql).fetchall()


def test_every_signature_has_one_entry() -> None:
    table = Path(signatures.__file__).with_name("signatures.tsv").read_text(encoding="utf-8")
    known = {(e.name, e.arguments) for e in functions.ENTRIES}
    assert len(known) == len(functions.ENTRIES)
    names = {line.split("\t")[0] for line in table.split("\n")[1:] if line}
    assert names <= {name for name, _ in known}


def test_refusals_have_reasons() -> None:
    refused = [e for e in functions.ENTRIES if e.how is How.REFUSED]
    assert all(e.sql for e in refused)
    with pytest.raises(Refused, match=refused[0].name):
        render(refused[0], Call(()))


def test_names_of_definitions_are_unique() -> None:
    counts = collections.Counter(
        d.name for family in functions.FAMILIES for d in family.DEFINITIONS
    )
    assert [name for name, count in counts.items() if count > 1] == []


def test_what_is_named_is_defined() -> None:
    texts = [entry.sql for entry in functions.ENTRIES if entry.how is not How.REFUSED]
    texts += [d.body for d in functions.DEFINITIONS.values() if isinstance(d, Macro)]
    local = {"trino_x", "trino_y", "trino_i", "trino_e", "trino_k", "trino_c", "trino_n"}
    local |= {
        "trino_acc",
        "trino_piece",
        "trino_pair",
        "trino_text",
        "trino_it",
        "trino_at",
        "trino_that",
        "trino_all",
    }
    assert set().union(*(named(text) for text in texts)) - functions.DEFINITIONS.keys() <= local


def test_everything_can_be_installed_twice() -> None:
    with duckdb.connect() as connection:
        install(connection)
        with connection.cursor() as other:
            assert rows(install(other), "SELECT trino_strpos_instance('aXbX', 'X', 2)") == [(4,)]


VALUES = "(VALUES ('a.b', 1), ('a.b', 0), (NULL, 1), ('c', 2), ('', 1)) AS t(s, n)"
COLUMNS: list[tuple[str, list[object]]] = [
    ("TRY(trino_split_part(s, '.', n))", ["a", None, None, None, ""]),
    ("TRY(trino_lpad(s, n - 1, '-'))", ["", None, None, "c", ""]),
    ("TRY(trino_codepoint(s))", [None, None, None, 99, None]),
    ("trino_substr(s, n)", ["a.b", "", None, "", ""]),
    ("trino_strpos(s, '')", [1, 1, None, 1, 1]),
    ("TRY(trino_split_limit(s, '.', n))", [["a.b"], None, None, ["c"], [""]]),
    ("trino_json_extract_scalar('[1, ' || s || ']', '$[0]', '$[0]')", ["1", "1", None, "1", "1"]),
    ("TRY(trino_from_base(s, 16))", [None, None, None, 12, None]),
    ("TRY(trino_json_parse(s))", [None] * 5),
    ("CASE WHEN n > 0 THEN trino_split_part(s, '.', n) END", ["a", None, None, None, ""]),
    ("coalesce(TRY(trino_ip(s)), 0)", [0, 0, 0, 0, 0]),
]


@pytest.mark.parametrize(("expression", "expected"), COLUMNS)
def test_columns_of_good_and_bad_rows(
    prelude: Prelude, expression: str, expected: list[object]
) -> None:
    assert [row[0] for row in rows(prelude, f"SELECT {expression} FROM {VALUES}")] == expected


PATTERNS = [
    *(r"a", r"^a", r"b$", r"a|b", r"(a)(b)?", r"[^b]", r"\d+", r"\s", r"\w+", r"[\w.-]+", r"(?i)A"),
    *(r"a.b", r"(?s)a.b", r"[]a]", r"[a-c&&[^b]]", r"\bA", r"x*", r"a{1,2}", r"a+?", r"(?<n>a)"),
    *(r"(?:a|ab)(c|bcd)?", r"\.", r"\Qa.b\E", r"\x41", r"é", r"[^\s]+$"),
]
SUBJECTS = ["", "a", "ab", "a.b", "a\nb", "ab\n", "AB 12", "é1 a", "x]a", "abcd", " a\tb ", "aaa"]
SIGNATURES = {
    "regexp_like": (),
    "regexp_extract": (),
    "regexp_extract_all": (),
    "regexp_count": (),
    "regexp_split": (),
    "regexp_replace": ("varchar(y)",),
}


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("name", SIGNATURES)
def test_both_engines_agree(prelude: Prelude, name: str, pattern: str) -> None:
    """A literal pattern goes to RE2 where it may, a computed one to Python: same answers."""
    rest = SIGNATURES[name]
    entry = functions.find(name, ("varchar(x)", "joniregexp", *rest))
    assert entry is not None
    last = [Argument("'<$0>'", literal="<$0>")] if rest else []
    literal = Call((Argument("s"), Argument(quote(pattern), literal=pattern), *last))
    computed = Call((Argument("s"), Argument(quote(pattern)), *last))
    subjects = ", ".join(f"({quote(subject)})" for subject in SUBJECTS)
    both = f"{render(entry, literal)}, {render(entry, computed)}"
    sql = f"SELECT s, {both} FROM (VALUES {subjects}) t(s)"
    for subject, one, other in rows(prelude, sql):
        assert one == other, subject


def test_a_clause_without_place_is_refused() -> None:
    entry = Entry("f", (), How.NATIVE, "f($1)")
    with pytest.raises(Refused, match="DISTINCT is not reproduced"):
        render(entry, Call((Argument("x"),), distinct="DISTINCT"))


def test_marks_of_a_template() -> None:
    entry = Entry(
        "f", (), How.NATIVE, "f($distinct$1, $2*, $t1, $d1, $p1, $s1, $r$order, '$$1')$after"
    )
    first, second = Argument("x", "DECIMAL(5,2)", "decimal(5,2)"), Argument("y")
    call = Call((first, second, second), "INTEGER", "integer", order="ORDER BY z", after="OVER ()")
    text = render(entry, call)
    assert (
        text == "f(x, y, y, DECIMAL(5,2), 'decimal(5,2)', 5, 2, INTEGER ORDER BY z, '$1') OVER ()"
    )


def test_no_template_holds_a_bare_arrow() -> None:
    """DuckDB 2 takes `lambda x:`; the arrow of its JSON operators is not used either."""
    assert [e.name for e in functions.ENTRIES if re.search(r"\w ->", e.sql)] == []
