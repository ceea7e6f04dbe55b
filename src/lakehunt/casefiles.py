"""Loads the test cases of saved queries: raw log records in, rows out.

Knows the file format, not what the records mean. `check` and the tests call it.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from lakehunt.content import List, Map, Reader, Root, Yaml, line_of, load_yaml
from lakehunt.errors import ContentError, Location, nearest
from lakehunt.model import Case, Record, Window


def load_cases(roots: Iterable[Root], id_: str) -> dict[str, Case]:
    """Return the cases of one query by name, in file order; the last root that has them wins.

    Raises:
        ContentError: the file has problems.
    """
    relative = Path(*id_.split(".")).with_suffix(".yaml")
    for root in reversed([*roots]):
        path = root.cases / relative
        if path.is_file():
            return read_cases(path)
    return {}


def read_cases(path: Path) -> dict[str, Case]:
    """Return the cases of one file by name.

    Raises:
        ContentError: the file has problems, such as two cases of one name.
    """
    outer = Reader(path, load_yaml(path.read_text(encoding="utf-8"), path), [])
    outer.check_keys(("cases",), ("defaults",))
    cases: dict[str, Case | None] = {}
    for name, value in outer.mapping("cases").items():
        if isinstance(value, Map):
            cases[str(name)] = _case(str(name), Reader(path, value, outer.problems), cases)
        else:
            outer.problem(line_of(name), f"case `{name}`", "{window, given, expect}")
            cases[str(name)] = None
    if outer.problems:
        raise ContentError(outer.problems)
    return {name: case for name, case in cases.items() if case is not None}


def _case(name: str, reader: Reader, earlier: Mapping[str, Case | None]) -> Case | None:
    """Return a case, None for a faulty one; `earlier` has None for those that are."""
    like = reader.text("like")
    base = earlier.get(like)
    if like in earlier and base is None:
        # that one is told of, and nothing is known of this one
        return None
    if like and base is None:
        near = nearest(like, earlier)
        reader.problem(reader.line("like"), f"`like: {like}`", "an earlier case", near)
        return None
    required = ("expect",) if base else ("window", "given", "expect")
    reader.check_keys(required, ("like", "set", "window", "given", "params", "delivered"))
    window = _case_window(reader) if "window" in reader.data else base.window if base else None
    given = _given(reader) if "given" in reader.data else base.given if base else {}
    changes = reader.mapping("set")
    if window is None:
        return None
    return Case(
        name=name,
        location=Location(reader.path, reader.data.line),
        window=window,
        given={s: [_changed(r, changes) for r in rows] for s, rows in given.items()},
        expect=_rows(reader, "expect", reader.data.get("expect")),
        params=reader.mapping("params") or (base.params if base else {}),
        delivered=_moment(reader, "delivered", reader.data.get("delivered"))
        or (base.delivered if base else None),
    )


def _case_window(reader: Reader) -> Window | None:
    value = reader.data["window"]
    if isinstance(value, List) and len(value) == 2:  # noqa: PLR2004  since and until
        since, until = (_moment(reader, "window", item) for item in value)
        if since and until and since < until:
            return Window(since, until)
    reader.problem(reader.line("window"), "`window`", "[since, until] as ISO 8601 times")
    return None


def _moment(reader: Reader, key: str, value: Yaml) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except ValueError:
        reader.problem(reader.line(key), f"{value!r} is no time", "2026-05-01T10:00:00Z")
        return None


def _given(reader: Reader) -> dict[str, list[Map]]:
    given = reader.inner("given")
    if not given.data:
        reader.problem(reader.line("given"), "`given` names no source", "{source: [records]}")
    return {str(source): _rows(given, source, value) for source, value in given.data.items()}


def _rows(reader: Reader, key: str, value: Yaml) -> list[Map]:
    if isinstance(value, List) and all(isinstance(row, Map) for row in value):
        return [row for row in value if isinstance(row, Map)]
    reader.problem(reader.line(key), f"`{key}`", "a list of {column: value}")
    return []


def _changed(record: Record, changes: Map) -> Record:
    """Return a deep copy with the dotted keys of `changes` set; null stays and removes the key."""
    copied = _copy(record)
    inner = copied.get("record")
    if "repeat" in copied and isinstance(inner, Map):
        copied["record"] = _copy(_changed(inner, changes))
        return copied
    for dotted, value in changes.items():
        place: Map = copied
        *parents, last = dotted.split(".")
        for parent in parents:
            inner = place.setdefault(parent, Map())
            place = inner if isinstance(inner, Map) else Map()
        place[last] = value
    return copied


def _copy(record: Record) -> Map:
    copied = Map()
    for key, value in record.items():
        copied[key] = _copy(value) if isinstance(value, Map) else value  # type: ignore[assignment]
    return copied
