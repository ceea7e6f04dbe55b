"""Paths of log files: which partition values a path tells, and where a file is delivered.

Knows the templates of `partitions/<source>.yaml`, not what lies in the files.
The local engine reads paths with it, the writer makes them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from lakehunt.model import PartitionColumn, Partitions, Skip

_HOLE = re.compile(r"\$\{(\w+)\}")
# Java's date letters that AWS paths use, as a pattern and as strftime.
_LETTERS = {
    "yyyy": (r"\d{4}", "%Y"),
    "MM": (r"\d{2}", "%m"),
    "dd": (r"\d{2}", "%d"),
    "HH": (r"\d{2}", "%H"),
    "mm": (r"\d{2}", "%M"),
    "ss": (r"\d{2}", "%S"),
}
_TOKEN = re.compile(r"'[^']*'|" + "|".join(_LETTERS) + r"|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """What the path of a file tells: its partition values, and which layout it follows.

    `layout` is empty when only the file name was recognised.
    """

    values: Mapping[str, str]
    layout: str = ""


def locate(partitions: Partitions, path: str) -> Place | None:
    """Return what a path (parts joined by `/`) tells, or None for a path of another kind."""
    for name, template in partitions.layouts.items():
        match = _layout_pattern(template, partitions.columns).search(path)
        if match:
            return Place(match.groupdict(), name)
    match = _file_pattern(partitions.file, partitions.stamp).fullmatch(path.rpartition("/")[2])
    if match is None:
        return None
    values = match.groupdict()
    try:
        moment = datetime.strptime(values.pop("stamp"), strftime(partitions.stamp))
    except ValueError:
        # a stamp such as 20261399T9999Z is no time: the name is somebody else's
        return None
    days = (column for column in partitions.columns if column.type == "date")
    return Place({**values, **{day.name: moment.strftime(strftime(day.format)) for day in days}})


def skip_by_path(partitions: Partitions, path: str) -> Skip | None:
    """Return the rule that a path falls under, a rule's `path` being a whole part of a name."""
    for rule in partitions.skip:
        if rule.path and re.search(rf"(^|[/_]){re.escape(rule.path)}([/_]|$)", path):
            return rule
    return None


def folder(partitions: Partitions, layout: str, values: Mapping[str, str]) -> str:
    """Return the folder of a layout, with a closing slash, for these values."""
    return _HOLE.sub(lambda match: values[match[1]], partitions.layouts[layout])


def file_name(
    partitions: Partitions, values: Mapping[str, str], delivered: datetime, rest: str
) -> str:
    """Return the name that AWS would give a file delivered at that UTC time."""
    stamp = delivered.strftime(strftime(partitions.stamp))
    holes = {**values, "stamp": stamp, "rest": rest}
    return _HOLE.sub(lambda match: holes[match[1]], partitions.file)


def day_value(partitions: Partitions, day: date) -> str:
    """Return the value of the window column for a day: `2026/05/01`."""
    return day.strftime(strftime(window_column(partitions).format))


def window_column(partitions: Partitions) -> PartitionColumn:
    """Return the column that is derived from event time."""
    return next(column for column in partitions.columns if column.name == partitions.window)


@cache
def strftime(java_format: str) -> str:
    """Return a Java date format such as `yyyy/MM/dd` in Python's spelling."""
    return "".join(
        _LETTERS[token][1] if token in _LETTERS else token.strip("'").replace("%", "%%")
        for token in _TOKEN.findall(java_format)
    )


def date_pattern(java_format: str) -> str:
    """Return the regular expression of a Java date format."""
    return "".join(
        _LETTERS[token][0] if token in _LETTERS else re.escape(token.strip("'"))
        for token in _TOKEN.findall(java_format)
    )


@cache
def _layout_pattern(template: str, columns: tuple[PartitionColumn, ...]) -> re.Pattern[str]:
    formats = {column.name: column.format for column in columns if column.type == "date"}
    return re.compile("(?:^|/)" + _pattern(template, formats, "[^/]+") + "(?=[^/]*$)")


@cache
def _file_pattern(file: str, stamp: str) -> re.Pattern[str]:
    # dumps are often unpacked: the closing .gz is optional
    pattern = _pattern(file.removesuffix(".gz"), {"stamp": stamp}, "[^/_]+")
    return re.compile(pattern + r"(?:\.gz)?")


def _pattern(template: str, formats: Mapping[str, str], value: str) -> str:
    parts = _HOLE.split(template)
    pattern = re.escape(parts[0])
    for name, literal in zip(parts[1::2], parts[2::2], strict=True):
        hole = date_pattern(formats[name]) if name in formats else value
        pattern += f"(?P<{name}>{hole})" + re.escape(literal)
    return pattern
