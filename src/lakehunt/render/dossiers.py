"""Shows a dossier as lines for people: the summary first, then each part of it.

Knows the model, not how it was come by. `cli` calls it.
"""

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from lakehunt.engines.base import Run
from lakehunt.model import Chain, Dossier, Hop, Part, PivotKind
from lakehunt.model.dossiers import Row
from lakehunt.render.findings import finding_row, reach_line
from lakehunt.render.neutral import for_terminal
from lakehunt.render.words import brief, counted, moment, sized, told_events

_BY = ("by", "chain")
_WIDTH = 100
_LABEL_WIDTH = 16
_VALUE_WIDTH = 72
# How many values of a facet are shown, and how many lines of a list.
_VALUES = 6
_LINES = 20
# Facets that are told in a part of their own.
_APART = ("subject", "secret", "data")
_ORDER = (
    "user",
    "role",
    "other actor",
    "account",
    "address",
    "service address",
    "user agent",
    "region",
    "service",
    "call",
    "error",
)


def dossier_lines(dossier: Dossier, run: Run) -> Iterator[str]:
    """Yield what is known about a value as lines for people."""
    yield from map(for_terminal, _summary(dossier))
    if not dossier.occurs:
        yield from map(for_terminal, _nothing(dossier, run))
        return
    for title, lines in (
        (_same_title(dossier), _same_lines(dossier)),
        ("Led to it", _origin_lines(dossier)),
        ("Issued with it", _issued_lines(dossier)),
        (_did_title(dossier), _facet_lines(dossier, _BY)),
        (_named_title(dossier), _facet_lines(dossier, ("on",))),
        ("Secrets and data", _touched_lines(dossier)),
        (_created_title(dossier), _created_lines(dossier)),
        (_rest_title(dossier), _rest_lines(dossier)),
        (f"Findings on it: {len(dossier.findings):,}", _finding_lines(dossier)),
    ):
        yield from _part(title, [*lines])


def _part(title: str, lines: Sequence[str]) -> Iterator[str]:
    if title and (lines or ":" in title):
        yield ""
        yield for_terminal(title)
        yield from map(for_terminal, lines)


def _summary(dossier: Dossier) -> Iterator[str]:
    subject = dossier.subject
    kind = _spoken(subject.kind)
    article = "an" if kind[0] in "aei" else "a"
    yield f"{subject.value.text}: taken for {article} {kind}{_whose(dossier)}"
    for other, count in subject.others.items():
        yield f"  it is the name of a {_spoken(other)} too ({_events(count)}): --as {other}"
    if not dossier.occurs:
        return
    rows = dossier.facet("subject")
    yield f"  seen {_span(rows)} UTC"
    by, chain, on = (dossier.facet("subject", relation) for relation in ("by", "chain", "on"))
    if by:
        yield f"  {_events(_total(by))} by it{_unsuccessful(by)}"
    if dossier.chain.issued:
        of = f"{len(chain):,} of {len(dossier.chain.issued):,} credentials issued with it"
        how = f" ({_issuing_calls(dossier)})" if dossier.parts[Part.ORIGINS] else ""
        yield f"  {_events(_total(chain))} with {of}{how}{_unsuccessful(chain)}"
    if on:
        how = "in it" if subject.kind is PivotKind.ACCOUNT else "that name it"
        yield f"  {_events(_total(on))} of others {how}{_unsuccessful(on)}"


def _issuing_calls(dossier: Dossier) -> str:
    issued = {hop.key for hop in dossier.chain.issued}
    rows = dossier.parts[Part.ORIGINS]
    calls = Counter(str(r["event_name"]) for r in rows if r["issued_access_key_id"] in issued)
    return ", ".join(f"{call} {count:,}" for call, count in calls.most_common())


def _whose(dossier: Dossier) -> str:
    """Return the full names of the value, or those who use it."""
    subject = dossier.subject
    names = [name for name in subject.full_names if name != subject.value.text]
    if names:
        return f", {brief(names)}"
    if subject.kind in (PivotKind.ACCESS_KEY, PivotKind.EVENT):
        users = [row for name in _ORDER[:3] for row in dossier.facet(name, "by")]
        return f" of {brief([str(row['facet_value']) for row in users])}" if users else ""
    return ""


def _nothing(dossier: Dossier, run: Run) -> Iterator[str]:
    yield "  it does not occur in the data, which cover:"
    for account in run.accounts:
        yield f"  {account.source}: {_events(account.rows_in_window)}"
        if account.rows_in_window:
            yield reach_line(account)
    yield from _missing_lines(dossier)


def _same_title(dossier: Dossier) -> str:
    is_address = dossier.subject.kind is PivotKind.ADDRESS
    return "Whose address it is" if is_address else "The same machine"


