"""Paths of log files: which partition values a path tells, and where a file is delivered.

Knows the templates of `partitions/<source>.yaml`, not what lies in the files. A hole is written
`${name}`, or `${name:yyyy/MM/dd}` for a time in Java's letters.
The local engine reads paths with it, the writer makes them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, lru_cache

from lakehunt.model import PartitionColumn, Partitions, Skip

# the time in a file name when the file was delivered
STAMP = "stamp"
# the hole of a folder that the organization of the deployment fills, a column of no table
ORGANIZATION_ID = "organization_id"
HOLE = re.compile(r"\$\{(\w+)(?::([^}]*))?\}")
# Java's date letters that AWS paths use, as a pattern and as strftime.
_LETTERS = {
    "yyyy": (r"\d{4}", "%Y"),
    "MMM": (r"[A-Z][a-z]{2}", "%b"),
    "MM": (r"\d{2}", "%m"),
    "dd": (r"\d{2}", "%d"),
    "HH": (r"\d{2}", "%H"),
    "mm": (r"\d{2}", "%M"),
    "ss": (r"\d{2}", "%S"),
    "Z": (r"[+-]\d{4}", "%z"),
}
DATE_LETTERS = tuple(_LETTERS)
# Letters that mean nothing by themselves, and what must stand beside them.
_WITH = {"mm": "HH", "ss": "mm"}
_RUN = re.compile(r"'[^']*'|([A-Za-z])\1*|'")
# The ends and steps of projected dates; what is no time of its own is told from now.
# Source: Athena User Guide, "Supported types for partition projection" (read 2026-11-29).
UNIT_DAYS = {
    "YEAR": 365.0,
    "MONTH": 30.0,
    "WEEK": 7.0,
    "DAY": 1.0,
    "HOUR": 1 / 24,
    "MINUTE": 1 / 1440,
    "SECOND": 1 / 86400,
}
RELATIVE = re.compile(rf"NOW *(?:([+-]) *(\d+) *({'|'.join(UNIT_DAYS)})S?)?")
# So many different times are remembered while paths are read.
_MOMENTS = 1 << 14
_TOKEN = re.compile(r"'[^']*'|" + "|".join(_LETTERS) + r"|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Hole:
    """A hole of a template: its name, and its date format where it says one."""

    name: str
    format: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """What the path of a file tells: its partition values, and which layout it follows.

    `layout` is empty when only the file name was recognised; `is_named` tells whether it was: a
    folder may hold files of several sources. `above` is what of the path lies before the layout,
    with a closing slash unless it is empty.
    """

    values: Mapping[str, str]
    layout: str = ""
    is_named: bool = True
    above: str = ""


def holes_of(template: str) -> list[Hole]:
    """Return the holes of a template in order."""
    return [Hole(name, format_) for name, format_ in HOLE.findall(template)]


def plain_template(template: str) -> str:
    """Return a template without date formats, as partition projection takes it."""
    return HOLE.sub(lambda match: f"${{{match[1]}}}", template)


def locate(partitions: Partitions, path: str) -> Place | None:
    """Return what a path (parts joined by `/`) tells, or None for a path of another kind."""
    folder_, _, name = path.rpartition("/")
    named = _file_values(partitions, name)
    for layout, template in partitions.layouts.items():
        if not template:
            continue
        match = _pattern(template, partitions.columns, "[^/]+", is_folder=True).search(
            folder_ + "/"
        )
        values = _dated(partitions, template, match) if match else None
        if match is not None and values is not None:
            above = folder_[: match.start()]
            told = {**(named or {}), **values}
            return Place(told, layout, named is not None, f"{above}/" if above else "")
    return None if named is None else Place(named, above=f"{folder_}/" if folder_ else "")


def is_named(partitions: Partitions, path: str) -> bool:
    """Tell whether the name of a file alone says that it is one of the source's."""
    return _file_values(partitions, path.rpartition("/")[2]) is not None


def _file_values(partitions: Partitions, name: str) -> dict[str, str] | None:
    for template in partitions.files:
        # dumps are often unpacked: the closing .gz is optional
        plain = template.removesuffix(".gz")
        pattern = _pattern(plain, partitions.columns, "[^/_]+", is_folder=False)
        match = pattern.fullmatch(name)
        values = _dated(partitions, template, match) if match else None
        if values is not None:
            return values
    return None


def stamp_in_name(partitions: Partitions, name: str) -> tuple[str, str, str] | None:
    """Return what of a file name stands before its stamp, the stamp, and its date format.

    None for a name that is none of the source's, or has no stamp.
    """
    for template in partitions.files:
        plain = template.removesuffix(".gz")
        pattern = _pattern(plain, partitions.columns, "[^/_]+", is_folder=False)
        match = pattern.fullmatch(name)
        format_ = _formats(template, partitions.columns).get(STAMP, "")
        if match and format_ and _dated(partitions, template, match) is not None:
            return name[: match.start(STAMP)], match[STAMP], format_
    return None


def stamp_of(partitions: Partitions, name: str) -> datetime | None:
    """Return the time (UTC) that a file name is stamped with, None where it has none."""
    stamp = stamp_in_name(partitions, name)
    if stamp is None:
        return None
    _, text, format_ = stamp
    return datetime.strptime(text, strftime(format_)).replace(tzinfo=UTC)


