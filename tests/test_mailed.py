"""What people mail: archives, command output, SIEM exports and CSV, read as rows or refused."""

import csv
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from lakehunt.engines.base import Limits, Run
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.errors import LakeError
from lakehunt.model import FileNote, Result, Source
from lakehunt.sql.compile import Draft
from tests.conftest import Ran
from tests.lakes import document, event, lines, names, put

NAME = "111122223333_CloudTrail_us-east-1_20260501T1005Z_AbCdEfGhIjKlMnOp.json.gz"
LAID_OUT = f"AWSLogs/444455556666/CloudTrail/eu-west-1/2026/05/01/{NAME}"
EVENTS = "SELECT event_name, account_id, region, request_parameters, log_file FROM cloudtrail"
Rows = list[dict[str, object]]
Ask = Callable[..., tuple[Rows, Run]]
ONE, TWO = event("One"), event("Two")


@pytest.fixture
def ask(sources: Mapping[str, Source]) -> Ask:
    """Run one query over a lake and return its rows and the run."""

    def run(lake: Path, sql: str = EVENTS) -> tuple[Rows, Run]:
        engine = LocalEngine(lake, sources)
        try:
            ran = engine.run([Draft("q", sql)], None, Limits(), lambda share: None)
        finally:
            engine.close()
        result = ran.results["q"]
        assert isinstance(result, Result), result
        return result.rows(), ran

    return run


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of these members."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target.getvalue()


