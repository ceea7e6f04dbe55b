"""Loads the saved queries and their test cases, and reports every problem in them.

Knows the file formats, not what the SQL means. Workflows and faces call it.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from lakehunt.content import (
    List,
    Map,
    Reader,
    Root,
    Text,
    Yaml,
    files,
    line_of,
    load_yaml,
    split_header,
)
from lakehunt.errors import ContentError, Location, Problem, UsageError, nearest
from lakehunt.model import (
    Case,
    Kind,
    Param,
    Query,
    Record,
    Severity,
    Status,
    ValueType,
    Window,
    duration,
)
from lakehunt.times import read_value

_REQUIRED = ("title", "kind", "status", "version", "sources", "question", "columns")
_DETECTION = ("severity", "attack", "group_by", "misses", "next")
_OPTIONAL = ("quiet", "tags", "params", "expected", "references", "formerly", "replaced_by")
_TECHNIQUE = re.compile(r"T\d{4}(\.\d{3})?")
# ATT&CK v19 split T1562 up. Source: attack.mitre.org, release notes of v19.
_RETIRED_TECHNIQUES = {
    "T1562": "T1685",
    "T1562.001": "T1685",
    "T1562.002": "T1685.001",
    "T1562.004": "T1686",
    "T1562.007": "T1686.001",
    "T1562.008": "T1685.002",
}
_E = TypeVar("_E", bound=StrEnum)
# Bound by every run; a header cannot declare them.
RESERVED_PARAMS = ("since", "until")


def query_id(path: Path, folder: Path) -> str:
    """Return the id that a path below a content folder stands for: `cloudtrail.trail_stopped`."""
    return ".".join(path.relative_to(folder).with_suffix("").parts)


def load_queries(roots: Iterable[Root]) -> dict[str, Query]:
    """Return all queries by id, sorted; a later root's query replaces an earlier one's.

    Raises:
        ContentError: any header is broken; all problems of all files at once.
    """
    queries: dict[str, Query] = {}
    problems: list[Problem] = []
    for root in roots:
        for path in files([root.queries], "**/*.sql"):
            try:
                query = read_query(path, query_id(path, root.queries))
                queries[query.id] = query
            except ContentError as error:
                problems.extend(error.problems)
    if problems:
        raise ContentError(problems)
    return dict(sorted(queries.items()))


def query_by_id(roots: Iterable[Root], name: str) -> Query | None:
    """Return the query whose file an id names, without reading any other; None without a file.

    Raises:
        ContentError: its header is broken.
    """
    parts = name.split(".")
    if not all(re.fullmatch(r"\w+", part) for part in parts):
        return None
    for root in reversed([*roots]):
        path = root.queries.joinpath(*parts).with_suffix(".sql")
        if path.is_file():
            return read_query(path, name)
    return None


def find_query(queries: Mapping[str, Query], name: str) -> Query:
    """Return the query of that id or former id.

    Raises:
        UsageError: there is none; names the nearest id.
    """
    if name in queries:
        return queries[name]
    for query in queries.values():
        if name in query.formerly:
            return query
    near = nearest(name, queries)
    hint = f"did you mean {near}?" if near else "`lakehunt list` shows what there is"
    raise UsageError(f"{name}: no such query; {hint}")


def read_query(path: Path, id_: str) -> Query:
    """Return one query file as a value.

    Raises:
        ContentError: the header is broken; every problem with its line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError([Problem(Location(path), f"cannot be read: {error}")]) from error
    header, sql, sql_line = split_header(text, Location(path))
    reader = Reader(path, load_yaml(header, path, first_line=2), [])
    query = _query(reader, id_, sql, sql_line)
    if reader.problems:
        raise ContentError(reader.problems)
    assert query is not None
    return query


def _query(reader: Reader, id_: str, sql: str, sql_line: int) -> Query | None:
    kind = _word(reader, "kind", Kind)
    detection = kind is Kind.DETECTION
    reader.check_keys(
        (*_REQUIRED, *_DETECTION) if detection else _REQUIRED,
        _OPTIONAL if detection else (*_OPTIONAL, *_DETECTION),
    )
    severity = _word(reader, "severity", Severity) if "severity" in reader.data else None
    status = _word(reader, "status", Status)
    columns = _columns(reader)
    params = _params(reader, detection)
    for name in reader.texts("group_by"):
        if name not in columns:
            near = nearest(name, columns)
            reader.problem(reader.line("group_by"), f"`group_by` names {name}", "a column", near)
    attack = _attack(reader)
    version, quiet = _version(reader), _quiet(reader)
    if reader.problems or kind is None or status is None:
        return None
    return Query(
        id=id_,
        location=Location(reader.path),
        sql=sql,
        sql_line=sql_line,
        title=reader.text("title"),
        kind=kind,
        status=status,
        version=version,
        sources=reader.texts("sources"),
        question=reader.text("question"),
        columns=columns,
        severity=severity,
        attack=attack,
        group_by=reader.texts("group_by"),
        quiet=quiet,
        params=params,
        misses=reader.texts("misses"),
        next=reader.text("next"),
        expected=reader.texts("expected"),
        tags=reader.texts("tags"),
        references=reader.texts("references"),
        formerly=reader.texts("formerly"),
        replaced_by=reader.text("replaced_by"),
    )


