"""Writes docs/attack-run.md: what a hunt finds of a public attack run, technique by technique.

`python -m scripts.attack_run` from the project's folder, with the samples beside it. The page is
generated whole from `attack_run.yaml` and the logs; a test fails when it is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lakehunt.content import List, Map, load_yaml, roots
from lakehunt.engines.base import Limits, Run
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.hunt import Choice, Hunt, hunt, plan_hunt
from lakehunt.library import load_queries
from lakehunt.model import Result, Severity
from lakehunt.render.words import counted
from lakehunt.sources import load_sources
from lakehunt.sql.compile import Draft

PROJECT = Path(__file__).parent.parent
PAGE = PROJECT / "docs" / "attack-run.md"
SAMPLES = PROJECT.parent / "shared" / "samples" / "cloudtrail"
Row = Mapping[str, object]
HEAD = """\
# A public attack run, technique by technique

<!-- Written by `make docs` from scripts/attack_run.yaml and the logs. Do not edit. -->

The logs are those that Invictus Incident Response published of a run of Stratus Red Team in an AWS
account: {events:,} events of CloudTrail in {files} files, {minutes} minutes.
`lakehunt hunt` makes {findings} of them, in {stories}.
Of {techniques} that left events, {found} named by a finding.
"""


@dataclass(frozen=True)
class Technique:
    """One technique: its events, and whether the detection that names it found one of them."""

    name: str
    events: int
    found_by: str
    severity: str
    is_found: bool
    note: str


def technique(entry: Map, hunted: Hunt, run: Run) -> Technique:
    """Hold a technique's events against the rows of its detection."""
    name, found_by = str(entry["technique"]), str(entry.get("found_by") or "")
    shown = _rows(run, name)
    query = next((q for q in hunted.queries if q.id == f"cloudtrail.{found_by}"), None)
    rows = _rows(hunted.run, query.id) if query else []
    return Technique(
        name=name,
        events=len(shown),
        found_by=query.id if query else "",
        severity=str(query.severity) if query else "",
        is_found=any(_tells_of(row, event) for row in rows for event in shown),
        note=str(entry.get("note") or entry.get("missed") or ""),
    )


def _rows(run: Run, name: str) -> Sequence[Row]:
    result = run.results[name]
    assert isinstance(result, Result), result
    return result.rows()


def _tells_of(row: Row, event: Row) -> bool:
    if row["event_id"] is not None:
        return row["event_id"] == event["event_id"]
    first, moment, last = row["event_time"], event["event_time"], row["last_event_time"]
    return row["actor"] == event["actor"] and str(first) <= str(moment) <= str(last)


def hunted_in(lake: Path, extra: Sequence[Draft] = ()) -> tuple[Hunt, Run]:
    """Hunt over a folder of the samples, and ask it some queries more."""
    sources = load_sources(roots())
    engine = LocalEngine(lake, sources)
    try:
        plan = plan_hunt(load_queries(roots()).values(), Choice(), sources)
        found = hunt(engine, plan, None, Limits(), lambda share: None)
        return found, engine.run([*extra], None, Limits(), lambda share: None)
    finally:
        engine.close()


def page() -> str:
    """Return the whole page."""
    file = PROJECT / "scripts" / "attack_run.yaml"
    entries = load_yaml(file.read_text(encoding="utf-8"), file)["techniques"]
    assert isinstance(entries, List)
    told = [entry for entry in entries if isinstance(entry, Map)]
    hunted, run = hunted_in(SAMPLES / "invictus", [_question(entry) for entry in told])
    techniques = [technique(entry, hunted, run) for entry in told]
    parts = [_head(hunted, techniques), _table(techniques), *_stories(hunted), _ordinary()]
    return "\n".join(parts)


def _question(entry: Map) -> Draft:
    sql = f"SELECT DISTINCT event_id, event_time, actor FROM cloudtrail WHERE {entry['shown_by']}"
    return Draft(str(entry["technique"]), sql)


def _head(hunted: Hunt, techniques: Sequence[Technique]) -> str:
    account, *_ = hunted.run.accounts
    assert account.first_event is not None
    assert account.last_event is not None
    found = sum(one.is_found for one in techniques)
    return HEAD.format(
        events=account.rows_read,
        files=account.files_read,
        minutes=round((account.last_event - account.first_event).total_seconds() / 60),
        findings=_findings(hunted),
        stories=counted(len(hunted.stories), "story", "stories"),
        techniques=counted(len(techniques), "technique"),
        found=f"{found} {'is' if found == 1 else 'are'}",
    )


def _findings(hunted: Hunt) -> str:
    by = {s: sum(f.query.severity is s for f in hunted.findings) for s in reversed([*Severity])}
    grades = ", ".join(f"{count} {severity}" for severity, count in by.items() if count)
    return f"{counted(len(hunted.findings), 'finding')} ({grades})"


def _table(techniques: Sequence[Technique]) -> str:
    lines = ["| technique | events | named by | note |", "|---|---|---|---|"]
    for one in techniques:
        by = f"`{one.found_by}` ({one.severity})" if one.is_found else "**missed**"
        lines.append(f"| {one.name} | {one.events:,} | {by} | {one.note} |".replace("|  |", "| |"))
    return "\n".join(lines) + "\n"


def _stories(hunted: Hunt) -> list[str]:
    lines = ["## Stories", ""]
    for story in hunted.stories:
        names = len({link.given.actor for link in story.handovers})
        also = f", also under {counted(names, 'other name')}" if names else ""
        told = counted(len(story.findings), "finding")
        lines.append(f"- `{story.actor.split(':', 5)[-1]}`{also}: {told}")
    return [*lines, ""]


def _ordinary() -> str:
    hunted, _ = hunted_in(SAMPLES / "opensearch-catalog")
    account, *_ = hunted.run.accounts
    return (
        f"## Ordinary events\n\nOn {account.rows_read:,} ordinary events, the sample logs of the"
        f" OpenSearch catalog: {_findings(hunted)}.\n"
    )


def main() -> None:
    """Write the page, where the samples are."""
    if SAMPLES.is_dir():
        PAGE.write_text(page(), encoding="utf-8")
    else:
        sys.stderr.write(f"{SAMPLES} is not here: {PAGE.name} stays as it is\n")


if __name__ == "__main__":
    main()
