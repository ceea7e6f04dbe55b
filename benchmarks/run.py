"""Measures our commands as whole processes, beside decompression alone and chdb, in one run.

Prints wall and CPU seconds and peak memory, the median of some rounds, and ratios.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.generate import generate, log_files

_AGGREGATE = (
    "SELECT event_source, event_name, count(*) AS n, count(DISTINCT source_ip) AS ips"
    " FROM cloudtrail GROUP BY 1, 2"
)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one process took."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int


def measure(command: Sequence[str]) -> Measured:
    """Return what a command took, its output thrown away."""
    started = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.execvp(command[0], [*command])
    _, _, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - started
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def commands(lake: Path) -> Mapping[str, Sequence[str]]:
    """Return what is measured, by name; the first is the floor."""
    ours = (sys.executable, "-m", "lakehunt")
    where = ("--lake", str(lake), "--all-time")
    found = {
        "decompression alone": (sys.executable, "-m", "benchmarks.decompress", str(lake)),
        "one aggregate": (*ours, "sql", _AGGREGATE, *where),
        "one detection": (*ours, "run", "cloudtrail.trail_stopped", *where),
        "the whole library": (*ours, "hunt", *where, "--format", "jsonl"),
    }
    if find_spec("chdb"):
        found["chdb, the same aggregate"] = (sys.executable, "-m", "benchmarks.rival", str(lake))
    return found


def report(lake: Path, rounds: int) -> None:
    """Measure everything in turn, round after round, and print the medians."""
    chosen = commands(lake)
    taken: dict[str, list[Measured]] = {name: [] for name in chosen}
    for _ in range(rounds):
        for name, command in chosen.items():
            taken[name].append(measure(command))
    floor = statistics.median(one.wall_seconds for one in next(iter(taken.values())))
    print(f"{'':26} {'wall s':>8} {'x floor':>8} {'CPU s':>8} {'peak MB':>8}")
    for name, all_ in taken.items():
        wall = statistics.median(one.wall_seconds for one in all_)
        cpu = statistics.median(one.cpu_seconds for one in all_)
        peak = max(one.peak_bytes for one in all_) / 1e6
        print(f"{name:26} {wall:8.2f} {wall / floor:8.1f} {cpu:8.2f} {peak:8.0f}")


def main() -> None:
    """Make a lake, or take the one given, and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lake", type=Path, help="a lake of your own, instead of making one")
    parser.add_argument("--megabytes", type=int, default=1300, help="log text to make")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lakehunt-bench-") as folder:
        lake = arguments.lake or Path(folder)
        if arguments.lake is None:
            generate(lake, arguments.megabytes * 1_000_000)
        files = [*log_files(lake)]
        size = sum(path.stat().st_size for path in files) / 1e6
        print(f"{len(files):,} files, {size:,.0f} MB packed; median of {arguments.rounds} rounds")
        report(lake, arguments.rounds)


if __name__ == "__main__":
    main()
