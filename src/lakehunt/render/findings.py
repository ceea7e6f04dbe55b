"""Shows findings, stories and the account of a run, as values for JSON and as lines for people.

Knows the model, not how it was come by. `cli` calls it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from lakehunt.engines.base import Run
from lakehunt.model import (
    COMMON_COLUMNS,
    Bill,
    FileNote,
    Finding,
    Forecast,
    Hidden,
    Query,
    Result,
    SourceAccount,
    instant,
)
from lakehunt.render.forecasts import unknown_lines
from lakehunt.render.neutral import for_terminal, plain
from lakehunt.render.words import brief, counted, ended, moment, one_or_list

TABLE_COLUMNS = (
    "severity", "first_event_time", "count", "outcome", "query", "actor", "target", "source_ip",
)  # fmt: skip
_NOTES_SHOWN = 10
# After so long a run one is told how the next would be shorter.
_LONG_SECONDS = 10
# What stands in an account's JSON object only where it was counted.
_COUNTED = {
    "files": ("files", "bytes_read"),
    "rows": (
        "rows",
        "first_event_time",
        "last_event_time",
        "hours_with_events",
        "accounts",
        "regions",
        "event_classes",
    ),
}


def finding_value(finding: Finding) -> dict[str, object]:
    """Return a finding as its stable JSON object."""
    common = {name: one_or_list(finding.common[name]) for name in COMMON_COLUMNS}
    return {
        "query_id": finding.query.id,
        "query_version": finding.query.version,
        "fingerprint": finding.fingerprint,
        "title": finding.query.title,
        "severity": finding.query.severity,
        "attack": finding.query.attack,
        "stage": finding.query.stage,
        **{name: plain(value) for name, value in common.items()},
        "first_event_time": plain(finding.first_event_time),
        "last_event_time": plain(finding.last_event_time),
        "event_count": finding.event_count,
        "outcomes": finding.outcomes,
        "access_key_ids": finding.access_key_ids,
        "marks": finding.marks,
        "examples": plain(finding.examples),
        "log_files": finding.log_files,
        "next": finding.query.next,
    }


def finding_row(finding: Finding) -> dict[str, object]:
    """Return a finding as a row of the table for people."""
    return {
        "severity": finding.query.severity,
        "first_event_time": moment(finding.first_event_time),
        "count": finding.event_count,
        "outcome": ended(finding.outcomes, finding.event_count) or brief([*finding.outcomes]),
        "query": " ".join([finding.query.id, *(f"[{mark}]" for mark in finding.marks)]),
        **{name: brief(finding.common[name]) for name in ("actor", "target", "source_ip")},
    }


def row_values(queries: Iterable[Query], run: Run) -> Iterable[dict[str, object]]:
    """Yield each row of each detection, its query beside it."""
    for query in queries:
        result = run.results.get(query.id)
        for row in result.rows() if isinstance(result, Result) else ():
            yield {"query_id": query.id, "severity": query.severity, **row}


def run_value(
    run: Run,
    rows_matched: int,
    failures: Mapping[str, str] | None = None,
    hidden: Iterable[Hidden] = (),
) -> dict[str, object]:
    """Return the account of a run as its JSON object."""
    return {
        "window": [instant(run.window.since), instant(run.window.until)] if run.window else None,
        "seconds": round(run.seconds, 3),
        **({"bill": bill_value(run.bill)} if run.bill else {}),
        "rows_matched": rows_matched,
        "sources": [account_value(account) for account in run.accounts],
        "unknown_files": [_note(note) for note in run.unknown],
        "failures": dict(failures or {}),
        "known": [_hidden_value(one) for one in hidden],
    }


def bill_value(bill: Bill) -> dict[str, object]:
    """Return what a run has cost as its JSON object."""
    return {
        "queries": bill.queries,
        "reused": bill.reused,
        "scanned_bytes": bill.scanned_bytes,
        "forecast_bytes": _forecast_bytes(bill),
        "usd": round(bill.usd, 6),
        "counting_usd": round(bill.counting_usd, 6),
    }


def _forecast_bytes(bill: Bill) -> int | None:
    """Return how much was expected; None where that is not known of everything."""
    forecast = bill.forecast
    return None if forecast is None or forecast.unknown else forecast.amount.size_bytes


def _hidden_value(hidden: Hidden) -> dict[str, object]:
    counts = {"findings": hidden.findings, "events": hidden.events}
    return {"query_id": hidden.query_id, **counts}


def hidden_lines(hidden: Iterable[Hidden], *, was_shown: bool) -> Iterable[str]:
    """Yield what the known lists hide, by query, and how to see it."""
    verb = "would hide" if was_shown else "hid"
    hidden = [*hidden]
    told = [f"{_hidden_words(one)} of {one.query_id}" for one in hidden if one.events]
    if told:
        end = "" if was_shown else "; --show-known shows it"
        yield f"the known lists {verb} {', '.join(told)}{end}"
    uncounted = [one.query_id for one in hidden if one.events is None]
    if uncounted:
        yield f"what the known lists {verb} of {', '.join(uncounted)} was not counted"


def _hidden_words(hidden: Hidden) -> str:
    events = counted(hidden.events or 0, "event")
    return (
        events if hidden.findings is None else f"{counted(hidden.findings, 'finding')} ({events})"
    )


def blind_lines(queries: Iterable[Query], run: Run) -> Iterable[str]:
    """Yield what detections could not see because the logs hold no event of a class."""
    blind: dict[str, list[str]] = {}
    for query in queries:
        for name in _missing_classes(query, run):
            blind.setdefault(name, []).append(query.id)
    for name, ids in blind.items():
        yield f"no {name} events are here: {', '.join(ids)} could not see what only they tell"


def _missing_classes(query: Query, run: Run) -> list[str]:
    own = [account for account in run.accounts if account.source in query.sources]
    there = {name for account in own for name in account.event_classes}
    return [name for name in query.event_classes if there and name not in there]


def account_value(account: SourceAccount) -> dict[str, object]:
    """Return the account of one source as its JSON object; what was not counted is left out."""
    value = _account_value(account)
    for part, keys in _COUNTED.items():
        if part in account.not_counted:
            value = {key: item for key, item in value.items() if key not in keys}
    if account.not_counted:
        value["not_counted"] = dict(account.not_counted)
    if account.gaps:
        value["gaps"] = [asdict(gap) for gap in account.gaps]
    return value


def _account_value(account: SourceAccount) -> dict[str, object]:
    return {
        "source": account.source,
        "files": {
            "listed": account.files_listed,
            "read": account.files_read,
            "outside_window": account.files_pruned,
            "empty": account.files_empty,
            "passed_over": account.files_passed_over,
            "kept": account.files_kept,
            "skipped": [_note(note) for note in account.skipped],
            "refused": [_note(note) for note in account.refused],
            "partial": [_note(note) for note in account.partial],
        },
        "bytes_read": account.bytes_read,
        "rows": {
            "read": account.rows_read,
            "in_window": account.rows_in_window,
            "unparsed": account.rows_unparsed,
            "duplicate": account.rows_duplicate,
            "header_lines": account.header_lines,
        },
        "first_event_time": plain(account.first_event),
        "last_event_time": plain(account.last_event),
        "hours_with_events": account.hours,
        "accounts": account.accounts,
        "regions": account.regions,
        "event_classes": dict(account.event_classes),
        "lateness_days": account.lateness.total_seconds() / 86400,
    }


def _note(note: FileNote) -> dict[str, str]:
    return {"path": str(note.path), "reason": note.reason}


def account_lines(run: Run) -> Iterable[str]:
    """Yield the account of a run as lines for people, what could not be read last."""
    if run.window:
        yield f"window {run.window} (UTC)"
    for account in run.accounts:
        if _is_absent(account):
            continue
        yield _files_line(account)
        if "rows" in account.not_counted:
            yield f"  what the logs hold was not counted: {account.not_counted['rows']}"
            continue
        yield _rows_line(account)
        if account.rows_in_window:
            yield reach_line(account)
        elif run.window is None and not account.others:
            yield "  no event of this source is here"
        else:
            yield _nothing_line(account)
    yield from unread_lines(run)


def kept_lines(run: Run, *, keep: bool) -> Iterable[str]:
    """Yield what was not kept of what should be, or that the next run need not parse again."""
    left = sum(_parsed(account) for account in run.accounts)
    if keep and left:
        files = counted(left, "file was", "files were")
        why = "no room below [cache] max_kept_size, or not read in full"
        yield f"{files} not kept: {why}"
    if not keep and left and run.seconds > _LONG_SECONDS:
        yield f"{run.seconds:,.0f} seconds; with --keep, later commands need not parse this again"


def _parsed(account: SourceAccount) -> int:
    """Return of how many files a run has parsed what it does not find kept the next time."""
    read = account.files_read + account.files_empty + len(account.refused)
    return max(0, read - account.files_kept) if not account.not_counted else 0


def unread_lines(run: Run) -> Iterable[str]:
    """Yield what of a lake a run has not read: absent sources, what was skipped, what failed."""
    absent = [account.source for account in run.accounts if _is_absent(account)]
    if absent:
        yield f"no logs of {', '.join(absent)} are here: what they would show is not known"
    yield from _note_lines("skipped", [n for a in run.accounts for n in a.skipped])
    yield from _note_lines("partial", [n for a in run.accounts for n in a.partial])
    refused = [note for account in run.accounts for note in account.refused]
    yield from _note_lines("NOT READ", [*run.unknown, *refused])
    yield from _gap_lines(run)
    count = len(run.unknown) + len(refused)
    if run.bill:
        yield from unknown_lines(run.bill.forecast or Forecast())
        yield _bill_line(run.bill)
    if count:
        yield f"{counted(count, 'file')} could not be read in full; named above"


def _gap_lines(run: Run) -> Iterable[str]:
    for gap in (gap for account in run.accounts for gap in account.gaps):
        what = f"{gap.column} {gap.asked} was asked for, its partitions have {gap.has}"
        yield f"  NOT READ: {for_terminal(gap.table)}: {for_terminal(what)}; {gap.remedy}"


def _is_absent(account: SourceAccount) -> bool:
    return not (account.files_listed or account.days_listed or account.not_counted)


def _bill_line(bill: Bill) -> str:
    reused = f", {bill.reused:,} of them answered from earlier results" if bill.reused else ""
    counting = f", of that {bill.counting_usd:.4f} for this account" if bill.counting_usd else ""
    expected = _forecast_bytes(bill)
    forecast = "" if expected is None else f" of {expected / 1e6:,.1f} MB forecast"
    return (
        f"Athena: {counted(bill.queries, 'query', 'queries')}{reused}"
        f"; {bill.scanned_bytes / 1e6:,.1f} MB scanned{forecast}"
        f", about {bill.usd:.4f} USD{counting}"
    )


def _files_line(account: SourceAccount) -> str:
    if "files" in account.not_counted:
        return f"{account.source}: {account.not_counted['files']}"
    parts = [f"{account.files_read:,} of {account.files_listed:,} files read"]
    for count, what in (
        (account.files_pruned, "not asked for"),
        (account.files_empty, "without events"),
        (account.files_passed_over, "passed over"),
        (account.files_kept, "from what was kept"),
        (len(account.skipped), "skipped"),
        (len(account.refused), "not read in full"),
    ):
        if count:
            parts.append(f"{count:,} {what}")
    return f"{account.source}: {', '.join(parts)}; {account.bytes_read / 1e6:,.1f} MB"


def _rows_line(account: SourceAccount) -> str:
    days = account.lateness.total_seconds() / 86400
    table = f"{account.source}_unparsed"
    shown = f" (SELECT line, log_file FROM {table})" if account.rows_unparsed else ""
    headers = f", {account.header_lines:,} header lines" if account.header_lines else ""
    return (
        f"  {account.rows_read:,} events, {account.rows_in_window:,} of them in the window,"
        f" {account.rows_unparsed:,} unparsed{shown}, {account.rows_duplicate:,} delivered twice"
        f"{headers}; counts on delivery within {days:g} {'day' if days == 1 else 'days'}"
    )


def reach_line(account: SourceAccount) -> str:
    first, last = account.first_event, account.last_event
    assert first is not None
    assert last is not None
    classes = [f"{name} {count:,}" for name, count in account.event_classes.items()]
    parts = [
        f"{what} {', '.join(values)}"
        for what, values in (("accounts", account.accounts), ("regions", account.regions))
        if values
    ]
    hours = counted(account.hours, "hour")
    parts.append(f"{moment(first)} to {moment(last)}, {hours} with events")
    # most sources know no classes of events
    if {*account.event_classes} - {"unknown"}:
        parts.append(f"classes: {', '.join(classes)}")
    return f"  {'; '.join(parts)}"


def outside_lines(run: Run) -> Iterable[str]:
    """Yield for each source that is there, but not in the window, what its data covers."""
    for account in run.accounts:
        if not (_is_absent(account) or account.files_read or account.files_empty):
            yield f"{account.source}:{_nothing_line(account).removeprefix(' ')}"


def _nothing_line(account: SourceAccount) -> str:
    if account.others:
        there = (f"{name} {', '.join(values)}" for name, values in account.others.items())
        return f"  no file is of what was asked for: the files are of {'; '.join(there)}"
    if account.first_event and account.last_event:
        since, until = instant(account.first_event), instant(account.last_event)
    elif account.days_listed:
        since, until = (day.replace("/", "-") for day in _ends(account.days_listed))
    else:
        return "  no event of this source is here"
    return (
        f"  nothing in this window: the data covers {since} to {until};"
        f" to see it: --since {since} --until {until}"
    )


def _ends(values: Sequence[str]) -> tuple[str, str]:
    return min(values), max(values)


def _note_lines(what: str, notes: Sequence[FileNote]) -> Iterable[str]:
    for note in notes[:_NOTES_SHOWN]:
        yield f"  {what}: {for_terminal(str(note.path))}: {for_terminal(note.reason)}"
    if len(notes) > _NOTES_SHOWN:
        yield f"  {what}: {len(notes) - _NOTES_SHOWN:,} more; --format json names them all"
