"""Everything about one value: the chain both ways, what it did, and where to go on."""

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet
import pytest

from lakehunt.content import roots
from lakehunt.engines.base import Limits
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.library import load_queries
from lakehunt.model import Given, Part, Query, Result, Source, Value
from lakehunt.pivot.chain import MOST_KEYS, follow
from lakehunt.pivot.values import recognise
from lakehunt.sql.compile import Draft, draft_query
from tests.conftest import Ran
from tests.dossiers import Record, facet, told
from tests.lakes import document, event, put

Run = Callable[..., Ran]
USER = "arn:aws:iam::111122223333:user/bob"
ROLE = "arn:aws:iam::111122223333:role/ops"


def user(key: str, name: str = "bob") -> Record:
    arn = f"arn:aws:iam::111122223333:user/{name}"
    return {"type": "IAMUser", "arn": arn, "userName": name, "accessKeyId": key}


def session(key: str, role: str = "ops", name: str = "one") -> Record:
    arn = f"arn:aws:sts::111122223333:assumed-role/{role}/{name}"
    return {"type": "AssumedRole", "arn": arn, "accessKeyId": key}


def assumed(moment: str, by: Record, key: str, role: str = "ops") -> Record:
    arn = f"arn:aws:iam::111122223333:role/{role}"
    return event(
        "AssumeRole",
        moment,
        eventSource="sts.amazonaws.com",
        userIdentity=by,
        requestParameters={"roleArn": arn, "roleSessionName": "one"},
        responseElements={"credentials": {"accessKeyId": key}},
    )


def at(minute: int) -> str:
    return f"2026-05-01T10:{minute:02d}:00Z"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A user's key, a session of `ops` issued with it, and a session of `deep` issued with that."""
    records = (
        event("ListBuckets", at(0), userIdentity=user("AKIABOBSKEY00001")),
        assumed(at(1), user("AKIABOBSKEY00001"), "ASIAOPSKEY000001"),
        assumed(at(2), session("ASIAOPSKEY000001"), "ASIADEEPKEY00001", "deep"),
        event(
            "GetObject",
            at(3),
            userIdentity=session("ASIADEEPKEY00001", "deep"),
            requestParameters={"bucketName": "secrets-of-bob"},
            sourceIPAddress="203.0.113.7",
            eventCategory="Data",
        ),
        event("ListUsers", at(4), userIdentity=user("AKIABOBSKEY00002")),
        event(
            "CreateUser",
            at(5),
            eventSource="iam.amazonaws.com",
            readOnly="false",
            userIdentity=session("ASIAOPSKEY000001"),
            requestParameters={"userName": "mallory"},
        ),
        event("ConsoleLogin", at(6), userIdentity={"type": "IAMUser", "arn": USER}),
    )
    put(tmp_path / "lake" / "one.json", document(*records))
    return tmp_path / "lake"


def test_a_key_is_followed_to_all_that_was_issued_with_it(lake: Path, lakehunt: Run) -> None:
    dossier = told(lakehunt("pivot", "AKIABOBSKEY00001", "--lake", lake, "--format", "json"))
    chain = dossier["chain"]
    assert [(hop["access_key_id"], hop["depth"]) for hop in chain["issued"]] == [
        ("ASIAOPSKEY000001", 1),
        ("ASIADEEPKEY00001", 2),
    ]
    assert facet(dossier, "subject") == {"AKIABOBSKEY00001": 2}
    assert facet(dossier, "subject", "chain") == {"ASIAOPSKEY000001": 2, "ASIADEEPKEY00001": 1}
    assert facet(dossier, "data", "chain") == {"GetObject secrets-of-bob": 1}
    assert [(row["access_key_id"], row["event_count"]) for row in dossier["siblings"]] == [
        ("AKIABOBSKEY00002", 1),
        (None, 1),
    ]
    assert [(row["created_name"], row["clean_up_state"]) for row in dossier["created"]] == [
        ("mallory", "left")
    ]


