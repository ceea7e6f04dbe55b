"""Asks all there is to know about one value: what it is, then everything about it, in two scans.

Knows the engine protocol and the parts that queries say they answer, no query and no source.
`cli` calls it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lakehunt.engines.base import Engine, Limits, Progress, Run
from lakehunt.errors import LakehuntError, UsageError
from lakehunt.findings import findings_of
from lakehunt.model import (
    ACTIVITY,
    Chain,
    Dossier,
    Failure,
    Finding,
    Given,
    Part,
    PivotKind,
    PivotValue,
    Query,
    Result,
    Status,
    Subject,
    Window,
)
from lakehunt.model import Value as Bound
from lakehunt.pivot.chain import follow
from lakehunt.pivot.matching import matcher_of
from lakehunt.sql.bind import read_params
from lakehunt.sql.compile import Draft, draft_query

Row = Mapping[str, object]
# What the first scan tells: what the value is, and how keys hang together.
_FIRST = (Part.NAMES, Part.LINKS, Part.SIBLINGS, Part.SAME, Part.COVERAGE)
_SECOND = (Part.ORIGINS, Part.PROFILE, Part.CREATED, Part.EVENTS)
# What is asked for with all that is the same machine; an address may pass from one to another.
_MACHINES = (PivotKind.INSTANCE, PivotKind.INTERFACE)
_MACHINE_PARTS = (*_MACHINES, PivotKind.ADDRESS)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the library: the queries that take part, over one window."""

    queries: tuple[Query, ...]
    detections: tuple[Query, ...]
    window: Window | None
    limits: Limits
    narrow: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def pivot(
    engine: Engine, value: PivotValue, asked: Asked, progress: Progress
) -> tuple[Dossier, Run]:
    """Return all that the library tells about a value, and the run that told most of it.

    Raises:
        UsageError: no query answers a value of its kind.
        LakehuntError: the lake cannot be read, or the query that tells most of it failed.
    """
    asking = _Asking(engine, asked, _sources(value, asked.queries))
    named = {str(kind): value.names or (value.text,) for kind in value.kinds}
    asking.ask(_FIRST, named | {Given.MENTION: (value.mention,)}, lambda s: progress(s / 3))
    subject = _subject(value, asking.rows[Part.NAMES])
    links = asking.rows[Part.LINKS]
    chain = follow(
        subject.held,
        ((str(row["access_key_id"]), str(row["issued_access_key_id"])) for row in links),
        forward=subject.kind is not PivotKind.EVENT,
    )
    given = _given(subject, chain, asking.rows[Part.SAME])
    # what is told of a machine by its other parts is asked for again
    parts = (*_SECOND, Part.SAME) if given[Given.MACHINE] else _SECOND
    run = asking.ask(parts, given, lambda s: progress((1 + 2 * s) / 3), asked.detections)
    asking.rows[Part.EVENTS].sort(key=lambda row: str(row["event_time"]))
    dossier = Dossier(
        subject=subject,
        chain=chain,
        parts={part: tuple(rows) for part, rows in asking.rows.items()},
        findings=_findings(asked.detections, run, subject, asking),
        questions=tuple(_takers(asked.queries, (Part.ASK,), [subject.kind], asking.sources)),
        failures=tuple(asking.failures),
        truncated=asking.truncated,
    )
    return dossier, run


def _sources(value: PivotValue, queries: Iterable[Query]) -> frozenset[str]:
    """Return the sources that answer for the value."""
    takers = [q for q in queries if q.pivot and q.pivot.part is Part.PROFILE]
    answering = [q for q in takers if q.pivot and q.pivot.kinds & {*value.kinds}]
    if not answering:
        known = sorted({kind for q in takers if q.pivot for kind in q.pivot.kinds})
        what = f"{value.text}: no query answers for a value of the kind {value.kinds[0]}"
        raise UsageError(f"{what}; --as takes {', '.join(known) or 'nothing'}")
    names = frozenset(name for query in answering for name in query.sources)
    # it has rows of every source
    return names | {n for q in queries for n in q.sources} if ACTIVITY in names else names


def _takers(
    queries: Iterable[Query], parts: Sequence[Part], given: Iterable[str], sources: frozenset[str]
) -> Iterable[Query]:
    """Yield the queries of these parts and sources that take something given, or nothing."""
    kinds = {*given}
    for query in queries:
        own = query.pivot
        if own is None or own.part not in parts or query.status is not Status.STABLE:
            continue
        if sources.issuperset(query.sources) and (not own.takes or {*own.takes} & kinds):
            yield query


