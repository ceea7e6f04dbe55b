"""An aggregate of `questions` by chdb (ClickHouse in-process) or polars, on the same files.

Only where they are installed; they are no dependencies. Prints the events and the CPU seconds
without imports.
"""

import json
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.questions import BLANKS, NAMED_CHDB, QUESTIONS
from benchmarks.timing import told


def chdb(name: str, lake: Path) -> Callable[[], int]:
    """Return the aggregate by chdb."""
    library: Any = import_module("chdb")
    text = NAMED_CHDB if name == "named" else QUESTIONS[name].chdb
    query = text.replace("{files}", f"{lake}/**/*{_ending(lake)}")

    def run() -> int:
        rows = str(library.query(query, "JSONEachRow")).splitlines()
        return sum(int(json.loads(row)["n"]) for row in rows)

    return run


def polars(name: str, lake: Path) -> Callable[[], int]:
    """Return the aggregate by polars, for the logs parted by blanks."""
    library: Any = import_module("polars")
    files = sorted(path for path in lake.rglob("*") if path.is_file())
    names = BLANKS[name]
    keys = {"alb": ["status"], "s3access": ["operation", "status"], "vpcflow": ["dport", "action"]}
    address = {"alb": "client", "s3access": "ip", "vpcflow": "src"}[name]

    def run() -> int:
        frame = library.scan_csv(
            files,
            separator=" ",
            has_header=False,
            skip_rows=1 if name == "vpcflow" else 0,
            schema=dict.fromkeys(names, library.String),
            truncate_ragged_lines=True,
            extra_columns="ignore",
            ignore_errors=True,
        )
        sent = "sent" if "sent" in names else "bytes"
        found = frame.group_by(keys[name]).agg(
            library.len().alias("n"),
            library.col(address).n_unique(),
            library.col(sent).cast(library.Int64, strict=False).sum().alias("total"),
        )
        return int(found.collect(engine="streaming")["n"].sum())

    return run


def _ending(lake: Path) -> str:
    """Return how the names of the files end; a pattern without it would also find folders."""
    first = next(path for path in lake.rglob("*") if path.is_file())
    return first.suffix if first.suffix == ".gz" else "-*"


RIVALS: Mapping[str, Callable[[str, Path], Callable[[], int]]] = {"chdb": chdb, "polars": polars}

if __name__ == "__main__":
    told(RIVALS[sys.argv[1]](sys.argv[2], Path(sys.argv[3])))
