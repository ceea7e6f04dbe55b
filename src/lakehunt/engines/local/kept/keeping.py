"""Parses files whole and keeps their rows, some files at a time.

Knows turns and the store. A file that could not be read in full is not kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from lakehunt.engines.base import Progress
from lakehunt.engines.local.connection import Connection
from lakehunt.engines.local.kept.rows import ScanFiles, look_again
from lakehunt.engines.local.kept.sql import keeping_sql
from lakehunt.engines.local.kept.store import KeptFile, KeptStore, NewGroup
from lakehunt.engines.local.lake import LogFile
from lakehunt.engines.local.turns import NUMBERS_OF_TURN, Turns
from lakehunt.model import Source

# A run that is stopped loses what it parsed of so many bytes of logs, as they lie there.
_GROUP_BYTES = 1 << 26


def keep_files(
    connection: Connection,
    store: KeptStore,
    source: Source,
    files: ScanFiles,
    progress: Progress,
) -> ScanFiles:
    """Return files with what is kept of them, after all have been for which there is room.

    Raises:
        LakeError: a table of the source is not read locally.
        EngineError: the store cannot be written.
        duckdb.Error: the engine failed; broken files never do that.
    """
    fresh = {files.ids[n]: files.files[n] for n in files.others if n in files.ids}
    whole = sum(file.size_bytes for file in fresh.values()) or 1
    done = 0
    for group in _groups(fresh):
        if not store.has_room():
            break
        size = sum(file.size_bytes for file in group.values())
        with files.shelf.writing() as draft:
            turns = Turns(
                connection, source, [*group.values()], draft.folder,
                partial(_report, progress, done / whole, size / whole),
                partial(keeping_sql, source), first=draft.first, compression="zstd",
            )  # fmt: skip
            turns.read(range(len(group)))
            _fill(draft, turns, [*group])
        done += size
    return look_again(files)


def _report(progress: Progress, before: float, part: float, share: float) -> None:
    progress(before + part * share)


def _groups(files: Mapping[str, LogFile]) -> Iterator[dict[str, LogFile]]:
    group: dict[str, LogFile] = {}
    size = 0
    for file_id, file in files.items():
        group[file_id] = file
        size += file.size_bytes
        if size >= _GROUP_BYTES or len(group) == NUMBERS_OF_TURN:
            yield group
            group, size = {}, 0
    if group:
        yield group


def _fill(draft: NewGroup, turns: Turns, file_ids: Sequence[str]) -> None:
    """Tell a draft what is in its folder."""
    lasts: dict[int, int] = {}
    for place, turn in enumerate(turns.turns):
        paths = sorted(turn.folder.glob("*.parquet"))
        names = (path.relative_to(draft.folder).as_posix() for path in paths)
        draft.rows.setdefault(turn.format.name, []).extend(names)
        lasts |= dict.fromkeys(turn.numbers, place)
    for number, file_id in enumerate(file_ids):
        if number not in turns.refused:
            draft.files[file_id] = KeptFile(
                turns.first_of(lasts[number]) + number,
                turns.turns[lasts[number]].format.name,
                turns.records.get(number, 0),
                turns.headers.get(number, 0),
                turns.partial.get(number, ""),
            )