def _word(reader: Reader, key: str, words: type[_E]) -> _E | None:
    text = reader.text(key)
    if text in [*words]:
        return words(text)
    if key in reader.data:
        line = reader.line(key)
        reader.problem(line, f"`{key}: {text}`", " | ".join([*words]), nearest(text, [*words]))
    return None


def _version(reader: Reader) -> int:
    text = reader.text("version", "1")
    if text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    reader.problem(reader.line("version"), f"`version: {text}`", "a whole number from 1")
    return 1


def _quiet(reader: Reader) -> timedelta:
    try:
        return duration(reader.text("quiet", "6 hours"))
    except ValueError as error:
        reader.problem(reader.line("quiet"), str(error))
        return timedelta(hours=6)


def _attack(reader: Reader) -> tuple[str, ...]:
    ids = reader.texts("attack")
    line = reader.line("attack")
    for id_ in ids:
        if id_ in _RETIRED_TECHNIQUES:
            near = _RETIRED_TECHNIQUES[id_]
            reader.problem(line, f"{id_} is gone from ATT&CK v19", "", near)
        elif not _TECHNIQUE.fullmatch(id_):
            reader.problem(line, f"`attack` names {id_}", "ids such as T1078.004")
    return ids


def _columns(reader: Reader) -> dict[str, ValueType]:
    columns: dict[str, ValueType] = {}
    for name, value in reader.mapping("columns").items():
        type_ = _value_type(reader, name, value)
        if type_ is not None:
            columns[str(name)] = type_
    return columns


def _value_type(reader: Reader, name: str, value: Yaml) -> ValueType | None:
    if isinstance(value, Text) and value in [*ValueType]:
        return ValueType(value)
    near = nearest(str(value), [*ValueType])
    expected = "" if near else "a type such as text, integer, timestamp, texts"
    reader.problem(line_of(name), f"`{name}: {value}`", expected, near)
    return None


def _params(reader: Reader, detection: bool) -> dict[str, Param]:
    params: dict[str, Param] = {}
    for name, value in reader.mapping("params").items():
        if name in RESERVED_PARAMS:
            reader.problem(line_of(name), f"`{name}` is always there and cannot be declared")
        elif isinstance(value, Map):
            param = _param(reader, name, Reader(reader.path, value, reader.problems))
            if param is not None:
                params[param.name] = param
                if detection and not param.has_default:
                    reader.problem(line_of(name), f"`{name}` of a detection needs a default")
        else:
            reader.problem(line_of(name), f"`{name}`", "{type: ..., default: ..., help: ...}")
    return params


def _param(outer: Reader, name: str, reader: Reader) -> Param | None:
    reader.check_keys(("type", "help"), ("default",))
    type_ = _value_type(outer, name, reader.data.get("type"))
    if type_ is None:
        return None
    if "default" not in reader.data:
        return Param(str(name), type_, reader.text("help"))
    raw = reader.data["default"]
    try:
        texts = [str(item) for item in raw] if isinstance(raw, List) else raw
        default = None if texts is None else read_value(type_, texts)  # type: ignore[arg-type]
    except ValueError as error:
        reader.problem(reader.line("default"), f"`{name}` default {error}")
        return None
    return Param(str(name), type_, reader.text("help"), default, has_default=True)


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
    cases: dict[str, Case] = {}
    for name, value in outer.mapping("cases").items():
        if isinstance(value, Map):
            case = _case(str(name), Reader(path, value, outer.problems), cases)
            if case is not None:
                cases[case.name] = case
        else:
            outer.problem(line_of(name), f"case `{name}`", "{window, given, expect}")
    if outer.problems:
        raise ContentError(outer.problems)
    return cases


def _case(name: str, reader: Reader, earlier: Mapping[str, Case]) -> Case | None:
    like = reader.text("like")
    base = earlier.get(like)
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
