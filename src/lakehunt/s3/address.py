"""Addresses in S3: `s3://bucket/key`.

Knows text only. Faces read what a user typed with it.
"""

import re
from dataclasses import dataclass

from lakehunt.errors import UsageError

_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")


@dataclass(frozen=True, slots=True)
class Address:
    """A place in a bucket: an object, or the start of keys."""

    bucket: str
    key: str = ""

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def is_address(text: str) -> bool:
    """Tell whether a lake is named by an address in S3."""
    return text.startswith("s3://")


def read_address(text: str) -> Address:
    """Return the address that a text names.

    Raises:
        UsageError: it is none.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise UsageError(f"{text}: expected s3://bucket or s3://bucket/prefix")
    return Address(match[1], match[2] or "")
