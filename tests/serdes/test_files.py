"""Files of each SerDe are read as Athena reads them: every line is a row, a header or named."""

import gzip
import io
from collections.abc import Callable

import pyarrow
import pyarrow.parquet
import pytest

from tests.serdes.conftest import Lake

WEB = b'[2026-05-01T10:00:00 +0000] 192.0.2.1:443 "GET /a b" 200 "curl/7" example.com'
NAME = (
    b'{"timestamp":1777629600123,"accountId":"1","query":"example.com.",'
    b'"answers":[{"Rdata":"192.0.2.7","Type":"A"}],"details":{"A":1}}'
)


def test_a_line_that_does_not_match_is_a_row_of_nulls(
    lake: Lake, lines_of: Callable[[str], list[str]]
) -> None:
    lake.put("web", WEB + b"\nnonsense\n\n" + WEB + b" z future fields\n")
    rows, run = lake.ask("SELECT target, status, agent, zone, extra, day FROM web ORDER BY zone")
    assert [(r["zone"], r["extra"]) for r in rows] == [("z", " future fields"), (None, None)]
    assert rows[1]["target"] == "/a b"
    assert (rows[1]["status"], rows[1]["day"]) == (200, "2026/05/01")
    account = run.accounts[0]
    assert (account.rows_read, account.rows_unparsed) == (4, 2)
    assert lines_of("SELECT line FROM web_unparsed") == ["", "nonsense"]
    assert len(lines_of("SELECT line FROM web_lines")) == 4
    assert len(lines_of("SELECT log_file FROM web_unparsed")) == 2


def test_quotes_that_a_client_sent_shift_no_column(lake: Lake) -> None:
    lake.put(
        "web", WEB.replace(b"curl/7", b'x" 500 "y') + b"\n" + WEB.replace(b"/a b", b'/"') + b"\n"
    )
    rows, _ = lake.ask("SELECT target, status, agent, host FROM web ORDER BY target")
    assert rows[0] == {"target": '/"', "status": 200, "agent": "curl/7", "host": "example.com"}
    assert rows[1] == {"target": "/a b", "status": 200, "agent": 'x" 500 "y', "host": "example.com"}


@pytest.mark.parametrize(
    ("data", "agents"),
    [
        (WEB + b"\r\n" + WEB + b"\r\n", ["curl/7", "curl/7"]),
        (WEB + b"\n" + WEB, ["curl/7", "curl/7"]),
        (WEB.replace(b"curl", b"\xff\xfe") + b"\n", ["\ufffd\ufffd/7"]),
        (WEB.replace(b"curl", b"a\x00\x01!") + b"\n", ["a\x00\x01!/7"]),
        (WEB.replace(b"curl", b"c" * 2_000_000) + b"\n" + WEB, ["c" * 2_000_000 + "/7", "curl/7"]),
        (b"\xef\xbb\xbf" + WEB, ["curl/7"]),
    ],
    ids=["crlf", "no-final-newline", "not-utf8", "control", "two-megabytes", "bom"],
)
def test_lines_of_any_bytes_are_read(lake: Lake, data: bytes, agents: list[str]) -> None:
    lake.put("web", data)
    rows, run = lake.ask("SELECT agent FROM web")
    assert sorted(str(row["agent"]) for row in rows) == agents
    assert run.accounts[0].rows_unparsed == 0


def test_gzip_members_and_gzip_without_its_name_are_read(lake: Lake) -> None:
    lake.put("web", gzip.compress(WEB + b"\n") * 3, "members", packed=False)
    lake.put("web", WEB, "plain", packed=False)
    rows, _ = lake.ask("SELECT count(*) AS n FROM web")
    assert rows == [{"n": 4}]


def test_many_small_files_keep_their_lines_apart(lake: Lake) -> None:
    for number in range(40):
        lake.put("web", WEB.replace(b"curl", b"%d" % number), f"n{number}")
    rows, run = lake.ask("SELECT agent, log_file FROM web")
    assert all(f"_n{str(row['agent'])[:-2]}.log" in str(row["log_file"]) for row in rows)
    assert (len(rows), run.accounts[0].files_read) == (40, 40)


