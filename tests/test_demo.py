"""The demo tells its attack whole, blames nobody else gravely, and is the same each time."""

import gzip
import json
import shlex
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from lakehunt.content import roots
from lakehunt.demo import DemoLake, make_lake
from lakehunt.demo.scriptfile import read_attack
from lakehunt.engines.base import Limits
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.errors import ContentError, LakeError
from lakehunt.hunt import Choice, Hunt, hunt, plan_hunt
from lakehunt.library import load_queries
from lakehunt.model import Finding, Severity, Source
from tests.conftest import Ran

Run = Callable[..., Ran]
# Of each source.
EVENTS = 500
# What the attacker acts as, in the order of the attack.
ATTACKER = (
    "arn:aws:iam::111122223333:user/ci-deploy",
    "arn:aws:iam::111122223333:user/reporting",
    "arn:aws:iam::111122223333:role/ops-automation",
)
# What else the attacker is to a log: addresses, and the machine that does as told.
PLACES = (
    "203.0.113.53",
    "203.0.113.66",
    "203.0.113.120",
    "10.0.1.21",
    "i-0111122223333a001",
    "eni-0111122223333a001",
)
# The steps that a detection looks for, in the order of the attack.
STEPS = (
    "route53_public.names_enumerated",
    "cloudfront.paths_guessed",
    "waf.known_bad_allowed",
    "alb.attack_strings_answered",
    "cloudtrail.leaked_key_tried",
    "cloudtrail.credential_made_for_other_user",
    "cloudtrail.admin_policy_given",
    "cloudtrail.console_login_without_mfa",
    "cloudtrail.role_trust_opened",
    "cloudtrail.trail_stopped",
    "cloudtrail.monitoring_stopped",
    "cloudtrail.secrets_read_in_bulk",
    "cloudtrail.password_or_user_data_read",
    "cloudtrail.ssm_command_or_session",
    "route53_resolver.tunnel_in_names",
    "vpcflow.ports_scanned",
    "cloudtrail.snapshot_or_image_shared",
    "cloudtrail.bucket_made_public",
    "s3access.objects_read_by_anybody",
    "cloudtrail.security_group_opened",
    "vpcflow.admin_port_reached_from_internet",
)


def quiet(share: float) -> None:
    assert 0 <= share <= 1


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, sources: dict[str, Source]) -> DemoLake:
    return make_lake(tmp_path_factory.mktemp("demo") / "lake", sources, quiet, EVENTS)


@pytest.fixture(scope="module")
def hunted(lake: DemoLake, sources: dict[str, Source]) -> Hunt:
    plan = plan_hunt(load_queries(roots()).values(), Choice(), sources)
    engine = LocalEngine(lake.folder, sources)
    try:
        return hunt(engine, plan, None, Limits(), quiet)
    finally:
        engine.close()


def of_the_attacker(finding: Finding) -> bool:
    return {*finding.common["actor"]} <= {*ATTACKER, *PLACES}


@pytest.mark.parametrize("step", STEPS)
def test_each_step_of_the_attack_is_found(hunted: Hunt, step: str) -> None:
    assert [f for f in hunted.findings if f.query.id == step and of_the_attacker(f)]


def test_the_findings_stand_in_the_order_of_the_attack(hunted: Hunt) -> None:
    # what the pipeline whose key was leaked does every day is of low severity
    daily = "cloudtrail.function_code_replaced"
    grave = (f for f in hunted.findings if f.query.id != daily)
    own = sorted(filter(of_the_attacker, grave), key=lambda f: f.first_event_time)
    assert [*dict.fromkeys(f.query.id for f in own)] == [*STEPS]


def test_nobody_else_is_blamed_gravely_and_few_at_all(hunted: Hunt) -> None:
    others = [f for f in hunted.findings if not of_the_attacker(f)]
    assert len(others) <= 5
    assert {f.query.severity for f in others} <= {Severity.LOW, Severity.MEDIUM}


