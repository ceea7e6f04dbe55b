"""Writes the demo's lake into a folder of its own, and nowhere else.

Knows folders and the writer, neither engines nor findings. `cli` calls it.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from lakehunt.content import line_of
from lakehunt.demo.replay import attack_records, ordinary_records
from lakehunt.demo.script import Attack, Ordinary, read_attack, read_ordinary
from lakehunt.errors import ContentError, LakeError, Location, Problem, nearest
from lakehunt.model import Source
from lakehunt.writer import LogRecord, write_lake

SEED = 20260518
_ORDINARY = Path(__file__).with_name("ordinary.yaml")
_ATTACK = Path(__file__).with_name("attack.yaml")
# An empty folder, because each file in a lake would have to be accounted for by every run.
_MARK = ".made-by-lakehunt-demo"


@dataclass(frozen=True, slots=True)
class DemoLake:
    """A lake that was made: its folder, what is in it, and commands to go on with."""

    folder: Path
    ordinary_events: int
    attack_events: int
    files: tuple[Path, ...]
    commands: tuple[str, ...]


def make_lake(
    folder: Path, sources: Mapping[str, Source], events: int | None = None, seed: int = SEED
) -> DemoLake:
    """Return the lake written into a folder; the same seed writes the same files.

    Args:
        events: ordinary events of each source; without it as many as the script says.

    Raises:
        LakeError: the folder was there before and is none that the demo made.
        ContentError: what is replayed has problems.
    """
    ordinary, attack = read_ordinary(_ORDINARY), read_attack(_ATTACK)
    for path, names in ((_ORDINARY, ordinary), (_ATTACK, attack)):
        _check_names(path, names, sources)
    _claim(folder, sources)
    counts = [0, 0]
    files: list[Path] = []
    for name in sorted({*ordinary, *attack}):
        days = _ordinary(sources[name], ordinary.get(name), events, seed)
        told = _attack(sources[name], attack.get(name), seed)
        records = sorted([*days, *told], key=lambda record: record.event_time)
        files += write_lake(folder, sources[name], records)
        counts = [counts[0] + len(days), counts[1] + len(told)]
    commands = [command for one in attack.values() for command in one.commands]
    return DemoLake(folder, counts[0], counts[1], tuple(files), tuple(commands))


def _check_names(path: Path, names: Mapping[str, object], sources: Mapping[str, Source]) -> None:
    problems = [
        Problem(
            Location(path, line_of(name)), f"{name}: no such source", "", nearest(name, sources)
        )
        for name in names
        if name not in sources
    ]
    if problems:
        raise ContentError(problems)


def _claim(folder: Path, sources: Mapping[str, Source]) -> None:
    """Make the folder, or empty one that an earlier demo made of its logs."""
    mark = folder / _MARK
    if (folder.exists() or folder.is_symlink()) and not mark.is_dir():
        what = f"{folder}: is there already and was not made by the demo"
        raise LakeError(f"{what}; name another folder: lakehunt demo FOLDER")
    try:
        mark.mkdir(parents=True, exist_ok=True)
        # what a user has put beside the logs stays
        for top in _tops(sources):
            shutil.rmtree(folder / top, ignore_errors=True)
    except OSError as error:
        raise LakeError(f"{folder}: cannot be written: {error.strerror}") from error


def _tops(sources: Mapping[str, Source]) -> set[str]:
    """Return the folders at the top of a lake, by the layouts."""
    layouts = [next(iter(source.partitions.layouts.values())) for source in sources.values()]
    return {layout.partition("/")[0] for layout in layouts}


def _ordinary(
    source: Source, ordinary: Ordinary | None, events: int | None, seed: int
) -> list[LogRecord]:
    if ordinary is None:
        return []
    count = ordinary.events if events is None else events
    return [*ordinary_records(source, ordinary, count, _random(source, seed, "ordinary"))]


def _attack(source: Source, attack: Attack | None, seed: int) -> list[LogRecord]:
    if attack is None:
        return []
    return [*attack_records(source, attack, _random(source, seed, "attack"))]


def _random(source: Source, seed: int, part: str) -> Random:
    # each part draws for itself: more ordinary events leave the attack as it is
    return Random(f"{source.name}:{part}:{seed}")
