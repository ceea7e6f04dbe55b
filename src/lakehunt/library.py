"""Loads the saved queries and their test cases, and reports every problem in them.

Knows the file formats, not what the SQL means. Workflows and faces call it.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from lakehunt.config import KNOWN_PARAMS
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
    ACTIVITY,
    Given,
    Kind,
    Param,
    Part,
    Pivot,
    PivotKind,
    Purpose,
    Query,
    Severity,
    Stage,
    Status,
    ValueType,
    duration,
)
from lakehunt.times import read_value

_REQUIRED = ("title", "kind", "status", "version", "sources", "question", "columns")
_DETECTION = ("severity", "attack", "stage", "group_by", "misses", "next")
_TEXTS = ("title", "question", "next", "replaced_by")
_LISTS = (
    "sources",
    "group_by",
    "misses",
    "expected",
    "tags",
    "references",
    "formerly",
    "event_classes",
)
_OPTIONAL = (
    "quiet",
    "event_classes",
    "tags",
    "params",
    "expected",
    "references",
    "formerly",
    "replaced_by",
    "serves",
)
_INVESTIGATION = ("pivot",)
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


def query_id_of(path: Path) -> str:
    """Return the id of a file by where it lies: below the nearest `queries`, else its bare name."""
    whole = path.resolve()
    folder = next((parent for parent in whole.parents if parent.name == "queries"), whole.parent)
    return query_id(whole, folder)


def load_queries(roots: Iterable[Root]) -> dict[str, Query]:
    """Return all queries by id, sorted; a later root's query replaces an earlier one's.

    Raises:
        ContentError: any header is broken; all problems of all files at once.
    """
    queries, problems = sound_queries(roots)
    if problems:
        raise ContentError(problems)
    return queries


def sound_queries(roots: Iterable[Root]) -> tuple[dict[str, Query], list[Problem]]:
    """Return the queries with a sound header as `load_queries` does, and what the others lack."""
    queries: dict[str, Query] = {}
    problems: list[Problem] = []
    for root in roots:
        for path in files([root.queries], "**/*.sql"):
            id_ = query_id(path, root.queries)
            # a broken one does not bring back the one that it lies over
            queries.pop(id_, None)
            try:
                queries[id_] = read_query(path, id_)
            except ContentError as error:
                problems.extend(error.problems)
    return dict(sorted(queries.items())), problems


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


def check_words(
    queries: Iterable[Query], known: Iterable[str], sources: Iterable[str], tags: Iterable[str]
) -> None:
    """Check that each source that was asked for is `known`, and that each tag is one of a query.

    Raises:
        UsageError: one is not; names the nearest.
    """
    words = {
        "source": (sources, {*known, ACTIVITY}),
        "tag": (tags, {tag for query in queries for tag in query.tags}),
    }
    for what, (asked, there) in words.items():
        for word in asked:
            if word not in there:
                near = nearest(word, there)
                listed = ", ".join(sorted(there)) or "none"
                hint = f"did you mean {near}?" if near else f"there are: {listed}"
                raise UsageError(f"--{what} {word}: no such {what}; {hint}")


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
        _OPTIONAL if detection else (*_OPTIONAL, *_DETECTION, *_INVESTIGATION),
    )
    status = _word(reader, "status", Status)
    columns = _columns(reader)
    _check_group_by(reader, columns)
    params = _params(reader, detection)
    plain: dict[str, Any] = {key: reader.text(key) for key in _TEXTS}
    lists: dict[str, Any] = {key: reader.texts(key) for key in _LISTS}
    query = Query(
        id=id_,
        location=Location(reader.path),
        sql=sql,
        sql_line=sql_line,
        kind=kind or Kind.DETECTION,
        status=status or Status.DRAFT,
        version=_version(reader),
        columns=columns,
        severity=_optional_word(reader, "severity", Severity),
        attack=_attack(reader),
        stage=_optional_word(reader, "stage", Stage),
        serves=_optional_word(reader, "serves", Purpose),
        quiet=_quiet(reader),
        params=params,
        pivot=_pivot(reader, params) if "pivot" in reader.data else None,
        lines={str(key): line_of(key) for key in reader.data},
        **plain,
        **lists,
    )
    return None if reader.problems else query


def _check_group_by(reader: Reader, columns: Mapping[str, ValueType]) -> None:
    for name in reader.texts("group_by"):
        if name not in columns:
            near = nearest(name, columns)
            reader.problem(reader.line("group_by"), f"`group_by` names {name}", "a column", near)


def _pivot(outer: Reader, params: Mapping[str, Param]) -> Pivot | None:
    """Return how a query takes part in a pivot; each parameter is taken or has a default."""
    reader = outer.inner("pivot")
    reader.check_keys(("part",), ("takes",))
    part = _word(reader, "part", Part)
    takes = reader.inner("takes")
    known = [*PivotKind, *Given]
    for kind in takes.data:
        if kind not in known:
            near = nearest(kind, known)
            takes.problem(line_of(kind), f"`takes` names {kind}", ", ".join(known), near)
        elif takes.text(kind) not in params:
            near = nearest(takes.text(kind), params)
            takes.problem(line_of(kind), f"`{kind}: {takes.text(kind)}`", "a parameter", near)
    taken = {str(kind): takes.text(kind) for kind in takes.data}
    for name in sorted({*params} - {*taken.values()}):
        if not params[name].has_default:
            reader.problem(reader.line("takes"), f"no kind gives `{name}`, and it has no default")
    return Pivot(part, taken) if part is not None else None


def _word(reader: Reader, key: str, words: type[_E]) -> _E | None:
    text = reader.text(key)
    if text in [*words]:
        return words(text)
    if key in reader.data:
        line = reader.line(key)
        reader.problem(line, f"`{key}: {text}`", " | ".join([*words]), nearest(text, [*words]))
    return None


def _optional_word(reader: Reader, key: str, words: type[_E]) -> _E | None:
    return _word(reader, key, words) if key in reader.data else None


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
                if name in KNOWN_PARAMS and (param.type is not ValueType.TEXTS or param.default):
                    what = f"the value of `{name}` comes from lakehunt.toml"
                    reader.problem(line_of(name), what, "{type: texts, default: [], ...}")
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
