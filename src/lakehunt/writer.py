"""Writes log records as the files that AWS would deliver, driven by a source's model.

Knows columns, layouts and shapes, nothing of any one source. Cases, the demo and tests use it.
"""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lakehunt.content import Text
from lakehunt.errors import ContentError, Location, Problem, nearest
from lakehunt.layouts import file_name, folder, strftime, window_column
from lakehunt.model import Record, Source, Type, duration

# AWS delivers "within about five minutes on average". Source: CloudTrail User Guide, "How
# CloudTrail works" (read 2026-11-23).
DELIVERY = timedelta(minutes=5)
_NUMBERS: dict[str, Callable[[str], int | float]] = {
    "tinyint": int,
    "smallint": int,
    "int": int,
    "bigint": int,
    "float": float,
    "double": float,
}


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A record as it stands in a log file, with the UTC time of its event."""

    event_time: datetime
    fields: Mapping[str, object]


def expand(
    source: Source, given: Iterable[Record], start: datetime, where: Location
) -> list[LogRecord]:
    """Return full log records for the few fields that a content file gives.

    Missing fields come from the source's `example`, missing times count minutes from `start`,
    and ids named under `unique` get a value of their own. `{repeat, every, record}` stands for
    that many records, `${n}` in a text being their number.

    Raises:
        ContentError: a field is not in the table or its value does not fit the type.
    """
    records: list[LogRecord] = []
    for fields, offset in _repeated(given, where):
        position = len(records)
        filled = {**source.partitions.example, **fields}
        typed = _typed_record(source, filled, where)
        for name in source.partitions.unique:
            if name not in fields:
                typed[name] = _unique_id(where, name, position)
        records.append(_timed(source, typed, start + timedelta(minutes=position), offset, where))
    return records


def _repeated(given: Iterable[Record], where: Location) -> Iterable[tuple[Record, timedelta]]:
    for entry in given:
        if "repeat" not in entry:
            yield entry, timedelta()
            continue
        record = entry.get("record")
        if not isinstance(record, Mapping):
            raise _problem(
                where, "`repeat` without `record`", "{repeat: 25, every: 10s, record: {}}"
            )
        every = duration(str(entry.get("every", "1s")))
        for number in range(int(str(entry["repeat"]))):
            yield _numbered(record, str(number + 1)), every * number


def _numbered(value: Record, number: str) -> Record:
    def fill(item: object) -> object:
        if isinstance(item, Mapping):
            return {key: fill(inner) for key, inner in item.items()}
        if isinstance(item, Sequence) and not isinstance(item, str):
            return [fill(inner) for inner in item]
        if isinstance(item, str) and "${n}" in item:
            return _text(item.replace("${n}", number))
        return item

    return {key: fill(item) for key, item in value.items()}


def _text(value: str) -> Text:
    text = Text(value)
    text.quoted = True
    return text


def _timed(
    source: Source, typed: dict[str, object], default: datetime, offset: timedelta, where: Location
) -> LogRecord:
    name = window_column(source.partitions).record
    given = typed.get(name)
    if given is None:
        if name in typed:
            return LogRecord(default, {k: v for k, v in typed.items() if v is not None})
        given = f"{default:%Y-%m-%dT%H:%M:%SZ}"
    try:
        moment = datetime.fromisoformat(str(given)).astimezone(UTC) + offset
    except ValueError:
        # a case may well hold a time that nobody can read: it is written as it stands
        moment, offset = default, timedelta()
    if offset:
        given = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    fields = {**typed, name: given}
    return LogRecord(moment, {k: v for k, v in fields.items() if v is not None})


def _unique_id(where: Location, name: str, position: int) -> str:
    digest = hashlib.sha256(f"{where}:{name}:{position}".encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


def _typed_record(source: Source, record: Record, where: Location) -> dict[str, object]:
    types = {column.name: column.type for column in source.table.columns}
    typed: dict[str, object] = {}
    for key, value in record.items():
        if key not in types:
            raise _problem(
                where, f"{source.table.name} has no column {key}", "", nearest(key, types)
            )
        typed[key] = _typed(types[key], value, key, where)
    return typed


def _problem(where: Location, what: str, expected: str = "", near: str = "") -> ContentError:
    return ContentError([Problem(where, what, expected, near)])


def _typed(type_: Type, value: object, key: str, where: Location) -> object:
    if value is None:
        return None
    if type_.name == "struct" and isinstance(value, Mapping):
        fields = dict(type_.fields)
        for name in value:
            if name not in fields:
                raise _problem(where, f"{key} has no field {name}", "", nearest(name, fields))
        return {name: _typed(fields[name], v, f"{key}.{name}", where) for name, v in value.items()}
    if type_.name == "array" and isinstance(value, list):
        return [_typed(type_.arguments[0], item, key, where) for item in value]
    if type_.name == "map" and isinstance(value, Mapping):
        return {name: _typed(type_.arguments[1], v, key, where) for name, v in value.items()}
    if type_.name == "string":
        return free_form(value) if isinstance(value, Mapping | list) else str(value)
    return _scalar(type_, value, key, where)


def _scalar(type_: Type, value: object, key: str, where: Location) -> object:
    text = str(value)
    if type_.name == "boolean" and text in ("true", "false"):
        return text == "true"
    if type_.name in _NUMBERS:
        try:
            return _NUMBERS[type_.name](text)
        except ValueError:
            pass
    raise _problem(where, f"{key}: {text!r} is no {type_.glue()}")


def free_form(value: object) -> object:
    """Return a free-form value by JSON's rules: plain true and 5 are typed, quoted stays text."""
    if isinstance(value, Mapping):
        return {str(key): free_form(item) for key, item in value.items()}
    if isinstance(value, list):
        return [free_form(item) for item in value]
    if isinstance(value, str) and not getattr(value, "quoted", False):
        try:
            parsed = json.loads(value)
        except ValueError:
            return str(value)
        return parsed if isinstance(parsed, bool | int | float) else str(value)
    return value


