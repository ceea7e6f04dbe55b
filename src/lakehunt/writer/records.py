"""Makes full log records of the few fields that a content file gives.

Knows columns and types, nothing of any one source. Cases and the demo are written with it.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lakehunt.clocks import read_time, written_time
from lakehunt.content import Text
from lakehunt.errors import ContentError, Location, Problem, nearest
from lakehunt.model import Record, Source, Type, duration

# What an entry may say besides the columns: when it was, where it was delivered, or all of it.
_AT, _FOLDER, _LINE = "at", "folder", "line"
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
    """A record as it stands in a log file, with the UTC time of its event.

    `folder` has the partition values that the record itself does not tell; `line` is the record
    as text where it was given so.
    """

    event_time: datetime
    fields: Mapping[str, object]
    folder: Mapping[str, str] = field(default_factory=dict)
    line: str | None = None


def expand(
    source: Source, given: Iterable[Record], start: datetime, where: Location
) -> list[LogRecord]:
    """Return full log records for the few fields that a content file gives.

    Missing fields come from the source's `example`, missing times count minutes from `start`,
    and ids named under `unique` get a value of their own. `{repeat, every, record}` stands for
    that many records, `${n}` in a text being their number. `at` stands for the time in the log's
    own spelling, `folder` says where the record was delivered, `line` is all of it as text.

    Raises:
        ContentError: a field is not in the table or its value does not fit the type.
    """
    records: list[LogRecord] = []
    for entry, offset in _repeated(given, where):
        default = start + timedelta(minutes=len(records))
        moment = _at(entry, default, where) + offset
        if _LINE in entry:
            line = str(entry[_LINE])
            records.append(LogRecord(moment, {}, _folder(entry, where), line))
            continue
        typed = _typed_record(source, _filled(source, entry, where, len(records)), where)
        if _AT in entry or not any(name in entry for name in source.partitions.time):
            typed |= _time_columns(source, moment)
        else:
            moment = _own_time(source, typed, offset) or default
        known = {name: value for name, value in typed.items() if value is not None}
        records.append(LogRecord(moment, known, _folder(entry, where)))
    return records


def _filled(source: Source, entry: Record, where: Location, number: int) -> dict[str, object]:
    """Return the columns of an entry, those that it leaves out from the example or made up."""
    fields = {key: value for key, value in entry.items() if key not in (_AT, _FOLDER, _LINE)}
    made = {
        name: _unique_id(where, name, number)
        for name in source.partitions.unique
        if name not in fields
    }
    return {**source.partitions.example, **made, **fields}


def _own_time(source: Source, typed: dict[str, object], offset: timedelta) -> datetime | None:
    """Return the time that a record gives itself, moved in place; None where nobody can read it.

    A case may well hold such a time: it is written as it stands.
    """
    moment = read_time(source.partitions.time, typed)
    if moment and offset:
        typed |= _time_columns(source, moment + offset)
    return moment and moment + offset


def _time_columns(source: Source, moment: datetime) -> dict[str, object]:
    types = {column.name: column.type.name for column in source.table.columns}
    written = written_time(source.partitions.time, moment)
    return {name: _NUMBERS.get(types[name], str)(text) for name, text in written.items()}


def _at(entry: Record, default: datetime, where: Location) -> datetime:
    try:
        moment = datetime.fromisoformat(str(entry[_AT])) if _AT in entry else default
    except ValueError:
        raise _problem(where, f"`at: {entry[_AT]}`", "2026-05-01T10:00:00Z") from None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def _folder(entry: Record, where: Location) -> dict[str, str]:
    folder = entry.get(_FOLDER, {})
    if not isinstance(folder, Mapping):
        raise _problem(where, "`folder`", "{region: eu-west-1}")
    return {str(name): str(value) for name, value in folder.items()}


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
        every = _every(entry, where)
        for number in range(_count(entry, where)):
            yield _numbered(record, str(number + 1)), every * number


def _count(entry: Record, where: Location) -> int:
    text = str(entry["repeat"])
    if not (text.isdecimal() and int(text)):
        raise _problem(_own(where, entry, "repeat"), f"`repeat: {text}`", "a number such as 25")
    return int(text)


def _every(entry: Record, where: Location) -> timedelta:
    text = str(entry.get("every", "1s"))
    try:
        return duration(text)
    except ValueError:
        raise _problem(_own(where, entry, "every"), f"`every: {text}`", "10s, 5m or 2h") from None


def _own(where: Location, entry: Record, key: str) -> Location:
    """Return the line of a value, or that of the case where it was not read from a file."""
    value = entry[key]
    return replace(where, line=value.line) if isinstance(value, Text) else where


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


def _unique_id(where: Location, name: str, position: int) -> str:
    # wherever the project lies, a case has the same ids
    file = Path(where.path).name
    digest = hashlib.sha256(f"{file}:{where.line}:{name}:{position}".encode()).hexdigest()
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
