"""Writes signatures.tsv from a running Trino: `python scripts/signatures.py http://localhost:8080 >
signatures.tsv`.

It needs the `trino` client and nothing of the package. With a path of rows already fetched (name,
return type,
argument types, kind, deterministic: tab separated, one head line) it reads these instead.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

VARIADIC = {
    ("concat", "array(E)"),
    ("concat", "varbinary"),
    ("concat", "varchar"),
    ("concat_ws", "varchar, varchar"),
    ("greatest", "E"),
    ("least", "E"),
    ("map_concat", "map(K,V)"),
}
"""The last argument repeats. SHOW FUNCTIONS does not tell (Trino, functions documentation, read
2026-11-23).
"""


def fetched(server: str) -> list[list[str]]:
    """The rows of SHOW FUNCTIONS."""
    import trino

    url = urlparse(server)
    connect: Any = trino.dbapi.connect
    cursor = connect(host=url.hostname, port=url.port or 8080, user="signatures").cursor()
    cursor.execute("SHOW FUNCTIONS")
    return [[str(value) for value in row] for row in cursor.fetchall()]


def main(source: str) -> None:
    """Prints name, kind, arguments separated by semicolons, return type, and flags, sorted, each
    once.
    """
    if source.startswith("http"):
        rows = fetched(source)
    else:
        rows = [
            line.split("\t") for line in Path(source).read_text(encoding="utf-8").splitlines()[1:]
        ]
    lines = set()
    for name, returns, arguments, kind, deterministic, *_ in rows:
        if kind == "table":
            continue
        flags = "variadic" if (name, arguments) in VARIADIC else ""
        if deterministic != "True":
            flags = (flags + " volatile").strip()
        lines.add("\t".join([name, kind, arguments.replace(", ", "; "), returns, flags]))
    print("name\tkind\targuments\treturns\tflags")
    print("\n".join(sorted(lines)))


if __name__ == "__main__":
    main(sys.argv[1])