def _same_lines(dossier: Dossier) -> Iterator[str]:
    """Yield the other parts of the machine, how each is known and when."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in dossier.parts[Part.SAME]:
        if row["same_name"] not in dossier.subject.full_names:
            groups.setdefault((str(row["same_kind"]), str(row["same_name"])), []).append(row)
    lines = []
    for (kind, name), rows in groups.items():
        told = brief([*dict.fromkeys(str(row["told_by"]) for row in rows)])
        lines.append((_spoken(kind), name, f"by {told}", _span(rows)))
    yield from _aligned(lines)


def _origin_lines(dossier: Dossier) -> Iterator[str]:
    """Yield who got the keys of the subject, and those before them, issued."""
    chain = dossier.chain
    keys = {*chain.held, *(hop.key for hop in chain.issuers)}
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in dossier.parts[Part.ORIGINS]:
        if row["issued_access_key_id"] in keys:
            who = (str(row["actor"]), str(row["event_name"]), str(row["issued_to"]))
            groups.setdefault(who, []).append(row)
    lines = []
    for (actor, call, issued_to), rows in groups.items():
        with_keys = brief([*dict.fromkeys(_text(r["access_key_id"]) for r in rows)])
        issued = brief([_text(row["issued_access_key_id"]) for row in rows])
        first = min(_time(row["first_event_time"]) for row in rows)
        lines.append((moment(first), f"{issued} by {call} of {issued_to}", actor, with_keys))
    yield from _aligned(lines)


def _issued_lines(dossier: Dossier) -> Iterator[str]:
    origins = {str(row["issued_access_key_id"]): row for row in dossier.parts[Part.ORIGINS]}
    uses = {str(row["facet_value"]): row for row in dossier.facet("subject", "chain")}
    lines = []
    for hop in _in_order(dossier.chain):
        row, use = origins.get(hop.key), uses.get(hop.key)
        count = f"{_events(_total([use]))}{_unsuccessful([use])}" if use else "not used"
        when = moment(_time(row["first_event_time"])) if row else ""
        how = f"{row['event_name']} of {row['issued_to']}" if row else ""
        lines.append((when, f"{'  ' * (hop.depth - 1)}{hop.key}", count, how))
    yield from _aligned(lines)
    if dossier.chain.left_out:
        yield f"  {dossier.chain.left_out:,} more keys of its chain were not followed"


def _in_order(chain: Chain) -> Iterator[Hop]:
    """Yield the keys issued, each followed by those issued with it."""
    below: dict[str, list[Hop]] = {}
    for hop in reversed(chain.issued):
        below.setdefault(hop.via, []).append(hop)
    waiting = [hop for key in reversed(chain.held) for hop in below.get(key, [])]
    while waiting:
        hop = waiting.pop()
        yield hop
        waiting.extend(below.get(hop.key, []))


def _did_title(dossier: Dossier) -> str:
    if dossier.subject.kind in (PivotKind.ADDRESS, PivotKind.NETWORK):
        return "What was done from there"
    issued = dossier.facet("subject", "chain")
    return "What it did, together with what was issued with it" if issued else "What it did"


def _named_title(dossier: Dossier) -> str:
    if dossier.subject.kind is PivotKind.ACCOUNT:
        return "What others did in it"
    by = dossier.facet("subject", *_BY)
    return "What others did that names it" if by else "What was done to it, or names it"


def _facet_lines(dossier: Dossier, relations: Sequence[str]) -> Iterator[str]:
    facets = dict.fromkeys(str(row["facet"]) for row in dossier.parts[Part.PROFILE])
    kind = dossier.subject.kind
    for name in (*_ORDER, *(name for name in facets if name not in (*_ORDER, *_APART))):
        rows = _merged(dossier.facet(name, *relations))
        # keys are told with the chain
        own = name == kind and (len(rows) == 1 or kind is PivotKind.ACCESS_KEY)
        if rows and not (own and "by" in relations):
            yield from _facet(name, rows)


def _merged(rows: Iterable[Row]) -> list[Row]:
    """Return the rows of a facet with the counts of one value added up, the most first."""
    merged: dict[object, dict[str, object]] = {}
    for row in rows:
        own = merged.setdefault(row["facet_value"], {**row, **dict.fromkeys(_COUNTS, 0)})
        own |= {column: _int(own[column]) + _int(row.get(column) or 0) for column in _COUNTS}
    return sorted(merged.values(), key=lambda row: -_int(row["event_count"]))


_COUNTS = ("event_count", "denied_count", "failed_count", "bytes")


def _facet(name: str, rows: Sequence[Row]) -> Iterator[str]:
    count = max(len(rows), *(_int(row["value_count"]) for row in rows))
    shown = ", ".join(_with_count(row) for row in rows[:_VALUES])
    more = f" and {count - _VALUES:,} more" if count > _VALUES else ""
    return _labelled(_spoken(name), shown + more)


def _with_count(row: Row) -> str:
    count, denied = _int(row["event_count"]), _int(row["denied_count"])
    part = "all" if denied == count else f"{denied:,}"
    note = f", {part} denied" if denied else ""
    size = f", {sized(_int(row['bytes']))}" if row["bytes"] else ""
    return f"{_cut(str(row['facet_value']))} ({count:,}{note}{size})"


def _touched_lines(dossier: Dossier) -> Iterator[str]:
    relations = _BY if dossier.facet("subject", *_BY) else ("on",)
    for name, label in (("secret", "secrets"), ("data", "data")):
        rows = _merged(dossier.facet(name, *relations))
        yield from _facet(label, rows) if rows else _labelled(label, "none in these logs")
    yield from _missing_lines(dossier)


def _missing_lines(dossier: Dossier) -> Iterator[str]:
    """Yield what the logs could not have shown."""
    absent = [str(r["shows"]) for r in dossier.parts[Part.COVERAGE] if not r["event_count"]]
    if absent:
        text = f"{', '.join(absent)}: the logs hold no such event, so their use could not show"
        yield from _labelled("not logged", text)


def _created_title(dossier: Dossier) -> str:
    rows = dossier.parts[Part.CREATED]
    left = sum(1 for row in rows if row["clean_up_state"] == "left")
    return f"Created: {len(rows):,}, of which {left:,} were not removed again" if rows else ""


def _created_lines(dossier: Dossier) -> Iterator[str]:
    left = [row for row in dossier.parts[Part.CREATED] if row["clean_up_state"] == "left"]
    yield from _aligned(
        [
            (moment(_time(row["event_time"])), _text(row["event_name"]), _text(row["created_name"]))
            for row in left
        ]
    )


def _rest_title(dossier: Dossier) -> str:
    rows = dossier.parts[Part.SIBLINGS]
    if not rows:
        return ""
    owners = brief([*dict.fromkeys(str(row["actor"]) for row in rows)])
    keys = sum(1 for row in rows if row["access_key_id"])
    without = ", or without a key" if keys < len(rows) else ""
    other = "key" if keys == 1 else "keys"
    return f"{owners} also: {_events(_total(rows))} with {keys:,} other {other}{without}"


def _rest_lines(dossier: Dossier) -> Iterator[str]:
    rows = sorted(dossier.parts[Part.SIBLINGS], key=lambda row: -_int(row["event_count"]))
    lines = []
    for row in rows:
        key = _text(row["access_key_id"])
        addresses = row.get("source_ips")
        origin = brief([*map(str, addresses)]) if isinstance(addresses, list) else "-"
        lines.append((key, _events(_total([row])), _span([row]), origin))
    yield from _aligned(lines, _VALUES)


def _finding_lines(dossier: Dossier) -> Iterator[str]:
    lines = []
    for finding in dossier.findings:
        row = finding_row(finding)
        what = f"{finding.query.title}: {_cut(str(row['target']))}"
        count = told_events(finding.outcomes, finding.event_count)
        lines.append((str(row["first_event_time"]), str(row["severity"]), what, count))
    yield from _aligned(lines, _LINES * 2)


def _aligned(lines: Sequence[Sequence[str]], most: int = _LINES) -> Iterator[str]:
    """Yield lines with their columns below each other, so many of them."""
    shown = [[for_terminal(cell) for cell in line] for line in lines[:most]]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for line in shown:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()
    if len(lines) > most:
        yield f"  and {len(lines) - most:,} more; --format json has them all"


def _labelled(label: str, text: str) -> Iterator[str]:
    yield from textwrap.wrap(
        for_terminal(text),
        _WIDTH,
        initial_indent=f"  {label:{_LABEL_WIDTH}}",
        subsequent_indent=" " * (_LABEL_WIDTH + 2),
        break_on_hyphens=False,
        break_long_words=False,
    )


def _unsuccessful(rows: Iterable[Row]) -> str:
    rows = [*rows]
    counts = ((_total(rows, column), word) for column, word in _OUTCOMES)
    told = " and ".join(f"{count:,} {word}" for count, word in counts if count)
    return f", {told}" if told else ""


_OUTCOMES = (("denied_count", "denied"), ("failed_count", "failed"))


def _span(rows: Iterable[Row]) -> str:
    rows = [*rows]
    first = min(_time(row["first_event_time"]) for row in rows)
    last = max(_time(row["last_event_time"]) for row in rows)
    end = f"{last:%H:%M:%S}" if first.date() == last.date() else moment(last)
    return moment(first) if first == last else f"{moment(first)} to {end}"


def _spoken(name: str) -> str:
    return "event id" if name == PivotKind.EVENT else name.replace("_", " ")


def _cut(text: str) -> str:
    half = _VALUE_WIDTH // 2
    return text if len(text) <= _VALUE_WIDTH else f"{text[: half - 2]}..{text[-half:]}"


def _total(rows: Iterable[Row], column: str = "event_count") -> int:
    return sum(_int(row[column]) for row in rows)


def _events(count: int) -> str:
    return counted(count, "event")


def _text(value: object) -> str:
    return "-" if value is None else str(value)


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value


def _time(value: object) -> datetime:
    assert isinstance(value, datetime)
    return value
