"""Tells which rows of detections are on the subject of a pivot.

Knows the common columns and what a subject is called, no query. `pivot.asking` calls it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lakehunt.model import COMMON_COLUMNS, PivotKind, Subject

Row = Mapping[str, object]
# Facets that tell who an event is by.
_ACTORS = ("user", "role", "other actor")
# The common columns that tell whose, from where and whereon a row is.
_WHOSE = ("actor", "source_ip", "target", "account_id")


@dataclass(frozen=True, slots=True)
class Matcher:
    """What a subject is known by: the rows of its events, and the names that stand for it.

    `truncated`: there were more events than rows, so that names decide of single events too.
    """

    kind: PivotKind
    events: Mapping[object, Row]
    names: frozenset[str]
    truncated: bool = False

    def matches(self, row: Row) -> bool:
        """Tell whether a row of a detection is on the subject.

        A row that stands for many events tells no ids, or the id of one of them.
        """
        if row["event_id"] in self.events:
            return True
        if "event_count" not in row and row["event_id"] is not None and not self.truncated:
            return False
        if self.kind is PivotKind.EVENT:
            return any(_may_hold(row, event) for event in self.events.values())
        return self._is_named(row)

    def _is_named(self, row: Row) -> bool:
        own = {name: value for name, value in row.items() if name not in COMMON_COLUMNS}
        texts = [str(row[name]) for name in _WHOSE]
        texts += [text for value in own.values() for text in _texts(value)]
        if not self.names.isdisjoint(texts):
            return True
        if self.kind is PivotKind.HOST:
            hosts = [text.partition("/")[0] for text in texts]
            return any(f".{host}".endswith(f".{name}") for host in hosts for name in self.names)
        return any(_has_part(str(row["target"]), name) for name in self.names)


def matcher_of(
    subject: Subject, profile: Iterable[Row], events: Iterable[Row], *, truncated: bool
) -> Matcher:
    """Return what tells the rows of detections that are on a subject."""
    names = {*subject.full_names, *subject.value.names}
    names |= {
        str(row["facet_value"])
        for row in profile
        if row["relation"] != "on" and row["facet"] in _ACTORS
    }
    known = {row["event_id"]: row for row in events if row["event_id"] is not None}
    return Matcher(subject.kind, known, frozenset(names), truncated)


def _has_part(target: str, name: str) -> bool:
    """Tell whether a name stands at the start of a target or in its ARN, up to a boundary."""
    return f"/{name}/".replace(":", "/") in f"/{target}/".replace(":", "/")


def _may_hold(row: Row, event: Row) -> bool:
    """Tell whether a row of many events has room for one: its actor, time, call, key and origin."""
    end = row.get("last_event_time") or row["event_time"]
    return (
        row["actor"] == event["actor"]
        and str(row["event_time"]) <= str(event["event_time"]) <= str(end)
        and all(_admits(row, event, name) for name in ("event_name", "access_key_id", "source_ip"))
    )


def _admits(row: Row, event: Row, column: str) -> bool:
    """Tell whether a row of many events tells this value of one, or does not tell all it had."""
    told: Collection[str] = _texts(row.get(f"{column}s"))
    if not told and column != "source_ip":
        told = _texts(row.get(column))
    return not told or str(event.get(column)) in told


def _texts(value: object) -> Sequence[str]:
    if isinstance(value, str):
        return (value,)
    return [str(item) for item in value] if isinstance(value, list | tuple) else ()