def test_a_session_is_followed_back_to_who_began_it(lake: Path, lakehunt: Run) -> None:
    ran = lakehunt("pivot", "ASIADEEPKEY00001", "--lake", lake)
    assert ran.code == 0
    led, _, rest = ran.out.partition("Led to it")[2].partition("\n\n")
    assert re.findall(r"ASIA\w+ by AssumeRole of \S+", led) == [
        "ASIAOPSKEY000001 by AssumeRole of arn:aws:iam::111122223333:role/ops",
        "ASIADEEPKEY00001 by AssumeRole of arn:aws:iam::111122223333:role/deep",
    ]
    assert USER in led
    assert "lakehunt pivot AKIABOBSKEY00001" in rest


@pytest.mark.parametrize(
    ("value", "kind", "subjects"),
    [
        (USER, "user", {USER: 4}),
        ("arn:aws:sts::111122223333:assumed-role/deep/one", "session", None),
        ("203[.]0[.]113[.]7", "address", {"203.0.113.7": 1}),
        ("198.51.100.0/24", "network", {"198.51.100.10": 6}),
        (f"id-ListBuckets-{at(0)}", "resource", None),
    ],
)
def test_a_value_is_taken_for_what_the_data_say(
    lake: Path, lakehunt: Run, value: str, kind: str, subjects: dict[str, int] | None
) -> None:
    dossier = told(lakehunt("pivot", value, "--lake", lake, "--format", "json"))
    assert dossier["kind"] == kind
    if subjects:
        assert facet(dossier, "subject") == subjects


def test_a_bucket_and_a_role_tell_who_named_them(lake: Path, lakehunt: Run) -> None:
    bucket = told(lakehunt("pivot", "s3://secrets-of-bob/x", "--lake", lake, "--format", "json"))
    assert bucket["kind"] == "bucket"
    assert facet(bucket, "call", "on") == {"s3:GetObject": 1}
    # a bucket holds no keys: nobody's chain is its own
    assert {key: bucket["chain"][key] for key in ("held", "issued", "issuers")} == {
        "held": [],
        "issued": [],
        "issuers": [],
    }
    assert not facet(bucket, "subject", "chain")
    role = told(lakehunt("pivot", ROLE, "--lake", lake, "--format", "json"))
    assert facet(role, "call", "on") == {"sts:AssumeRole": 1}
    assert [row["actor"] for row in role["origins"][:1]] == [USER]
    assert role["kind"] == "role"
    assert facet(role, "subject") == {ROLE: 2}


def test_a_user_that_was_only_made_is_told_with_its_key(tmp_path: Path, lakehunt: Run) -> None:
    iam = {"eventSource": "iam.amazonaws.com", "userIdentity": user("AKIABOBSKEY00001")}
    made = {"requestParameters": {"userName": "mallory"}, **iam}
    arn = "arn:aws:iam::111122223333:user/mallory"
    key = {"accessKey": {"userName": "mallory", "accessKeyId": "AKIAMALLORY00001"}}
    records = (
        event("CreateUser", at(0), responseElements={"user": {"arn": arn}}, **made),
        event("CreateAccessKey", at(1), responseElements=key, **made),
    )
    put(tmp_path / "lake" / "one.json", document(*records))
    ran = lakehunt("pivot", "mallory", "--lake", tmp_path / "lake")
    assert f"mallory: taken for a user, {arn}" in ran.out
    led = ran.out.partition("Led to it")[2].partition("\n\n")[0]
    assert "AKIAMALLORY00001 by CreateAccessKey of mallory" in led
    assert "AKIABOBSKEY00001" in led
    assert "lakehunt pivot AKIAMALLORY00001 --lake" in ran.out
    # whoever made it goes on to be asked without a key of another
    bob = lakehunt("pivot", "bob", "--lake", tmp_path / "lake", "--format", "json")
    assert told(bob)["chain"]["held"] == ["AKIABOBSKEY00001"]


def test_an_account_is_where_logs_were_delivered_too(tmp_path: Path, lakehunt: Run) -> None:
    name = "444455556666_CloudTrail_us-east-1_20260501T1005Z_abcdefgh12345678.json"
    put(tmp_path / "lake" / name, document(event("ListBuckets", at(0), userIdentity=user("AKIA"))))
    delivered = lakehunt("pivot", "444455556666", "--lake", tmp_path / "lake")
    assert "1 event of others in it" in delivered.out
    assert "ListBuckets (1)" in delivered.out
    assert "does not occur" in lakehunt("pivot", "999988887777", "--lake", tmp_path / "lake").out


