"""Tells in lines what was discovered in a place, and what was not recognised there.

Knows the model. `cli` prints the lines, `settings` puts them into the file that it writes.
"""

from collections.abc import Iterable, Iterator, Sequence

from lakehunt.model import Discovery, FileNote, FoundSource, Shape
from lakehunt.render.neutral import for_terminal
from lakehunt.render.words import counted, sized

_MOST_VALUES = 4
_MOST_NOTES = 30


def found_lines(discovery: Discovery) -> Iterator[str]:
    """Yield what is there, source by source, then what is left out, then what is unknown."""
    for one in discovery.sources:
        yield f"{one.source}: {', '.join(_amount(one))}"
        yield from (f"  {line}" for line in _details(one))
    if not discovery.sources:
        yield "no log of a source that is known here"
    yield from _grouped("left out", discovery.skipped)
    yield from _grouped("NOT RECOGNISED", discovery.unknown)
    for remark in discovery.remarks:
        yield f"not looked at in full: {for_terminal(remark)}"


def _amount(source: FoundSource) -> Iterator[str]:
    if source.first_day and source.last_day:
        of = " (days of the events: no folder or name tells)" if source.days_by_events else ""
        until = f" to {source.last_day}" if source.last_day > source.first_day else ""
        yield f"{source.first_day}{until}{of}"
    if source.files is not None:
        yield f"{counted(source.files, 'file')} of {sized(source.size_bytes or 0)}"
    kinds = dict.fromkeys(shape.kind for shape in source.shapes)
    if kinds:
        yield " and ".join(kinds)


def _details(source: FoundSource) -> Iterator[str]:
    shown: set[str] = set()
    for delivery in source.deliveries:
        if delivery.layout not in shown:
            layout = f"layout {delivery.layout}" if delivery.layout else "not in AWS's folders"
            yield f"{layout}, such as {for_terminal(delivery.example)}"
        shown.add(delivery.layout)
    for name, values in source.values.items():
        yield f"{name} {_some(values)}"
    for shape in source.shapes:
        yield from _shape_lines(shape)


def _shape_lines(shape: Shape) -> Iterator[str]:
    if shape.header:
        yield f"header {for_terminal(shape.header)}"
    elif shape.columns and shape.kind == "text":
        yield f"no header, {counted(shape.columns, 'column')}"
    if shape.unknown:
        yield f"fields that are not known here: {', '.join(for_terminal(n) for n in shape.unknown)}"


def _some(values: Sequence[str]) -> str:
    shown = ", ".join(for_terminal(value) for value in values[:_MOST_VALUES])
    more = len(values) - _MOST_VALUES
    return f"{shown} and {more:,} more" if more > 0 else shown


def _grouped(what: str, notes: Iterable[FileNote]) -> Iterator[str]:
    """Yield notes, those of one name and reason together: a folder is there for each account."""
    groups: dict[tuple[str, str], list[str]] = {}
    for note in notes:
        path = str(note.path)
        name = path.rstrip("/").rpartition("/")[2] if path.endswith("/") else path
        groups.setdefault((name, note.reason), []).append(path)
    shown = [*groups.items()]
    for (name, reason), paths in shown[:_MOST_NOTES]:
        more = f" and {len(paths) - 1:,} more named {for_terminal(name)}" if len(paths) > 1 else ""
        yield f"{what}: {for_terminal(paths[0])}{more}: {for_terminal(reason)}"
    if len(shown) > _MOST_NOTES:
        yield f"{what}: {len(shown) - _MOST_NOTES:,} more"
