"""What lakehunt.toml calls known is hidden and counted, comes back when asked, and is checked."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehunt.config import Known, read_config
from lakehunt.content import roots
from lakehunt.errors import ConfigError, ContentError
from lakehunt.library import load_queries, read_query
from lakehunt.model import Source
from tests.conftest import Ran
from tests.lakes import lake_of

Run = Callable[..., Ran]
DEPLOY = "arn:aws:iam::111122223333:role/deploy"
RESCUE = "arn:aws:iam::111122223333:user/rescue"
KNOWN = f"""\
[known]
accounts = ["444455556666"]
networks = [
    "198.51.100.0/24",
    "2001:db8::1",
]
principals = ["{DEPLOY}"]
vendor_roles = ["arn:aws:iam::111122223333:role/vendor/scanner"]
break_glass = ["{RESCUE}"]
"""


@pytest.fixture
def toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    def write(text: str = KNOWN) -> Path:
        path = tmp_path / "lakehunt.toml"
        path.write_text(text, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        return path

    return write


def test_the_lists_are_read(toml: Callable[[str], Path]) -> None:
    assert read_config(toml(KNOWN)).known == Known(
        accounts=("444455556666",),
        networks=("198.51.100.0/24", "2001:db8::1/128"),
        principals=(DEPLOY,),
        vendor_roles=("arn:aws:iam::111122223333:role/vendor/scanner",),
        break_glass=(RESCUE,),
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("accounts =", "acounts =", ":2: `acounts`, expected accounts"),
        ('["444455556666"]', "[444455556666]", ":2: `accounts`, expected a list of texts"),
        ('"444455556666"', '"44445555666"', ":2: `accounts`: 44445555666, expected an account id"),
        ('"2001:db8::1"', '"somewhere"', ":5: `networks`: somewhere, expected a network such as"),
        ('"2001:db8::1"', '"0.0.0.0/0"', ":5: `networks`: 0.0.0.0/0, expected a network"),
        ('"198.51.100.0/24"', '"198.51.100.7/24"', ":4: `networks`: 198.51.100.7/24, expected 198"),
        ("role/deploy", "role/*", ":7: `principals`: arn:aws:iam::111122223333:role/*, expected"),
        ("iam::111122223333:role/deploy", "sts::111122223333:assumed-role/a/b", "ARN of the role"),
        ("111122223333:role/deploy", "111122223333:root", "the ARN of one user or role"),
        ("role/vendor/scanner", "user/scanner", ":8: `vendor_roles`: arn"),
        (f'["{DEPLOY}"]', f'["{RESCUE}"]', "expected to stand under break_glass alone"),
        ("[known]\n", "[knwon]\n", ":1: `knwon`, expected known"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(
    toml: Callable[[str], Path], old: str, new: str, expected: str
) -> None:
    assert KNOWN.count(old) >= 1
    with pytest.raises(ConfigError) as raised:
        read_config(toml(KNOWN.replace(old, new, 1)))
    assert expected in str(raised.value)


def test_an_error_points_into_its_own_table(toml: Callable[[str], Path]) -> None:
    text = '[deployment]\naccounts = ["111122223333"]\n[known]\naccounts = ["1"]\n'
    with pytest.raises(ConfigError, match=r"lakehunt\.toml:4: `accounts`"):
        read_config(toml(text))


def test_a_known_list_of_a_query_is_empty_by_itself(tmp_path: Path) -> None:
    query = load_queries(roots())["cloudtrail.role_trust_opened"]
    text = Path(query.location.path).read_text(encoding="utf-8")
    path = tmp_path / "query.sql"
    path.write_text(text.replace("default: []", "default: [a]"), encoding="utf-8")
    with pytest.raises(ContentError, match="`known_accounts` comes from lakehunt.toml"):
        read_query(path, "cloudtrail.query")


def _shared(name: str, snapshot: str, **more: object) -> dict[str, object]:
    """Return how somebody shares a snapshot with everybody."""
    return {
        "userIdentity": {"type": "IAMUser", "arn": name},
        "eventSource": "ec2.amazonaws.com",
        "eventName": "ModifySnapshotAttribute",
        "requestParameters": {
            "snapshotId": snapshot,
            "createVolumePermission": {"add": {"items": [{"group": "all"}]}},
        },
        **more,
    }


@pytest.fixture
def lake(tmp_path: Path, cloudtrail: Source) -> Path:
    return lake_of(
        tmp_path / "lake",
        cloudtrail,
        _shared(DEPLOY, "snap-1"),
        _shared(DEPLOY, "snap-1"),
        _shared(DEPLOY, "snap-2"),
        _shared("arn:aws:iam::111122223333:user/bob", "snap-2"),
        _shared(RESCUE, "snap-3"),
    )


def _hunted(ran: Ran) -> tuple[list[tuple[str, int, list[str]]], object]:
    document = json.loads(ran.out)
    told = [(f["target"], f["event_count"], f["marks"]) for f in document["findings"]]
    return sorted(told), document["run"]["known"]


HUNT = ("--attack", "T1537", "--format", "json")
SHARED = "cloudtrail.snapshot_or_image_shared"
HIDDEN = {"query_id": SHARED, "findings": 1, "events": 3}


def test_what_is_known_is_hidden_and_counted_and_break_glass_marked(
    lake: Path, toml: Callable[..., Path], lakehunt: Run
) -> None:
    toml()
    told, known = _hunted(lakehunt("hunt", lake, *HUNT))
    assert told == [("snap-2", 1, []), ("snap-3", 1, ["break-glass"])]
    assert HIDDEN in known  # type: ignore[operator]
    ran = lakehunt("hunt", lake, *HUNT[:2])
    assert f"the known lists hid 1 finding (3 events) of {SHARED}; --show-known shows it" in ran.err
    assert f"{SHARED} [break-glass]" in ran.out


def test_show_known_brings_it_back_marked(
    lake: Path, toml: Callable[..., Path], lakehunt: Run
) -> None:
    toml()
    told, known = _hunted(lakehunt("hunt", lake, *HUNT, "--show-known"))
    assert told == [("snap-1", 2, ["known"]), ("snap-2", 2, []), ("snap-3", 1, ["break-glass"])]
    assert HIDDEN in known  # type: ignore[operator]
    ran = lakehunt("hunt", lake, *HUNT[:2], "--show-known")
    assert f"the known lists would hide 1 finding (3 events) of {SHARED}\n" in ran.err


def test_without_lists_nothing_is_said_of_them(
    lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lakehunt: Run
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = lakehunt("hunt", lake, *HUNT)
    assert _hunted(ran)[1] == []
    assert "known" not in ran.err


def test_a_run_takes_the_lists_unless_a_value_is_given(
    lake: Path, toml: Callable[..., Path], lakehunt: Run
) -> None:
    toml()
    run = ("run", SHARED, "--lake", lake, "--format", "jsonl")
    ran = lakehunt(*run)
    assert len(ran.out.splitlines()) == 2
    assert f"the known lists hid 3 events of {SHARED}" in ran.err
    assert len(lakehunt(*run, "--show-known").out.splitlines()) == 5
    own = lakehunt(*run, "-p", f"known_principals={RESCUE}")
    assert len(own.out.splitlines()) == 4


def test_an_address_of_a_known_network_is_known_and_break_glass_is_seen_even_there(
    tmp_path: Path, cloudtrail: Source, toml: Callable[..., Path], lakehunt: Run
) -> None:
    toml()

    def tried(name: str, key: str, address: str) -> list[dict[str, object]]:
        who = {"type": "IAMUser", "arn": name, "accessKeyId": key}
        asked = {"eventSource": "sts.amazonaws.com", "eventName": "GetCallerIdentity"}
        probe = {"errorCode": "AccessDenied"}
        probes = [("ses", "GetSendQuota"), ("iam", "ListUsers"), ("bedrock", "InvokeModel")]
        calls = [asked, *({"eventSource": f"{s}.amazonaws.com", "eventName": e, **probe}
                          for s, e in probes)]  # fmt: skip
        return [{"userIdentity": who, "sourceIPAddress": address, **call} for call in calls]

    lake = lake_of(
        tmp_path / "keys",
        cloudtrail,
        *tried("arn:aws:iam::111122223333:user/a", "AKIAEXAMPLEAAAAAAAAA", "198.51.100.255"),
        *tried("arn:aws:iam::111122223333:user/b", "AKIAEXAMPLEBBBBBBBBB", "198.51.101.0"),
        *tried(RESCUE, "AKIAEXAMPLECCCCCCCCC", "198.51.100.1"),
    )
    ran = lakehunt("hunt", lake, "--attack", "T1526", "--format", "json")
    told = [(f["actor"].rpartition("/")[2], f["marks"]) for f in json.loads(ran.out)["findings"]]
    assert sorted(told) == [("b", []), ("rescue", ["break-glass"])]