def test_as_says_what_a_value_is(lake: Path, lakehunt: Run) -> None:
    dossier = told(lakehunt("pivot", "ops", "--as", "bucket", "--lake", lake, "--format", "json"))
    assert (dossier["kind"], dossier["occurs"]) == ("bucket", True)
    assert not facet(dossier, "subject")


def test_a_value_that_does_not_occur_says_what_the_data_cover(lake: Path, lakehunt: Run) -> None:
    ran = lakehunt("pivot", "AKIANOBODY000001", "--lake", lake)
    assert ran.code == 0
    assert "AKIANOBODY000001: taken for an access key" in ran.out
    assert "does not occur" in ran.out
    assert "accounts 111122223333" in ran.out
    assert "2026-05-01 10:00:00 to 2026-05-01 10:06:00" in ran.out
    assert "Data 1" in ran.out


@pytest.mark.parametrize("format_", ["table", "csv", "jsonl", "json", "parquet"])
def test_rows_are_its_events_in_each_format(
    lake: Path, lakehunt: Run, tmp_path: Path, format_: str
) -> None:
    path = tmp_path / "rows"
    arguments = ("pivot", "bob", "--rows", "--lake", lake, "--format", format_, "--out", path)
    assert lakehunt(*arguments).code == 0
    if format_ == "parquet":
        rows = pyarrow.parquet.read_table(path).to_pylist()
        assert [row["event_name"] for row in rows].count("ConsoleLogin") == 1
    else:
        assert path.read_text(encoding="utf-8").count("ConsoleLogin") >= 1
    if format_ == "json":
        dossier = json.loads(path.read_text(encoding="utf-8"))
        assert (dossier["kind"], facet(dossier, "subject")) == ("user", {USER: 4})


def test_facts_are_one_row_each(lake: Path, lakehunt: Run) -> None:
    ran = lakehunt("pivot", "AKIABOBSKEY00001", "--lake", lake, "--format", "jsonl")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert {"profile", "origins", "siblings", "created", "coverage"} <= {r["part"] for r in rows}
    assert len({tuple(row) for row in rows}) == 1


HOSTILE = (
    "1.2.3.4/99",
    "x' OR '1'='1",
    "$(reboot)",
    "%",
    "_",
    'a"b',
    "\x1b[31mred",
    "-- ;drop",
    "ѕtаr*",
)


@pytest.mark.parametrize("value", ["x' OR '1'='1", "$(reboot)", "\x1b[31mred"])
def test_a_hostile_value_is_only_a_value(lake: Path, lakehunt: Run, value: str) -> None:
    ran = lakehunt("pivot", "--lake", lake, "--", value)
    assert ran.code == 0
    assert "does not occur" in ran.out
    assert "\x1b" not in ran.out


def test_a_hostile_value_is_only_a_value_to_each_query(
    lake: Path, sources: dict[str, Source]
) -> None:
    queries = [q for q in load_queries(roots()).values() if q.pivot and q.pivot.part is Part.NAMES]
    drafts = [_asking(query, value) for query in queries for value in (*HOSTILE, "bob")]
    engine = LocalEngine(lake, sources)
    run = engine.run(drafts, None, Limits(), lambda share: None)
    engine.close()
    found = {name for name, result in run.results.items() if _rows(result)}
    assert found == {"cloudtrail.identities_named bob"}


def _asking(query: Query, value: str) -> Draft:
    """Return a query that asks for a value by every name and by a pattern."""
    assert query.pivot is not None
    given = recognise(value)
    values: dict[str, Value] = {name: param.default for name, param in query.params.items()}
    for kind, name in query.pivot.takes.items():
        is_list = query.params[name].type.is_list
        text = given.mention if kind == Given.MENTION else value
        values[name] = (text,) if is_list else text
    return replace(draft_query(query, values), name=f"{query.id} {value}")


def _rows(result: object) -> int:
    assert isinstance(result, Result), result
    return len(result.rows())


