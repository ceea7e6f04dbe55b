"""Command output, SIEM exports and CSV, read as rows or refused."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ask, Ran
from tests.lakes import document, event, lines, names, put
from tests.mailing import NAME, looked_up, table, tarred_and_gzipped, text, told, zipped

ONE, TWO = event("One"), event("Two")


WRAPPED = {
    "lookup": looked_up(ONE, TWO),
    "lookups": looked_up(ONE) + looked_up(TWO),
    "lookup-by-jq": lines(text(ONE), text(TWO)),
    "lookup-by-query": json.dumps([text(ONE), text(TWO)], indent=4).encode(),
    "lookup-as-text": f"{text(ONE)}\t{text(TWO)}\n".encode(),
    "splunk": lines(*({"preview": False, "result": {"_raw": text(e)}} for e in (ONE, TWO))),
    "elastic": lines(*({"_index": "x", "_source": e} for e in (ONE, TWO))),
    "elastic-search": json.dumps({"hits": {"hits": [{"_source": e} for e in (ONE, TWO)]}}).encode(),
    "filebeat": lines(
        *({"_source": {"event": {"original": text(e), "kind": "event"}}} for e in (ONE, TWO))
    ),
    "eventbridge": lines(*({"version": "0", "detail": e} for e in (ONE, TWO))),
    "array": json.dumps([{"message": text(e)} for e in (ONE, TWO)], indent=1).encode(),
    "splunk-search": json.dumps({"results": [{"_raw": text(e)} for e in (ONE, TWO)]}).encode(),
    "plain-first": lines(ONE, {"_raw": text(TWO)}),
    "any-field": lines({"z9": text(ONE)}, {"z9": text(TWO)}),
    "mixed-fields": lines({"a": text(ONE)}, {"b": {"c": TWO}}),
    "after-others": lines({"message": "hello"}, {"message": text(ONE)}, {"message": text(TWO)}),
    "cloudwatch": json.dumps({"logEvents": [{"message": text(e)} for e in (ONE, TWO)]}).encode(),
    "csv": table(["_time", "_raw"], ["1", text(ONE)], ["2", text(TWO)]),
    "csv-semicolon": table(["n", "_raw"], ["1", text(ONE)], ["2", text(TWO)], delimiter=";"),
    "csv-no-header": table([text(ONE)], [text(TWO)]),
    "utf-16": looked_up(ONE, TWO).decode().encode("utf-16"),
}


@pytest.mark.parametrize("packed", [True, False], ids=["gzip", "plain"])
@pytest.mark.parametrize("shape", WRAPPED)
def test_wrapped_records_are_read(tmp_path: Path, ask: Ask, shape: str, packed: bool) -> None:
    put(tmp_path / "export", WRAPPED[shape], packed=packed)
    rows, run = ask(tmp_path)
    assert names(rows) == ["One", "Two"]
    assert {row["account_id"] for row in rows} == {"111122223333"}
    assert run.accounts[0].rows_read == 2
    strange = ["1 of 3 lines hold no event, the first is 1"] if shape == "after-others" else []
    assert [note.reason for note in told(run)] == strange


@pytest.mark.skipif(os.name != "posix", reason="names there are Unicode")
def test_a_file_whose_name_is_no_utf8_is_read_and_named(tmp_path: Path, ask: Ask) -> None:
    put(tmp_path / "one.json", document(ONE))
    put(Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xe4r.json")), document(TWO))
    put(Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xe4/x.bin")), b"junk")
    rows, run = ask(tmp_path)
    assert names(rows) == ["One", "Two"]
    assert {str(row["log_file"]).rpartition("/")[2] for row in rows} == {"one.json", r"b\xe4r.json"}
    assert [note.path for note in run.unknown] == [rf"{tmp_path}/b\xe4/x.bin"]


# a file named as a log is taken for UTF-8, and refused otherwise
@pytest.mark.parametrize("shape", sorted({*WRAPPED} - {"utf-16"}))
def test_wrapped_records_under_a_log_files_name_are_read(
    tmp_path: Path, ask: Ask, shape: str
) -> None:
    put(tmp_path / NAME, WRAPPED[shape], packed=True)
    assert names(ask(tmp_path)[0]) == ["One", "Two"]


@pytest.mark.parametrize("shape", ["lookup", "elastic", "splunk", "csv"])
def test_first_records_longer_than_a_head_are_recognised(
    tmp_path: Path, ask: Ask, shape: str
) -> None:
    large = event("Large", requestParameters={"pad": "x" * 150_000})
    shapes = {
        "lookup": looked_up(large, TWO),
        "elastic": lines({"_source": large}, {"_source": TWO}),
        "splunk": lines({"result": {"_raw": text(large)}}, {"result": {"_raw": text(TWO)}}),
        "csv": table(["_raw"], [text(large)], [text(TWO)]),
    }
    put(tmp_path / "export", shapes[shape])
    assert names(ask(tmp_path)[0]) == ["Large", "Two"]


@pytest.mark.parametrize("wrap", ["text", "object", "csv"])
def test_values_in_a_wrapped_field_are_exact(tmp_path: Path, ask: Ask, wrap: str) -> None:
    exact = '{"n":1.10,"e":1.7E9,"big":123456789012345678901234567890,"s":"\\u00fc \\"},{\\" 1.10"}'
    record = text(ONE)[:-1] + f', "requestParameters": {exact}}}'
    shapes = {
        "text": json.dumps({"message": record}).encode(),
        "object": f'{{"message": {record}}}'.encode(),
        "csv": table(["_raw"], [record]),
    }
    put(tmp_path / "plain.json", f"{record}\n{record}\n".encode())
    plain = {row["request_parameters"] for row in ask(tmp_path)[0]}
    put(tmp_path / "plain.json", shapes[wrap])
    assert {row["request_parameters"] for row in ask(tmp_path)[0]} == plain
    assert "1.10" in str(plain)


def test_a_record_with_a_record_in_its_request_stays_itself(tmp_path: Path, ask: Ask) -> None:
    outer = event("PutEvents", requestParameters={"detail": text(TWO)})
    put(tmp_path / "export", lines({"_raw": text(outer)}))
    put(tmp_path / NAME, document({**outer, "eventName": None}, ONE))
    assert names(ask(tmp_path)[0]) == ["One", "PutEvents"]


def test_lines_and_entries_without_an_event_are_told(tmp_path: Path, ask: Ask) -> None:
    good = {"_raw": text(ONE)}
    wrapped = lines(good, {"_raw": "no json"}) + b'{"_raw": \n' + lines({"_raw": text(TWO)})
    put(tmp_path / "lines", wrapped)
    put(tmp_path / "lookup", json.dumps({"Events": [{"CloudTrailEvent": text(ONE)}, 7]}).encode())
    put(tmp_path / "rows.csv", table(["_raw"], [text(ONE)], ["nothing"], ["nothing"]))
    rows, run = ask(tmp_path)
    assert names(rows) == ["One", "One", "One", "Two"]
    assert (run.accounts[0].rows_read, run.accounts[0].rows_unparsed) == (5, 1)
    assert {Path(note.path).name: note.reason for note in told(run)} == {
        "lines": "1 of 4 lines are broken JSON, the first is 3; "
        "1 of 4 lines hold no event, the first is 2",
        "rows.csv": "2 of 3 rows hold no event, the first is row 2",
    }


def test_a_file_whose_first_line_is_broken_is_recognised(tmp_path: Path, ask: Ask) -> None:
    put(tmp_path / "dump", b'{"_raw": NaN}\n' + lines({"_raw": text(ONE)}))
    rows, run = ask(tmp_path)
    assert names(rows) == ["One"]
    assert [note.reason for note in told(run)] == ["1 of 2 lines are broken JSON, the first is 1"]


@pytest.mark.parametrize("count", [100, 101, 1000, 1001, 2500])
def test_every_row_of_a_long_export_is_read(tmp_path: Path, ask: Ask, count: int) -> None:
    texts = [text(event(f"E{number}")) for number in range(count)]
    put(tmp_path / "a.csv", table(["_raw"], *([one] for one in texts)))
    put(tmp_path / "b.log", lines(*({"_raw": one} for one in texts)))
    found = ask(tmp_path, "SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM cloudtrail")
    assert found[0] == [{"n": 2 * count, "ids": count}]


def test_the_documents_before_a_cut_are_read(tmp_path: Path, ask: Ask) -> None:
    put(tmp_path / "lookup", looked_up(ONE) + looked_up(TWO)[:-40])
    rows, run = ask(tmp_path)
    assert names(rows) == ["One"]
    assert ["broken JSON" in note.reason for note in told(run)] == [True]


@pytest.mark.parametrize("opening", ["[", '{"a":'], ids=["lists", "objects"])
def test_bottomless_json_is_refused(tmp_path: Path, ask: Ask, opening: str) -> None:
    put(tmp_path / "kept.json", document(ONE))
    put(tmp_path / "deep.json", opening.encode() * 100_000)
    put(tmp_path / NAME, opening.encode() * 100_000, packed=True)
    put(tmp_path / "field", lines({"_raw": text(TWO)}, {"_raw": '{"a":' * 100_000}))
    rows, run = ask(tmp_path)
    assert names(rows) == ["One", "Two"]
    assert sorted(Path(note.path).name for note in told(run)) == [NAME, "deep.json", "field"]


HEADERS = {
    "console": ["Event name", "Event time", "User name", "Event source", "Resource name"],
    "reordered": ["User name", "Event time", "Event source", "Event name", "AWS region", "Mood"],
    "upper-case": ["EVENT NAME", "EVENT TIME", "USER NAME", "EVENT SOURCE", "RESOURCE NAME"],
    "all": [
        *("Event ID", "Event time", "User name", "Event name", "Event source", "AWS access key"),
        *("AWS region", "Error code", "Source IP address", "Resource type", "Resource name"),
    ],
}
CELLS = {
    "event name": "CreateUser",
    "event time": "2026-05-01T10:00:00Z",
    "user name": "alice",
    "event source": "iam.amazonaws.com",
    "resource name": "mallory",
    "resource type": "AWS::IAM::User",
    "aws region": "us-east-1",
    "aws access key": "AKIAEXAMPLEKEY000001",
    "source ip address": "198.51.100.10",
    "event id": "id-1",
}


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"], ids=["plain", "bom"])
@pytest.mark.parametrize("header", HEADERS)
def test_event_history_is_read_and_named_as_partial(
    tmp_path: Path, ask: Ask, header: str, bom: bytes
) -> None:
    row = [CELLS.get(name.lower(), "") for name in HEADERS[header]]
    put(tmp_path / "event_history.csv", bom + table(HEADERS[header], row, row[:2]))
    sql = "SELECT event_name, event_source, actor, user_name, target, outcome FROM cloudtrail"
    rows, run = ask(tmp_path, sql)
    target = "mallory" if "resource name" in [n.lower() for n in HEADERS[header]] else None
    names_ = ("CreateUser", "iam.amazonaws.com", "alice", "alice", target, "success")
    assert [tuple(row.values()) for row in rows] == [names_]
    partial = run.accounts[0].partial[0].reason
    assert partial.startswith("Event history CSV: no request, no response")
    assert ("no key ids" in partial) is (header != "all")
    assert ("columns not read: Mood" in partial) is (header == "reordered")
    assert [note.reason for note in told(run)] == ["1 of 2 rows hold no event, the first is row 2"]


def test_a_partial_file_is_named_on_the_command_line(
    tmp_path: Path, lakehunt: Callable[..., Ran]
) -> None:
    row = [CELLS.get(name.lower(), "") for name in HEADERS["console"]]
    put(tmp_path / "a.zip", zipped({"history.csv": table(HEADERS["console"], row)}))
    ran = lakehunt("hunt", tmp_path, "--strict")
    assert ran.code != 3
    assert "history.csv: Event history CSV: no request, no response, no key ids" in ran.err
    assert "could not be read" not in ran.err


def test_event_history_in_an_archive_with_a_time_that_is_none_is_unparsed(
    tmp_path: Path, ask: Ask
) -> None:
    rows = [["CreateUser", "May 1", "alice", "iam.amazonaws.com", ""]]
    put(tmp_path / "a.zip", zipped({"history.csv": table(HEADERS["console"], *rows)}))
    found, run = ask(tmp_path)
    assert (found, run.accounts[0].rows_unparsed) == ([], 1)


def test_a_csv_of_something_else_is_refused(tmp_path: Path, ask: Ask) -> None:
    put(tmp_path / "kept.json", document(ONE))
    put(tmp_path / "other.csv", table(["a", "eventName"], ["1", "2"]))
    put(tmp_path / "flat.csv", table(["eventVersion", "eventSource", "eventName"], ["1", "2", "3"]))
    _, run = ask(tmp_path)
    reasons = {Path(note.path).name: note.reason for note in told(run)}
    assert reasons == dict.fromkeys(
        ["other.csv", "flat.csv"], "neither JSON, CSV nor text of a log that is known here"
    )


def test_the_event_historys_json_is_a_document_of_records(tmp_path: Path, ask: Ask) -> None:
    put(tmp_path / "event_history.json", json.dumps({"Records": [ONE, TWO]}, indent=4).encode())
    rows, run = ask(tmp_path)
    assert (names(rows), run.accounts[0].partial) == (["One", "Two"], ())


def test_the_real_attack_run_is_the_same_in_every_shape(
    tmp_path: Path, ask: Ask, samples: Path
) -> None:
    sql = "SELECT event_id, event_time, actor, target, outcome, request_parameters FROM cloudtrail"
    files = {path.name: path.read_bytes() for path in (samples / "invictus").rglob("*.json")}
    events = [one for data in files.values() for one in json.loads(data)["Records"]]
    shapes = {
        "mail.zip": zipped(files),
        "mail.tar.gz": tarred_and_gzipped(files),
        "lines": lines(*events),
        "array": json.dumps(events).encode(),
        "lookup": looked_up(*events),
        "siem": lines(*({"_raw": text(one)} for one in events)),
        "rows.csv": table(["_raw"], *([text(one)] for one in events)),
    }
    expected = sorted(map(str, ask(samples / "invictus", sql)[0]))
    assert len(expected) == 2900
    for name, data in shapes.items():
        rows, run = ask(put(tmp_path / name, data), sql)
        assert sorted(map(str, rows)) == expected, name
        assert told(run) == []