def test_a_header_gives_the_order_of_its_file(lake: Lake) -> None:
    lake.put("flows", b"start src-addr x(Note) bytes\n1777629600 192.0.2.1 hi 55\n- - - -\n", "a")
    lake.put(
        "flows", b"444455556666 192.0.2.3 192.0.2.2 443 7 1777629600 REJECT more fields\n", "b"
    )
    lake.put("flows", b"#Version: 1\n#Fields: bytes start\n9 1777629600\n1777629600\n", "c")
    rows, run = lake.ask(
        "SELECT source_ip, target, bytes, port, note, flow_account_id, account_id, outcome"
        " FROM flows ORDER BY bytes"
    )
    found = [tuple(row.values()) for row in rows]
    here = "111122223333"
    assert found == [
        ("192.0.2.3", "192.0.2.2", 7, 443, None, "444455556666", here, "denied"),
        (None, None, 9, None, None, None, here, "success"),
        ("192.0.2.1", None, 55, None, "hi", None, here, "success"),
    ]
    account = run.accounts[0]
    assert (account.rows_read, account.rows_unparsed, account.header_lines) == (5, 2, 3)


def test_numbers_of_text_are_those_of_hive(lake: Lake) -> None:
    texts = ["12", "-7", "+5", "1.9", "007", "9223372036854775807", "9223372036854775808", "x", ""]
    rows_of = "".join(f"1777629600,{text},{text}\n".replace(",", " ") for text in texts)
    lake.put("flows", b"start bytes port\n" + rows_of.encode())
    rows, _ = lake.ask("SELECT bytes, port FROM flows")
    assert sorted(str(row["bytes"]) for row in rows) == sorted(
        ["12", "-7", "5", "1", "7", "9223372036854775807", "None", "None", "None"]
    )
    assert sorted(str(row["port"]) for row in rows) == sorted(
        ["12", "-7", "5", "1", "7", "None", "None", "None", "None"]
    )


def test_parquet_and_text_of_one_source_are_one_relation(lake: Lake) -> None:
    lake.put("flows", b"start src-addr bytes\n1777629600 192.0.2.1 55\n", "text")
    columns = {"start_time": [1777629600], "BYTES": pyarrow.array([5], pyarrow.int32())}
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), file)
    lake.put("flows", file.getvalue(), "columns", packed=False)
    lake.put("flows", b"PAR1 and no more", "broken", packed=False)
    rows, run = lake.ask("SELECT bytes, source_ip, day FROM flows ORDER BY bytes")
    assert [tuple(row.values()) for row in rows] == [
        (5, None, "2026/05/01"),
        (55, "192.0.2.1", "2026/05/01"),
    ]
    assert ["broken" in str(note.path) for note in run.accounts[0].refused] == [True]
    raw, _ = lake.ask("SELECT bytes, start_time FROM flows_raw ORDER BY bytes")
    assert [row["bytes"] for row in raw] == [5, 55]


def test_json_lines_are_read_and_a_broken_one_is_shown(lake: Lake) -> None:
    lake.put("names", NAME + b"\n{broken\n" + NAME.replace(b"{", b'{"more":[1],', 1) + b"\n[]\n")
    rows, run = lake.ask("SELECT target, first_answer, details, account_id FROM names")
    assert (
        rows
        == [
            {
                "target": "example.com.",
                "first_answer": "192.0.2.7",
                "details": '{"A":1}',
                "account_id": "111122223333",
            }
        ]
        * 2
    )
    account = run.accounts[0]
    assert (account.rows_read, account.rows_unparsed) == (4, 2)
    left, _ = lake.ask("SELECT line FROM names_unparsed ORDER BY line")
    assert [row["line"] for row in left] == ["[]", "{broken"]