class _Asking:
    """The scans of one pivot, and what they told so far."""

    def __init__(self, engine: Engine, asked: Asked, sources: frozenset[str]) -> None:
        self.engine = engine
        self.asked = asked
        self.sources = sources
        self.rows: dict[Part, list[Row]] = {part: [] for part in Part}
        self.failures: list[Failure] = []
        self.truncated = False

    def ask(
        self,
        parts: Sequence[Part],
        given: Mapping[str, tuple[str, ...]],
        progress: Progress,
        detections: Iterable[Query] = (),
    ) -> Run:
        """Run the queries of some parts, and detections, in one scan; their rows are kept."""
        # a pattern alone asks for nothing
        kinds = [kind for kind, values in given.items() if values and kind != Given.MENTION]
        queries = [*_takers(self.asked.queries, parts, kinds, self.sources)]
        drafts = [self._draft(query, _values(query, given)) for query in queries]
        for query in detections:
            if self.sources.issuperset(query.sources):
                try:
                    drafts.append(self._draft(query, read_params(query.params, {})))
                except LakehuntError as error:
                    self.failures.append(Failure(query.id, str(error)))
        # what the logs hold is told once, by the scan with the detections
        is_last = Part.PROFILE in parts
        limits = replace(self.asked.limits, count=self.asked.limits.count and is_last)
        run = self.engine.run(drafts, self.asked.window, limits, progress)
        self.rows |= {part: [] for part in parts}
        for query in queries:
            self._keep(query, run.results[query.id])
        return run

    def _draft(self, query: Query, values: Mapping[str, Bound]) -> Draft:
        return replace(draft_query(query, values), narrow=self.asked.narrow)

    def _keep(self, query: Query, result: Result | LakehuntError) -> None:
        assert query.pivot is not None
        if isinstance(result, Result):
            source = ", ".join(query.sources)
            self.rows[query.pivot.part].extend({"source": source, **r} for r in result.rows())
            self.truncated = self.truncated or result.truncated
        elif query.pivot.part is Part.PROFILE:
            raise result
        else:
            self.failures.append(Failure(query.id, str(result)))


def _values(query: Query, given: Mapping[str, tuple[str, ...]]) -> dict[str, Bound]:
    """Return the value of each parameter: what is given for its kinds, else its default."""
    assert query.pivot is not None
    found: dict[str, Bound] = {name: param.default for name, param in query.params.items()}
    for name, param in query.params.items():
        own = [values for kind, values in given.items() if query.pivot.takes.get(kind) == name]
        items = tuple(dict.fromkeys(item for values in own for item in values))
        if param.type.is_list:
            found[name] = items or param.default or ()
        elif items:
            found[name] = items[0]
    return found


def _subject(value: PivotValue, rows: Iterable[Row]) -> Subject:
    """Return what the value is: of all that it may be, what most events are of."""
    counts: dict[PivotKind, int] = {}
    names: dict[PivotKind, dict[str, None]] = {}
    keys: dict[PivotKind, dict[str, None]] = {}
    for row in rows:
        kind = PivotKind(str(row["kind"]))
        if kind in value.kinds:
            counts[kind] = counts.get(kind, 0) + _count(row)
            names.setdefault(kind, {})[str(row["kind_name"])] = None
            if row["access_key_id"]:
                keys.setdefault(kind, {})[str(row["access_key_id"])] = None
    kind = max(counts, key=lambda k: counts[k], default=value.kinds[-1])
    # what else it is called tells more than what it was asked for by
    known = sorted(names.get(kind, {}), key=lambda name: name == value.text)
    full = tuple(known) or (value.text,)
    held = tuple(keys.get(kind, {}))
    if kind is PivotKind.ACCESS_KEY:
        held = full
    others = {other: count for other, count in counts.items() if other is not kind}
    return Subject(value, kind, full, held, others)


def _count(row: Row) -> int:
    count = row["event_count"]
    assert isinstance(count, int)
    return count


def _given(subject: Subject, chain: Chain, same: Iterable[Row]) -> dict[str, tuple[str, ...]]:
    value = subject.value
    parts = [*same] if subject.kind in _MACHINES else []
    machine = {str(r["same_name"]): None for r in parts if r["same_kind"] in _MACHINE_PARTS}
    return {
        subject.kind: subject.full_names,
        Given.NAME: tuple(dict.fromkeys((*value.names, *subject.full_names))),
        Given.MENTION: (value.mention,),
        Given.HELD: chain.held,
        Given.ISSUED: tuple(hop.key for hop in chain.issued),
        Given.ISSUER: tuple(hop.key for hop in chain.issuers),
        Given.MACHINE: tuple(name for name in machine if name not in subject.full_names),
    }


def _findings(
    detections: Iterable[Query], run: Run, subject: Subject, asking: _Asking
) -> tuple[Finding, ...]:
    """Return what the detections found in its events, the gravest first."""
    rows = asking.rows
    truncated = asking.truncated
    matcher = matcher_of(subject, rows[Part.PROFILE], rows[Part.EVENTS], truncated=truncated)
    found: list[Finding] = []
    for query in detections:
        result = run.results.get(query.id)
        if isinstance(result, Result):
            own = [row for row in result.rows() if matcher.matches(row)]
            found.extend(findings_of(query, result.fingerprint, own))
        elif result is not None:
            asking.failures.append(Failure(query.id, str(result)))
    return tuple(sorted(found, key=lambda f: (-_rank(f), f.first_event_time, f.query.id)))


def _rank(finding: Finding) -> int:
    return finding.query.severity.rank if finding.query.severity else 0