def test_what_a_log_says_cannot_reach_a_shell_or_a_terminal(tmp_path: Path, lakehunt: Run) -> None:
    evil = "role/$(reboot) `id`; \x1b[2J"
    by = {
        "type": "IAMUser",
        "arn": f"arn:aws:iam::111122223333:{evil}",
        "accessKeyId": "AKIAEVIL0001",
    }
    other = {
        **by,
        "arn": "arn:aws:iam::111122223333:user/a'; reboot; '",
        "accessKeyId": "AKIAEVIL0001",
    }
    records = (event("A", at(0), userIdentity=by), event("B", at(1), userIdentity=other))
    put(tmp_path / "lake" / "one.json", document(*records))
    ran = lakehunt("pivot", "AKIAEVIL0001", "--lake", tmp_path / "lake")
    assert "\x1b" not in ran.out
    commands = [line for line in ran.out.splitlines() if line.startswith("  lakehunt ")]
    assert commands
    for command in commands:
        words = shlex.split(command)
        assert "reboot" not in words
        assert shlex.join(words) == command.strip()


def test_commands_to_go_on_keep_the_window(lake: Path, lakehunt: Run) -> None:
    options = ("--since", "2026-05-01", "--region", "us-east-1")
    ran = lakehunt("pivot", "AKIABOBSKEY00001", "--lake", lake, *options)
    command = next(line for line in ran.out.splitlines() if line.startswith("  lakehunt pivot"))
    again = lakehunt(*shlex.split(command)[1:])
    assert again.code == 0
    assert "--since 2026-05-01 --region us-east-1" in command
    assert "does not occur" not in again.out


def test_a_query_of_ones_own_takes_part_and_what_the_logs_could_not_show_is_told(
    lake: Path, lakehunt: Run, tmp_path: Path
) -> None:
    query = """-- ---
-- title: Sign-ins
-- kind: investigation
-- status: stable
-- version: 1
-- sources: [cloudtrail]
-- question: Which sign-ins?
-- params:
--   who: {type: texts, default: [], help: actors}
-- pivot: {part: profile, takes: {user: who}}
-- columns: {relation: text, facet: text, facet_value: text, first_event_time: timestamp,
--   last_event_time: timestamp, event_count: integer, denied_count: integer,
--   failed_count: integer, value_count: integer}
-- ---
SELECT
    'by' AS relation,
    'sign-in' AS facet,
    actor AS facet_value,
    MIN(event_time) AS first_event_time,
    MAX(event_time) AS last_event_time,
    COUNT(DISTINCT event_id) AS event_count,
    COUNT_IF(outcome = 'denied') AS denied_count,
    COUNT_IF(outcome = 'failure') AS failed_count,
    1 AS value_count
FROM cloudtrail
WHERE
    event_time >= :since AND event_time < :until
    AND event_name = 'ConsoleLogin'
    AND actor IN (:who)
GROUP BY actor
"""
    put(tmp_path / "own" / "queries" / "cloudtrail" / "sign_ins.sql", query.encode())
    ran = lakehunt("pivot", "bob", "--lake", lake, "--content", tmp_path / "own", "--as", "user")
    assert re.search(rf"sign-in +{USER} \(1\)", ran.out)
    out = " ".join(ran.out.split())
    assert "items of DynamoDB" in out.partition("not logged")[2]
    assert "objects of S3" not in out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([" "], "nothing to pivot on"),
        (["x", "--as", "buket"], "did you mean bucket?"),
        (["x", "--as", "address"], "x is no address such as"),
        (["x", "--as", "network"], "x is no network such as"),
    ],
)
def test_a_mistake_is_one_clear_line(
    lake: Path, lakehunt: Run, arguments: list[str], expected: str
) -> None:
    ran = lakehunt("pivot", *arguments, "--lake", lake)
    assert expected in ran.out + ran.err
    assert ran.code == 2


def test_a_circle_of_keys_ends_where_it_began() -> None:
    chain = follow(["a"], [("a", "b"), ("b", "c"), ("c", "a"), ("c", "b"), ("x", "a")])
    assert [(hop.key, hop.depth) for hop in chain.issued] == [("b", 1), ("c", 2)]
    assert {hop.key for hop in chain.issuers} == {"b", "c", "x"}


def test_keys_beyond_the_most_are_counted() -> None:
    chain = follow(["a"], [("a", str(number)) for number in range(MOST_KEYS + 7)])
    assert (len(chain.issued), chain.left_out) == (MOST_KEYS, 7)