def tarred(members: Mapping[str, bytes]) -> bytes:
    """Return a tar of these members."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return target.getvalue()


def table(*rows: list[str], delimiter: str = ",") -> bytes:
    """Return rows as CSV."""
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter).writerows(rows)
    return target.getvalue().encode()


def text(value: object) -> str:
    """Return a value as JSON text."""
    return json.dumps(value)


def looked_up(*events: Mapping[str, object]) -> bytes:
    """Return events as `aws cloudtrail lookup-events` prints them."""
    entries = [
        {"EventId": one["eventID"], "EventName": one["eventName"], "CloudTrailEvent": text(one)}
        for one in events
    ]
    return json.dumps({"Events": entries}, indent=4).encode() + b"\n"


def told(run: Run) -> list[FileNote]:
    """Return all that was not read in full."""
    return [*run.unknown, *(note for one in run.accounts for note in one.refused)]


def zipped_by_lzma(members: Mapping[str, bytes]) -> bytes:
    """Return a zip that is packed in a rarer way."""
    return zipped(members, zipfile.ZIP_LZMA)


def tarred_and_gzipped(members: Mapping[str, bytes]) -> bytes:
    """Return a tar of these members inside gzip."""
    return gzip.compress(tarred(members))


ARCHIVES: dict[str, Callable[[Mapping[str, bytes]], bytes]] = {
    "mail.zip": zipped,
    "lzma.zip": zipped_by_lzma,
    "mail.tar": tarred,
    "mail.tar.gz": tarred_and_gzipped,
    "mail.tgz": tarred_and_gzipped,
    "without-an-end": zipped,
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives_are_read_as_the_files_in_them(tmp_path: Path, ask: Ask, name: str) -> None:
    members = {
        LAID_OUT: gzip.compress(document(ONE)),
        "other/lines.log": lines(TWO, event("Three")),
        "other/array.json": json.dumps([event("Four")]).encode(),
        "lookup.json": looked_up(event("Five")),
    }
    path = put(tmp_path / name, ARCHIVES[name](members))
    rows, run = ask(tmp_path)
    assert names(rows) == ["Five", "Four", "One", "Three", "Two"]
    one = next(row for row in rows if row["event_name"] == "One")
    assert (one["account_id"], one["region"]) == ("444455556666", "eu-west-1")
    assert one["log_file"] == f"{path}/{LAID_OUT}"
    assert (run.accounts[0].files_listed, run.accounts[0].files_read) == (4, 4)
    assert told(run) == []


@pytest.mark.parametrize("folder", ["", "AWSLogs/111122223333/CloudTrail/us-east-1/2026/05/01"])
def test_a_single_archive_is_a_lake_wherever_it_lies(tmp_path: Path, ask: Ask, folder: str) -> None:
    path = put(tmp_path / folder / "a.zip", zipped({"x.json": document(ONE)}))
    assert names(ask(path)[0]) == ["One"]
    assert names(ask(tmp_path)[0]) == ["One"]


def test_an_archive_in_an_archive_is_read_and_no_deeper(tmp_path: Path, ask: Ask) -> None:
    deepest = zipped({"deep.json": document(TWO)})
    inner = gzip.compress(tarred({"x.json": document(ONE), "deepest.zip": deepest}))
    path = put(tmp_path / "outer.zip", zipped({"inner.tar.gz": inner}))
    rows, run = ask(tmp_path)
    assert [row["log_file"] for row in rows] == [f"{path}/inner.tar.gz/x.json"]
    assert [Path(note.path).name for note in told(run)] == ["deepest.zip"]
    assert "not opened" in told(run)[0].reason


def test_many_archives_are_read(tmp_path: Path, ask: Ask) -> None:
    for number in range(20):
        put(tmp_path / f"{number}.zip", zipped({"x.json": document(event(f"E{number}"))}))
    assert len(ask(tmp_path)[0]) == 20


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_name_twice_and_odd_names_are_files_of_their_own(tmp_path: Path, ask: Ask) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, one in (("x", ONE), ("x", TWO), ("../../up", event("Up")), ("/top", event("T"))):
            archive.writestr(name, document(one))
    path = put(tmp_path / "a.zip", target.getvalue())
    rows, run = ask(tmp_path)
    files = sorted(str(row["log_file"]).removeprefix(str(path)) for row in rows)
    assert files == ["/../../up", "/top", "/x", "/x#2"]
    assert run.accounts[0].files_read == 4


def test_what_macos_adds_is_skipped(tmp_path: Path, ask: Ask) -> None:
    members = {LAID_OUT: gzip.compress(document(ONE)), f"__MACOSX/{LAID_OUT}": b"\0\5\x16\7"}
    put(tmp_path / "a.zip", zipped(members))
    rows, run = ask(tmp_path)
    assert (names(rows), told(run)) == (["One"], [])
    assert ["macOS" in note.reason for note in run.accounts[0].skipped] == [True]


def _encrypted() -> bytes:
    data = zipped({"secret.json": document(TWO)})
    # the flag of the member, in its own header and in the directory
    central = data.rindex(b"PK\x01\x02")
    flagged = bytearray(data)
    flagged[6] |= 1
    flagged[central + 8] |= 1
    return bytes(flagged)


def _method_99() -> bytes:
    data = bytearray(zipped({"x.json": document(TWO)}))
    data[8] = data[data.rindex(b"PK\x01\x02") + 10] = 99
    return bytes(data)


def _flipped() -> bytes:
    data = bytearray(zipped({"x.json": document(TWO)}, zipfile.ZIP_STORED))
    data[data.index(b"Two")] ^= 1
    return bytes(data)


def _overlapping() -> bytes:
    data = zipped({"x.json": document(TWO)}, zipfile.ZIP_STORED)
    start, end = data.rindex(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    tail = bytearray(data[end:])
    tail[8:12] = (50).to_bytes(2, "little") * 2
    tail[12:16] = (50 * (end - start)).to_bytes(4, "little")
    return data[:start] + data[start:end] * 50 + bytes(tail)


def _bomb() -> bytes:
    data = bytearray(zipped({"x.json": document(TWO)}))
    central = data.rindex(b"PK\x01\x02")
    data[central + 24 : central + 28] = (3 << 30).to_bytes(4, "little")
    return bytes(data)


def _linked() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        info = tarfile.TarInfo("link.json")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    return target.getvalue()


BROKEN = {
    "encrypted": ("a.zip/secret.json", _encrypted(), "encrypted"),
    "method": ("a.zip/x.json", _method_99(), "compression method"),
    "flipped": ("a.zip/x.json", _flipped(), "CRC"),
    "overlapping": ("a.zip", _overlapping(), "bomb"),
    "bomb": ("a.zip/x.json", _bomb(), "limit is 2 GiB"),
    "cut": ("a.zip", zipped({"x.json": document(TWO)})[:-30], "broken archive"),
    "empty": ("a.zip", zipped({}), "without files"),
    "link": ("a.tar/link.json", _linked(), "link"),
    "gzip": ("a.tar.gz", gzip.compress(b"")[:-5], "gzip"),
    "member": ("a.zip/x.json.gz", zipped({"x.json.gz": gzip.compress(document(TWO))[:-9]}), "gzip"),
    "7z": ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(600), "7z"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_archives_and_members_are_refused_by_name(
    tmp_path: Path, ask: Ask, case: str
) -> None:
    name, data, reason = BROKEN[case]
    put(tmp_path / "kept.json", document(ONE))
    put(tmp_path / name.partition("/")[0], data)
    rows, run = ask(tmp_path)
    assert names(rows) == ["One"]
    assert [str(note.path) for note in told(run)] == [str(tmp_path / name)]
    assert reason in told(run)[0].reason


def test_a_lake_of_one_encrypted_archive_says_so(tmp_path: Path, ask: Ask) -> None:
    with pytest.raises(LakeError, match="encrypted"):
        ask(put(tmp_path / "a.zip", _encrypted()))


@pytest.mark.parametrize("packed", [True, False], ids=["tar.gz", "tar"])
def test_a_tar_that_is_cut_off_is_read_as_far_as_it_goes(
    tmp_path: Path, ask: Ask, packed: bool
) -> None:
    pad = bytes(range(256)) * 40
    data = tarred({"a.json": document(ONE), "pad": pad, "b.json": document(TWO)})[:6000]
    path = put(tmp_path / "a.tar", gzip.compress(data)[:-12] if packed else data)
    rows, run = ask(tmp_path)
    assert names(rows) == ["One"]
    notes = {str(note.path): note.reason for note in told(run)}
    assert "what follows is lost" in notes[str(path)]
    assert "unexpected end" in notes[f"{path}/pad"]


def test_a_tar_with_a_broken_header_says_that_the_rest_is_lost(tmp_path: Path, ask: Ask) -> None:
    data = bytearray(tarred({"a.json": document(ONE), "b.json": document(TWO)}))
    start = data.index(b"b.json")
    data[start : start + 512] = b"x" * 512
    put(tmp_path / "a.tar", bytes(data))
    rows, run = ask(tmp_path)
    assert names(rows) == ["One"]
    assert ["what follows is lost" in note.reason for note in told(run)] == [True]


def test_gzip_bombs_are_refused(tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakehunt.engines.local.documents.MOST_BYTES", 100_000)
    bomb = gzip.compress(document(event("Bomb", requestParameters={"pad": "x" * 200_000})))
    put(tmp_path / "a.zip", zipped({NAME: bomb, "kept.json": document(ONE)}))
    rows, run = ask(tmp_path)
    assert names(rows) == ["One"]
    assert ["2 GiB" in note.reason for note in told(run)] == [True]


def test_a_gzipped_tar_is_unpacked_up_to_a_limit(
    tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehunt.engines.local.archives._TAR_BYTES", 4096)
    monkeypatch.setattr("lakehunt.engines.local.archives._CHUNK_BYTES", 1024)
    members = {"a.json": document(ONE), "zeros": bytes(1 << 20)}
    path = put(tmp_path / "a.tgz", gzip.compress(tarred(members)))
    rows, run = ask(tmp_path)
    assert names(rows) == ["One"]
    assert "the rest is not read" in {str(n.path): n.reason for n in told(run)}[str(path)]


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
    assert reasons == dict.fromkeys(["other.csv", "flat.csv"], "not JSON, and no CSV with events")


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
