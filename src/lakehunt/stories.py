"""Joins findings to stories: what one actor did, under its own name and those it took on.

Knows findings and the rows of queries that serve stories, no engine. `hunt` calls it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lakehunt.model import Caller, Finding, Handover, Story, ValueType

# After so long without a finding an actor's next one begins a new story: a long weekend.
QUIET = timedelta(days=3)
_UNKNOWN = Caller("unknown")
# What a query that serves stories returns at least.
COLUMNS = {
    "event_time": ValueType.TIMESTAMP,
    "actor": ValueType.TEXT,
    "source_ip": ValueType.TEXT,
    "event_name": ValueType.TEXT,
    "event_id": ValueType.TEXT,
    "access_key_id": ValueType.TEXT,
    "given_actor": ValueType.TEXT,
    "given_access_key_id": ValueType.TEXT,
    "until_time": ValueType.TIMESTAMP,
    "only_from_ip": ValueType.TEXT,
}


def handovers_of(rows: Iterable[Mapping[str, object]]) -> list[Handover]:
    """Return the rows of a query that serves stories as values."""
    return [
        Handover(
            given_by=Caller(str(row["actor"]), _text(row["access_key_id"])),
            given=Caller(str(row["given_actor"]), _text(row["given_access_key_id"])),
            event_time=_moment(row["event_time"]),
            until=_moment(row["until_time"]) if row["until_time"] else None,
            source_ip=_text(row["source_ip"]),
            only_from=_text(row["only_from_ip"]),
            event_name=str(row["event_name"]),
            event_id=str(row["event_id"]),
        )
        for row in rows
    ]


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _moment(value: object) -> datetime:
    assert isinstance(value, datetime)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def stories_of(findings: Iterable[Finding], handovers: Iterable[Handover] = ()) -> list[Story]:
    """Return the stories of findings: the gravest first, then the oldest.

    A finding of several actors that no chain joins stands in the story of each.
    """
    chains = _Chains(handovers)
    told: dict[str, dict[int, Finding]] = {}
    taken: dict[tuple[str, int], Sequence[Handover]] = {}
    for number, finding in enumerate(findings):
        for caller in finding.callers or (_UNKNOWN,):
            links = chains.back(_Use.of(finding, caller))
            first = links[0].given_by.actor if links else caller.actor
            told.setdefault(first, {})[number] = finding
            taken[first, number] = [*taken.get((first, number), ()), *links]
    stories = [
        Story(actor, tuple(own[n] for n in spell), _distinct(taken[actor, n] for n in spell))
        for actor, own in told.items()
        for spell in _spells(own)
    ]
    return sorted(
        stories, key=lambda story: (-story.gravest.rank, story.first_event_time, story.actor)
    )


def _spells(findings: Mapping[int, Finding]) -> list[list[int]]:
    """Return the numbers of findings in time order, parted where it was quiet for long."""
    spells: list[list[int]] = []
    end: datetime | None = None
    for number, finding in sorted(findings.items(), key=lambda item: item[1].first_event_time):
        if end is None or finding.first_event_time - end > QUIET:
            spells.append([])
        spells[-1].append(number)
        end = max(end or finding.last_event_time, finding.last_event_time)
    return spells


def _distinct(links: Iterable[Sequence[Handover]]) -> tuple[Handover, ...]:
    each = dict.fromkeys(link for some in links for link in some)
    return tuple(sorted(each, key=lambda link: link.event_time))


@dataclass(frozen=True, slots=True)
class _Use:
    """A credential in use: by whom, when, and from which addresses."""

    caller: Caller
    first: datetime
    last: datetime
    source_ips: frozenset[str]

    @classmethod
    def of(cls, finding: Finding, caller: Caller) -> "_Use":
        addresses = frozenset(str(address) for address in finding.common["source_ip"])
        return cls(caller, finding.first_event_time, finding.last_event_time, addresses)

    @classmethod
    def by(cls, link: Handover) -> "_Use":
        addresses = frozenset([link.source_ip] if link.source_ip else [])
        return cls(link.given_by, link.event_time, link.event_time, addresses)


class _Chains:
    """All handovers, by the key and by the name that was given."""

    def __init__(self, handovers: Iterable[Handover]) -> None:
        self.by_key: dict[str, list[Handover]] = {}
        self.by_name: dict[str, list[Handover]] = {}
        for link in handovers:
            if link.given.access_key_id:
                self.by_key.setdefault(link.given.access_key_id, []).append(link)
            self.by_name.setdefault(link.given.actor, []).append(link)

    def back(self, use: _Use) -> list[Handover]:
        """Return the handovers that lead to a use, the first of the chain first.

        Where several actors may have been behind a name, none is taken for it.
        """
        links: list[Handover] = []
        while (link := self._before(use)) is not None and link not in links:
            links.insert(0, link)
            use = _Use.by(link)
        return links

    def _before(self, use: _Use) -> Handover | None:
        links = [link for link in self._given(use.caller) if _fits(link, use)]
        if len({link.given_by.actor for link in links}) > 1:
            links = [link for link in links if link.source_ip in use.source_ips]
        if len({link.given_by.actor for link in links}) > 1:
            return None
        return max(links, key=lambda link: link.event_time, default=None)

    def _given(self, caller: Caller) -> Sequence[Handover]:
        """Return how a caller may have come by its name; a key that was handed out is certain."""
        key = caller.access_key_id
        if key in self.by_key:
            return self.by_key[key]
        named = self.by_name.get(caller.actor, ())
        # another key than those that were handed out is of a console session, or older
        return [link for link in named if not (key and link.given.access_key_id)]


def _fits(link: Handover, use: _Use) -> bool:
    if link.given_by.actor == use.caller.actor or link.event_time > use.last:
        return False
    if link.until is not None and link.until < use.first:
        return False
    return link.only_from is None or link.only_from in use.source_ips
