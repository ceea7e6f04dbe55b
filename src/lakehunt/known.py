"""Runs queries with the known lists of lakehunt.toml, and counts what the lists hide.

Knows drafts, results and findings, no engine. A query that takes a list has a twin without any,
over the same scan: what the twin has more was hidden. `hunt` and the face of `run` call it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lakehunt.config import Known
from lakehunt.engines.base import Run
from lakehunt.findings import event_count, findings_of
from lakehunt.model import Finding, Hidden, Mark, Query, Result
from lakehunt.sql.bind import read_params
from lakehunt.sql.compile import Draft, draft_query

_TWIN = " (the other way)"


@dataclass(frozen=True, slots=True)
class Lists:
    """The known lists of a run, and whether what they would hide is shown all the same."""

    known: Known = Known()
    show: bool = False


def drafts_of(
    query: Query, given: Mapping[str, str | list[str]], lists: Lists, *, count: bool
) -> list[Draft]:
    """Return the draft of a query and, where a list may hide something, its twin.

    Args:
        given: parameters that the reader gave; they win over the lists.
        count: what is hidden is to be counted, which costs a second query.

    Raises:
        UsageError: a value that is given fits no parameter.
    """
    bare = draft_query(query, read_params(query.params, given))
    values = lists.known.values(query.params)
    own = {name: value for name, value in values.items() if name not in given}
    if not own:
        return [bare]
    listed = replace(bare, values=read_params(query.params, {**given, **own}))
    first, second = (bare, listed) if lists.show else (listed, bare)
    # without the twin nobody knows whether a list hides somebody who must be seen
    is_needed = count or bool(lists.known.break_glass)
    return [first, replace(second, name=query.id + _TWIN)] if is_needed else [first]


def hidden_rows(query: Query, run: Run, lists: Lists) -> Hidden | None:
    """Return how much less of a query's rows its lists let through, None where none takes part."""
    sides = [run.results.get(query.id), run.results.get(query.id + _TWIN)]
    if not lists.known.values(query.params) or sides[1] is None:
        return None
    results = [side for side in sides if isinstance(side, Result) and not side.truncated]
    if len(results) < len(sides):
        return Hidden(query.id, None)
    one, other = (sum(map(event_count, result.rows())) for result in results)
    return Hidden(query.id, abs(one - other))


def told_apart(
    query: Query, findings: Sequence[Finding], run: Run, lists: Lists
) -> tuple[list[Finding], Hidden | None]:
    """Return the findings of a query as they are to be told, and what its lists hide of them.

    A finding is hidden when nothing is left of its subject in its time. That of a break-glass
    principal never is.
    """
    twin = run.results.get(query.id + _TWIN)
    if not isinstance(twin, Result):
        uncounted = Hidden(query.id, None) if lists.known.values(query.params) else None
        return [*findings], uncounted
    other = findings_of(query, twin.fingerprint, twin.rows())
    kept, whole = (other, findings) if lists.show else (findings, other)
    out = [finding for finding in whole if not any(_is_part(part, finding) for part in kept)]
    hidden = [finding for finding in out if not _is_break_glass(finding, lists.known)]
    told = [*whole] if lists.show else [*kept, *(f for f in out if f not in hidden)]
    events = sum(f.event_count for f in whole)
    left = sum(f.event_count for f in (*kept, *out) if f not in hidden)
    shown = [replace(f, marks=(*f.marks, Mark.KNOWN)) if f in hidden else f for f in told]
    return shown, Hidden(query.id, max(events - left, 0), len(hidden))


def _is_part(part: Finding, whole: Finding) -> bool:
    return (
        part.subject == whole.subject
        and part.first_event_time <= whole.last_event_time
        and part.last_event_time >= whole.first_event_time
    )


def marked(findings: Sequence[Finding], known: Known) -> list[Finding]:
    """Return the findings, those of break-glass principals marked."""
    return [
        replace(f, marks=(*f.marks, Mark.BREAK_GLASS)) if _is_break_glass(f, known) else f
        for f in findings
    ]


def _is_break_glass(finding: Finding, known: Known) -> bool:
    return any(actor in known.break_glass for actor in finding.common["actor"])
