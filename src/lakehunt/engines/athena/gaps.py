"""What is asked of tables and lies outside of the partitions that Athena computes for them.

Athena answers it with no rows and without a word.
Knows partition bounds and places, not queries. The engine puts it into the account of a run.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from lakehunt.engines.athena.forecast import Forecaster
from lakehunt.engines.athena.tables import tables_of, wanted_of
from lakehunt.errors import LakehuntError, UsageError
from lakehunt.layouts import day_value
from lakehunt.model import Gap, Source, Window
from lakehunt.s3.projection import unlisted
from lakehunt.s3.tables import Place, Wanted
from lakehunt.sources.deployed import lists_in
from lakehunt.sql.bounds import MILLISECOND, Bounds
from lakehunt.sql.compile import Draft, Read


def gaps_of(
    reads: Iterable[Read], forecaster: Forecaster, window: Window | None
) -> Mapping[str, Sequence[Gap]]:
    """Return by source what is asked for and no partition of its tables has.

    Of days, those of the window: that a query looks further back for comparison is no gap.
    """
    asked: dict[str, tuple[Source, list[Wanted]]] = {}
    for read in reads:
        wanted = wanted_of(read.source, _asked(read, window, forecaster.now))
        for table in tables_of(read, forecaster.database):
            asked.setdefault(table, (read.source, []))[1].append(wanted)
    found: dict[str, list[Gap]] = {}
    for table, (source, wanted_here) in asked.items():
        place = _place(forecaster, table)
        for lack in place.lacks(wanted_here) if place else ():
            remedy = _remedy(source, lack.column)
            gap = Gap(table, lack.column, lack.asked, lack.has, remedy)
            found.setdefault(source.name, []).append(gap)
    return found


def _asked(read: Read, window: Window | None, now: datetime) -> Bounds:
    """Return what a place reads within the window; the future has no logs that could be missed."""
    bounds, partitions = read.bounds, read.source.partitions
    if bounds.first is None:
        return replace(bounds, last=None)
    first, last = bounds.first, day_value(partitions, now)
    if bounds.last is not None:
        last = min(last, bounds.last)
    if window is not None:
        first = max(first, day_value(partitions, window.since))
        end = window.until - MILLISECOND + partitions.lateness
        last = min(last, day_value(partitions, end))
    if first > last:
        return replace(bounds, first=None, last=None)
    return replace(bounds, first=first, last=last)


def _place(forecaster: Forecaster, table: str) -> Place | None:
    try:
        return forecaster.place(table)
    except LakehuntError:
        # the forecast names it
        return None


def _remedy(source: Source, raw_name: str) -> str:
    """Return what to do so that a table has more of a column."""
    columns = source.partitions.columns
    own = (c for c in columns if c.raw_name == raw_name and source.stand_in is None)
    words = [word for column in own for word in lists_in(f"{column.values} {column.range}")]
    if not words:
        return f"change `projection.{raw_name}` in the properties of that table"
    named = " and ".join(f"`{word.removeprefix('deployment.')}`" for word in words)
    return f"change {named} under [deployment] in lakehunt.toml, then `lakehunt deploy --apply`"


def require_projected(
    drafts: Iterable[Draft], reads: Sequence[Read], forecaster: Forecaster
) -> None:
    """Refuse a run over an account or region that none of its tables can have.

    Raises:
        UsageError: says what they have.
    """
    narrow: dict[str, dict[str, None]] = {}
    for draft in drafts:
        for column, values in draft.narrow.items():
            narrow.setdefault(column, {}).update(dict.fromkeys(values))
    for column, asked in narrow.items():
        known = _known_values(column, reads, forecaster)
        if not known:
            continue
        has = {value for values, _ in known.values() for value in values}
        missing = unlisted(asked, has)
        if missing:
            flag = f"--{column.removesuffix('_id')} {', '.join(missing)}"
            what = f"the partitions of {', '.join(known)} have {', '.join(sorted(has))} only"
            remedies = dict.fromkeys(remedy for _, remedy in known.values())
            raise UsageError(f"{flag}: {what}; {'; '.join(remedies)}")


def _known_values(
    column: str, reads: Iterable[Read], forecaster: Forecaster
) -> Mapping[str, tuple[Sequence[str], str]]:
    """Return by table the values of a column and what makes them more; nothing where any may have
    others."""
    known: dict[str, tuple[Sequence[str], str]] = {}
    for read in reads:
        name = _raw_name(read.source, column)
        for table in tables_of(read, forecaster.database) if name else ():
            place = _place(forecaster, table)
            values = place.known_values(name) if place else None
            if values is None:
                return {}
            known[table] = values, _remedy(read.source, name)
    return known


def _raw_name(source: Source, column: str) -> str:
    """Return what the table of a source calls a partition column, '' where it has none."""
    if source.stand_in is not None:
        return source.stand_in.values.get(column, ("", False))[0]
    return next((c.raw_name for c in source.partitions.columns if c.name == column), "")
