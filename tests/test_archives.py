"""Archives that people mail are the files in them; broken ones are refused by name."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from lakehunt.errors import LakeError
from tests.conftest import Ask
from tests.lakes import document, event, lines, names, put
from tests.mailing import LAID_OUT, NAME, looked_up, tarred, tarred_and_gzipped, told, zipped

ONE, TWO = event("One"), event("Two")


def zipped_by_lzma(members: Mapping[str, bytes]) -> bytes:
    """Return a zip that is packed in a rarer way."""
    return zipped(members, zipfile.ZIP_LZMA)


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
