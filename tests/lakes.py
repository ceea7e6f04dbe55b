"""Small lakes for tests: records written as AWS would deliver them, and files gone wrong."""

import gzip
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from lakehunt.errors import Location
from lakehunt.model import Source
from lakehunt.writer import expand, write_lake

START = datetime(2026, 5, 1, 10, tzinfo=UTC)


def lake_of(folder: Path, source: Source, *records: Mapping[str, object]) -> Path:
    """Write records (the few fields that matter) in AWS's layout and return the lake."""
    write_lake(folder, source, expand(source, records, START, Location("test")))
    return folder


def stopped_trail(folder: Path, cloudtrail: Source) -> Path:
    """Return a lake of two events, one of them a finding."""
    return lake_of(
        folder,
        cloudtrail,
        {"eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging",
         "requestParameters": {"name": "main"}},
        {"eventName": "GetBucketAcl"},
    )  # fmt: skip


def three_days(folder: Path, source: Source) -> Path:
    """Make a lake of three days, two accounts and two regions, an event in each."""
    return lake_of(
        folder,
        source,
        *(
            {
                "eventTime": f"2026-05-0{day}T10:00:00Z",
                "eventName": f"Day{day}",
                "recipientAccountId": account,
                "awsRegion": region,
            }
            for day in (1, 2, 3)
            for account in ("111122223333", "444455556666")
            for region in ("us-east-1", "eu-west-1")
        ),
    )


def event(name: str, moment: str = "2026-05-01T10:00:00Z", **fields: object) -> dict[str, object]:
    """Return a whole event as it stands in a file."""
    return {
        "eventVersion": "1.08",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/bob"},
        "eventTime": moment,
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "198.51.100.10",
        "eventID": f"id-{name}-{moment}",
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
        **fields,
    }


def document(*events: object) -> bytes:
    """Return events as CloudTrail writes a file, before gzip."""
    return json.dumps({"Records": events}).encode()


def lines(*events: object) -> bytes:
    """Return one event per line."""
    return "".join(json.dumps(one) + "\n" for one in events).encode()


def put(path: Path, data: bytes, *, packed: bool = False) -> Path:
    """Write a file, gzipped when asked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


def names(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Return the event names of rows, sorted."""
    return sorted(str(row["event_name"]) for row in rows)
