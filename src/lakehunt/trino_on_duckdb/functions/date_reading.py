"""Texts read as dates and times: by a compiled pattern, and by ISO 8601 as Joda understands it.

It must not know SQL. A reading is local time, and the offset in minutes or the zone name where
the text has one.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from lakehunt.trino_on_duckdb.functions.date_patterns import DAYS, MONTHS, Field
from lakehunt.trino_on_duckdb.functions.definitions import TrinoError, invalid
from lakehunt.trino_on_duckdb.functions.zones import offset_name, zone_name

OFFSET = re.compile(r"[zZ]|([+-])(\d\d)(?::(\d\d)(?!\d)|(\d\d)(?!\d)|(?!:?\d))")
LAST_HOUR, LAST_MINUTE, LAST_DAY = 23, 59, 366
# What a word sets, the words, and the number of the first.
WORDS = {
    "monthname": ("month", MONTHS, 1),
    "fullmonthname": ("month", MONTHS, 1),
    "weekday": ("dayofweek", DAYS, 1),
    "fullweekday": ("dayofweek", DAYS, 1),
    "halfday": ("halfday", ["AM", "PM"], 0),
}
SIGNED = ("year", "weekyear")


class Mismatch(Exception):
    """The text does not follow the pattern."""


@dataclass(slots=True)
class Reading:
    """What a text says: numbers by kind, and its zone."""

    numbers: dict[str, int] = field(default_factory=dict)
    zone: str | None = None


def read(fields: Sequence[Field], text: str) -> Reading:
    """`text` read by a pattern. Raises TrinoError where it does not follow it to its end."""
    reading, at = Reading(), 0
    try:
        for item in fields:
            at = _read_field(item, text, at, reading)
    except Mismatch:
        raise invalid(f'Invalid format: "{text}"') from None
    if at != len(text):
        raise invalid(f'Invalid format: "{text}" is malformed at "{text[at:]}"')
    return reading


def _read_field(item: Field, text: str, at: int, reading: Reading) -> int:
    """Reads one field into `reading` and gives the place after it."""
    if item.kind == "literal":
        if text[at : at + len(item.text)].lower() != item.text.lower():
            raise Mismatch
        return at + len(item.text)
    if item.kind in WORDS:
        return _word(item.kind, text, at, reading)
    if item.kind in ("offset", "colonoffset", "zone"):
        return (_zone if item.kind == "zone" else _offset)(text, at, reading)
    if item.kind == "twodigityear":
        return _two_digit_year(item, text, at, reading)
    return _number(item, text, at, reading)


def _number(item: Field, text: str, at: int, reading: Reading) -> int:
    sign = "[+-]?" if item.kind in SIGNED else ""
    least = 0 if item.kind == "fraction" else 1
    number = re.compile(f"{sign}[0-9]{{{least},{item.most}}}").match(text, at)
    if not number:
        raise Mismatch
    if item.kind == "fraction":
        _keep(reading, "millisecond", int(number[0][:3].ljust(3, "0")))
    else:
        _keep(reading, item.kind, int(number[0]))
    return number.end()


def _keep(reading: Reading, kind: str, number: int) -> None:
    if reading.numbers.get(kind, number) != number:
        raise TrinoError("NOT_REPRODUCED: one field of a date twice with different values")
    reading.numbers[kind] = number


def _word(kind: str, text: str, at: int, reading: Reading) -> int:
    field_kind, names, first = WORDS[kind]
    for number, name in enumerate(names, first):
        for form in (name, name[:3]):
            if text[at : at + len(form)] in (form, form.lower(), form.upper()):
                _keep(reading, field_kind, number)
                return at + len(form)
    raise Mismatch


def _offset(text: str, at: int, reading: Reading) -> int:
    found = OFFSET.match(text, at)
    if not found:
        raise Mismatch
    sign, hours, colon, plain = found.groups()
    minutes = int(hours or 0) * 60 + int(colon or plain or 0)
    if int(hours or 0) > LAST_HOUR or int(colon or plain or 0) > LAST_MINUTE:
        raise Mismatch
    reading.zone = offset_name(-minutes if sign == "-" else minutes)
    return found.end()


def _zone(text: str, at: int, reading: Reading) -> int:
    found = re.compile(r"[A-Za-z0-9_+\-/:]+").match(text, at)
    if not found:
        raise Mismatch
    reading.zone = zone_name(found[0])
    return found.end()


def _two_digit_year(item: Field, text: str, at: int, reading: Reading) -> int:
    found = re.compile("[+-]?[0-9]+" if item.lenient else "[0-9]{2}").match(text, at)
    if not found:
        raise Mismatch
    year = int(found[0])
    if re.fullmatch("[0-9]{2}", found[0]):
        low = item.pivot - 50
        year += low + (100 if year < low % 100 else 0) - low % 100
    _keep(reading, "year", year)
    return found.end()


def moment(reading: Reading, text: str) -> datetime.datetime:
    """The local time of a reading, what it lacks from 1970, the year from 2000 where only days
    or months are given.

    Raises TrinoError where a number is out of its range.
    """
    numbers = reading.numbers
    try:
        day = _day(numbers)
        result = datetime.datetime.combine(day, _time(numbers))
    except (ValueError, OverflowError) as error:
        raise invalid(f'Cannot parse "{text}": {error}') from error
    if "dayofweek" in numbers and result.isoweekday() != numbers["dayofweek"]:
        raise TrinoError("NOT_REPRODUCED: a weekday that does not fit the date")
    return result


def _day(numbers: dict[str, int]) -> datetime.date:
    if "week" in numbers or "weekyear" in numbers:
        if {"month", "day", "dayofyear", "year"} & numbers.keys():
            raise TrinoError("NOT_REPRODUCED: a week beside months or days")
        year = numbers.get("weekyear", 2000 if "weekyear" not in numbers else 1970)
        return datetime.date.fromisocalendar(
            year, numbers.get("week", 1), numbers.get("dayofweek", 1)
        )
    dated = {"month", "day", "dayofyear", "dayofweek"} & numbers.keys()
    year = numbers.get("year", 2000 if dated else 1970)
    if "dayofyear" in numbers:
        if {"month", "day"} & numbers.keys():
            raise TrinoError("NOT_REPRODUCED: a day of the year beside months or days")
        if not 1 <= numbers["dayofyear"] <= LAST_DAY:
            raise ValueError("day of year")
        day = datetime.date(year, 1, 1) + datetime.timedelta(days=numbers["dayofyear"] - 1)
        if day.year != year:
            raise ValueError("day of year")
        return day
    if dated == {"dayofweek"}:
        raise TrinoError("NOT_REPRODUCED: a weekday without a date")
    return datetime.date(year, numbers.get("month", 1), numbers.get("day", 1))


def _time(numbers: dict[str, int]) -> datetime.time:
    hours = [kind for kind in ("hour", "clockhour24", "clockhour12", "hour12") if kind in numbers]
    if len(hours) > 1:
        raise TrinoError("NOT_REPRODUCED: two hours in one date")
    hour = numbers[hours[0]] if hours else 0
    if hours and hours[0] == "clockhour24":
        hour = _within(hour, 1, 24) % 24
    elif hours and hours[0] != "hour":
        hour = (_within(hour, 1, 12) % 12) if hours[0] == "clockhour12" else _within(hour, 0, 11)
        hour += 12 * numbers.get("halfday", 0)
    elif numbers.get("halfday", hour // 12) != hour // 12:
        if hours:
            raise TrinoError("NOT_REPRODUCED: AM or PM beside an hour of 24")
        hour = 12
    return datetime.time(
        hour,
        numbers.get("minute", 0),
        numbers.get("second", 0),
        numbers.get("millisecond", 0) * 1000,
    )


def _within(number: int, low: int, high: int) -> int:
    if not low <= number <= high:
        raise ValueError("hour")
    return number


ISO_DATE = re.compile(
    r"(?P<year>[+-]?[0-9]{1,9})(?:-W(?P<week>[0-9]{1,2})(?:-(?P<dayofweek>[0-9]))?|-(?P<dayofyear>[0-9]{3})"
    r"|-(?P<month>[0-9]{1,2})(?:-(?P<day>[0-9]{1,2}))?)?"
)
ISO_TIME = re.compile(
    r"(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{1,2})(?::(?P<second>[0-9]{1,2})(?:[.,](?P<millisecond>[0-9]{1,9}))?)?)?"
)


def read_iso_date(text: str) -> datetime.date:
    """The date of an ISO 8601 text: calendar, ordinal or week date."""
    found = ISO_DATE.fullmatch(text)
    if not found:
        raise invalid(f'Invalid format: "{text}"')
    return moment(Reading(_iso_numbers(found)), text).date()


def read_iso(text: str) -> Reading:
    """The numbers and the zone of an ISO 8601 text as Joda's dateTimeParser reads it."""
    date, mark, time = text.partition("T")
    found = ISO_DATE.fullmatch(date) if date else None
    if not found and (date or not time):
        raise invalid(f'Invalid format: "{text}"')
    reading = Reading(_iso_numbers(found) if found else {})
    if not mark:
        return reading
    clock = ISO_TIME.match(time)
    if clock:
        reading.numbers |= {
            kind: int(number) for kind, number in clock.groupdict().items() if number
        }
        if clock["millisecond"]:
            reading.numbers["millisecond"] = int(clock["millisecond"][:3].ljust(3, "0"))
    end = clock.end() if clock else 0
    if end < len(time):
        try:
            end = _offset(time, end, reading)
        except Mismatch:
            raise invalid(f'Invalid format: "{text}" is malformed at "{time[end:]}"') from None
    if end != len(time) or not clock and not date:
        raise invalid(f'Invalid format: "{text}" is malformed at "{time[end:]}"')
    return reading


def _iso_numbers(found: re.Match[str]) -> dict[str, int]:
    numbers = {
        kind: int(number) for kind, number in found.groupdict().items() if number is not None
    }
    if "week" in numbers:
        numbers["weekyear"] = numbers.pop("year")
    return numbers
