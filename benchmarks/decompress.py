"""Decompression alone, on two threads: the floor that no reader goes under without reading less."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.generate import log_files
from benchmarks.timing import told
from lakehunt.engines.local.documents import unpacked


def _size(path: Path) -> int:
    return len(unpacked(path.read_bytes()))


def _all(files: list[Path]) -> int:
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(_size, files))


if __name__ == "__main__":
    lake = log_files(Path(sys.argv[1]))
    told(lambda: _all(lake))
