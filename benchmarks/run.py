"""Measures one aggregate per source, beside decompression alone and rivals, in one run.

Prints CPU seconds (user and system, of the whole process, and of the question alone), the ratio to
decompression, wall seconds and peak memory: the least of some rounds. Rivals are asked where the
interpreter of --rivals has them.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.generate import Plan, generate, log_files
from benchmarks.questions import NAMED, QUESTIONS
from benchmarks.timing import Measured, measure

_HEAD = ("CPU s", "alone", "x floor", "wall s", "peak MB", "events")
_LINE = "{:40} {:>7} {:>7} {:>8} {:>7} {:>8} {:>12}"


def commands(name: str, lake: Path, rivals: Mapping[str, str]) -> dict[str, Sequence[str]]:
    """Return what is measured of one source; the first is the floor."""
    own = (sys.executable, "-m")
    text = NAMED if name == "named" else QUESTIONS[name].ours
    found: dict[str, Sequence[str]] = {
        "decompression alone": (*own, "benchmarks.decompress", str(lake)),
        "lakehunt sql": (*own, "lakehunt", "sql", text, "--lake", str(lake), "--all-time"),
        "lakehunt, in-process": (*own, "benchmarks.inside", name, str(lake), "first"),
        "lakehunt, which keeps": (*own, "benchmarks.inside", name, str(lake), "keeping"),
        "lakehunt, of what was kept": (*own, "benchmarks.inside", name, str(lake), "kept"),
    }
    for rival, python in rivals.items():
        asked = rival == "chdb" and (name == "named" or QUESTIONS[name].chdb)
        if asked or (rival == "polars" and name != "named" and QUESTIONS[name].blanks):
            found[rival] = (python, "-m", "benchmarks.rival", rival, name, str(lake))
    return found


def report(name: str, lake: Path, rivals: Mapping[str, str], rounds: int) -> None:
    """Measure everything of one source in turn, round after round, and print the least."""
    chosen = commands(name, lake, rivals)
    taken: dict[str, list[Measured]] = {what: [] for what in chosen}
    for _ in range(rounds):
        for what, command in chosen.items():
            taken[what].append(measure(command))
    floor = min(one.inner_cpu_seconds or 0 for one in taken["decompression alone"]) or 1e-9
    for what, all_ in taken.items():
        least = min(all_, key=lambda one: one.cpu_seconds)
        alone = min((one.inner_cpu_seconds for one in all_ if one.inner_cpu_seconds), default=None)
        wall = min(one.wall_seconds for one in all_)
        peak = max(one.peak_bytes for one in all_) / 1e6
        cells = (
            f"{name}: {what}",
            f"{least.cpu_seconds:.2f}",
            f"{alone:.2f}" if alone else "",
            f"{alone / floor:.1f}" if alone else "",
            f"{wall:.2f}",
            f"{peak:.0f}",
            f"{least.count:,}" if least.count else "",
        )
        print(_LINE.format(*cells), flush=True)


def installed(python: str) -> Iterator[str]:
    """Yield the rivals that an interpreter has."""
    for name in ("chdb", "polars"):
        code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec('{name}') is None)"
        if subprocess.run([python, "-c", code], check=False).returncode == 0:
            yield name


def main() -> None:
    """Make lakes, or take the ones given, and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs="*", help="of all sources, and `named`: only these")
    parser.add_argument("--lakes", type=Path, help="a folder with a lake per source, kept")
    parser.add_argument("--megabytes", type=int, default=200, help="log text to make, per source")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rivals", default=sys.executable, help="a Python with chdb and polars")
    given = parser.parse_args()
    rivals = dict.fromkeys(installed(given.rivals), given.rivals)
    print(_LINE.format("", *_HEAD))
    with tempfile.TemporaryDirectory(prefix="lakehunt-bench-") as folder:
        # what the user's own cache holds of a lake is not read
        os.environ["XDG_CACHE_HOME"] = str(Path(folder) / "cache")
        for name in given.sources or [*QUESTIONS, "named"]:
            source = "cloudtrail" if name == "named" else name
            lake = (given.lakes or Path(folder)) / source
            if not lake.exists():
                files = 200
                generate(Plan(lake, source, given.megabytes * 1_000_000 // files, files))
            size = sum(path.stat().st_size for path in log_files(lake)) / 1e6
            print(f"{name}: {len(log_files(lake)):,} files, {size:,.0f} MB as they lie", flush=True)
            report(name, lake, rivals, given.rounds)


if __name__ == "__main__":
    main()
