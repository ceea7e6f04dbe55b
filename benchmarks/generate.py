"""Writes a seeded lake of any size: the demo's ordinary events, over and over, ids ever new.

Knows the demo's scripts and the writer. `benchmarks.run` calls it.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from lakehunt.content import roots
from lakehunt.demo.lake import ORDINARY
from lakehunt.demo.replay import ordinary_records
from lakehunt.demo.scriptfile import read_ordinary
from lakehunt.sources import load_source
from lakehunt.writer import write_lake

_SOURCE = "cloudtrail"
_START = datetime(2026, 5, 18, tzinfo=UTC)
# Events of one delivery: they fall into a file per account and region, of about 0.8 MB of text.
_EVENTS = 2400
_BYTES_AN_EVENT = 1150


def generate(lake: Path, text_bytes: int, seed: int = 1) -> int:
    """Write about that many bytes of log text into a folder and return the number of files."""
    batches = max(1, text_bytes // (_EVENTS * _BYTES_AN_EVENT))
    jobs = [(lake, number, seed) for number in range(batches)]
    with ProcessPoolExecutor() as pool:
        return sum(pool.map(_write, jobs, chunksize=4))


def _write(job: tuple[Path, int, int]) -> int:
    lake, number, seed = job
    source = load_source(roots(), _SOURCE)
    script = read_ordinary(ORDINARY)[_SOURCE]
    records = ordinary_records(source, script, _EVENTS, Random(f"{seed}/{number}"))
    delivered = _START + timedelta(minutes=5 * number)
    return len(write_lake(lake, source, records, delivered))


def log_files(lake: Path) -> Iterator[Path]:
    """Yield the files of a lake."""
    yield from sorted(path for path in lake.rglob("*.json.gz") if path.is_file())
