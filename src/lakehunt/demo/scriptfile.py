"""Reads `ordinary.yaml` and `attack.yaml`, every problem of a file named at once.

Knows the keys of the two files, no log source. `lake` calls it.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from lakehunt.content import Map, Reader, load_yaml
from lakehunt.demo.script import Actor, Attack, Deed, Ordinary, Pool, Step
from lakehunt.errors import ContentError, Location
from lakehunt.model import duration

_HOURS = 24


def read_ordinary(path: Path) -> dict[str, Ordinary]:
    """Return the ordinary days by source.

    Raises:
        ContentError: the file has problems; all are listed.
    """
    file = _reader(path)
    ordinary = {name: _ordinary(file.inner(name)) for name in file.data}
    _raise(file)
    return ordinary


def read_attack(path: Path) -> dict[str, Attack]:
    """Return the attack by source.

    Raises:
        ContentError: the file has problems; all are listed.
    """
    file = _reader(path)
    attack = {name: _attack(file.inner(name)) for name in file.data}
    _raise(file)
    return attack


def _reader(path: Path) -> Reader:
    return Reader(path, load_yaml(path.read_text(encoding="utf-8"), path), [])


def _raise(reader: Reader) -> None:
    if reader.problems:
        raise ContentError(reader.problems)


def _ordinary(reader: Reader) -> Ordinary:
    reader.check_keys(("first_day", "days", "events", "rhythms", "holes", "actors"))
    rhythms = reader.inner("rhythms")
    actors = reader.inner("actors")
    return Ordinary(
        first_day=_moment(reader, "first_day"),
        days=int(_number(reader, "days")),
        events=int(_number(reader, "events")),
        pools=_pools(reader),
        actors=tuple(_actor(actors.inner(name), rhythms) for name in actors.data),
    )


def _actor(reader: Reader, rhythms: Reader) -> Actor:
    reader.check_keys(("weight", "rhythm", "members", "fields", "does"))
    rhythm = reader.text("rhythm")
    hours = rhythms.texts(rhythm)
    if len(hours) != _HOURS:
        what = f"{rhythm}: no rhythm of {_HOURS} hours"
        reader.problem(reader.line("rhythm"), what, ", ".join(rhythms.data))
    fields = reader.mapping("fields")
    return Actor(
        weight=_number(reader, "weight"),
        rhythm=_shares(map(float, hours)),
        members=tuple(
            {name: one.text(name) for name in one.data} for one in _each(reader, "members")
        ),
        deeds=tuple(_deed(one, fields) for one in _each(reader, "does")),
    )


def _deed(reader: Reader, shared: Map) -> Deed:
    reader.check_keys(("weight", "fields"))
    fields = {**shared, **reader.mapping("fields")}
    return Deed(Location(reader.path, reader.data.line), _number(reader, "weight"), fields)


def _attack(reader: Reader) -> Attack:
    reader.check_keys(("start", "holes", "actors", "steps"), ("commands",))
    actors = reader.inner("actors")
    return Attack(
        start=_moment(reader, "start"),
        pools=_pools(reader),
        steps=tuple(_step(one, actors) for one in _each(reader, "steps")),
        commands=reader.texts("commands"),
    )


def _step(reader: Reader, actors: Reader) -> Step:
    reader.check_keys(("after", "as", "fields"), ("repeat", "every"))
    name = reader.text("as")
    if name not in actors.data:
        reader.problem(reader.line("as"), f"{name}: no such actor", ", ".join(actors.data))
    fields = {**actors.mapping(name), **reader.mapping("fields")}
    repeat = {key: reader.text(key) for key in ("repeat", "every") if key in reader.data}
    return Step(
        location=Location(reader.path, reader.data.line),
        after=_span(reader, "after"),
        entry={**repeat, "record": fields} if repeat else fields,
    )


def _pools(reader: Reader) -> dict[str, Pool]:
    holes = reader.inner("holes")
    return {name: _pool(holes, name) for name in holes.data}


def _pool(holes: Reader, name: str) -> Pool:
    if isinstance(holes.data[name], Map):
        weighed = holes.inner(name)
        return Pool(tuple(weighed.data), _shares(_number(weighed, text) for text in weighed.data))
    texts = holes.texts(name)
    return Pool(texts, _shares([1.0] * len(texts)))


def _shares(weights: Iterable[float]) -> tuple[float, ...]:
    return tuple(accumulate(weights))


def _each(reader: Reader, key: str) -> Iterable[Reader]:
    value = reader.data.get(key)
    maps = [one for one in value if isinstance(one, Map)] if isinstance(value, Sequence) else []
    if not maps or len(maps) != len(value or ()):
        reader.problem(reader.line(key), f"`{key}` is no list of mappings", "- {key: value}")
    return [Reader(reader.path, one, reader.problems) for one in maps]


def _number(reader: Reader, key: str) -> float:
    try:
        return float(reader.text(key))
    except ValueError:
        reader.problem(reader.line(key), f"`{key}` is no number", "a number")
        return 0.0


def _moment(reader: Reader, key: str) -> datetime:
    try:
        moment = datetime.fromisoformat(reader.text(key))
    except ValueError:
        reader.problem(reader.line(key), f"`{key}` is no time", "2026-05-18 or an ISO time")
        return datetime.min.replace(tzinfo=UTC)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _span(reader: Reader, key: str) -> timedelta:
    try:
        return duration(reader.text(key))
    except ValueError as error:
        reader.problem(reader.line(key), str(error))
        return timedelta()
