"""Rules that hold a query against its header: parameters, columns, sources, shape.

Knows headers and the columns that come back. A query without a header keeps them all.
"""

import re
from collections.abc import Iterable, Mapping

from sqlglot import exp

from lakehunt.check.checked import Checked, Mark, Rule
from lakehunt.check.examples import ROW, detection, headed, select
from lakehunt.check.tree import relations
from lakehunt.library import RESERVED_PARAMS
from lakehunt.model import ACTIVITY, COMMON_COLUMNS, Purpose, Status, ValueType, owner_of
from lakehunt.stories import COLUMNS as HANDOVER_COLUMNS
from lakehunt.trino_on_duckdb import ir
from lakehunt.trino_on_duckdb.types import Type

_ROW_LAST = "log_file"
_TODO = re.compile(r"\bTODO\b")
_AGGREGATE = {
    "last_event_time": ValueType.TIMESTAMP,
    "event_count": ValueType.INTEGER,
    "log_files": ValueType.TEXTS,
}
# Trino's types by the word that a header has for them.
_TYPES = {
    "varchar": ValueType.TEXT,
    "json": ValueType.TEXT,
    "bigint": ValueType.INTEGER,
    "integer": ValueType.INTEGER,
    "smallint": ValueType.INTEGER,
    "tinyint": ValueType.INTEGER,
    "double": ValueType.DOUBLE,
    "real": ValueType.DOUBLE,
    "boolean": ValueType.BOOLEAN,
    "timestamp": ValueType.TIMESTAMP,
    "timestamp with time zone": ValueType.TIMESTAMP,
    "date": ValueType.DATE,
    "interval day to second": ValueType.INTERVAL,
}


def unused_parameters(checked: Checked) -> Iterable[Mark]:
    """Yield each declared parameter that the query does not use."""
    if checked.header is not None:
        used = {node.name for node in checked.nodes if isinstance(node, exp.Placeholder)}
        for name in sorted({*checked.header.params} - used):
            yield Mark(f"the parameter {name} is declared, but :{name} is nowhere in the query")


def declared_sources(checked: Checked) -> Iterable[Mark]:
    """Yield the sources of the header where they are not those that the query reads."""
    if checked.header is None:
        return
    scans = (r for q in checked.queries for r in relations(q) if isinstance(r, ir.Scan))
    owners = {name: owner_of(checked.sources, name) for name in {s.table[-1] for s in scans}}
    read = {source.name if source else ACTIVITY for source in owners.values()}
    declared = {*checked.header.sources}
    if read != declared:
        yield Mark(f"reads {_names(sorted(read))}, but `sources` says {_names(sorted(declared))}")


def promised_columns(checked: Checked) -> Iterable[Mark]:
    """Yield where the columns of the header are not those that come back, in order and by type."""
    if checked.header is None:
        return
    promised = checked.header.columns
    returned = {column.name: value_type(column.type) for column in checked.analysis.columns}
    if [*promised] != [*returned]:
        yield Mark(f"returns {_names(returned)}, but `columns` promises {_names(promised)}")
        return
    for name, type_ in returned.items():
        if type_ is not None and type_ is not promised[name]:
            what = f"{name} comes back as {type_}, but `columns` promises {promised[name]}"
            yield Mark(what, _output(checked.tree, name))


def _output(tree: exp.Expr, name: str) -> exp.Expr | None:
    """Return the item of the outermost select list that gives a column its name."""
    items = tree.selects if isinstance(tree, exp.Query) else []
    return next((item for item in items if item.alias_or_name == name), None)


def detection_shape(checked: Checked) -> Iterable[Mark]:
    """Yield where a detection is of neither shape: rows, or aggregates."""
    if checked.header is None or not checked.header.is_detection:
        return
    columns = [*checked.header.columns]
    if columns[: len(COMMON_COLUMNS)] != [*COMMON_COLUMNS]:
        yield Mark(f"a detection opens with the common columns {_names(COMMON_COLUMNS)}")
    elif columns[-1] != _ROW_LAST:
        missing = [name for name in _AGGREGATE if name not in columns]
        if missing:
            what = f"a row detection ends with {_ROW_LAST}; an aggregate one has"
            yield Mark(f"{what} {_names(missing)} too")


