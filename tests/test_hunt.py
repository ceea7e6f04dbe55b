"""Detections become findings per subject and spell, findings become stories, on real logs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlglot import exp

from lakehunt.content import roots
from lakehunt.engines.base import Limits
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.errors import SqlError
from lakehunt.findings import findings_of
from lakehunt.hunt import Choice, Plan, hunt, plan_hunt
from lakehunt.library import load_queries
from lakehunt.model import Query, Severity, Source, Status
from lakehunt.sql.compile import Draft, compile_draft, draft_query
from lakehunt.sql.share import plan_scans
from tests.conftest import Ran, shared
from tests.lakes import lake_of

Run = Callable[..., Ran]
TRAIL = load_queries(roots())["cloudtrail.trail_stopped"]
HOUR = timedelta(hours=1)


def row(hours: float, **fields: object) -> dict[str, object]:
    moment = datetime(2026, 5, 1) + HOUR * hours
    common = {"event_time": moment, "actor": "a", "target": "t", "source_ip": "192.0.2.1"}
    return {**common, "event_id": f"id-{hours}", "log_file": f"file-{hours}", **fields}


def by_actor(*rows: Mapping[str, object]) -> list[tuple[int, float]]:
    """Return the count and first hour of each finding."""
    query = replace(TRAIL, group_by=("actor",), quiet=6 * HOUR)
    start = datetime(2026, 5, 1, tzinfo=UTC)
    return [
        (finding.event_count, (finding.first_event_time - start) / HOUR)
        for finding in findings_of(query, "f", rows)
    ]


def test_rows_of_one_subject_are_one_finding() -> None:
    assert by_actor(row(0), row(1), row(2, target="u"), row(2, actor="b")) == [(3, 0), (1, 2)]


def test_a_quiet_gap_parts_findings() -> None:
    assert by_actor(row(0), row(5), row(11), row(18)) == [(3, 0), (1, 18)]


def test_a_row_without_subject_counts_by_its_address_else_stands_alone() -> None:
    alone = {"actor": None, "source_ip": None}
    assert by_actor(row(0, actor=None), row(1, actor=None)) == [(2, 0)]
    assert by_actor(row(0, **alone), row(1, **alone)) == [(1, 0), (1, 1)]


def test_an_event_delivered_twice_counts_once() -> None:
    assert by_actor(row(0), row(0), row(1)) == [(2, 0)]


def test_aggregates_bring_their_own_count_and_end() -> None:
    end = datetime(2026, 5, 1, 5)
    burst = row(0, event_id=None, event_count=40, last_event_time=end, log_files=["x", "y"])
    (finding,) = findings_of(replace(TRAIL, group_by=("actor",)), "f", [burst, row(10)])
    assert finding.event_count == 41
    assert finding.log_files == ("x", "y", "file-10")


def test_values_that_differ_are_all_kept() -> None:
    query = replace(TRAIL, group_by=("actor",))
    (finding,) = findings_of(query, "f", [row(0), row(1, target="u"), row(2, source_ip=None)])
    assert finding.common["target"] == ("t", "u")
    assert finding.common["source_ip"] == ("192.0.2.1",)
    assert len(finding.examples) == 3


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (
            Choice(severity=Severity.HIGH),
            lambda q: q.severity in (Severity.HIGH, Severity.CRITICAL),
        ),
        (Choice(attack=("T1685",)), lambda q: any(a.startswith("T1685") for a in q.attack)),
        (Choice(sources=("cloudtrail",)), lambda q: q.sources == ("cloudtrail",)),
        (Choice(sources=("alb", "waf")), lambda q: q.sources in {("alb",), ("waf",)}),
    ],
)
def test_a_choice_takes_the_detections_that_fit(
    choice: Choice, expected: Callable[[Query], bool], sources: dict[str, Source]
) -> None:
    queries = load_queries(roots()).values()
    chosen = {query.id for query in plan_hunt(queries, choice, sources).detections}
    stable = (q for q in queries if q.is_detection and q.status is Status.STABLE)
    assert chosen == {query.id for query in stable if expected(query)}


def test_a_failing_detection_is_recorded_and_the_hunt_goes_on(
    tmp_path: Path, cloudtrail: Source, sources: dict[str, Source]
) -> None:
    record = {"eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging"}
    lake = lake_of(tmp_path, cloudtrail, record)
    broken = replace(TRAIL, id="x.broken", sql="SELECT nothing FROM cloudtrail")
    worse = replace(TRAIL, id="x.worse", sql="SELECT FROM")
    engine = LocalEngine(lake, sources)
    hunted = hunt(engine, Plan((broken, worse, TRAIL)), None, Limits(), lambda share: None)
    engine.close()
    assert [finding.query.id for finding in hunted.findings] == [TRAIL.id]
    assert {failure.query_id for failure in hunted.failures} == {"x.broken", "x.worse"}


def test_one_scan_of_each_source_serves_all_its_detections(sources: dict[str, Source]) -> None:
    plan = plan_hunt(load_queries(roots()).values(), Choice(), sources)
    queries = (*plan.detections, *plan.joining)
    drafts = [draft_query(q, {n: p.default for n, p in q.params.items()}) for q in queries]
    scans = plan_scans(compile_draft(draft, sources, None) for draft in drafts)
    read = [scan.source.name for scan in scans]
    assert sorted(read) == sorted({name for query in queries for name in query.sources})
    for scan in scans:
        (need,) = scan.needs
        # every detection names its events or its identities: none reads all there is
        conditions = [exp.and_(need.common, reader.condition) for reader in need.readers]
        assert all(condition.find(exp.Column) for condition in conditions), need.relation


@pytest.mark.parametrize("place", ["cloudtrail/invictus", "alb", "cloudfront", "s3access", "waf"])
def test_a_hunt_gives_the_rows_that_each_query_gives_alone(
    place: str, sources: dict[str, Source]
) -> None:
    queries = tuple(query for query in load_queries(roots()).values() if query.is_detection)
    engine = LocalEngine(shared("samples", place), sources)
    together = hunt(engine, Plan(queries), None, Limits(), lambda share: None)
    source = place.split("/", maxsplit=1)[0]
    own = {query.id for query in queries if query.sources == (source,)}
    assert {query.id for query in together.queries} == own
    for query in together.queries:
        draft = draft_query(query, {name: p.default for name, p in query.params.items()})
        # uncounted: files without what it names are passed over, which together are parsed
        limits = Limits(count=False)
        alone = engine.run([draft], None, limits, lambda share: None).results[query.id]
        shared_ = together.run.results[query.id]
        assert not isinstance(alone, Exception)
        assert not isinstance(shared_, Exception)
        assert _sorted(alone.rows()) == _sorted(shared_.rows()), query.id
    engine.close()


def _sorted(rows: list[dict[str, object]]) -> list[str]:
    return sorted(str(row) for row in rows)


# What the run did, as the project that recorded it tells, against what must be found.
INVICTUS = {
    "cloudtrail.admin_policy_given",
    "cloudtrail.console_login_without_mfa",
    "cloudtrail.credential_made_for_other_user",
    "cloudtrail.monitoring_stopped",
    "cloudtrail.password_or_user_data_read",
    "cloudtrail.role_trust_opened",
    "cloudtrail.secrets_read_in_bulk",
    "cloudtrail.security_group_opened",
    "cloudtrail.snapshot_or_image_shared",
    "cloudtrail.ssm_command_or_session",
    "cloudtrail.trail_stopped",
}


def test_the_real_attack_run_is_told_in_few_findings(samples: Path, lakehunt: Run) -> None:
    ran = lakehunt("hunt", samples / "invictus", "--format", "jsonl")
    assert ran.code == 1
    findings = [json.loads(line) for line in ran.out.splitlines()]
    assert {finding["query_id"] for finding in findings} >= INVICTUS
    assert len(findings) <= 60
    assert "2,900 events, 2,900 of them in the window, 0 unparsed" in ran.err


def test_ordinary_events_raise_no_alarm(samples: Path, lakehunt: Run) -> None:
    ran = lakehunt("hunt", samples / "opensearch-catalog", "--severity", "high")
    assert ran.code == 0
    assert "840 events" in ran.err


def test_all_real_samples_are_accounted_for(lakehunt: Run) -> None:
    ran = lakehunt("hunt", shared("samples", "cloudtrail"), "--format", "json")
    document = json.loads(ran.out)
    source, *others = document["run"]["sources"]
    assert {other["files"]["listed"] for other in others} <= {0}
    assert document["run"]["unknown_files"] == []
    assert source["files"]["listed"] == 62
    assert source["files"]["read"] == 59
    # two digests and one Insights file; the four are Insights events of a documentation page and
    # events whose time is a placeholder
    assert len(source["files"]["skipped"]) == 3
    assert source["rows"] == {
        "read": 3754,
        "in_window": 3750,
        "unparsed": 4,
        "duplicate": 0,
        "header_lines": 0,
    }


def test_a_scanner_in_the_logs_of_a_load_balancer_is_one_finding(lakehunt: Run) -> None:
    ran = lakehunt("hunt", shared("samples", "alb"), "--format", "jsonl")
    (finding,) = map(json.loads, ran.out.splitlines())
    assert finding["query_id"] == "alb.paths_guessed"
    assert "20.78.123.34 acted between 2022-07-05 04:47:50" in ran.err
    assert "; regions us-east-1; 2018-07-02 22:23:00 to 2023-07-04" in ran.err
    assert "classes" not in ran.err


def test_detections_on_logs_that_are_not_here_are_not_asked(lakehunt: Run) -> None:
    ran = lakehunt("hunt", shared("samples", "s3access"))
    assert ran.code == 0
    absent = next(line for line in ran.err.splitlines() if line.startswith("no logs of"))
    assert {"alb,", "cloudtrail,", "waf"} <= {*absent.split()}
    assert "s3access" not in absent
    queries = load_queries(roots()).values()
    asked = sum(q.is_detection and q.sources == ("s3access",) for q in queries)
    assert f"{asked} detections in" in ran.err


@pytest.mark.parametrize("source", ["cloudfront", "s3access", "waf"])
def test_ordinary_web_requests_raise_no_alarm(source: str, lakehunt: Run) -> None:
    assert lakehunt("hunt", shared("samples", source)).code == 0


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("vpcflow", []),
        ("route53_public", []),
        # AWS's own example of a query that a firewall rule blocked
        ("route53_resolver", ["route53_resolver.firewall_matched"]),
    ],
)
def test_ordinary_flows_and_queries_raise_no_alarm(
    source: str, found: list[str], lakehunt: Run
) -> None:
    ran = lakehunt("hunt", shared("samples", source), "--format", "jsonl")
    assert [json.loads(line)["query_id"] for line in ran.out.splitlines()] == found


def test_unknown_columns_in_the_reserved_draft_name_are_refused(
    sources: dict[str, Source], samples: Path
) -> None:
    engine = LocalEngine(samples / "invictus", sources)
    run = engine.run(
        [Draft("q", "SELECT evnt_name FROM cloudtrail")],
        None,
        Limits(),
        lambda share: None,
    )
    engine.close()
    error = run.results["q"]
    assert isinstance(error, SqlError)
    assert "Did you mean 'event_name'?" in str(error)
