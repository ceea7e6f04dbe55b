"""A pivot on the busiest key of a real attack, against counts made in the raw files.

The counts use nothing of ours.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.conftest import Ran
from tests.dossiers import Record, facet, told

Run = Callable[..., Ran]
_MADE = re.compile(
    "Create|Run|Allocate|Register|Attach|Add|Import|PutParameter|Put(Role|User|Group)Policy"
)
_GONE = re.compile("Delete|Terminate|Release|Deregister|Detach|Remove")
_NOT_MADE = ("CreateTags", "CreateLogStream", "CreateGrant")


def raw_records(folder: Path) -> list[Record]:
    found: list[Record] = []
    for path in sorted(folder.rglob("*.json")):
        found += json.loads(path.read_text(encoding="utf-8"))["Records"]
    return found


def key_of(record: Record) -> str | None:
    key: str | None = record["userIdentity"].get("accessKeyId")
    return key


def issued_key(record: Record) -> str | None:
    elements = record.get("responseElements") or {}
    credentials: Record = elements.get("credentials") or elements.get("accessKey") or {}
    return credentials.get("accessKeyId")


def test_the_busiest_key_of_a_real_attack(samples: Path, lakehunt: Run) -> None:
    records = raw_records(samples / "invictus")
    counts = Counter(map(key_of, records))
    key, events = counts.most_common(1)[0]
    assert events == 2104
    sessions = {
        issued_key(r): r for r in records if key_of(r) == key and r["eventName"] == "AssumeRole"
    }
    sessions.pop(None)
    issued = {issued_key(r) for r in records if key_of(r) == key} - {None}
    used = {one: counts[one] for one in sessions if counts[one]}
    assert (len(sessions), len(used), sum(used.values())) == (10, 5, 47)
    owner = next(r["userIdentity"]["arn"] for r in records if key_of(r) == key)
    rest = [r for r in records if r["userIdentity"].get("arn") == owner and key_of(r) != key]
    assert len(rest) == 537

    ran = lakehunt("pivot", key, "--lake", samples / "invictus", "--format", "json")
    dossier = told(ran)
    assert facet(dossier, "subject") == {key: events}
    assert facet(dossier, "subject", "chain") == used
    assert {hop["access_key_id"] for hop in dossier["chain"]["issued"]} == issued
    assert {
        row["issued_access_key_id"]: row["first_event_time"]
        for row in dossier["origins"]
        if row["event_name"] == "AssumeRole"
    } == {one: r["eventTime"].replace("Z", ".000Z") for one, r in sessions.items()}
    assert {row["access_key_id"]: row["event_count"] for row in dossier["siblings"]} == Counter(
        map(key_of, rest)
    )
    services = Counter(r["eventSource"].split(".")[0] for r in records if key_of(r) == key)
    assert facet(dossier, "service") == services
    errors = Counter(r["errorCode"] for r in records if key_of(r) == key and r.get("errorCode"))
    assert facet(dossier, "error") == errors
    own = {key, *sessions}
    assert Counter(row["event_id"] for row in created(dossier)) == Counter(
        r["eventID"] for r in records if key_of(r) in own and is_made(r)
    )
    for row in created(dossier):
        was_left = row["clean_up_state"] == "left"
        assert was_left is not removed_later(row, records), row


def created(dossier: Record) -> list[Record]:
    rows: list[Record] = dossier["created"]
    return rows


def is_made(record: Record) -> bool:
    name = record["eventName"]
    done = not record.get("errorCode") and not record.get("readOnly")
    return bool(_MADE.match(name)) and name not in _NOT_MADE and done


def removed_later(row: Record, records: list[Record]) -> bool:
    """Tell whether a later call that undoes one of this name names the thing."""
    noun = noun_of(row["event_name"])
    ends = [re.split("[:/]", name)[-1] + '"' for name in row["created_name"].split()]
    return any(
        _GONE.match(r["eventName"])
        and noun_of(r["eventName"]) == noun
        and not r.get("errorCode")
        and r["eventTime"] >= row["event_time"].replace(".000Z", "Z")
        and all(end in json.dumps(r["requestParameters"]) for end in ends)
        for r in records
    )


def noun_of(call: str) -> str:
    """Return the thing that a call makes or removes: RoleInstanceProfile, Function."""
    verbs = r"Create|Run|Allocate|Register|Attach|Add|Import|Put|" + _GONE.pattern
    return re.sub(rf"^({verbs})|\d.*|To|From", "", call)


def test_the_busiest_key_in_words(samples: Path, lakehunt: Run) -> None:
    ran = lakehunt("pivot", "AKIATFQR7NSC8Q4X20BJ", "--lake", samples / "invictus")
    assert "2,104 events by it" in ran.out
    assert "AssumeRole 10, CreateAccessKey 2" in ran.out
    assert "537 events with 107 other keys" in ran.out
    assert "12 were not removed again" in ran.out
    assert "objects of S3" in ran.out.partition("not logged")[2]
    assert "Trail stopped, deleted or narrowed" in ran.out
