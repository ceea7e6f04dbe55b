"""Writes the demo's lake into a folder of its own, and nowhere else.

Knows folders and the writer, neither findings nor how they are come by. `cli` calls it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lakehunt.demo.script import Attack, Ordinary
from lakehunt.engines.base import Progress
from lakehunt.model import Source

SEED = 20260518
_ORDINARY = Path(__file__).with_name("ordinary.yaml")
_ATTACK = Path(__file__).with_name("attack.yaml")
# An empty folder: a file would be one more that each run over the lake has to account for.
_MARK = ".made-by-lakehunt-demo"
# How much of the time goes into the records; the rest goes into writing them.
_RECORDS_SHARE = 0.6
_TELL_EVERY = 500


@dataclass(frozen=True, slots=True)
class DemoLake:
    """A lake that was made: its folder, what is in it, and commands to go on with."""

    folder: Path
    ordinary_events: int
    attack_events: int
    files: int
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """One source's part of the demo."""

    source: Source
    ordinary: Ordinary | None
    attack: Attack | None


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
    parts = _parts(sources)
    _claim(folder, sources)
    ordinary = attack = files = 0
    for number, part in enumerate(parts):
        told = _attack(part, seed)
        days = _ordinary(part, events, seed)
        listed = [*told, *_watched(days, part, events, _within(progress, number, len(parts)))]
        files += _write(folder, part.source, listed, _within(progress, number, len(parts)))
        attack += len(told)
        ordinary += len(listed) - len(told)
    progress(1)
    commands = [command for part in parts if part.attack for command in part.attack.commands]
    return DemoLake(folder, ordinary, attack, files, tuple(commands))
