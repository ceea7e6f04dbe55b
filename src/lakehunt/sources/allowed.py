"""What the values of `partitions/<source>.yaml` may be: words, times, holes, columns of the table.

Knows what is filled, written and read elsewhere, no DDL. `partitionsfile` and `load` call it.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from lakehunt.clocks import NAMED_TIMES
from lakehunt.content import List, Reader, Text
from lakehunt.errors import nearest
from lakehunt.layouts import (
    DATE_LETTERS,
    ORGANIZATION_ID,
    RELATIVE,
    STAMP,
    UNIT_DAYS,
    date_fault,
    holes_of,
    strftime,
)
from lakehunt.model import Partitions, Table
from lakehunt.sources.deployed import FIRST_DAY, LISTS, is_list, lists_in
from lakehunt.sources.lines import TEXT_INPUT

LINES = "lines"
# The types of a column, and what each needs.
_TYPES = {"enum": ("values",), "date": ("format", "range", "interval")}
_INTERVAL = re.compile(rf"[1-9]\d* ({'|'.join(UNIT_DAYS)})S?")
_SHAPE = re.compile(r"[^\s.\[\]]+(\.[^\s.\[\]]+)*(\[\](\.[^\s.\[\]]+)*)?")
_A_DATE = "letters of a date: " + ", ".join(DATE_LETTERS)


def check_values(reader: Reader) -> None:
    """Record what a partitions file says that cannot be so."""
    columns = reader.inner("columns")
    for name in columns.data:
        _check_column(columns.inner(str(name)))
    _check_layouts(reader)
    for line, template in _items(reader, "file"):
        _check_file(reader, line, template)
    times = reader.inner("time")
    for name in times.data:
        _check_time(times, str(name))
    _check_shapes(reader)


def is_borne_out(partitions: Partitions, table: Table) -> bool:
    """Tell whether `check_against` has nothing to record; reads no file."""
    return not _absent(partitions, table) and not _lacks_lines(partitions, table)


def _columns(partitions: Partitions, table: Table) -> list[str]:
    return [column.name for column in table.columns] + [one.name for one in partitions.fields]


def _absent(partitions: Partitions, table: Table) -> list[str]:
    known = _columns(partitions, table)
    return [name for name in partitions.time if name not in known]


def _lacks_lines(partitions: Partitions, table: Table) -> bool:
    return table.input_format == TEXT_INPUT and LINES not in partitions.shapes


def check_against(reader: Reader, partitions: Partitions, table: Table) -> None:
    """Record what a partitions file says that the source's table does not bear out."""
    known = _columns(partitions, table)
    for name in _absent(partitions, table):
        near = nearest(name, known)
        line = reader.inner("time").line(name)
        expected = "" if near else ", ".join(known)
        reader.problem(line, f"`time`: {table.name} has no column {name}", expected, near)
    if _lacks_lines(partitions, table):
        what = f"`shapes: {', '.join(partitions.shapes)}`"
        reader.problem(
            reader.line("shapes"), what, f"`{LINES}`: {table.name} has one record a line"
        )


def _items(reader: Reader, key: str) -> Iterator[tuple[int, str]]:
    """Yield the texts of a list, or one alone, each with its line."""
    value = reader.data.get(key)
    for item in value if isinstance(value, List) else [value]:
        if isinstance(item, Text):
            yield item.line, str(item)


def _check_column(column: Reader) -> None:
    type_ = column.text("type")
    if type_ not in _TYPES:
        if type_:
            near = nearest(type_, _TYPES)
            column.problem(column.line("type"), f"`type: {type_}`", " or ".join(_TYPES), near)
        return
    for key in _TYPES[type_]:
        if not column.text(key):
            column.problem(column.data.line, f"`{key}` is missing", f"it of a column `{type_}`")
    for word in lists_in(column.text("values")):
        if not is_list(word):
            line, near = column.line("values"), nearest(word, LISTS)
            column.problem(line, f"`values` names {word}", " or ".join(LISTS), near)
    _check_pattern(column)
    if type_ == "date":
        _check_dates(column)


def _check_pattern(column: Reader) -> None:
    try:
        re.compile(column.text("pattern"))
    except re.error as error:
        column.problem(column.line("pattern"), f"`pattern`: {error}", "a regular expression")


