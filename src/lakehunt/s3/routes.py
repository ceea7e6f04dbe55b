"""Layouts as routes: which folder leads on to log files, and which the partition bounds leave out.

Knows the templates of `partitions/<source>.yaml` and bounds, not S3. `walk` follows routes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache

from lakehunt.layouts import HOLE, date_pattern, strftime, window_column
from lakehunt.model import PartitionColumn, Source
from lakehunt.s3.ranges import Range
from lakehunt.sql.bounds import Bounds

_SLASH = re.compile(r"('[^']*')|/")
_LETTER = re.compile(r"'[^']*'|([yMdHms])\1*")
_MOST_CUTS = 64
_ANY = "[^/]+"
# An account's folder is none of an organization (AWS Organizations, form of its ids).
_FORMS = {"organization_id": "o-[a-z0-9]{10,32}"}


@dataclass(frozen=True, slots=True)
class Step:
    """One folder of a layout: what its name looks like.

    `is_time` tells that it holds nothing but a part of the window column, `is_fixed` that it is
    always the same, `is_any` that it may be anything.
    """

    pattern: re.Pattern[str]
    is_time: bool
    is_fixed: bool
    is_any: bool


@dataclass(frozen=True, slots=True)
class Route:
    """A layout of a source as steps from folder to folder.

    `format` is how the window column is written in it; empty where it is not, or not so that the
    texts are in the order of time.
    """

    source: Source
    layout: str
    steps: tuple[Step, ...]
    format: str


@dataclass(frozen=True, slots=True)
class Trail:
    """How far a path has come on a route, and what it has told: values, and the time so far."""

    route: Route
    done: int = 0
    values: Mapping[str, str] = field(default_factory=dict)
    time: str = ""

    @property
    def is_at_time(self) -> bool:
        """Tell whether nothing but time is left, so that the keys that follow are in its order."""
        return all(step.is_time for step in self.route.steps[self.done :])

    @property
    def next_is_fixed(self) -> bool:
        """Tell whether the next folder has a name of its own."""
        steps = self.route.steps[self.done : self.done + 1]
        return bool(steps) and steps[0].is_fixed

    @property
    def came_by_name(self) -> bool:
        """Tell whether the last folder has a name of its own."""
        return any(step.is_fixed for step in self.route.steps[self.done - 1 : self.done])

    @property
    def is_sure(self) -> bool:
        """Tell whether a folder with a name of its own has been passed, or two of a certain form.

        An account's folder and a region's in it are no accident.
        """
        passed = self.route.steps[: self.done]
        formed = [step for step in passed if not (step.is_any or step.is_time)]
        return len(formed) > 1 or any(step.is_fixed for step in passed)

    def onward(self, name: str) -> "Trail | None":
        """Return the trail after a folder of this name, None where the route does not lead."""
        if self.done == len(self.route.steps):
            return self
        match = self.route.steps[self.done].pattern.fullmatch(name)
        if match is None:
            return None
        told = match.groupdict()
        window = self.route.source.partitions.window
        time = told.pop(window, "")
        joined = "/".join(part for part in (self.time, time) if part)
        return replace(self, done=self.done + 1, values={**self.values, **told}, time=joined)

    def span(self, bounds: Sequence[Bounds]) -> "Span | None":
        """Return the time in which files of this trail may be wanted, None where none is."""
        spans = [
            Span(*(_written(self.route, end) for end in (one.first, one.last)))
            for one in bounds
            if all(self.values[n] in known for n, known in _enums(one) if n in self.values)
        ]
        admitted = [span for span in spans if span.admits(self.time)]
        if not admitted:
            return None
        firsts, lasts = [span.first for span in admitted], [span.last for span in admitted]
        return Span("" if "" in firsts else min(firsts), "" if "" in lasts else max(lasts))

    def range(self, prefix: str, span: "Span") -> Range:
        """Return the keys of a folder at which only time is left."""
        if not self.route.format or self.done == len(self.route.steps):
            return Range(prefix)
        base = prefix.removesuffix(f"{self.time}/") if self.time else prefix
        before = base + span.last[:-1] + chr(ord(span.last[-1]) + 1) if span.last else ""
        after = base + span.first if span.first else ""
        cuts = tuple(base + day for day in _days(span, self.route.format))
        return Range(prefix, after, before, cuts)


@dataclass(frozen=True, slots=True)
class Span:
    """Texts of the window column between which files are wanted; an empty one is no bound."""

    first: str
    last: str

    def admits(self, time: str) -> bool:
        """Tell whether a text, or what it begins with, may lie between."""
        size = len(time)
        return not (
            (self.first and time < self.first[:size]) or (self.last and time > self.last[:size])
        )


def _enums(bounds: Bounds) -> Iterator[tuple[str, frozenset[str]]]:
    yield from (bounds.values or {}).items()


def _written(route: Route, value: str | None) -> str:
    """Return a value of the window column as the route writes it, nothing where it cannot be."""
    column = window_column(route.source.partitions)
    if value is None or not route.format:
        return ""
    if route.format == column.format:
        return value
    try:
        moment = datetime.strptime(value, strftime(column.format))
    except ValueError:
        return ""
    return moment.strftime(strftime(route.format))


def _days(span: Span, format_: str) -> Iterator[str]:
    """Yield texts between the ends of a span, a day or more apart."""
    try:
        first, last = (
            datetime.strptime(text, strftime(format_)) for text in (span.first, span.last)
        )
    except ValueError:
        return
    step = max(1, (last - first).days // _MOST_CUTS)
    for number in range(step, (last - first).days + 1, step):
        yield (first + timedelta(days=number)).strftime(strftime(format_))


def day_of(trail: Trail) -> str:
    """Return the time that a whole trail tells, as the window column has it; else nothing."""
    column = window_column(trail.route.source.partitions)
    if not trail.route.format:
        return ""
    try:
        moment = datetime.strptime(trail.time, strftime(trail.route.format))
    except ValueError:
        return ""
    return moment.strftime(strftime(column.format))


def routes_of(source: Source) -> list[Route]:
    """Return the routes of a source, one for each layout that has folders."""
    layouts = source.partitions.layouts
    return [_route(source, name) for name, template in layouts.items() if template]


def _route(source: Source, layout: str) -> Route:
    partitions = source.partitions
    steps, format_ = _steps(partitions.layouts[layout], partitions.columns, partitions.window)
    return Route(source, layout, steps, format_ if _is_in_order(format_) else "")


@cache
def _steps(
    template: str, columns: tuple[PartitionColumn, ...], window: str
) -> tuple[tuple[Step, ...], str]:
    """Return the steps of a template, and how it writes the window column."""
    known = {column.name: column for column in columns}
    folders, format_ = [""], ""
    holes: list[list[str]] = [[]]
    end = 0
    for match in HOLE.finditer(template):
        for number, text in enumerate(template[end : match.start()].split("/")):
            _put(folders, holes, re.escape(text), "", is_new=number > 0)
        name, column = match[1], known.get(match[1])
        own = match[2] or (column.format if column and column.type == "date" else "")
        format_ = own if name == window else format_
        value = (column.pattern if column else "") or _FORMS.get(name, _ANY)
        for number, part in enumerate(_parted(own) if own else [""]):
            hole = date_pattern(part) if own else value
            _put(folders, holes, f"(?P<{name}>{hole})", name, is_new=number > 0)
        end = match.end()
    for number, text in enumerate(template[end:].split("/")):
        _put(folders, holes, re.escape(text), "", is_new=number > 0)
    steps = tuple(
        Step(
            re.compile(folder),
            is_time=own == [window],
            is_fixed=not any(own),
            is_any=_ANY in folder,
        )
        for folder, own in zip(folders, holes, strict=True)
        if folder
    )
    return steps, format_


def _put(
    folders: list[str], holes: list[list[str]], pattern: str, name: str, *, is_new: bool
) -> None:
    if is_new:
        folders.append("")
        holes.append([])
    folders[-1] += pattern
    # a text is a part without a name
    holes[-1] += [name] if pattern else []


def _parted(format_: str) -> list[str]:
    """Return the parts of a date format between slashes that are not quoted."""
    return _SLASH.sub(lambda match: match[1] or "\0", format_).split("\0")


def _is_in_order(format_: str) -> bool:
    """Tell whether texts of a format are in the order of time."""
    letters = [match[1] for match in _LETTER.finditer(format_) if match[1]]
    return letters == [*"yMdHms"][: len(letters)]
