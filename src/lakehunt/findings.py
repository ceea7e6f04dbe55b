"""Makes findings of a detection's rows: one per subject and spell of activity.

Knows rows and headers, no engine. `hunt` calls it.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain

from lakehunt.model import COMMON_COLUMNS, Caller, Finding, Query

EXAMPLES = 3
Row = Mapping[str, object]


def findings_of(query: Query, fingerprint: str, rows: Iterable[Row]) -> list[Finding]:
    """Return the findings of one detection, oldest first.

    Rows belong together when they agree on `group_by` and no quiet gap parts them. A NULL in
    `group_by` counts as the row's source address; without one the row stands alone.
    """
    groups: dict[Hashable, list[Row]] = {}
    for number, row in enumerate(rows):
        groups.setdefault(_subject_key(query, row, number), []).append(row)
    spells = chain.from_iterable(_spells(query, group) for group in groups.values())
    found = [_finding(query, fingerprint, spell) for spell in spells]
    return sorted(found, key=lambda finding: (finding.first_event_time, str(finding.subject)))


def _subject_key(query: Query, row: Row, number: int) -> Hashable:
    values = [row.get(column) for column in query.group_by]
    if any(value is None for value in values):
        address = row.get("source_ip")
        return (*map(str, values), "address", str(address)) if address else (number,)
    return tuple(str(value) for value in values)


def _spells(query: Query, rows: Sequence[Row]) -> Iterable[list[Row]]:
    """Yield runs of rows, in time order, that no quiet gap parts."""
    spell: list[Row] = []
    end: datetime | None = None
    for row in sorted(rows, key=lambda row: (_start(row), str(row.get("event_id")))):
        if end is not None and _start(row) - end > query.quiet:
            yield spell
            spell, end = [], None
        spell.append(row)
        end = max(end or _end(row), _end(row))
    yield spell


def _finding(query: Query, fingerprint: str, rows: Sequence[Row]) -> Finding:
    rows = _distinct(rows)
    files = chain.from_iterable(_files(row) for row in rows)
    return Finding(
        query=query,
        fingerprint=fingerprint,
        subject={column: rows[0].get(column) for column in query.group_by},
        first_event_time=_start(rows[0]),
        last_event_time=max(_end(row) for row in rows),
        event_count=sum(event_count(row) for row in rows),
        common={name: _values(rows, name) for name in COMMON_COLUMNS},
        callers=tuple(dict.fromkeys(chain.from_iterable(map(_callers, rows)))),
        examples=tuple(rows[:EXAMPLES]),
        log_files=tuple(dict.fromkeys(files)),
        outcomes=_outcomes(rows),
    )


def _outcomes(rows: Sequence[Row]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        if row.get("outcome") is not None:
            outcome = str(row["outcome"])
            counts[outcome] = counts.get(outcome, 0) + event_count(row)
    return counts


def _distinct(rows: Sequence[Row]) -> list[Row]:
    """Return the rows without those of an event that was delivered twice."""
    kept: dict[object, Row] = {}
    for number, row in enumerate(rows):
        kept.setdefault(row.get("event_id") or number, row)
    return [*kept.values()]


def _values(rows: Sequence[Row], name: str) -> tuple[object, ...]:
    seen: dict[str, object] = {}
    for row in rows:
        value = row.get(name)
        if value is not None:
            seen.setdefault(str(value), value)
    return tuple(seen.values())


def _start(row: Row) -> datetime:
    return _moment(row["event_time"])


def _end(row: Row) -> datetime:
    return _moment(row.get("last_event_time") or row["event_time"])


def _moment(value: object) -> datetime:
    assert isinstance(value, datetime)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def event_count(row: Row) -> int:
    count = row.get("event_count")
    return count if isinstance(count, int) else 1


def _callers(row: Row) -> Iterable[Caller]:
    """Yield who acted: an aggregate may have several keys, and many detections tell none."""
    keys = row.get("access_key_ids") or [row.get("access_key_id")]
    assert isinstance(keys, Sequence)
    actor = row.get("actor")
    for key in keys if actor is not None else ():
        yield Caller(str(actor), str(key) if key else None)


def _files(row: Row) -> Iterable[str]:
    files = row.get("log_files") or [row.get("log_file")]
    assert isinstance(files, Sequence)
    return [str(file) for file in files if file]