def write_lake(
    lake: Path, source: Source, records: Iterable[LogRecord], delivered: datetime | None = None
) -> tuple[Path, ...]:
    """Write records into a lake folder in AWS's layout and return the files.

    One file holds what one account and region got within five minutes. Without `delivered`
    (UTC) a record is delivered five minutes after its event.
    """
    batches: dict[tuple[str, ...], list[Mapping[str, object]]] = {}
    for record in records:
        values = _partition_values(source, record, delivered or record.event_time + DELIVERY)
        batches.setdefault(values, []).append(record.fields)
    return tuple(_write(lake, source, key, batch) for key, batch in sorted(batches.items()))


def _partition_values(source: Source, record: LogRecord, delivered: datetime) -> tuple[str, ...]:
    slot = delivered.replace(minute=delivered.minute // 5 * 5, second=0, microsecond=0)
    values: list[str] = []
    for column in source.partitions.columns:
        if column.type == "date":
            values.append(slot.strftime(strftime(column.format)))
        else:
            values.append(str(record.fields.get(column.record) or _example(source, column.record)))
    return (*values, slot.isoformat())


def _example(source: Source, name: str) -> str:
    return str(source.partitions.example.get(name, "unknown"))


def _write(
    lake: Path, source: Source, key: tuple[str, ...], batch: Sequence[Mapping[str, object]]
) -> Path:
    partitions = source.partitions
    values = dict(zip((c.name for c in partitions.columns), key[:-1], strict=True))
    delivered = datetime.fromisoformat(key[-1])
    text = _document(partitions.shapes[0], batch)
    rest = hashlib.sha256(text.encode()).hexdigest()[:16]
    layout = next(iter(partitions.layouts))
    path = (
        lake / folder(partitions, layout, values) / file_name(partitions, values, delivered, rest)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), compresslevel=6, mtime=0))
    return path


def _document(shape: str, batch: Sequence[Mapping[str, object]]) -> str:
    if shape == "lines":
        return "".join(json.dumps(fields, separators=(",", ":")) + "\n" for fields in batch)
    return json.dumps({shape: batch}, separators=(",", ":"))
