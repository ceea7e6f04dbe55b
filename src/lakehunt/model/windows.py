"""Spans of time: the window of a run, and how spans and moments are written.

Knows no clock and no zone but UTC. Every floor uses it.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

DURATION = re.compile(r"(\d+) ?(seconds?|minutes?|hours?|days?|weeks?|[smhdw])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def duration(text: str) -> timedelta:
    """Return the span that a text such as `24h`, `1 day` or `0` names.

    Raises:
        ValueError: the text is no number with a unit (s, m, h, d, w or the word).
    """
    if text.strip() == "0":
        return timedelta()
    match = DURATION.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError(f"{text!r} is no span of time such as 90m, 24h, 7d or 1 day")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2][0]])


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of event time, `since <= t < until`, both aware and in UTC."""

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        if self.since.utcoffset() != timedelta(0) or self.until.utcoffset() != timedelta(0):
            raise ValueError("a window is in UTC")
        if self.since >= self.until:
            raise ValueError("a window ends after it begins")

    def __str__(self) -> str:
        return f"{instant(self.since)} to {instant(self.until)}"


def instant(moment: datetime) -> str:
    """Return the moment as ISO 8601 with `Z` and milliseconds: `2026-05-01T10:00:00.000Z`."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
