"""Output formats over one set of rows that holds every awkward value, and hostile text."""

import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow
import pyarrow.parquet
import pytest

from lakehunt.render import rows as render
from lakehunt.render.neutral import for_spreadsheet, for_terminal, plain

COLUMNS = ("name", "time", "number", "ratio", "amount", "flag", "list", "object", "bytes", "day")
ROWS: list[dict[str, object]] = [
    {
        "name": 'plain, with "quotes"',
        "time": datetime(2026, 5, 1, 10, 0, 0, 123456),
        "number": 9007199254740993,
        "ratio": 0.1,
        "amount": Decimal("1.50"),
        "flag": True,
        "list": ["a", None],
        "object": {"ARN": "x", "n": [1]},
        "bytes": b"\x00\xff",
        "day": date(2026, 5, 1),
    },
    dict.fromkeys(COLUMNS),
    {
        "name": '=HYPERLINK("http://example.com")\x1b[31m\u202egnp\u0007\nsecond line',
        "time": datetime(2026, 5, 1, 12, tzinfo=UTC),
        "number": -1,
        "ratio": float("nan"),
        "amount": Decimal("-0.5"),
        "flag": False,
        "list": [],
        "object": {},
        "bytes": b"",
        "day": date(1970, 1, 1),
    },
]


def written(write: Callable[[io.StringIO], None]) -> str:
    out = io.StringIO()
    write(out)
    return out.getvalue()


def test_table(golden: Callable[[str, str], None]) -> None:
    golden("rows.txt", written(lambda out: render.write_table(COLUMNS, ROWS, out)))


def test_csv(golden: Callable[[str, str], None]) -> None:
    golden("rows.csv", written(lambda out: render.write_csv(COLUMNS, ROWS, out)))


def test_jsonl(golden: Callable[[str, str], None]) -> None:
    text = written(lambda out: render.write_jsonl(ROWS, out))
    golden("rows.jsonl", text)
    assert [json.loads(line)["number"] for line in text.splitlines()] == [
        9007199254740993,
        None,
        -1,
    ]


def test_json(golden: Callable[[str, str], None]) -> None:
    golden("rows.json", written(lambda out: render.write_json({"rows": ROWS}, out)))


def test_parquet_keeps_types() -> None:
    table = pyarrow.table({"n": [1, 2], "t": pyarrow.array([datetime(2026, 5, 1)] * 2)})
    read = pyarrow.parquet.read_table(io.BytesIO(render.parquet_bytes(table)))
    assert read.schema == table.schema


def test_no_rows_print_the_heads() -> None:
    assert written(lambda out: render.write_table(("a", "b"), [], out)) == "a  b\n-  -\n"
    assert written(lambda out: render.write_csv(("a", "b"), [], out)) == "a,b\n"


@pytest.mark.parametrize(
    "text",
    [
        "\x1b]0;title\x07",
        "\x9b31m",
        "\u202eevil",
        "\u2066x\u2069",
        "\ufeff",
        "a\nb",
        "\u2028",
        "\U000e0041",
    ],
)
def test_a_terminal_never_sees_control_characters(text: str) -> None:
    shown = for_terminal(text)
    assert shown.isprintable()
    assert "\\" in shown


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "\uff1d1"])
def test_a_spreadsheet_never_sees_a_formula(text: str) -> None:
    assert for_spreadsheet(text) == f"'{text}"


def test_numbers_stay_numbers_in_csv() -> None:
    assert written(lambda out: render.write_csv(("n",), [{"n": -5}], out)) == "n\n-5\n"


def test_large_integers_and_times_survive_json() -> None:
    assert plain({"a": (1, [Decimal("1.10")])}) == {"a": [1, ["1.10"]]}
    assert plain(datetime(2026, 5, 1, 10, tzinfo=UTC)) == "2026-05-01T10:00:00.000Z"
