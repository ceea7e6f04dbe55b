"""Findings of one actor are one story, whatever names it took on; two actors are two."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import mkdtemp

import pytest

from lakehunt.content import roots
from lakehunt.engines.base import Limits
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.hunt import Choice, Hunt, hunt, plan_hunt
from lakehunt.library import load_queries
from lakehunt.model import Source, Stage
from lakehunt.render.findings import finding_row
from lakehunt.render.stories import story_lines, story_text
from tests.conftest import PROJECT, Ran
from tests.lakes import lake_of

Run = Callable[..., Ran]
Record = dict[str, object]
Told = Callable[..., Hunt]
ACCOUNT = "111122223333"
HERE, ELSEWHERE = "198.51.100.10", "203.0.113.9"


def arn(name: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:{name}"


def by(name: str, key: str) -> dict[str, object]:
    """Return who calls: a user, or a session of a role."""
    if name.startswith("user/"):
        return {"type": "IAMUser", "arn": arn(name), "accountId": ACCOUNT, "accessKeyId": key}
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name.removeprefix('role/')}/session",
        "accessKeyId": key,
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": arn(name)}},
    }


def at(
    clock: str, identity: Mapping[str, object], source: str, name: str, **more: object
) -> Record:
    return {
        "eventTime": clock if "T" in clock else f"2026-05-01T{clock}Z",
        "userIdentity": identity,
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "sourceIPAddress": HERE,
        **more,
    }


def assumed(clock: str, identity: Mapping[str, object], role: str, key: str) -> Record:
    return at(
        clock, identity, "sts", "AssumeRole",
        requestParameters={"roleArn": arn(role), "roleSessionName": "session"},
        responseElements={"credentials": {"accessKeyId": key}},
    )  # fmt: skip


def stopped(
    clock: str, identity: Mapping[str, object], trail: str = "main", **more: object
) -> Record:
    return at(
        clock, identity, "cloudtrail", "StopLogging", requestParameters={"name": trail}, **more
    )


@pytest.fixture
def told(tmp_path: Path, cloudtrail: Source, sources: dict[str, Source]) -> Told:
    """Hunt over a lake of some records."""

    def run(*records: Record, narrow: Mapping[str, tuple[str, ...]] | None = None) -> Hunt:
        lake = lake_of(Path(mkdtemp(dir=tmp_path)), cloudtrail, *records)
        queries = load_queries(roots()).values()
        plan = plan_hunt(queries, Choice(attack=("T1685",)), sources, narrow)
        engine = LocalEngine(lake, sources)
        try:
            return hunt(engine, plan, None, Limits(), lambda share: None)
        finally:
            engine.close()

    return run


ALICE, BOB = by("user/alice", "AKIAALICE"), by("user/bob", "AKIABOB")


def actors(hunted: Hunt) -> list[tuple[str, int]]:
    return [(story.actor.rpartition(":")[2], len(story.findings)) for story in hunted.stories]


def test_two_hops_of_one_actor_are_one_story(told: Told) -> None:
    first, second = by("role/first", "ASIAFIRST"), by("role/second", "ASIASECOND")
    hunted = told(
        assumed("10:00:00", ALICE, "role/first", "ASIAFIRST"),
        stopped("10:01:00", first, "a"),
        assumed("10:02:00", first, "role/second", "ASIASECOND"),
        stopped("10:03:00", second, "b"),
        stopped("10:04:00", ALICE, "c"),
    )
    assert actors(hunted) == [("user/alice", 3)]
    [story] = hunted.stories
    assert [link.given.actor for link in story.handovers] == [arn("role/first"), arn("role/second")]
    assert [finding.common["target"] for finding in story.findings] == [("a",), ("b",), ("c",)]


def test_two_who_assumed_one_role_are_told_apart_by_their_sessions(told: Told) -> None:
    hunted = told(
        assumed("10:00:00", ALICE, "role/ops", "ASIAONE"),
        assumed("10:00:01", BOB, "role/ops", "ASIATWO"),
        stopped("10:01:00", by("role/ops", "ASIAONE"), "a"),
        stopped("10:02:00", by("role/ops", "ASIATWO"), "b"),
    )
    assert actors(hunted) == [("user/alice", 1), ("user/bob", 1)]


def test_a_session_without_key_goes_to_the_one_who_may_have_it_and_else_to_nobody(
    told: Told,
) -> None:
    nameless = {**by("role/ops", ""), "accessKeyId": None}
    one = assumed("10:00:00", ALICE, "role/ops", "ASIAONE")
    assert actors(told(one, stopped("10:30:00", nameless))) == [("user/alice", 1)]
    other = assumed("10:00:01", BOB, "role/ops", "ASIATWO")
    assert actors(told(one, other, stopped("10:30:00", nameless))) == [("role/ops", 1)]
    away = {**other, "sourceIPAddress": ELSEWHERE}
    assert actors(told(one, away, stopped("10:30:00", nameless))) == [("user/alice", 1)]
    # a session lasts an hour unless asked for more
    assert actors(told(one, stopped("11:30:00", nameless))) == [("role/ops", 1)]


@pytest.mark.parametrize(("address", "expected"), [(HERE, "user/alice"), (ELSEWHERE, "user/bob")])
def test_a_key_made_for_somebody_counts_where_its_maker_uses_it(
    told: Told, address: str, expected: str
) -> None:
    made = at(
        "10:00:00", ALICE, "iam", "CreateAccessKey", requestParameters={"userName": "bob"},
        responseElements={"accessKey": {"accessKeyId": "AKIABOB", "userName": "bob"}},
    )  # fmt: skip
    assert actors(told(made, stopped("10:01:00", BOB, sourceIPAddress=address))) == [(expected, 1)]


def test_a_circle_of_roles_ends(told: Told) -> None:
    one, two = by("role/one", "ASIAONE"), by("role/two", "ASIATWO")
    hunted = told(
        assumed("10:00:00", two, "role/one", "ASIAONE"),
        assumed("10:00:00", one, "role/two", "ASIATWO"),
        stopped("10:01:00", one),
    )
    assert [len(story.findings) for story in hunted.stories] == [1]


def test_an_actor_quiet_for_long_begins_a_new_story(told: Told) -> None:
    again = stopped("2026-05-09T10:00:00Z", ALICE)
    assert actors(told(stopped("10:00:00", ALICE), again)) == [("user/alice", 1)] * 2


def test_who_gave_a_role_is_known_when_only_the_role_is_asked_for(told: Told) -> None:
    given = assumed("10:00:00", ALICE, "role/ops", "ASIAONE")
    records = (given, stopped("10:01:00", by("role/ops", "ASIAONE")), stopped("10:02:00", BOB, "b"))
    hunted = told(*records, narrow={"actor": (arn("role/ops"),)})
    assert actors(hunted) == [("user/alice", 1)]


def test_a_story_says_who_from_where_when_as_whom_what_and_what_next(told: Told) -> None:
    hunted = told(
        assumed("10:00:00", ALICE, "role/ops", "ASIAONE"),
        stopped("10:01:00", by("role/ops", "ASIAONE"), "a"),
        stopped("10:05:00", by("role/ops", "ASIAONE"), "b"),
    )
    [story] = hunted.stories
    assert story_text(story).startswith(
        f"{arn('user/alice')} acted from {HERE} between 2026-05-01 10:01:00 and 10:05:00 UTC,"
        " also as role/ops (AssumeRole 10:00:00). 2 findings of 2 events, the gravest high."
        " Defense impairment from 10:01:00: Trail stopped, deleted or narrowed (2 targets, 2"
        " events). Next: "
    )
    assert story_text(story).endswith(story.findings[0].query.next)


def test_what_was_denied_or_failed_is_not_told_as_done(told: Told) -> None:
    denied = {"errorCode": "AccessDenied"}
    hunted = told(
        stopped("10:00:00", ALICE, "a"),
        stopped("10:01:00", ALICE, "b", **denied),
        stopped("10:02:00", ALICE, "b", errorCode="TrailNotFoundException"),
        stopped("10:03:00", BOB, "c", **denied),
        stopped("10:04:00", BOB, "c", **denied),
    )
    alice, bob = hunted.stories
    assert "(2 targets, 3 events, 2 denied or failed)." in story_text(alice)
    assert "Nothing of it succeeded" not in story_text(alice)
    assert "(c, 2 events, all denied). Nothing of it succeeded. Next:" in story_text(bob)
    lines = [line.rpartition("narrowed, ")[2] for line in story_lines(hunted.stories)]
    assert [line for line in lines if line.endswith(")")][:1] == ["a (1 event)"]
    assert {"b (2 events, all denied or failed)", "c (2 events, all denied)"} <= {*lines}
    rows = [finding_row(finding) for finding in hunted.findings]
    assert [(row["target"], row["outcome"]) for row in rows] == [
        ("a", "success"), ("b", "all denied or failed"), ("c", "all denied"),
    ]  # fmt: skip


def test_what_to_do_next_is_about_what_succeeded(told: Told) -> None:
    flow_logs = at("10:05:00", ALICE, "ec2", "DeleteFlowLogs", requestParameters={
        "DeleteFlowLogsRequest": {"FlowLogId": {"content": "fl-1"}},
    })  # fmt: skip
    hunted = told(stopped("10:00:00", ALICE, "a", errorCode="AccessDenied"), flow_logs)
    [story] = hunted.stories
    ids = [finding.query.id for finding in story.findings]
    assert ids == ["cloudtrail.trail_stopped", "cloudtrail.monitoring_stopped"]
    assert story_text(story).endswith(story.findings[1].query.next)


def test_a_story_of_traffic_names_address_and_port(
    tmp_path: Path, sources: dict[str, Source]
) -> None:
    flow = {"srcaddr": "203.0.113.9", "srcport": "50000", "dstaddr": "10.0.1.20", "dstport": "22"}
    lake = lake_of(tmp_path, sources["vpcflow"], flow)
    plan = plan_hunt(load_queries(roots()).values(), Choice(sources=("vpcflow",)), sources)
    engine = LocalEngine(lake, sources)
    [story] = hunt(engine, plan, None, Limits(), lambda share: None).stories
    engine.close()
    assert "Administration port reached from the internet (10.0.1.20:22, 1 event)" in (
        story_text(story)
    )


def test_hostile_names_are_harmless_in_a_story(told: Told) -> None:
    evil = {**ALICE, "arn": arn("user/\x1b[31mred\u202e")}
    hunted = told(stopped("10:00:00", evil, "tr\x1b]0;ail"), stopped("10:00:01", evil, "x\ny"))
    lines = [*story_lines(hunted.stories)]
    assert all(line.isprintable() for line in lines)
    assert "\\x1b[31mred\\u202e" in lines[0] + lines[1]


def test_the_stories_of_the_real_attack_run(samples: Path, lakehunt: Run) -> None:
    ran = lakehunt("hunt", samples / "invictus", "--format", "json")
    document = json.loads(ran.out)
    assert len(document["findings"]) <= 40
    # the instance's role was made by the attacker, but no credential of it was handed to him
    story, instance = document["stories"]
    assert instance["actor"].endswith(":role/stratus-red-team-ec2-steal-credentials-role")
    assert [f["query_id"] for f in instance["findings"]] == [
        "cloudtrail.instance_role_used_elsewhere"
    ]
    assert story["actor"].endswith(":user/bert-jan")
    # five of the roles it assumed, and a user it made and signed in as
    assert len({link["actor"] for link in story["other_actors"]}) == 6
    assert len(story["findings"]) + 1 == len(document["findings"])
    assert story["stages"][0] == "credential access"


def test_every_detection_says_which_stage_it_shows() -> None:
    detections = [query for query in load_queries(roots()).values() if query.is_detection]
    assert all(query.stage in [*Stage] for query in detections)


def test_the_documented_json_is_what_comes_out(
    tmp_path: Path, cloudtrail: Source, lakehunt: Run
) -> None:
    lake = lake_of(
        tmp_path,
        cloudtrail,
        assumed("10:00:00", ALICE, "role/ops", "ASIAONE"),
        stopped("10:01:00", by("role/ops", "ASIAONE")),
    )
    document = json.loads(lakehunt("hunt", lake, "--format", "json").out)
    page = (PROJECT / "docs" / "json.md").read_text(encoding="utf-8")
    documented = json.loads(page.partition("```json\n")[2].partition("```")[0])
    assert _shape(documented) == _shape(document)


def _shape(value: object) -> object:
    """Return the keys of a JSON value, all the way down, whatever the values."""
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_shape(value[0])]
    return None
