"""Writes the answers of the battery from a real Trino: `python -m scripts.battery [FILE ...]`.

Run it from the project's folder with the development extra installed. A new query is a line with
`sql` alone. `--check` writes nothing, names each answer that differs, and exits 1. `--port` asks a
server on loopback that already runs, else one is started (Java 24 or newer and Maven).
"""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path

from tests.battery import differs, files, read, write
from tests.trino_live.client import answer, connected
from tests.trino_live.server import running


def main() -> None:
    """Answers each line of each file."""
    parser = argparse.ArgumentParser(prog="python -m scripts.battery")
    parser.add_argument("files", nargs="*", type=Path, default=files())
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--port", type=int)
    arguments = parser.parse_args()
    stale = 0
    with nullcontext(arguments.port) if arguments.port else running() as port:
        connection = connected(port)
        for path in arguments.files:
            stored = read(path)
            found = [answer(connection, line["sql"]) for line in stored]
            if not arguments.check:
                write(path, found)
                continue
            for number, (old, new) in enumerate(zip(stored, found, strict=True), 1):
                difference = differs(old, new) if len(old) > 1 else "no answer is stored"
                if difference:
                    stale += 1
                    print(f"{path}:{number}: {difference}: {old['sql']}")
    sys.exit(1 if stale else 0)


if __name__ == "__main__":
    main()
