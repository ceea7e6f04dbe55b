"""Tells stories in plain words, made of the fields of their findings, and as values for JSON.

Knows the model, not how a story was joined. `cli` calls it.
"""

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from lakehunt.model import Finding, Handover, Story
from lakehunt.render.neutral import for_terminal, plain
from lakehunt.render.words import brief, counted, moment, one_or_list, told_events

_WIDTH = 100
_NAMES_SHOWN = 6


def story_value(story: Story) -> dict[str, object]:
    """Return a story as its stable JSON object."""
    return {
        "actor": story.actor,
        "other_actors": [_handover_value(link) for link in story.handovers],
        "severity": story.gravest.query.severity,
        "stages": [*_by_stage(story)],
        "source_ips": story.distinct("source_ip"),
        "first_event_time": plain(story.first_event_time),
        "last_event_time": plain(story.last_event_time),
        "event_count": story.event_count,
        "text": story_text(story),
        "findings": [_step_value(finding) for finding in story.findings],
    }


def _handover_value(link: Handover) -> dict[str, object]:
    return {
        "actor": link.given.actor,
        "access_key_id": link.given.access_key_id,
        "given_by": link.given_by.actor,
        "event_time": plain(link.event_time),
        "event_name": link.event_name,
        "event_id": link.event_id,
    }


def _step_value(finding: Finding) -> dict[str, object]:
    return {
        "first_event_time": plain(finding.first_event_time),
        "query_id": finding.query.id,
        "title": finding.query.title,
        "severity": finding.query.severity,
        "stage": finding.query.stage,
        "attack": finding.query.attack,
        "event_count": finding.event_count,
        "outcomes": finding.outcomes,
        "actor": plain(one_or_list(finding.common["actor"])),
        "target": plain(one_or_list(finding.common["target"])),
    }


def story_text(story: Story) -> str:
    """Return a story as one paragraph: who, from where, when, as whom, what, and what next."""
    told = counted(len(story.findings), "finding")
    events = counted(story.event_count, "event")
    sentences = [
        f"{for_terminal(story.actor)} acted {_where(story)}{_when(story)}{_as_whom(story)}.",
        f"{told} of {events}, the gravest {story.gravest.query.severity or 'unknown'}.",
        *(_stage_sentence(story, stage, own) for stage, own in _by_stage(story).items()),
        *(["Nothing of it succeeded."] if story.urgent.is_vain else []),
        f"Next: {for_terminal(story.urgent.query.next)}",
    ]
    return " ".join(sentences)


def _where(story: Story) -> str:
    addresses = story.distinct("source_ip")
    # in the log of a web site an address is all the name that a client has
    is_told = [*addresses] == [story.actor]
    return f"from {_listed(addresses)} " if addresses and not is_told else ""


def _when(story: Story) -> str:
    first, last = story.first_event_time, story.last_event_time
    if first == last:
        return f"at {moment(first)} UTC"
    return f"between {moment(first)} and {_clock(last, story)} UTC"


def _as_whom(story: Story) -> str:
    if not story.handovers:
        return ""
    names: dict[str, Handover] = {}
    for link in story.handovers:
        names.setdefault(link.given.actor, link)
    return ", also as " + _listed(
        [
            f"{_short(name)} ({link.event_name} {_clock(link.event_time, story)})"
            for name, link in names.items()
        ]
    )


def _clock(time: datetime, story: Story) -> str:
    """Return a time without its day where that is the story's first."""
    return f"{time:%H:%M:%S}" if time.date() == story.first_event_time.date() else moment(time)


def _short(actor: str) -> str:
    """Return an ARN without its account, which the story has named already; else all of it."""
    return actor.split(":", 5)[-1] if actor.startswith("arn:") else actor


def _listed(words: Sequence[str]) -> str:
    shown = [for_terminal(word) for word in words[:_NAMES_SHOWN]]
    if len(words) > _NAMES_SHOWN:
        shown.append(f"{len(words) - _NAMES_SHOWN:,} more")
    return ", ".join(shown[:-1]) + " and " + shown[-1] if len(shown) > 1 else shown[0]


def _by_stage(story: Story) -> dict[str, list[Finding]]:
    """Return the findings by stage of the attack, in the order in which the stages began."""
    stages: dict[str, list[Finding]] = {}
    for finding in story.findings:
        stages.setdefault(finding.query.stage or "stage unknown", []).append(finding)
    return stages


def _stage_sentence(story: Story, stage: str, findings: Sequence[Finding]) -> str:
    titles: dict[str, list[Finding]] = {}
    for finding in findings:
        titles.setdefault(finding.query.title, []).append(finding)
    told = (f"{for_terminal(title)}{_on(own)}" for title, own in titles.items())
    start = _clock(findings[0].first_event_time, story)
    return f"{stage.capitalize()} from {start}: {'; '.join(told)}."


def _on(findings: Sequence[Finding]) -> str:
    events = _events(findings)
    targets = dict.fromkeys(str(t) for finding in findings for t in finding.common["target"])
    if len(targets) == 1:
        return f" ({for_terminal(_short(next(iter(targets))))}, {events})"
    return f" ({len(targets):,} targets, {events})" if targets else f" ({events})"


def _events(findings: Sequence[Finding]) -> str:
    """Return how many events there are, and how many of them came to nothing."""
    outcomes: Counter[str] = Counter()
    for finding in findings:
        outcomes.update(finding.outcomes)
    return told_events(outcomes, sum(finding.event_count for finding in findings))


def story_lines(stories: Iterable[Story]) -> Iterable[str]:
    """Yield each story as a paragraph and its findings as lines."""
    for number, story in enumerate(stories, start=1):
        head = f"Story {number}: "
        text = head + story_text(story)
        yield from textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
        for finding in story.findings:
            yield _line(finding)


def _line(finding: Finding) -> str:
    target = for_terminal(brief(finding.common["target"]))
    on = f", {target}" if target != "-" else ""
    return (
        f"  {moment(finding.first_event_time)}  {finding.query.severity or '':8}"
        f"  {finding.query.stage or '':20}  {for_terminal(finding.query.title)}{on}"
        f" ({_events([finding])})"
    )