def _check_dates(column: Reader) -> None:
    format_, range_, interval = (column.text(key) for key in _TYPES["date"])
    if format_:
        _check_format(column, column.line("format"), "format", format_)
    ends = [end.strip() for end in range_.split(",")]
    for end in ends if range_ and len(ends) == 2 else []:  # noqa: PLR2004  first and last
        if end != FIRST_DAY and not RELATIVE.fullmatch(end) and not _is_day(end, format_):
            near = nearest(end, [FIRST_DAY])
            expected = f"{FIRST_DAY}, NOW, such as NOW-1MONTHS, or a day as {format_}"
            column.problem(column.line("range"), f"`range` names {end}", expected, near)
    if range_ and len(ends) != 2:  # noqa: PLR2004
        column.problem(column.line("range"), f"`range: {range_}`", "two ends with a comma between")
    if interval and not _INTERVAL.fullmatch(interval):
        units = ", ".join(f"{unit}S" for unit in UNIT_DAYS)
        expected = f"a number and one of {units}, such as 1 DAYS"
        column.problem(column.line("interval"), f"`interval: {interval}`", expected)


def _is_day(text: str, format_: str) -> bool:
    try:
        return bool(datetime.strptime(text, strftime(format_)))
    except ValueError:
        return False


def _check_format(reader: Reader, line: int, key: str, format_: str) -> None:
    fault = date_fault(format_)
    if fault:
        reader.problem(
            line, f"`{key}: {format_}` has {fault}", _A_DATE, nearest(fault, DATE_LETTERS)
        )


def _dates(reader: Reader) -> list[str]:
    columns = reader.inner("columns")
    return [str(name) for name in columns.data if columns.inner(str(name)).text("type") == "date"]


def _check_layouts(reader: Reader) -> None:
    layouts, dates = reader.inner("layouts"), _dates(reader)
    known = [str(name) for name in reader.mapping("columns")]
    for name in layouts.data:
        line = layouts.line(name)
        for hole in holes_of(layouts.text(str(name))):
            if hole.name not in known:
                expected = f"a column: {', '.join(known)}"
                near = nearest(hole.name, known)
                reader.problem(line, f"`{name}` has ${{{hole.name}}}", expected, near)
            elif hole.format and hole.name not in dates:
                what = f"`{name}` has a format for {hole.name}"
                reader.problem(line, what, f"one for a date: {', '.join(dates)}")
            elif hole.format:
                _check_format(reader, line, hole.name, hole.format)
        # cases are written in the first layout, and their records tell no organization
        known = list(dict.fromkeys((*known, ORGANIZATION_ID)))


def _check_file(reader: Reader, line: int, template: str) -> None:
    timed = [STAMP, *_dates(reader)]
    names = [hole.name for hole in holes_of(template)]
    for hole in holes_of(template):
        if hole.format and hole.name not in timed:
            what = f"`file` has a format for {hole.name}"
            reader.problem(line, what, " or ".join(timed), nearest(hole.name, timed))
        elif hole.format:
            _check_format(reader, line, hole.name, hole.format)
        elif hole.name == STAMP:
            what = f"`file` has ${{{STAMP}}} without a format"
            reader.problem(line, what, f"one such as ${{{STAMP}:yyyyMMdd'T'HHmm'Z'}}")
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        reader.problem(line, f"`file` has ${{{twice}}} twice", "each hole once")


def _check_time(times: Reader, name: str) -> None:
    text = times.text(name)
    if text not in NAMED_TIMES and date_fault(text):
        expected = f"{', '.join(NAMED_TIMES)} or a format such as yyyy-MM-dd'T'HH:mm:ss"
        near = nearest(text, NAMED_TIMES)
        times.problem(times.line(name), f"`{name}: {text}`", expected, near)


def _check_shapes(reader: Reader) -> None:
    for number, (line, shape) in enumerate(_items(reader, "shapes")):
        if shape == LINES:
            continue
        # a key alone is that of the source's own documents
        if not _SHAPE.fullmatch(shape) or (number and "[]" not in shape):
            expected = f"{LINES}, or the path of a list such as events[].message"
            reader.problem(line, f"`shapes` names {shape}", expected, nearest(shape, [LINES]))
