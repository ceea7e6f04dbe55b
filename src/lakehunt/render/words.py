"""Puts counts, times and several values in few words for people.

Knows plain values. Renderers and faces call it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

_THOUSAND = 1000


def counted(count: int, word: str, many: str = "") -> str:
    """Return a count with its word: `1 story`, `2,000 stories`."""
    return f"{count:,} {word if count == 1 else many or word + 's'}"


def ended(outcomes: Mapping[str, int], events: int) -> str:
    """Return how many of some events came to nothing: `denied`, `all failed`, `44 denied`.

    "" where none did, or where it is not told.
    """
    told = {"denied": outcomes.get("denied", 0), "failed": outcomes.get("failure", 0)}
    in_vain = sum(told.values())
    if not in_vain:
        return ""
    word = " or ".join(word for word, count in told.items() if count)
    if in_vain < events:
        return f"{in_vain:,} {word}"
    return word if events == 1 else f"all {word}"


def told_events(outcomes: Mapping[str, int], events: int) -> str:
    """Return how many events there are, and how many came to nothing: `3 events, all failed`."""
    return ", ".join(filter(None, [counted(events, "event"), ended(outcomes, events)]))


def moment(time: datetime) -> str:
    """Return a time to the second."""
    return f"{time:%Y-%m-%d %H:%M:%S}"


def one_or_list(values: Sequence[object]) -> object:
    """Return one value bare, several as a list and none as None."""
    if len(values) > 1:
        return [*values]
    return values[0] if values else None


def brief(values: Sequence[object]) -> str:
    """Return the first of several values and how many more there are."""
    if not values:
        return "-"
    more = f" (+{len(values) - 1})" if len(values) > 1 else ""
    return f"{values[0]}{more}"


def sized(size_bytes: int) -> str:
    """Return a number of bytes in a unit that fits it: `5.1 MB`."""
    size, unit = float(size_bytes), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < _THOUSAND:
            break
        size, unit = size / _THOUSAND, larger
    return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
