"""Chooses where to go on from a dossier: the next values to pivot on, and the next questions.

Knows dossiers, not how a command is typed. `cli` calls it.
"""

from collections.abc import Callable, Iterable, Iterator

from lakehunt.model import Dossier, Part, PivotKind, Query, Step

_MOST = 12
# How many values of one sort are offered.
_EACH = 3
_BY = ("by", "chain")
_Row = dict[str, object]


def steps_of(dossier: Dossier) -> tuple[Step, ...]:
    """Return the steps to go on with, the most telling first, each value once."""
    subject = dossier.subject
    own = {*subject.full_names, *subject.value.names, *subject.held} - _unused(dossier)
    steps: dict[str, Step] = {}
    for value, why in _values(dossier):
        if value not in own:
            steps.setdefault(value, Step(("pivot", value), why))
    questions = [*_questions(dossier)]
    return (*[*steps.values()][: _MOST - len(questions)], *questions)


def _values(dossier: Dossier) -> Iterator[tuple[str, str]]:
    """Yield values to pivot on, and why."""
    yield from _origins(dossier)
    for source in _SORTS:
        yield from [*source(dossier)][:_EACH]


def _origins(dossier: Dossier) -> Iterator[tuple[str, str]]:
    chain = dossier.chain
    farthest = max((hop.depth for hop in chain.issuers), default=0)
    for hop in [hop for hop in chain.issuers if hop.depth == farthest][:_EACH]:
        yield hop.key, "the key where the chain begins"


def _actors(dossier: Dossier) -> Iterator[tuple[str, str]]:
    for kind in (PivotKind.USER, PivotKind.ROLE):
        for row in dossier.facet(kind, "by"):
            yield str(row["facet_value"]), f"all that the {kind} did, {_events(row)} of it here"


def _askers(dossier: Dossier) -> Iterator[tuple[str, str]]:
    for row in dossier.parts[Part.ORIGINS]:
        if row["issued_access_key_id"] in dossier.chain.held and row["access_key_id"]:
            yield str(row["actor"]), f"got its credentials by {row['event_name']}"


def _made(dossier: Dossier) -> Iterator[tuple[str, str]]:
    unused = _unused(dossier)
    for row in dossier.parts[Part.ORIGINS]:
        key = str(row["issued_access_key_id"])
        if key in unused:
            yield key, f"its key, made by {row['event_name']}, not used"


def _unused(dossier: Dossier) -> frozenset[str]:
    """Return the keys of somebody that nothing was seen to be done with."""
    used = dossier.facet(PivotKind.ACCESS_KEY, "by")
    # of many keys the profile tells the most used only
    is_cut = any(row["value_count"] != len(used) for row in used)
    if is_cut or dossier.subject.kind is PivotKind.ACCESS_KEY:
        return frozenset()
    return frozenset(dossier.subject.held) - {str(row["facet_value"]) for row in used}


def _others(dossier: Dossier) -> Iterator[tuple[str, str]]:
    for kind in (PivotKind.USER, PivotKind.ROLE):
        for row in dossier.facet(kind, "on"):
            yield str(row["facet_value"]), f"named it in {_events(row)}"


def _addresses(dossier: Dossier) -> Iterator[tuple[str, str]]:
    for row in dossier.facet(PivotKind.ADDRESS, *_BY):
        yield str(row["facet_value"]), f"{_events(row)} from there"


def _created(dossier: Dossier) -> Iterator[tuple[str, str]]:
    for row in dossier.parts[Part.CREATED]:
        kind = str(row["created_kind"]).lower()
        if kind in [*PivotKind] and row["created_name"] and row["clean_up_state"] == "left":
            yield str(row["created_name"]), f"a {kind} that was created and not removed"


def _same(dossier: Dossier) -> Iterator[tuple[str, str]]:
    is_address = dossier.subject.kind is PivotKind.ADDRESS
    why = "whose address it is" if is_address else "the same machine"
    for row in dossier.parts[Part.SAME]:
        yield str(row["same_name"]), f"{why}, by {row['told_by']}"


def _machines(dossier: Dossier) -> Iterator[tuple[str, str]]:
    for kind in (PivotKind.INSTANCE, PivotKind.INTERFACE):
        for row in dossier.facet(kind, *_BY, "on"):
            yield str(row["facet_value"]), f"an {kind}, {_events(row)}"


def _siblings(dossier: Dossier) -> Iterator[tuple[str, str]]:
    rows = sorted(dossier.parts[Part.SIBLINGS], key=lambda row: -int(str(row["event_count"])))
    for row in rows:
        yield str(row["access_key_id"]), f"another key of it, {_events(row)}"


def _keys(dossier: Dossier) -> Iterator[tuple[str, str]]:
    for row in dossier.facet(PivotKind.ACCESS_KEY, "by", "on"):
        yield str(row["facet_value"]), f"{_events(row)} with this key"


_SORTS: tuple[Callable[[Dossier], Iterable[tuple[str, str]]], ...] = (
    _actors,
    _askers,
    _made,
    _others,
    _same,
    _machines,
    _addresses,
    _created,
    _siblings,
    _keys,
)


def _questions(dossier: Dossier) -> Iterator[Step]:
    subject = dossier.subject
    if not dossier.occurs:
        return
    if subject.kind is PivotKind.EVENT:
        words = ("event", subject.full_names[0], "--around", "15m", "--same", "actor")
        yield Step(words, "the record as logged, and what its actor did beside it")
    for query in dossier.questions:
        yield Step(("run", query.id, "-p", _bound(query, dossier)), query.title)


def _bound(query: Query, dossier: Dossier) -> str:
    assert query.pivot is not None
    subject = dossier.subject
    name = query.pivot.takes[subject.kind]
    return f"{name}={subject.full_names[0]}"


def _events(row: object) -> str:
    assert isinstance(row, dict)
    count = row["event_count"]
    return f"{count:,} event" if count == 1 else f"{count:,} events"
