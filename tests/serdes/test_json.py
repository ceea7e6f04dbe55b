"""JSON is read as Trino's SerDes read it: numbers and objects in columns of text, odd keys.

What is expected is what a Trino 476 answered; tests/trino_live asks it about more of the kind.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lakehunt.content import roots
from lakehunt.engines.base import Limits
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.engines.local.serdes import reader_of
from lakehunt.engines.local.serdes.reader import Wanted
from lakehunt.errors import LakeError
from lakehunt.model import Result
from lakehunt.sources import load_source
from lakehunt.sources.lines import HIVE_JSON
from lakehunt.sql.compile import Draft
from tests.serdes.conftest import Lake

ORDINARY = '{"timestamp":1777629600123,"accountId":"1","query":"a","answers":[],"details":"x"}'
NUMBERS = {
    "1.50": "1.50",
    "-1.5": "-1.5",
    "18.0": "18.0",
    "0.00": "0.00",
    "-0.0": "0.0",
    "-0": "0",
    "1e3": "1E+3",
    "1.0E7": "1.0E+7",
    "1.2345678E7": "12345678",
    "1.0E-5": "0.000010",
    "1e-7": "1E-7",
    "1E400": "1E+400",
    "0.12345678901234567890": "0.12345678901234567890",
    "123456789012345678901234567890": "123456789012345678901234567890",
    '"1.50"': "1.50",
    "true": "true",
}


def record(**fields: str) -> str:
    """Return a record with some fields given as JSON."""
    whole = {key: json.dumps(value) for key, value in json.loads(ORDINARY).items()} | fields
    return "{" + ",".join(f"{json.dumps(key)}:{value}" for key, value in whole.items()) + "}"


@pytest.mark.parametrize(("number", "text"), NUMBERS.items())
def test_a_number_in_a_column_of_text(lake: Lake, number: str, text: str) -> None:
    lake.put("names", f"{ORDINARY}\n{record(query=number)}\n".encode())
    rows, _ = lake.ask("SELECT target FROM names WHERE target <> 'a'")
    assert rows == [{"target": text}]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('{"a":1.50,"b":"\\u00e9\\/","c":[1, 2e5]}', '{"a":1.50,"b":"é/","c":[1,2E+5]}'),
        ('["<b></b>", "\\u001f", -1]', '["<b><\\/b>","\\u001f",-1]'),
        ('"<b></b>"', "<b></b>"),
        ('"{\\"a\\":1.50}"', '{"a":1.50}'),
        ('{ "a" : null }', '{"a":null}'),
        ("[]", "[]"),
        ("[" * 900 + "]" * 900, "[" * 900 + "]" * 900),
    ],
)
def test_an_object_in_a_column_of_text(lake: Lake, value: str, text: str) -> None:
    lake.put("names", f"{ORDINARY}\n{record(details=value)}\n".encode())
    rows, _ = lake.ask("SELECT details FROM names WHERE details <> 'x'")
    assert rows == [{"details": text}]


def test_a_number_in_a_text_inside_a_list(lake: Lake) -> None:
    line = record(answers='[{"Rdata":"192.0.2.1"},{"Rdata":1.50}]')
    lake.put("names", f"{ORDINARY}\n{line}\n".encode())
    rows, _ = lake.ask("SELECT element_at(answers, 2).Rdata AS second FROM names_raw")
    assert {row["second"] for row in rows} == {None, "1.50"}


@pytest.mark.parametrize(
    ("line", "row"),
    [
        (ORDINARY.replace("query", "QUERY"), ("a", None, "x")),
        (ORDINARY.replace("query", "\\u0051uery"), ("a", None, "x")),
        (record(Query='"last"'), ("last", None, "x")),
        (record(Query="null"), (None, None, "x")),
        (ORDINARY.replace('"query"', '"query":"first","query"'), ("a", None, "x")),
        (record(answers='[{"Rdata":"first","RDATA":"last"}]'), ("a", "last", "x")),
        (record(answers='[{"RDATA":"only"}]'), ("a", "only", "x")),
        (record(details='{"k":1,"b":2,"K":3}'), ("a", None, '{"b":2,"K":3}')),
    ],
)
def test_keys_twice_or_in_another_case(lake: Lake, line: str, row: tuple[str | None, ...]) -> None:
    lake.put("names", f"{line}\n".encode())
    rows, _ = lake.ask("SELECT query, answers, details FROM names_raw")
    answers = rows[0]["answers"]
    first = answers[0]["Rdata"] if isinstance(answers, list) and answers else None
    assert (rows[0]["query"], first, rows[0]["details"]) == row


def test_lines_of_such_a_file_are_shown_as_delivered(
    lake: Lake, lines_of: Callable[[str], list[str]]
) -> None:
    lines = [record(query="1.50"), record(QUERY="2"), "{broken"]
    lake.put("names", "\n".join(lines).encode())
    assert lines_of("SELECT line FROM names_lines") == sorted(lines)
    assert lines_of("SELECT target FROM names") == ["1.50", "2"]


def test_keys_of_a_record_of_cloudtrail(tmp_path: Path) -> None:
    event = {"eventTime": "2026-05-01T10:00:00Z", "eventID": "e", "eventName": "first",
             "EVENTSOURCE": "s3.amazonaws.com", "userIdentity": {"Type": "Root"}}  # fmt: skip
    text = json.dumps(event).replace(
        "}}", '},"requestParameters":{"a":1,"A":2},"eventname":"last"}'
    )
    folder = tmp_path / "AWSLogs/111122223333/CloudTrail/us-east-1/2026/05/01"
    folder.mkdir(parents=True)
    file = folder / "111122223333_CloudTrail_us-east-1_20260501T1005Z_a.json"
    file.write_text(f'{{"Records":[{text}]}}')
    engine = LocalEngine(tmp_path, {"cloudtrail": load_source(roots(), "cloudtrail")})
    columns = "eventName, eventSource, userIdentity.type AS kind, requestParameters"
    try:
        draft = Draft("q", f"SELECT {columns} FROM cloudtrail_raw")
        result = engine.run([draft], None, Limits(), lambda _: None).results["q"]
    finally:
        engine.close()
    assert isinstance(result, Result), result
    assert [*result.rows()[0].values()] == ["last", "s3.amazonaws.com", "Root", '{"a":1,"A":2}']


def test_hive_keeps_the_digits_of_a_number(lake: Lake) -> None:
    source = lake.sources["names"]
    table = replace(source.table, serde=HIVE_JSON, serde_properties={})
    columns = {column.name: column.type for column in table.columns}
    reader = reader_of(table, Wanted(columns), source.partitions)
    piece = reader.exact_piece(b'{"query":1e3}\n')
    (batch,) = reader.batches([(0, piece)])
    assert batch.to_pylist()[0]["record"] == '{"query": "1e3"}'


def test_keys_with_dots_are_refused(lake: Lake) -> None:
    source = lake.sources["names"]
    table = replace(source.table, serde_properties={"dots.in.keys": "true"})
    with pytest.raises(LakeError, match=r"dots\.in\.keys"):
        reader_of(table, Wanted({}), source.partitions)