def _dated(partitions: Partitions, template: str, match: re.Match[str]) -> dict[str, str] | None:
    """Return the values of a match, times in each column's own format; None for no such time."""
    values = match.groupdict()
    for hole in _times(template, partitions.columns):
        told = _told(values[hole.name], hole)
        if told is None:
            # a stamp such as 20261399T9999Z is no time: the name is somebody else's
            return None
        if hole.name == STAMP:
            del values[STAMP]
        values |= told
    return values


@dataclass(frozen=True, slots=True)
class _Time:
    """A hole that is a time, and the columns that it tells; formats in Python's spelling."""

    name: str
    format: str
    columns: tuple[tuple[str, str], ...]

    def __hash__(self) -> int:
        return hash((self.name, self.format))


@cache
def _times(template: str, columns: tuple[PartitionColumn, ...]) -> tuple[_Time, ...]:
    own = {column.name: strftime(column.format) for column in columns if column.format}
    days = tuple((c.name, own[c.name]) for c in columns if c.type == "date")
    return tuple(
        _Time(name, strftime(format_), days if name == STAMP else ((name, own[name]),))
        for name, format_ in _formats(template, columns).items()
    )


@lru_cache(_MOMENTS)
def _told(text: str, hole: _Time) -> Mapping[str, str] | None:
    """Return the values that a time tells, None for no time; files of a day share most of them."""
    try:
        moment = datetime.strptime(text, hole.format)
    except ValueError:
        return None
    return {column: moment.strftime(format_) for column, format_ in hole.columns}


def _formats(template: str, columns: Iterable[PartitionColumn]) -> dict[str, str]:
    """Return the date format of each hole that is a time: its own, else its column's."""
    own = {column.name: column.format for column in columns if column.type == "date"}
    formats = {hole.name: hole.format or own.get(hole.name, "") for hole in holes_of(template)}
    return {name: format_ for name, format_ in formats.items() if format_}


def skip_by_path(partitions: Partitions, path: str) -> Skip | None:
    """Return the rule that a path falls under, a rule's `path` being a whole part of a name."""
    for rule in partitions.skip:
        if rule.path and _skipped(rule.path).search(path):
            return rule
    return None


@cache
def _skipped(word: str) -> re.Pattern[str]:
    return re.compile(_whole_words([word]))


def skipped_paths(rules: Iterable[Skip]) -> str:
    """Return the regular expression of the paths that some rules leave out, '' for none."""
    words = [rule.path for rule in rules if rule.path]
    return _whole_words(words) if words else ""


def _whole_words(words: Iterable[str]) -> str:
    return f"(^|[/_])({'|'.join(map(re.escape, words))})([/_]|$)"


def folder(partitions: Partitions, layout: str, values: Mapping[str, str]) -> str:
    """Return the folder of a layout, with a closing slash, for these values."""
    template = partitions.layouts[layout]
    columns = {column.name: column for column in partitions.columns}

    def value(match: re.Match[str]) -> str:
        if not match[2]:
            return values[match[1]]
        moment = datetime.strptime(values[match[1]], strftime(columns[match[1]].format))
        return moment.strftime(strftime(match[2]))

    return HOLE.sub(value, template)


def file_name(
    partitions: Partitions, values: Mapping[str, str], delivered: datetime, rest: str
) -> str:
    """Return the name that AWS would give a file delivered at that UTC time."""
    holes = {**values, "rest": rest}

    def value(match: re.Match[str]) -> str:
        return delivered.strftime(strftime(match[2])) if match[2] else holes.get(match[1], "x")

    return HOLE.sub(value, partitions.files[0])


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


def trino_format(java_format: str) -> str:
    """Return a Java date format in the letters of Trino's date_format, which are MySQL's."""
    return strftime(java_format).replace("%M", "%i").replace("%S", "%s")


def date_pattern(java_format: str) -> str:
    """Return the regular expression of a Java date format."""
    return "".join(
        _LETTERS[token][0] if token in _LETTERS else re.escape(token.strip("'"))
        for token in _TOKEN.findall(java_format)
    )


def date_fault(java_format: str) -> str:
    """Return what of a Java date format is neither written nor read here, '' for nothing."""
    found = [match[0] for match in _RUN.finditer(java_format)]
    letters = [run for run in found if not run.startswith("'")]
    wrong = next((run for run in letters if run not in _LETTERS), "")
    if wrong:
        return wrong
    if "'" in found:
        return "'"
    alone = next((run for run in letters if _WITH.get(run, run) not in letters), "")
    return f"{alone} without {_WITH[alone]}" if alone else "" if letters else java_format or "''"


@cache
def _pattern(
    template: str, columns: tuple[PartitionColumn, ...], value: str, *, is_folder: bool
) -> re.Pattern[str]:
    """Return the pattern of a folder anywhere in a path, or of a whole file name."""
    own = {column.name: column.pattern for column in columns if column.pattern}
    formats = _formats(template, columns)
    pattern = ""
    end = 0
    for match in HOLE.finditer(template):
        name = match[1]
        hole = date_pattern(formats[name]) if name in formats else own.get(name, value)
        pattern += re.escape(template[end : match.start()]) + f"(?P<{name}>{hole})"
        end = match.end()
    pattern += re.escape(template[end:])
    # below the folder of a layout may lie more, such as one for each hour
    return re.compile(f"(?:^|/){pattern}" if is_folder else rf"{pattern}(?:\.gz)?")
