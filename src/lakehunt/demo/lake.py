"""Writes the demo's lake into a folder of its own, and nowhere else.

Knows folders and the writer, neither findings nor how they are come by. `cli` calls it.
"""

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import groupby
from pathlib import Path
from random import Random

from lakehunt.content import line_of
from lakehunt.demo.replay import attack_records, ordinary_records
from lakehunt.demo.script import Attack
from lakehunt.demo.scriptfile import read_attack, read_ordinary
from lakehunt.engines.base import Progress
from lakehunt.errors import ContentError, LakeError, Location, Problem, nearest
from lakehunt.model import Source
from lakehunt.writer import DELIVERY, LogRecord, write_lake

SEED = 20260518
ORDINARY = Path(__file__).with_name("ordinary.yaml")
_ATTACK = Path(__file__).with_name("attack.yaml")
# An empty folder: a file would be one more that each run over the lake has to account for.
_MARK = ".made-by-lakehunt-demo"


@dataclass(frozen=True, slots=True)
class DemoLake:
    """A lake that was made: its folder, what is in it, and commands to go on with."""

    folder: Path
    ordinary_events: int
    attack_events: int
    files: int
    commands: tuple[str, ...]


def make_lake(
    folder: Path,
    sources: Mapping[str, Source],
    progress: Progress,
    events: int | None = None,
    seed: int = SEED,
) -> DemoLake:
    """Return the lake written into a folder; the same seed writes the same files.

    Args:
        events: ordinary events of each source; without it as many as the script says.

    Raises:
        LakeError: the folder was there before and is none that the demo made.
        ContentError: what is replayed has problems.
    """
    ordinary, attack = read_ordinary(ORDINARY), read_attack(_ATTACK)
    _check_names(ORDINARY, ordinary, sources)
    _check_names(_ATTACK, attack, ordinary)
    _claim(folder, sources)
    ordinary_events = attack_events = files = 0
    for number, (name, days) in enumerate(ordinary.items()):
        source, count = sources[name], days.events if events is None else events
        # each part draws for itself: more ordinary events leave the attack as it is
        told = _attack(source, attack.get(name), Random(f"{name} attack {seed}"))
        records = ordinary_records(source, days, count, Random(f"{name} ordinary {seed}"))
        tell = _within(progress, number, len(ordinary), count + len(told))
        files += _write(folder, source, merge(records, told, key=_time), tell)
        ordinary_events, attack_events = ordinary_events + count, attack_events + len(told)
    commands = [command for one in attack.values() for command in one.commands]
    return DemoLake(folder, ordinary_events, attack_events, files, tuple(commands))


def _check_names(path: Path, names: Iterable[str], known: Iterable[str]) -> None:
    problems = [
        Problem(Location(path, line_of(name)), f"{name}: no such source", "", nearest(name, known))
        for name in names
        if name not in known
    ]
    if problems:
        raise ContentError(problems)


def _claim(folder: Path, sources: Mapping[str, Source]) -> None:
    """Make the folder, or take out of it the logs of an earlier demo."""
    mark = folder / _MARK
    if (folder.exists() or folder.is_symlink()) and not mark.is_dir():
        what = f"{folder}: is there already and was not made by the demo"
        raise LakeError(f"{what}; name another folder: lakehunt demo FOLDER")
    try:
        mark.mkdir(parents=True, exist_ok=True)
        # what a user has put beside the logs stays
        for source in sources.values():
            shutil.rmtree(folder / source.partitions.bucket, ignore_errors=True)
    except OSError as error:
        raise LakeError(f"{folder}: cannot be written: {error.strerror}") from error


def _attack(source: Source, attack: Attack | None, random: Random) -> list[LogRecord]:
    return sorted(attack_records(source, attack, random), key=_time) if attack else []


def _time(record: LogRecord) -> datetime:
    return record.event_time


def _delivery_hour(record: LogRecord) -> datetime:
    return (record.event_time + DELIVERY).replace(minute=0, second=0, microsecond=0)


def _write(
    folder: Path, source: Source, records: Iterable[LogRecord], tell: Callable[[int], None]
) -> int:
    """Return how many files the records, in order of time, were written to."""
    files = written = 0
    # by the hour of delivery, so that a file is whole and few records are held at a time
    for _, hour in groupby(records, key=_delivery_hour):
        batch = [*hour]
        # as AWS is told to deliver: a bucket for each log
        files += len(write_lake(folder / source.partitions.bucket, source, batch))
        written += len(batch)
        tell(written)
    return files


def _within(progress: Progress, number: int, sources: int, events: int) -> Callable[[int], None]:
    """Return what tells the progress of one of several sources by events written."""
    return lambda written: progress((number + written / events) / sources)
