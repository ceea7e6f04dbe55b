"""What people mail, made for tests: archives of files, CSV, and command output."""

import csv
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping

from lakehunt.engines.base import Run
from lakehunt.model import FileNote

NAME = "111122223333_CloudTrail_us-east-1_20260501T1005Z_AbCdEfGhIjKlMnOp.json.gz"
LAID_OUT = f"AWSLogs/444455556666/CloudTrail/eu-west-1/2026/05/01/{NAME}"


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of these members."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target.getvalue()


def tarred(members: Mapping[str, bytes]) -> bytes:
    """Return a tar of these members."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return target.getvalue()


def tarred_and_gzipped(members: Mapping[str, bytes]) -> bytes:
    """Return a tar of these members inside gzip."""
    return gzip.compress(tarred(members))


def table(*rows: list[str], delimiter: str = ",") -> bytes:
    """Return rows as CSV."""
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter).writerows(rows)
    return target.getvalue().encode()


def text(value: object) -> str:
    """Return a value as JSON text."""
    return json.dumps(value)


def looked_up(*events: Mapping[str, object]) -> bytes:
    """Return events as `aws cloudtrail lookup-events` prints them."""
    entries = [
        {"EventId": one["eventID"], "EventName": one["eventName"], "CloudTrailEvent": text(one)}
        for one in events
    ]
    return json.dumps({"Events": entries}, indent=4).encode() + b"\n"


def told(run: Run) -> list[FileNote]:
    """Return all that was not read in full."""
    return [*run.unknown, *(note for one in run.accounts for note in one.refused)]
