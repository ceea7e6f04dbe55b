"""Shows one event: the record as it was logged, its file, and what happened beside it.

Knows the event view's common columns, no source. `cli` calls it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lakehunt.engines.base import Limits, Progress
from lakehunt.engines.local.engine import LocalEngine
from lakehunt.errors import UsageError
from lakehunt.model import COMMON_COLUMNS, Param, Result, Source, ValueType, Window
from lakehunt.sql.compile import Draft

SAME = ("actor", "source_ip", "access_key_id")
_FIND = (
    "SELECT event_time, log_file, {same} FROM {view} WHERE event_id = :event_id ORDER BY log_file"
)
_BESIDE = (
    "SELECT {columns}, log_file FROM {view} WHERE event_time >= :since AND event_time < :until"
    "{condition} ORDER BY event_time, event_id"
)
_TEXT = Param("value", ValueType.TEXT)


@dataclass(frozen=True, slots=True)
class Shown:
    """An event: where it was found, and its records as logged, one per time it was delivered."""

    source: Source
    row: Mapping[str, object]
    log_files: tuple[str, ...]
    records: tuple[Mapping[str, object], ...]


def find_event(engine: LocalEngine, event_id: str, limits: Limits, progress: Progress) -> Shown:
    """Return the event of an id, from the first source that has it.

    Raises:
        UsageError: no source has it.
    """
    for source in engine.sources.values():
        view = source.event_view
        same = ", ".join(name for name in SAME if name in view.columns)
        sql = _FIND.format(same=same, view=view.name)
        rows = _rows(engine, sql, {"event_id": event_id}, None, limits, progress)
        if rows:
            files = tuple(dict.fromkeys(str(row["log_file"]) for row in rows))
            found = (r for file in files for r in engine.originals(source, file, event_id))
            return Shown(source, rows[0], files, tuple(found))
    raise UsageError(f"{event_id}: no event of this id in {engine.lake.name}")


def beside(
    engine: LocalEngine,
    shown: Shown,
    around: timedelta,
    same: str,
    limits: Limits,
    progress: Progress,
) -> list[dict[str, object]]:
    """Return the events within a span around one, oldest first; `same` holds a column to its own.

    Raises:
        UsageError: the event has no value in that column.
    """
    moment = shown.row["event_time"]
    assert isinstance(moment, datetime)
    centre = moment.replace(tzinfo=UTC)
    value = shown.row.get(same) if same else None
    if same and value is None:
        raise UsageError(f"--same {same}: the event has none")
    condition = f" AND {same} = :value" if same else ""
    columns = ", ".join(COMMON_COLUMNS)
    sql = _BESIDE.format(columns=columns, view=shown.source.event_view.name, condition=condition)
    window = Window(centre - around, centre + around + timedelta(milliseconds=1))
    values = {"value": str(value)} if same else {}
    return _rows(engine, sql, values, window, limits, progress)


def _rows(
    engine: LocalEngine,
    sql: str,
    values: Mapping[str, str],
    window: Window | None,
    limits: Limits,
    progress: Progress,
) -> list[dict[str, object]]:
    draft = Draft("event", sql, dict.fromkeys(values, _TEXT), values)
    result = engine.run([draft], window, limits, progress).results["event"]
    if not isinstance(result, Result):
        raise result
    return result.rows()
