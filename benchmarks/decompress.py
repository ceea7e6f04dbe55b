"""Decompression alone, on two threads: the floor that no reader goes under without reading less."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from isal import igzip

from benchmarks.generate import log_files


def size(path: Path) -> int:
    return len(igzip.decompress(path.read_bytes()))  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    with ThreadPoolExecutor(2) as pool:
        print(sum(pool.map(size, log_files(Path(sys.argv[1])))))