def test_the_attacker_has_one_story_and_the_outsider_with_the_opened_role_another(
    hunted: Hunt,
) -> None:
    pipeline, user, role = ATTACKER
    attack = hunted.stories[0]
    outside = next(s for s in hunted.stories if role in {link.given.actor for link in s.handovers})
    assert attack.actor == pipeline
    assert {link.given.actor for link in attack.handovers} == {user}
    assert {actor for f in attack.findings for actor in f.common["actor"]} == {pipeline, user}
    assert {link.given.actor for link in outside.handovers} == {role}
    assert outside is not attack
    assert not [finding for finding in outside.findings if finding in attack.findings]


def test_every_event_is_read_and_nothing_fails(lake: DemoLake, hunted: Hunt) -> None:
    accounts = [account for account in hunted.run.accounts if account.files_listed]
    assert len(accounts) == 8
    assert lake.ordinary_events == EVENTS * len(accounts)
    rows = sum(account.rows_read for account in accounts)
    assert rows == lake.ordinary_events + lake.attack_events
    assert not [one for one in accounts if one.rows_unparsed or one.refused or one.rows_duplicate]
    assert sum(account.files_read for account in accounts) == lake.files
    assert hunted.run.unknown == ()
    [trail] = [account for account in accounts if account.source == "cloudtrail"]
    assert (len(trail.accounts), len(trail.regions)) == (2, 3)
    assert hunted.failures == ()


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(f.relative_to(folder)): sha256(f.read_bytes()).hexdigest() for f in files}


def test_the_same_seed_makes_the_same_files(tmp_path: Path, sources: dict[str, Source]) -> None:
    made = [make_lake(tmp_path / name, sources, quiet, 200, 7).folder for name in ("a", "b")]
    other = make_lake(tmp_path / "c", sources, quiet, 200, 8).folder
    assert digests(made[0]) == digests(made[1]) != digests(other)


def records(folder: Path) -> Iterator[dict[str, object]]:
    for path in folder.rglob("*.json.gz"):
        yield from json.loads(gzip.decompress(path.read_bytes()))["Records"]


def test_each_record_has_an_id_of_its_own_and_no_hole_left(lake: DemoLake) -> None:
    all_records = [*records(lake.folder)]
    assert len({record["eventID"] for record in all_records}) == len(all_records)
    assert "${" not in json.dumps(all_records)


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, sources: dict[str, Source]) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(LakeError, match=r"was not made by the demo; name another folder"):
        make_lake(tmp_path, sources, quiet, 10)
    assert [*tmp_path.iterdir()] == [tmp_path / "notes.txt"]


def test_its_own_lake_is_made_again_and_notes_beside_it_stay(
    tmp_path: Path, sources: dict[str, Source]
) -> None:
    lake = tmp_path / "lake"
    make_lake(lake, sources, quiet, 100, 1)
    (lake / "notes.txt").write_text("mine")
    again = make_lake(lake, sources, quiet, 50, 2)
    files = [path for path in lake.rglob("*") if path.is_file()]
    assert len(files) == again.files + 1
    assert (lake / "notes.txt").read_text() == "mine"


def test_the_command_prints_findings_the_story_and_how_to_go_on(
    lakehunt: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = lakehunt("demo")
    assert ran.code == 0
    assert ran.out.startswith("severity")
    assert "Story 1: arn:aws:iam::111122223333:user/ci-deploy acted from" in ran.err
    commands = ran.err.partition("To go on:\n")[2].splitlines()
    assert 2 <= len(commands) <= 3
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "lakehunt"
        going_on = lakehunt(*arguments)
        assert going_on.code == 0, going_on.err
        assert len(going_on.out.splitlines()) > 2


def test_the_command_refuses_with_one_line(lakehunt: Run, tmp_path: Path) -> None:
    ran = lakehunt("demo", tmp_path)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)


def test_a_broken_script_names_every_problem_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "attack.yaml"
    step = "{after: soon, as: nobody, fields: {}}"
    path.write_text(f"s:\n  start: x\n  holes: {{}}\n  actors: {{}}\n  steps:\n    - {step}\n")
    with pytest.raises(ContentError) as raised:
        read_attack(path)
    assert [problem.location.line for problem in raised.value.problems] == [2, 6, 6]
