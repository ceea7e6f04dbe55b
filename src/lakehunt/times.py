"""Reads times and typed values from text: windows, spans, parameters.

Knows no clock of its own: `now` is an argument. `library`, `config` and `cli` call it.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from lakehunt.errors import UsageError
from lakehunt.model import DURATION, Scalar, Value, ValueType, Window, duration

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# Wide enough for any log, narrow enough for every engine's arithmetic around it.
ALL_TIME = Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


def read_instant(text: str, zone: tzinfo, now: datetime, *, end: bool = False) -> datetime:
    """Return the UTC moment that a text names.

    Args:
        text: `24h` before now, a date, or an ISO 8601 time with or without offset.
        zone: the zone of a date or of a time without offset.
        now: the moment that relative times count from, aware.
        end: a date means the end of that day instead of its start.

    Raises:
        UsageError: the text is none of these.
    """
    stripped = text.strip()
    if stripped == "now":
        return _milliseconds(now.astimezone(UTC))
    try:
        if DURATION.fullmatch(stripped.lower()):
            return _milliseconds(now.astimezone(UTC) - duration(stripped))
        if _DAY.fullmatch(stripped):
            day = date.fromisoformat(stripped) + timedelta(days=1 if end else 0)
            return datetime.combine(day, time(), zone).astimezone(UTC)
        moment = datetime.fromisoformat(stripped)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return _milliseconds(aware.astimezone(UTC))
    except (ValueError, OverflowError) as error:
        what = f"{text!r} is no time: write 24h, 7d, 2026-05-01 or 2026-05-01T10:00:00Z"
        raise UsageError(what) from error


def read_window(since: str | None, until: str | None, zone: tzinfo, now: datetime) -> Window | None:
    """Return the window of `--since` and `--until`, or None when neither is given.

    An open end counts as all there is: everything before `until`, or everything up to now.

    Raises:
        UsageError: a time cannot be read, or the window ends before it begins.
    """
    if since is None and until is None:
        return None
    begin = read_instant(since, zone, now) if since else ALL_TIME.since
    end = read_instant(until, zone, now, end=True) if until else _milliseconds(now.astimezone(UTC))
    try:
        return Window(begin, end)
    except ValueError as error:
        what = f"the window is empty: --since {begin:%Y-%m-%dT%H:%M:%SZ} is not before"
        raise UsageError(f"{what} --until {end:%Y-%m-%dT%H:%M:%SZ}") from error


def _milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def read_value(type_: ValueType, raw: str | list[str]) -> Value:
    """Return a parameter's value from text; a plural takes a list, or text parted by commas.

    Raises:
        ValueError: the text does not fit the type; the message says what would.
    """
    if type_.is_list:
        items = raw if isinstance(raw, list) else [item for item in raw.split(",") if item]
        return tuple(_read_scalar(type_.element, item.strip()) for item in items)
    if isinstance(raw, list):
        raise ValueError(f"one {type_}, not a list")
    return _read_scalar(type_, raw)


def _read_scalar(type_: ValueType, text: str) -> Scalar:
    try:
        return _READERS[type_](text)
    except (ValueError, KeyError, OverflowError) as error:
        raise ValueError(f"{text!r} is no {type_} such as {_EXAMPLES[type_]}") from error


def _read_integer(text: str) -> int:
    value = int(text)
    if not -(2**63) <= value < 2**63:
        raise ValueError(text)
    return value


def _read_double(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _read_timestamp(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _read_boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


_READERS: dict[ValueType, Callable[[str], Scalar]] = {
    ValueType.TEXT: str,
    ValueType.INTEGER: _read_integer,
    ValueType.DOUBLE: _read_double,
    ValueType.BOOLEAN: _read_boolean,
    ValueType.TIMESTAMP: _read_timestamp,
    ValueType.DATE: date.fromisoformat,
    ValueType.INTERVAL: duration,
}
_EXAMPLES = {
    ValueType.TEXT: "word",
    ValueType.INTEGER: "25",
    ValueType.DOUBLE: "0.5",
    ValueType.BOOLEAN: "true or false",
    ValueType.TIMESTAMP: "2026-05-01T10:00:00Z",
    ValueType.DATE: "2026-05-01",
    ValueType.INTERVAL: "90m or 1 day",
}