def story_shape(checked: Checked) -> Iterable[Mark]:
    """Yield what a query that serves stories lacks: columns, or a default of a parameter."""
    header = checked.header
    if header is None or header.serves is not Purpose.STORIES:
        return
    missing = [n for n, type_ in HANDOVER_COLUMNS.items() if header.columns.get(n) is not type_]
    if missing:
        yield Mark(f"a query that serves stories returns {_names(missing)} too")
    for name, param in header.params.items():
        if not param.has_default:
            yield Mark(f"every hunt runs it: {name} needs a default")


def unfinished(checked: Checked) -> Iterable[Mark]:
    """Yield each key of a stable query's header that still says what is to be written there."""
    header = checked.header
    if header is None or header.status is not Status.STABLE:
        return
    texts = {"title": [header.title], "question": [header.question], "next": [header.next]}
    lists = {"expected": header.expected, "misses": header.misses}
    for key, values in {**texts, **lists}.items():
        if any(_TODO.search(value) for value in values):
            yield Mark(f"`{key}` of a stable query still says TODO", key=key)


def fixed_windows(checked: Checked) -> Iterable[Mark]:
    """Yield a stable detection that takes neither end of the window that a hunt asks about."""
    header = checked.header
    if header is None or not header.is_detection or header.status is not Status.STABLE:
        return
    holes = (node for node in checked.nodes if isinstance(node, exp.Placeholder))
    if not {hole.name for hole in holes} & {*RESERVED_PARAMS}:
        yield Mark("a stable detection takes its window: event_time >= :since AND < :until")


def value_type(type_: Type) -> ValueType | None:
    """Return the header's word for a Trino type, None where it has none."""
    if type_.base != "array":
        return _TYPES.get(type_.base)
    element = _TYPES.get(type_.children[0].base)
    return ValueType(f"{element}s") if element else None


def _names(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _serving_stories(sql: str, columns: Mapping[str, str]) -> str:
    return headed(sql, columns).replace("params:", "serves: stories\n-- params:", 1)


def _stable(sql: str) -> str:
    return detection(sql, ROW).replace("status: draft", "status: stable")


_NAME = {"event_name": "text"}
_ROWS = select(", ".join(ROW))
_ONE_DAY = _ROWS.replace(":since", "DATE '2026-05-01'").replace(":until", "DATE '2026-05-02'")
_HANDOVER = (
    "event_time, actor, source_ip, event_name, event_id, access_key_id, target AS given_actor,"
    " issued_access_key_id AS given_access_key_id, event_time AS until_time,"
    " source_ip AS only_from_ip"
)
_BY_NAME = select("event_name", " AND event_name = :name")
_ONE_NAME = "{name: {type: text, default: A, help: x}}"

RULES = (
    Rule(
        "unused-parameter",
        "A parameter that changes nothing misleads whoever sets it.",
        headed(select("event_name"), _NAME, _ONE_NAME),
        headed(_BY_NAME, _NAME, _ONE_NAME),
        unused_parameters,
    ),
    Rule(
        "declared-sources",
        "The header's sources choose the queries of a hunt: one too few and it is left out.",
        headed("SELECT 'StopLogging' AS event_name", _NAME),
        headed(select("event_name"), _NAME),
        declared_sources,
    ),
    Rule(
        "promised-columns",
        "Readers and later steps rely on the columns that the header names.",
        headed(select("event_name"), {"event_name": "integer"}),
        headed(select("event_name"), _NAME),
        promised_columns,
    ),
    Rule(
        "detection-shape",
        "Findings of all detections are laid side by side: they need the common columns.",
        detection(select("event_name, log_file"), {**_NAME, "log_file": "text"}).replace(
            "[actor]", "[event_name]"
        ),
        detection(select(", ".join(ROW)), ROW),
        detection_shape,
    ),
    Rule(
        "story-shape",
        "A hunt runs the query beside its detections and joins their findings by its columns.",
        _serving_stories(select("event_name"), _NAME),
        _serving_stories(select(_HANDOVER), {**HANDOVER_COLUMNS}),
        story_shape,
    ),
    Rule(
        "unfinished-header",
        "Whoever gets a finding of a stable query reads its header to know what to do.",
        _stable(_ROWS).replace("misses: [x]", "misses: [TODO what slips past]"),
        detection(_ROWS, ROW).replace("misses: [x]", "misses: [TODO what slips past]"),
        unfinished,
    ),
    Rule(
        "fixed-window",
        "A hunt asks about a window of its own: with dates in the text it finds the same for ever.",
        _stable(_ONE_DAY),
        _stable(_ROWS),
        fixed_windows,
    ),
)
