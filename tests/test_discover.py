"""What lies in a place is found out and written as a lakehunt.toml that the other commands read."""

import gzip
import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from lakehunt.config import Access, read_config
from lakehunt.model import Delivery, Discovery, FoundSource, Source
from lakehunt.render.settings import settings_text
from tests.buckets import Asked, Server, refusal
from tests.conftest import Ran, shared, written
from tests.lakes import document, event, lake_of, put

Lakehunt = Callable[..., Ran]
FLOW = "111122223333_vpcflowlogs_us-east-1_fl-0example000000001_2026050{}T0005Z_0123abcd.log"
FLOWS = "AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/05/0{}/" + FLOW
HUNT = ("--attack", "T1685.002", "--format", "jsonl")
EVENT = gzip.compress(document(event("StopLogging", "2026-05-03T10:00:00Z")))


def mixed(folder: Path, sources: Mapping[str, Source]) -> Path:
    """Make a lake with three sources, a digest and something of nobody's."""
    days = ("2026-05-01", "2026-05-02", "2026-05-04")
    accounts = ("111122223333", "444455556666")
    records = [
        {
            "eventTime": f"{day}T10:00:00Z",
            "eventSource": "cloudtrail.amazonaws.com",
            "eventName": "StopLogging",
            "recipientAccountId": account,
        }
        for day in days
        for account in accounts
    ]
    lake_of(folder, sources["cloudtrail"], *records)
    lake_of(folder, sources["alb"], {"at": "2026-05-02T10:00:00Z"})
    for day in (1, 3):
        text = (
            f"version start end dstaddr action\n5 {1777593600 + day} 1777593700 10.0.0.1 ACCEPT\n"
        )
        put(folder / FLOWS.format(day, day), text.encode())
    put(folder / "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/05/01/d.json.gz", b"{}")
    put(folder / "AWSLogs/111122223333/Config/us-east-1/2026/5/1/c.txt", b"something else")
    return folder


