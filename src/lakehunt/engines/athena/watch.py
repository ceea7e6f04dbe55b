"""The process that stops queries when the one that started them is gone.

Knows a ledger's lines on its standard input, which ends with the process that writes them. The
ledger starts it.
"""

import json
import sys
from collections.abc import Iterable

from lakehunt.engines.athena.ledger import Ledger


def main(lines: Iterable[str], region: str, profile: str) -> None:
    """Read lines until there are no more, then stop what is open."""
    ledger = Ledger()
    for line in lines:
        try:
            ledger.take(json.loads(line))
        except ValueError:
            # the last line of a process that was killed while it wrote
            break
    if ledger.is_empty:
        return
    import boto3  # noqa: PLC0415  only where something is left to stop

    session = boto3.Session(profile_name=profile or None, region_name=region or None)
    ledger.stop_all(session.client("athena"))


if __name__ == "__main__":
    main(sys.stdin, *sys.argv[1:3])
