"""Partitions that Athena computes from the properties of a table: which there are, where they lie.

Knows templates and the kinds of projected columns, not who describes a table. `forecast` lists what
these lead to.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from lakehunt.layouts import HOLE, RELATIVE, UNIT_DAYS, strftime
from lakehunt.s3.objects import LAST
from lakehunt.s3.ranges import Range
from lakehunt.s3.tables import Lack, Wanted

# Date formats whose texts are in the order of time, what is quoted or no letter aside.
_IN_ORDER = re.compile(r"yyyy(MM(dd(HH(mm(ss)?)?)?)?)?")
_ASIDE = re.compile(r"'[^']*'|[^A-Za-z']")
# More values of a column than these are looked for by listing, not one by one.
_MOST_VALUES = 10_000
_MOST_DATES = 1_000_000
_MOST_CUTS = 64


@dataclass(frozen=True, slots=True)
class Projection:
    """How Athena enumerates one partition column.

    `values` are those of an enumeration, None where they are not finite. `first` and `last` are
    the ends of dates in `format`, an empty one is none; `interval` is how far they lie apart.
    """

    values: tuple[str, ...] | None = None
    format: str = ""
    first: str = ""
    last: str = ""
    interval: timedelta = timedelta(days=1)

    @property
    def is_in_order(self) -> bool:
        """Tell whether the texts of dates are in the order of time."""
        return bool(_IN_ORDER.fullmatch(_ASIDE.sub("", self.format)))

    @property
    def pattern(self) -> str:
        """Return the pattern of a value; a date has as many slashes as its format."""
        if self.values is not None and any("/" in value for value in self.values):
            return "|".join(re.escape(value) for value in self.values)
        return "/".join(["[^/]+"] * (self.format.count("/") + 1))

    def within(self, wanted: Wanted, name: str) -> tuple[str, str]:
        """Return the first text that a place wants, and the text before which it ends."""
        is_time = wanted.time == (name,)
        first = max(self.first, wanted.first if is_time else "")
        ends = [self.last + LAST if self.last else "", wanted.before if is_time else ""]
        return first, min(filter(None, ends), default="")

    def dates(self, first: str, before: str) -> list[str]:
        """Return the dates between two texts, none where they have no ends."""
        try:
            format_ = strftime(self.format)
            moment = datetime.strptime(first, format_)
            end = datetime.strptime(before.removesuffix(LAST), format_)
        except ValueError:
            return []
        steps = max(0, (end - moment) // self.interval) if self.interval else 0
        texts = (moment + n * self.interval for n in range(min(steps + 1, _MOST_DATES)))
        return [text for one in texts if (text := one.strftime(format_)) < before]

    def missing(self, asked: Iterable[str]) -> list[str]:
        """Return which of some values an enumeration has not, in order."""
        return [] if self.values is None else unlisted(sorted(asked), self.values)

    def outside(self, first: str, before: str) -> str:
        """Return the dates between two texts in words if any lies outside of the projected ones."""
        if not self.is_in_order:
            return ""
        is_early = bool(first) and first < self.first[: len(first)]
        # what is left of a day that has begun is no gap
        by_days = replace(self, interval=max(self.interval, timedelta(days=1)))
        later = by_days.dates(self.last, before)[1:]
        if not (is_early or later):
            return ""
        last = later[-1] if later else max(self.dates(first, before), default=self.last)
        return _words(first or self.first, last)


@dataclass(frozen=True, slots=True)
class Projected:
    """Partitions that are computed: a template such as `AWSLogs/${account_id}/${day}/`."""

    bucket: str
    template: str
    columns: Mapping[str, Projection] = field(default_factory=dict)

    def ranges(self, wanted: Iterable[Wanted]) -> Iterator[tuple[str, Range]]:
        """Yield what the template leads to, each prefix once."""
        found: dict[str, Range] = {}
        for one in wanted:
            for range_ in self._ranges(one):
                known = found.get(range_.prefix)
                found[range_.prefix] = _joined(known, range_) if known else range_
        return ((self.bucket, range_) for range_ in found.values())

    def values(self, bucket: str, key: str) -> tuple[Mapping[str, str], str] | None:
        """Return what the template reads in a key; values that are not enumerated are no one's."""
        patterns = tuple((name, one.pattern) for name, one in self.columns.items())
        match = _pattern(self.template, patterns).match(key) if bucket == self.bucket else None
        if match is None:
            return None
        told = match.groupdict()
        for name, value in told.items():
            own = self.columns[name]
            if own.values is not None and value not in own.values:
                return None
            if own.is_in_order and not _lies_in(value, *own.within(Wanted(), name)):
                return None
        return told, key[match.end() :]

    def count(self, wanted: Wanted) -> int | None:
        """Return how many are projected, None where a column is not enumerated."""
        leading, left = self._leading(wanted)
        many = 1
        for name in left:
            own = self.columns[name]
            first, before = own.within(wanted, name)
            dates = own.dates(first, before) if own.is_in_order else []
            if not dates and not (first and before and first >= before):
                return None
            many *= len(dates)
        return many * len(leading)

    def known_values(self, column: str) -> Sequence[str] | None:
        """Return the values of an enumeration, None for any other column."""
        own = self.columns.get(column)
        return own.values if own else None

    def lacks(self, wanted: Iterable[Wanted]) -> Iterator[Lack]:
        """Yield for each column what is wanted and not projected."""
        wanted = [*wanted]
        for name, own in self.columns.items():
            values = {v for one in wanted for n, known in one.values if n == name for v in known}
            missing = own.missing(values)
            if missing:
                yield Lack(name, ", ".join(missing), ", ".join(own.values or ()))
            times = [one for one in wanted if one.time == (name,)]
            first = min(filter(None, (one.first for one in times)), default="")
            dates = own.outside(first, max((one.before for one in times), default=""))
            if dates:
                yield Lack(name, dates, _words(own.first, own.last))

    def _leading(self, wanted: Wanted) -> tuple[list[dict[str, str]], list[str]]:
        """Return the wanted values of enumerated columns, and the names of the others."""
        names = [match[1] for match in HOLE.finditer(self.template)]
        left = [name for name in names if self._values(name, wanted) is None]
        told: list[dict[str, str]] = [{}]
        for name in names:
            if name not in left:
                told = [{**one, name: v} for one in told for v in self._values(name, wanted) or ()]
                told = [one for one in told if wanted.admits(one)]
        return told, left

    def _values(self, name: str, wanted: Wanted) -> Sequence[str] | None:
        asked = dict(wanted.values).get(name)
        own = self.columns[name].values
        if own is None:
            return None if asked is None or self.columns[name].format else sorted(asked)
        return own if asked is None else [value for value in own if value in asked]

    def _ranges(self, wanted: Wanted) -> Iterator[Range]:
        """Yield prefixes with every value filled in, up to a column that is no enumeration."""
        leading: list[tuple[str, dict[str, str]]] = [("", {})]
        end = 0
        for match in HOLE.finditer(self.template):
            text, name = self.template[end : match.start()], match[1]
            leading = [(prefix + text, told) for prefix, told in leading]
            values = self._values(name, wanted)
            if values is None:
                return (self._last(prefix, name, wanted) for prefix, _ in leading)
            leading = [(prefix + v, {**told, name: v}) for prefix, told in leading for v in values]
            leading = [one for one in leading if wanted.admits(one[1])]
            end = match.end()
        return (Range(prefix + self.template[end:]) for prefix, _ in leading)

    def _last(self, prefix: str, name: str, wanted: Wanted) -> Range:
        """Return the keys under a prefix that is followed by a column to be looked for."""
        own = self.columns[name]
        if not own.is_in_order:
            return Range(prefix)
        first, before = own.within(wanted, name)
        dates = own.dates(first, before)
        cuts = dates[1 :: max(1, len(dates) // _MOST_CUTS)]
        after = prefix + first if first else ""
        end = prefix + before if before else ""
        return Range(prefix, after, end, tuple(prefix + text for text in cuts))


@cache
def _pattern(template: str, columns: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    """Return the pattern of the keys below a template."""
    values, pattern, end = dict(columns), "", 0
    for match in HOLE.finditer(template):
        pattern += re.escape(template[end : match.start()])
        pattern += f"(?P<{match[1]}>{values[match[1]]})"
        end = match.end()
    return re.compile(pattern + re.escape(template[end:]))


def _lies_in(text: str, first: str, before: str) -> bool:
    return not ((first and text < first) or (before and text >= before))


def unlisted(asked: Iterable[str], values: Iterable[str]) -> list[str]:
    """Return which of some values are none of others; a number may lack leading zeros."""
    bare = {value.lstrip("0") for value in values}
    return [value for value in asked if value.lstrip("0") not in bare]


def _words(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"


def _joined(one: Range, other: Range) -> Range:
    """Return the keys of two ranges of one prefix, and what lies between."""
    after = min(one.after, other.after)
    before = max(one.before, other.before) if one.before and other.before else ""
    return replace(one, after=after, before=before, cuts=tuple(sorted({*one.cuts, *other.cuts})))


def read_projection(name: str, properties: Mapping[str, str], now: datetime) -> Projection:
    """Return how the properties of a table enumerate a column; unknown ways enumerate nothing.

    Source: Athena User Guide, "Supported types for partition projection" (read 2026-11-29).
    """
    start = f"projection.{name}."
    own = {k.removeprefix(start): v for k, v in properties.items() if k.startswith(start)}
    first, _, last = (end.strip() for end in own.get("range", "").partition(","))
    match own.get("type", "").lower():
        case "enum":
            return Projection(tuple(v.strip() for v in own.get("values", "").split(",")))
        case "integer":
            return Projection(_integers(first, last, own))
        case "date":
            format_ = own.get("format", "")
            first, last = (_date(text, format_, now) for text in (first, last))
            unit = own.get("interval.unit", "DAYS").upper().removesuffix("S")
            step = timedelta(days=UNIT_DAYS.get(unit, 1.0)) * int(own.get("interval", 1))
            return Projection(None, format_, first, last, step)
        case _:
            return Projection()


def _integers(first: str, last: str, own: Mapping[str, str]) -> tuple[str, ...] | None:
    try:
        numbers = range(int(first), int(last) + 1, int(own.get("interval", 1)))
    except ValueError:
        return None
    if len(numbers) > _MOST_VALUES:
        return None
    return tuple(str(number).zfill(int(own.get("digits", 1))) for number in numbers)


def _date(text: str, format_: str, now: datetime) -> str:
    match = RELATIVE.fullmatch(text)
    if match is None:
        return text
    days = float(f"{match[1] or '+'}{match[2] or 0}") * UNIT_DAYS.get(match[3] or "DAY", 1.0)
    return (now.astimezone(UTC) + timedelta(days=days)).strftime(strftime(format_))
