"""Tables of JSON on the sandbox: which key a column is read from, as on Athena."""

import gzip

import pytest

from lakehunt.sandbox.server import RESULTS, Sandbox
from tests.asking import Ask, asker, rows_of

_READERS = """
{"readerIp": "192.0.2.1", "bookTitle": "A", "Shelf": {"rowNo": 1, "Tags": ["x"]}, "day": 3}
{"READERIP": "192.0.2.2", "bookTitle": "B", "shelf": {"ROWNO": 2}}
"""


@pytest.fixture
def ask(sandbox: Sandbox) -> Ask:
    return asker(sandbox)


@pytest.mark.parametrize(
    ("name", "packed"), [("a.json", False), ("a.json.gz", True)], ids=["plain", "gzip"]
)
@pytest.mark.parametrize(
    "serde",
    ["org.openx.data.jsonserde.JsonSerDe", "org.apache.hive.hcatalog.data.JsonSerDe"],
    ids=["OpenX", "Hive"],
)
def test_keys_of_json_are_found_in_any_case(
    ask: Ask, sandbox: Sandbox, serde: str, name: str, packed: bool
) -> None:
    data = _READERS.lstrip().encode()
    sandbox.store.put(
        f"s3://{RESULTS}/library/day=1/{name}", gzip.compress(data) if packed else data
    )
    ask(
        "CREATE EXTERNAL TABLE library (readerIp string, booktitle string,"
        " shelf struct<rowno:int,tags:array<string>>) PARTITIONED BY (day string)"
        f" ROW FORMAT SERDE '{serde}' LOCATION 's3://{RESULTS}/library/'"
    )
    ask(f"ALTER TABLE library ADD PARTITION (day = '1') LOCATION 's3://{RESULTS}/library/day=1/'")
    read = ask(
        'SELECT readerip, booktitle, shelf.rowno, element_at(shelf.tags, 1), day, "$path"'
        " FROM library ORDER BY 1"
    )
    path = f"s3://{RESULTS}/library/day=1/{name}"
    assert rows_of(read)[1:] == [
        ["192.0.2.1", "A", "1", "x", "1", path],
        ["192.0.2.2", "B", "2", None, "1", path],
    ]


@pytest.mark.parametrize(
    ("property_", "found"),
    [
        ("'case.insensitive' = 'FALSE'", None),
        ("'mapping.readerip' = 'readerIp', 'case.insensitive' = 'FALSE'", "192.0.2.1"),
        ("'mapping.readerip' = 'bookTitle'", "A"),
    ],
    ids=["by case", "mapped by case", "mapped"],
)
def test_the_properties_of_a_json_table_say_which_key_a_column_is(
    ask: Ask, sandbox: Sandbox, property_: str, found: str | None
) -> None:
    sandbox.store.put(f"s3://{RESULTS}/library/a.json", _READERS.splitlines()[1].encode())
    serde = f"'org.openx.data.jsonserde.JsonSerDe' WITH SERDEPROPERTIES ({property_})"
    place = f"LOCATION 's3://{RESULTS}/library/'"
    ask(f"CREATE EXTERNAL TABLE library (readerip string) ROW FORMAT SERDE {serde} {place}")
    assert rows_of(ask("SELECT readerip FROM library"))[1:] == [[found]]


def test_a_json_table_that_is_not_read_as_athena_does_is_refused(
    ask: Ask, sandbox: Sandbox
) -> None:
    sandbox.store.put(f"s3://{RESULTS}/library/a.json", _READERS.encode())
    serde = "'org.openx.data.jsonserde.JsonSerDe' WITH SERDEPROPERTIES ('dots.in.keys' = 'true')"
    place = f"LOCATION 's3://{RESULTS}/library/'"
    ask(f"CREATE EXTERNAL TABLE library (readerip string) ROW FORMAT SERDE {serde} {place}")
    status = ask("SELECT readerip FROM library")["Status"]
    assert status["State"] == "FAILED"
    assert "dots.in.keys" in status["StateChangeReason"]
