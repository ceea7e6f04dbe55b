"""Runs many detections over one window and tells what they found, per subject and per actor.

Knows the engine protocol and findings, no engine. `cli` and `demo` call it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from lakehunt.engines.base import Engine, Limits, Progress, Run
from lakehunt.errors import LakehuntError, UsageError
from lakehunt.findings import findings_of
from lakehunt.known import Lists, drafts_of, marked, told_apart
from lakehunt.library import check_words
from lakehunt.model import (
    Failure,
    Finding,
    Handover,
    Hidden,
    Purpose,
    Query,
    Result,
    Severity,
    Source,
    SourceAccount,
    Status,
    Story,
    Window,
)
from lakehunt.sql.compile import Draft
from lakehunt.stories import handovers_of, stories_of


@dataclass(frozen=True, slots=True)
class Choice:
    """Which detections a hunt runs; what is empty does not narrow."""

    severity: Severity = Severity.LOW
    tags: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a hunt runs: detections, the queries that join their findings, and what narrows both."""

    detections: tuple[Query, ...]
    joining: tuple[Query, ...] = ()
    narrow: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lists: Lists = Lists()


@dataclass(frozen=True, slots=True)
class Hunt:
    """The outcome of a hunt: findings by severity, stories by actor, failures, and the run.

    `queries` are the detections that were asked, not those on sources that are not here.
    `hidden` is what the known lists keep out, or would, by detection.
    """

    findings: tuple[Finding, ...]
    stories: tuple[Story, ...]
    failures: tuple[Failure, ...]
    queries: tuple[Query, ...]
    run: Run
    hidden: tuple[Hidden, ...] = ()


def plan_hunt(
    queries: Iterable[Query],
    choice: Choice,
    sources: Mapping[str, Source],
    narrow: Mapping[str, tuple[str, ...]] | None = None,
    lists: Lists | None = None,
) -> Plan:
    """Return the stable detections on these sources that a choice takes, and what joins them.

    Drafts and deprecated ones run by id only.

    Raises:
        UsageError: it names a source or tag that there is not, or takes none at any severity.
    """
    queries = [*queries]
    check_words(queries, sources, choice.sources, choice.tags)
    there = [query for query in queries if query.fits(sources)]
    chosen = tuple(query for query in there if _takes(choice, query))
    # a severity that no detection has yet is no mistake: another day one may have it
    if not any(_takes(replace(choice, severity=Severity.LOW), query) for query in there):
        raise UsageError("no detection fits; `lakehunt list --kind detection` shows what there is")
    read = {name for query in chosen for name in query.sources}
    joining = (
        query
        for query in there
        if query.serves is Purpose.STORIES
        and query.status is Status.STABLE
        and read.issuperset(query.sources)
    )
    return Plan(chosen, tuple(joining), narrow or {}, lists or Lists())


def unasked_lines(plan: Plan, choice: Choice) -> list[str]:
    """Return that a plan asks nothing, where no detection is urgent enough."""
    what = f"no detection that fits is of severity {choice.severity} or above: nothing is asked"
    return [] if plan.detections else [what]


def _takes(choice: Choice, query: Query) -> bool:
    if not query.is_detection or query.status is not Status.STABLE or query.severity is None:
        return False
    wanted = (
        (choice.tags, query.tags),
        (choice.sources, query.sources),
    )
    if not all(not asked or set(asked) & set(own) for asked, own in wanted):
        return False
    if choice.attack and not any(
        i.startswith(a.upper()) for a in choice.attack for i in query.attack
    ):
        return False
    return query.severity.rank >= choice.severity.rank


def hunt(
    engine: Engine, plan: Plan, window: Window | None, limits: Limits, progress: Progress
) -> Hunt:
    """Return what the detections find; one that fails is recorded and the others go on.

    Raises:
        LakehuntError: the lake cannot be read at all.
    """
    plan, blind = parted(plan, engine.absent())
    drafts, failures = hunt_drafts(plan, limits)
    run = engine.run(drafts, window, limits, progress)
    run = replace(run, accounts=(*run.accounts, *map(SourceAccount, blind)))
    findings: list[Finding] = []
    hidden: list[Hidden] = []
    for query, result in _results(plan.detections, run, failures):
        whole = findings_of(query, result.fingerprint, result.rows())
        own, kept_out = told_apart(query, whole, run, plan.lists)
        findings.extend(marked(own, plan.lists.known))
        hidden.extend([kept_out] if kept_out else [])
    handovers: list[Handover] = []
    for _, result in _results(plan.joining, run, failures):
        handovers.extend(handovers_of(result.rows()))
    ordered = sorted(findings, key=lambda f: (-f.rank, f.first_event_time, f.query.id))
    stories = tuple(stories_of(ordered, handovers))
    return Hunt(tuple(ordered), stories, tuple(failures), plan.detections, run, tuple(hidden))


def parted(plan: Plan, absent: frozenset[str]) -> tuple[Plan, list[str]]:
    """Return what can see anything, and the sources without which the others see nothing."""
    detections, joining = (
        tuple(query for query in queries if not absent.issuperset(query.sources))
        for queries in (plan.detections, plan.joining)
    )
    unseen = {n for q in plan.detections if q not in detections for n in q.sources}
    return replace(plan, detections=detections, joining=joining), sorted(unseen)


def hunt_drafts(plan: Plan, limits: Limits) -> tuple[list[Draft], list[Failure]]:
    """Return what a hunt runs, and why some detections cannot."""
    failures: list[Failure] = []
    drafts: list[Draft] = []
    # who gave a credential may be another actor than those that are asked for
    wide = {column: values for column, values in plan.narrow.items() if column != "actor"}
    for query in (*plan.detections, *plan.joining):
        narrow = wide if query.serves else plan.narrow
        try:
            for draft in drafts_of(query, {}, plan.lists, count=limits.count):
                drafts.append(replace(draft, narrow=narrow))
        except LakehuntError as error:
            failures.append(Failure(query.id, str(error)))
    return drafts, failures


def _results(
    queries: Iterable[Query], run: Run, failures: list[Failure]
) -> Iterable[tuple[Query, Result]]:
    """Yield the result of each query that has one, and record why the others have none."""
    for query in queries:
        result = run.results.get(query.id)
        if isinstance(result, Result):
            yield query, result
        elif result is not None:
            failures.append(Failure(query.id, str(result)))
