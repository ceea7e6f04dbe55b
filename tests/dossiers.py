"""What `pivot --format json` tells, read."""

import json
from typing import Any

from tests.conftest import Ran

Record = dict[str, Any]


def told(ran: Ran) -> Record:
    assert ran.code == 0, ran.err
    value: Record = json.loads(ran.out)
    return value


def facet(dossier: Record, name: str, relation: str = "by") -> dict[str, int]:
    rows = dossier["profile"]
    return {
        row["facet_value"]: row["event_count"]
        for row in rows
        if row["facet"] == name and row["relation"] == relation
    }