def test_a_folder_is_told_and_hunted_by_what_was_written(
    tmp_path: Path,
    sources: dict[str, Source],
    lakehunt: Lakehunt,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    mixed(tmp_path / "logs", sources)
    direct = lakehunt("hunt", "logs", *HUNT)
    found = written(lakehunt("discover", "logs"), tmp_path / "lakehunt.toml")
    deployment = found.deployment
    assert deployment.accounts == ("111122223333", "444455556666")
    assert deployment.regions == ("us-east-1",)
    assert deployment.first_day == date(2026, 5, 1)
    assert deployment.layouts == {"cloudtrail": "account", "alb": "account", "vpcflow": "plain"}
    assert deployment.fields == {"vpcflow": ("version", "start", "end", "dstaddr", "action")}
    again = lakehunt("hunt", *HUNT)
    assert '"query_id": "cloudtrail.trail_stopped"' in direct.out
    assert again.out.replace(f"{tmp_path}/", "") == direct.out


def test_a_bucket_is_told_and_hunted_by_what_was_written(
    tmp_path: Path, s3: Server, sources: dict[str, Source], lakehunt: Lakehunt
) -> None:
    s3.upload("trail", mixed(tmp_path / "logs", sources), "some/")
    direct = lakehunt("hunt", "s3://trail/some", *HUNT)
    s3.asked.clear()
    ran = lakehunt("discover", "s3://trail/some/", "--out", "lakehunt.toml")
    assert (ran.code, ran.out) == (0, ""), ran.err
    fetched = len(s3.fetched)
    found = read_config(Path("lakehunt.toml"))
    assert found.lake == "s3://trail/some/"
    assert found.locations["s3://trail"].region == "us-east-1"
    deployment = found.deployment
    assert deployment.buckets == dict.fromkeys(("trail", "alb", "flow"), "trail")
    assert deployment.prefixes == dict.fromkeys(("trail", "alb", "flow"), "some/")
    assert deployment.accounts == ("111122223333", "444455556666")
    assert deployment.first_day == date(2026, 5, 1)
    assert deployment.fields == {"vpcflow": ("version", "start", "end", "dstaddr", "action")}
    assert "cloudtrail: 2026-05-01 to 2026-05-04, JSON" in ran.err
    # a few of each source tell its format and fields: their files are few here
    assert fetched <= 4 + 1 + 2
    again = lakehunt("hunt", *HUNT)
    assert '"query_id": "cloudtrail.trail_stopped"' in again.out
    assert again.out == direct.out


def test_tables_are_filled_from_what_was_written(
    tmp_path: Path, s3: Server, sources: dict[str, Source], lakehunt: Lakehunt
) -> None:
    s3.upload("trail", mixed(tmp_path / "logs", sources), "some/")
    lakehunt("discover", "s3://trail/some/", "--out", "lakehunt.toml")
    ran = lakehunt("ddl", "cloudtrail", "vpcflow", "alb")
    assert ran.err == "to be filled from lakehunt.toml: <results>\n"
    assert "s3://trail/some/AWSLogs/${account_id}/CloudTrail/${region}/${day}" in ran.out
    assert "'projection.day.range'='2026/05/01,NOW'" in ran.out


def test_an_organization_trail_is_told_from_an_account_trail(
    s3: Server, lakehunt: Lakehunt, tmp_path: Path
) -> None:
    s3.bucket("org")
    name = "111122223333_CloudTrail_eu-west-1_20260501T1005Z_AbCdEfGhIjKlMnOp.json.gz"
    s3.put(
        "org", f"AWSLogs/o-a1b2c3d4e5/111122223333/CloudTrail/eu-west-1/2026/05/01/{name}", EVENT
    )
    found = written(lakehunt("discover", "s3://org"), tmp_path / "found.toml").deployment
    assert (found.organization, found.layouts) == ("o-a1b2c3d4e5", {"cloudtrail": "organization"})
    assert (found.accounts, found.regions) == (("111122223333",), ("eu-west-1",))


def test_what_is_not_recognised_is_named(
    tmp_path: Path, s3: Server, sources: dict[str, Source], lakehunt: Lakehunt
) -> None:
    lake = mixed(tmp_path / "logs", sources)
    s3.upload("trail", lake)
    here, there = lakehunt("discover", lake), lakehunt("discover", "s3://trail")
    beside = "AWSLogs/111122223333"
    file = f"{lake}/{beside}/Config/us-east-1/2026/5/1/c.txt"
    assert f"# NOT RECOGNISED: {file}: neither JSON" in here.out
    assert f"# NOT RECOGNISED: s3://trail/{beside}/Config/: a folder of no log" in there.out
    assert f"# left out: s3://trail/{beside}/CloudTrail-Digest/: digest file" in there.out


def test_nothing_is_overwritten_and_nothing_is_left_half_written(
    tmp_path: Path, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    lake = lake_of(tmp_path / "logs", cloudtrail, {"eventName": "X"})
    out = put(tmp_path / "lakehunt.toml", b"# mine\n")
    ran = lakehunt("discover", lake, "--out", out)
    assert (ran.code, "it is not overwritten" in ran.err) == (2, True)
    assert out.read_bytes() == b"# mine\n"
    put(tmp_path / "empty" / "note.txt", b"nothing")
    assert lakehunt("discover", tmp_path / "empty", "--out", tmp_path / "x.toml").code == 2
    assert not (tmp_path / "x.toml").exists()


def test_a_relative_folder_counts_from_the_file(
    tmp_path: Path, cloudtrail: Source, lakehunt: Lakehunt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lake_of(tmp_path / "logs", cloudtrail, {"eventName": "X"})
    (tmp_path / "etc").mkdir()
    assert lakehunt("discover", "logs", "--out", "etc/lakehunt.toml").code == 0
    assert Path(read_config(tmp_path / "etc" / "lakehunt.toml").lake).resolve() == tmp_path / "logs"


def test_the_file_may_lie_beside_the_logs(
    tmp_path: Path, cloudtrail: Source, lakehunt: Lakehunt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lake_of(tmp_path / "logs", cloudtrail, {"eventName": "X"}))
    assert lakehunt("discover", ".", "--out", "lakehunt.toml").code == 0
    assert lakehunt("status", "--strict").code == 0


def realtime(folder: Path, sources: Mapping[str, Source], *names: str) -> str:
    """Put a real-time log of some fields into a lake and return its row."""
    record = {"timestamp": "1777629600.123", "cs_method": "GET", "sc_status": "200"}
    example = {**sources["cloudfront_realtime"].partitions.example, **record}
    row = "\t".join(str(example.get(name, "-")) for name in names)
    name = "2026/05/01/10/my-realtime-logs-1-2026-05-01-10-00-00-0123abcd.gz"
    put(folder / name, f"{row}\n".encode(), packed=True)
    return row


def test_a_log_without_a_header_shows_its_columns_and_is_read_once_they_are_named(
    tmp_path: Path,
    sources: dict[str, Source],
    lakehunt: Lakehunt,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    realtime(tmp_path / "logs", sources, "timestamp", "sc_status", "cs_method")
    ran = lakehunt("discover", "logs")
    assert "# cloudfront_realtime: 3 columns and no header" in ran.out
    assert re.search(r"#\s+1  1777629600.123\n#\s+2  200\n#\s+3  GET\n", ran.out)
    named = ran.out.replace(
        "# cloudfront_realtime = []",
        'cloudfront_realtime = ["timestamp", "sc-status", "cs-method"]',
    )
    Path("lakehunt.toml").write_text(named)
    sql = "SELECT event_name, sc_status FROM cloudfront_realtime"
    assert lakehunt("sql", sql, "--format", "jsonl").out == (
        '{"event_name": "GET", "sc_status": 200}\n'
    )


def test_files_of_different_fields_are_said_and_none_is_chosen(
    tmp_path: Path, lakehunt: Lakehunt
) -> None:
    lake = tmp_path / "logs"
    for day, fields in ((1, "version start end action"), (2, "start end dstaddr")):
        name = FLOWS.format(day, day).replace("example000000001", f"example00000000{day}")
        put(lake / name, f"{fields}\n- 1777593600 1777593601 -\n".encode())
    found = written(lakehunt("discover", lake), tmp_path / "found.toml")
    assert found.deployment.fields == {}
    assert "# vpcflow: files have different fields" in (tmp_path / "found.toml").read_text()


def test_a_field_that_is_not_known_is_named(tmp_path: Path, lakehunt: Lakehunt) -> None:
    put(tmp_path / "logs" / FLOWS.format(1, 1), b"version start end of-the-future\n5 1 2 x\n")
    found = written(lakehunt("discover", tmp_path / "logs"), tmp_path / "found.toml")
    assert found.deployment.fields == {}
    assert "# vpcflow: of-the-future is not known here" in (tmp_path / "found.toml").read_text()


def test_what_a_name_in_the_lake_says_stays_data(
    tmp_path: Path, sources: dict[str, Source], lakehunt: Lakehunt
) -> None:
    lake = lake_of(tmp_path / "logs", sources["cloudtrail"], {"eventName": "X"})
    put(lake / '"]\nlake = "elsewhere"\n\x1b[31m.txt', b"nothing")
    ran = lakehunt("discover", lake)
    assert "\x1b" not in ran.out
    assert tomllib.loads(ran.out)["lake"] == str(lake)


def test_days_that_no_path_tells_are_those_of_the_events(
    tmp_path: Path, lakehunt: Lakehunt
) -> None:
    put(tmp_path / "logs" / "mailed.json", document(event("X", "2026-05-07T10:00:00Z")))
    found = written(lakehunt("discover", tmp_path / "logs"), tmp_path / "found.toml")
    assert found.deployment.first_day == date(2026, 5, 7)
    assert found.deployment.accounts == ("111122223333",)


def test_a_profile_is_used_and_written(
    tmp_path: Path, s3: Server, cloudtrail: Source, lakehunt: Lakehunt
) -> None:
    s3.upload("trail", lake_of(tmp_path / "lake", cloudtrail, {"eventName": "X"}))
    Path("aws-credentials").write_text(
        "[audit]\naws_access_key_id = AUDITKEY\naws_secret_access_key = b\n"
    )
    s3.asked.clear()
    ran = lakehunt("discover", "s3://trail", "--profile", "audit")
    assert written(ran, tmp_path / "found.toml").locations["s3://trail"].profile == "audit"
    listings = [asked for asked in s3.asked if asked.is_listing]
    assert all("Credential=AUDITKEY" in one.headers["HTTP_AUTHORIZATION"] for one in listings)
    assert lakehunt("discover", tmp_path / "lake", "--profile", "audit").code == 2


def test_the_key_that_encrypts_the_logs_is_written(
    tmp_path: Path, s3: Server, lakehunt: Lakehunt
) -> None:
    key = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    s3.bucket("trail")
    name = "111122223333_CloudTrail_us-east-1_20260501T1005Z_AbCdEfGhIjKlMnOp.json.gz"
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    s3.client.put_object(Bucket="trail", Key=f"dump/{name}", Body=EVENT, **encrypted)
    found = written(lakehunt("discover", "s3://trail/dump"), tmp_path / "found.toml")
    assert found.locations["s3://trail"].kms_key == key


@pytest.mark.parametrize(
    ("is_refused", "permission"),
    [
        (lambda asked: asked.is_listing, "s3:ListBucket is missing on arn:aws:s3:::trail"),
        (lambda asked: asked.is_fetch, "s3:GetObject is missing on arn:aws:s3:::trail/AWSLogs/"),
    ],
    ids=["list", "read"],
)
def test_a_refusal_names_the_permission(
    tmp_path: Path,
    s3: Server,
    cloudtrail: Source,
    lakehunt: Lakehunt,
    is_refused: Callable[[Asked], bool],
    permission: str,
) -> None:
    s3.upload("trail", lake_of(tmp_path / "lake", cloudtrail, {"eventName": "X"}))
    s3.fault = lambda asked: (
        refusal(403, "AccessDenied", "Access Denied") if is_refused(asked) else None
    )
    ran = lakehunt("discover", "s3://trail", "--out", "lakehunt.toml")
    assert (ran.code, permission in ran.err) == (3, True), ran.err
    assert not Path("lakehunt.toml").exists()


def test_logs_of_others_in_a_folder_of_ours_are_named(
    s3: Server, sources: dict[str, Source], lakehunt: Lakehunt, tmp_path: Path
) -> None:
    s3.upload("logs", lake_of(tmp_path / "lake", sources["alb"], {"at": "2026-05-01T10:00:00Z"}))
    folder = "AWSLogs/444455556666/elasticloadbalancing/us-east-1/2026/05/01/"
    name = "444455556666_elasticloadbalancing_us-east-1_net.my.1_20260501T0005Z_0123abcd.log.gz"
    s3.put("logs", folder + name, gzip.compress(b"tls 2.0 something else\n"))
    ran = lakehunt("discover", "s3://logs")
    assert f"# NOT RECOGNISED: s3://logs/{folder}{name}: " in ran.out
    # the account has no log that a table would read
    found = written(ran, tmp_path / "found.toml").deployment
    assert found.accounts == ("111122223333",)


def test_the_samples_are_told_apart(tmp_path: Path, lakehunt: Lakehunt) -> None:
    ran = lakehunt("discover", shared("samples"))
    written(ran, tmp_path / "found.toml")
    for source, files in (("cloudtrail", 59), ("alb", 7), ("vpcflow", 17), ("waf", 4)):
        assert re.search(rf"# {source}: .*\b{files} files of ", ran.out), source
    for unknown in ("ORIGIN.md", "nlb/awsdocs/examples.log", "config/clo/config-history.json"):
        assert re.search(rf"NOT RECOGNISED: \S+/{unknown}: ", ran.out), unknown


def test_sources_that_share_a_bucket_are_written_once() -> None:
    def source(name: str, above: str, web_acl: str) -> FoundSource:
        return FoundSource(
            name, "trail", (Delivery("account", above, "x"),), {"web_acl": (web_acl,)}, None, None,
            days_by_events=False, shapes={}, files=1, size_bytes=1,
        )  # fmt: skip

    sources = (source("a", "one/", "x"), source("b", "one/", "y"), source("c", "", "x"))
    found = Discovery("s3://logs/", "logs", "eu-west-1", "", sources, (), ())
    deployment = tomllib.loads(settings_text(found, "s3://logs/", Access()))["deployment"]
    assert deployment["prefixes"] == {"trail": "one/"}
    assert deployment["values"] == {"web_acl": ["x", "y"]}
    assert "# c is also in /, for other tables" in settings_text(found, "s3://logs/", Access())
