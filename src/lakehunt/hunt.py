"""Runs many detections over one window and tells what they found, per subject and per actor.

Knows the engine protocol and findings, no engine. `cli` and `demo` call it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from lakehunt.engines.base import Engine, Limits, Progress, Run
from lakehunt.errors import LakehuntError, UsageError
from lakehunt.findings import findings_of
from lakehunt.model import Failure, Finding, Query, Result, Severity, Source, Status, Story, Window
from lakehunt.sql.bind import read_params
from lakehunt.sql.compile import Draft, draft_query


@dataclass(frozen=True, slots=True)
class Choice:
    """Which detections a hunt runs; what is empty does not narrow."""

    severity: Severity = Severity.LOW
    tags: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hunt:
    """The outcome of a hunt: findings by severity, stories by actor, failures, and the run."""

    findings: tuple[Finding, ...]
    stories: tuple[Story, ...]
    failures: tuple[Failure, ...]
    queries: tuple[Query, ...]
    run: Run


def choose(
    queries: Iterable[Query], choice: Choice, sources: Mapping[str, Source]
) -> tuple[Query, ...]:
    """Return the stable detections on these sources that a choice takes.

    Drafts and deprecated ones run by id only.

    Raises:
        UsageError: it takes none.
    """
    there = (query for query in queries if all(name in sources for name in query.sources))
    chosen = tuple(query for query in there if _takes(choice, query))
    if not chosen:
        raise UsageError("no detection fits; `lakehunt list --kind detection` shows what there is")
    return chosen


def _takes(choice: Choice, query: Query) -> bool:
    if not query.is_detection or query.status is not Status.STABLE or query.severity is None:
        return False
    wanted = (
        (choice.tags, query.tags),
        (choice.sources, query.sources),
    )
    if not all(not asked or set(asked) & set(own) for asked, own in wanted):
        return False
    if choice.attack and not any(i.startswith(a) for a in choice.attack for i in query.attack):
        return False
    return query.severity.rank >= choice.severity.rank


def hunt(
    engine: Engine,
    queries: Sequence[Query],
    window: Window | None,
    limits: Limits,
    progress: Progress,
    narrow: Mapping[str, tuple[str, ...]] | None = None,
) -> Hunt:
    """Return what the detections find; one that fails is recorded and the others go on.

    Raises:
        LakehuntError: the lake cannot be read at all.
    """
    drafts: list[Draft] = []
    failures: list[Failure] = []
    for query in queries:
        try:
            draft = draft_query(query, read_params(query.params, {}))
            drafts.append(replace(draft, narrow=narrow or {}))
        except LakehuntError as error:
            failures.append(Failure(query.id, str(error)))
    run = engine.run(drafts, window, limits, progress)
    findings: list[Finding] = []
    for query in queries:
        result = run.results.get(query.id)
        if isinstance(result, Result):
            findings.extend(findings_of(query, result.fingerprint, result.rows()))
        elif result is not None:
            failures.append(Failure(query.id, str(result)))
    ordered = sorted(findings, key=lambda f: (-_rank(f), f.first_event_time, f.query.id))
    return Hunt(tuple(ordered), stories_of(findings), tuple(failures), tuple(queries), run)


def _rank(finding: Finding) -> int:
    return finding.query.severity.rank if finding.query.severity else 0


def stories_of(findings: Iterable[Finding]) -> tuple[Story, ...]:
    """Return the findings per actor in time order: the gravest stories first, then the oldest."""
    by_actor: dict[str, list[Finding]] = {}
    for finding in findings:
        for actor in finding.common["actor"] or ("unknown",):
            by_actor.setdefault(str(actor), []).append(finding)
    stories = [
        Story(actor, tuple(sorted(own, key=lambda f: f.first_event_time)))
        for actor, own in by_actor.items()
    ]
    return tuple(
        sorted(
            stories,
            key=lambda story: (
                -max(map(_rank, story.findings)),
                story.findings[0].first_event_time,
                story.actor,
            ),
        )
    )
