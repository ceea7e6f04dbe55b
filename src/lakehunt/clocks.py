"""Times in the log's own spelling: written into the columns that hold them, and read from there.

Knows the formats that `time:` of a partitions file may name, no source.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from lakehunt.layouts import strftime

_ISO_DIGITS = {"iso": 0, "iso_ms": 3, "iso_us": 6}
_EPOCH = {"epoch": 1, "epoch_ms": 1000}
# seconds with three decimals
_EPOCH_DECIMAL = "epoch_decimal"
# Ways to write a time that have a name; any other is a date format in Java's letters.
NAMED_TIMES = (*_ISO_DIGITS, *_EPOCH, _EPOCH_DECIMAL)


def written_time(time: Mapping[str, str], moment: datetime) -> dict[str, str]:
    """Return the time columns of a record for a UTC moment."""
    return {column: _written(format_, moment) for column, format_ in time.items()}


def read_time(time: Mapping[str, str], fields: Mapping[str, object]) -> datetime | None:
    """Return the UTC moment that the time columns of a record name, None where nobody can read it.

    Several columns, such as a date and a time, are read as one.
    """
    texts = [str(fields.get(column)) for column in time]
    formats = [*time.values()]
    try:
        return _read(formats[0], texts[0]) if len(texts) == 1 else _joined(formats, texts)
    except (ValueError, OverflowError):
        return None


def _written(format_: str, moment: datetime) -> str:
    if format_ in _ISO_DIGITS:
        fraction = f".{moment.microsecond:06d}"[: _ISO_DIGITS[format_] + 1]
        return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction if len(fraction) > 1 else ''}Z"
    if format_ in _EPOCH:
        return str(int(moment.timestamp() * _EPOCH[format_]))
    if format_ == _EPOCH_DECIMAL:
        return f"{moment.timestamp():.3f}"
    return moment.strftime(strftime(format_))


def _read(format_: str, text: str) -> datetime:
    if format_ in _ISO_DIGITS:
        return datetime.fromisoformat(text).astimezone(UTC)
    if format_ in _EPOCH:
        return datetime.fromtimestamp(int(text) / _EPOCH[format_], UTC)
    if format_ == _EPOCH_DECIMAL:
        return datetime.fromtimestamp(float(text), UTC)
    return _joined([format_], [text])


def _joined(formats: list[str], texts: list[str]) -> datetime:
    moment = datetime.strptime("\n".join(texts), "\n".join(map(strftime, formats)))
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
