"""Discovers a folder of this machine: every file in it is listed, a few are looked into.

Knows the local engine's folders. The package hands it on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lakehunt.discover.sightings import Sightings
from lakehunt.engines.base import Limits, Progress
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.engines.local.folder import FolderLake, open_folder
from lakehunt.model import Discovery, FileNote, FoundSource, Source, SourceAccount
from lakehunt.sql.compile import Draft

_MOST_SAMPLES = 24
# So much of a source is read to find its days where no folder or name tells them.
_MOST_READ_BYTES = 200_000_000


def discover_folder(folder: Path, sources: Mapping[str, Source], progress: Progress) -> Discovery:
    """Return what lies in a folder, or what one file is.

    Raises:
        LakeError: it is missing, empty, or holds no log that is known.
    """
    lake = open_folder(folder, sources)
    engine = LocalEngine(lake, sources)
    try:
        found, unread = _found(folder, lake, sources)
        found, remarks = _dated(found, engine, progress)
        skipped = [note for source in sources.values() for note in lake.listing(source, ()).skipped]
        return Discovery(
            location=str(folder),
            bucket="",
            region="",
            kms_key="",
            sources=tuple(found),
            skipped=tuple(skipped),
            unknown=(*lake.unknown, *unread),
            remarks=tuple(remarks),
        )
    finally:
        engine.close()


def _found(
    folder: Path, lake: FolderLake, sources: Mapping[str, Source]
) -> tuple[list[FoundSource], list[FileNote]]:
    found: list[FoundSource] = []
    unread: list[FileNote] = []
    for source in sources.values():
        sightings = Sightings(source)
        for file in lake.listing(source, ()).files:
            sightings.add(file, file.name.removeprefix(f"{folder}/"))
        if sightings.files:
            one, notes = sightings.found(_MOST_SAMPLES)
            found.append(one)
            unread += notes
    return found, unread


def _dated(
    found: Sequence[FoundSource], engine: LocalEngine, progress: Progress
) -> tuple[list[FoundSource], list[str]]:
    """Return sources with the days, accounts and regions of their events where no path tells."""
    undated = [one for one in found if one.first_day is None]
    large = [one.source for one in undated if (one.size_bytes or 0) > _MOST_READ_BYTES]
    accounts = _accounts(engine, [o.source for o in undated if o.source not in large], progress)
    dated = [_by_events(one, accounts.get(one.source)) for one in found]
    told = "no folder or name tells the days; `lakehunt status` counts them by their events"
    return dated, [f"{source}: {told}" for source in large]


def _accounts(
    engine: LocalEngine, sources: Sequence[str], progress: Progress
) -> dict[str, SourceAccount]:
    if not sources:
        return {}
    drafts = [Draft(source, f"SELECT count(*) AS n FROM {source}") for source in sources]
    run = engine.run(drafts, None, Limits(all_time=True, counts_only=True), progress)
    return {account.source: account for account in run.accounts}


def _by_events(found: FoundSource, account: SourceAccount | None) -> FoundSource:
    if account is None:
        return found
    values = {"account_id": account.accounts, "region": account.regions}
    told = {name: those for name, those in values.items() if those}
    return replace(
        found,
        values={**told, **found.values},
        first_day=account.first_event and account.first_event.date(),
        last_day=account.last_event and account.last_event.date(),
        days_by_events=account.first_event is not None,
    )
