"""Tells in lines what was discovered in a place, and what was not recognised there.

Knows the model. `cli` prints the lines, `settings` puts them into the file that it writes.
"""

from collections.abc import Iterable, Iterator, Sequence

from lakehunt.model import Discovery, FileNote, FoundSource, Shape
from lakehunt.render.neutral import for_terminal
from lakehunt.render.words import counted

_LISTED = 4
_MOST_NOTES = 20


def found_lines(discovery: Discovery) -> Iterator[str]:
    """Yield what is there, source by source, then what is left out, then what is unknown."""
    for one in discovery.sources:
        yield f"{one.source}: {'; '.join(_facts(one))}"
        for shape in one.shapes:
            yield from _shape_lines(shape)
    if not discovery.sources:
        yield "no log of a source that is known here"
    yield from _grouped("left out", discovery.skipped)
    yield from _grouped("NOT RECOGNISED", discovery.unknown)
    for remark in discovery.remarks:
        yield f"in part: {for_terminal(remark)}"


def _facts(source: FoundSource) -> Iterator[str]:
    for delivery in source.deliveries[:2]:
        layout = f"layout {delivery.layout}" if delivery.layout else "told by name or content"
        yield f"{layout}, such as {for_terminal(delivery.example)}"
    if source.first_day and source.last_day:
        of = " (of the events)" if source.days_by_events else ""
        yield f"{source.first_day} to {source.last_day}{of}"
    for name, values in source.values.items():
        yield f"{name} {_some(values)}"
    if source.files is not None:
        yield f"{counted(source.files, 'file')}, {(source.size_bytes or 0) / 1e6:,.1f} MB"
    kinds = dict.fromkeys(shape.kind for shape in source.shapes)
    if kinds:
        yield " and ".join(kinds)


def _shape_lines(shape: Shape) -> Iterator[str]:
    if shape.header:
        yield f"  header: {for_terminal(shape.header)}"
    elif shape.columns and shape.kind == "text":
        yield f"  no header, {counted(shape.columns, 'column')}"
    if shape.unknown:
        yield f"  fields not known here: {', '.join(for_terminal(n) for n in shape.unknown)}"


def _some(values: Sequence[str]) -> str:
    shown = ", ".join(for_terminal(value) for value in values[:_LISTED])
    return f"{shown} and {len(values) - _LISTED:,} more" if len(values) > _LISTED else shown


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
