"""Date patterns, MySQL's of date_format and Joda's of format_datetime: compiled to fields,
printed and parsed.

It must not know SQL. Fields are what Joda's builder appends for a token: a kind, digits to
print, digits to read.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from lakehunt.trino_on_duckdb.functions.definitions import invalid
from lakehunt.trino_on_duckdb.functions.entry import Refused

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
# The pivot of two-digit years in date_parse: 70 is 1970, 69 is 2069.
MYSQL_PIVOT = 2020
UNSUPPORTED = "wUuVXD"


@dataclass(frozen=True, slots=True)
class Field:
    """One piece of a pattern: `text` of a literal, else the kind with digits to print and most
    digits to read."""

    kind: str
    least: int = 0
    most: int = 0
    text: str = ""
    pivot: int = 0
    lenient: bool = False


MYSQL: dict[str, tuple[Field, ...]] = {
    "a": (Field("weekday"),),
    "b": (Field("monthname"),),
    "c": (Field("month", 1, 2),),
    "d": (Field("day", 2, 2),),
    "e": (Field("day", 1, 2),),
    "f": (Field("fraction", 6, 9),),
    "H": (Field("hour", 2, 2),),
    "h": (Field("clockhour12", 2, 2),),
    "I": (Field("clockhour12", 2, 2),),
    "i": (Field("minute", 2, 2),),
    "j": (Field("dayofyear", 3, 3),),
    "k": (Field("hour", 1, 2),),
    "l": (Field("clockhour12", 1, 2),),
    "M": (Field("fullmonthname"),),
    "m": (Field("month", 2, 2),),
    "p": (Field("halfday"),),
    "S": (Field("second", 2, 2),),
    "s": (Field("second", 2, 2),),
    "v": (Field("week", 2, 2),),
    "x": (Field("weekyear", 4, 4),),
    "W": (Field("fullweekday"),),
    "Y": (Field("year", 4, 4),),
    "y": (Field("twodigityear", 2, 2, pivot=MYSQL_PIVOT),),
}
MYSQL["T"] = (
    *MYSQL["H"],
    Field("literal", text=":"),
    *MYSQL["i"],
    Field("literal", text=":"),
    *MYSQL["s"],
)
MYSQL["r"] = (
    *MYSQL["h"],
    Field("literal", text=":"),
    *MYSQL["i"],
    Field("literal", text=":"),
    *MYSQL["s"],
    Field("literal", text=" "),
    *MYSQL["p"],
)

JODA_NUMBERS = {
    "d": "day",
    "D": "dayofyear",
    "H": "hour",
    "k": "clockhour24",
    "K": "hour12",
    "h": "clockhour12",
    "m": "minute",
    "s": "second",
    "w": "week",
    "e": "dayofweek",
    "S": "fraction",
}
JODA_YEARS = {"y": "year", "Y": "year", "x": "weekyear"}


@lru_cache(maxsize=256)
def mysql_fields(pattern: str) -> tuple[Field, ...]:
    """The fields of a date_format pattern. Raises TrinoError for what Trino refuses."""
    if not pattern:
        raise invalid("Both printing and parsing not supported")
    fields: list[Field] = []
    i = 0
    while i < len(pattern):
        if pattern[i] != "%":
            fields.append(Field("literal", text=pattern[i]))
        elif i + 1 < len(pattern):
            i += 1
            if pattern[i] in UNSUPPORTED:
                raise invalid(f"%{pattern[i]} not supported in date format string")
            fields.extend(MYSQL.get(pattern[i], (Field("literal", text=pattern[i]),)))
        i += 1
    return tuple(fields)


@lru_cache(maxsize=256)
def joda_fields(pattern: str) -> tuple[Field, ...]:
    """The fields of a Joda pattern. Raises TrinoError for an illegal one, Refused for zone
    names and eras."""
    if not pattern:
        raise invalid("Invalid pattern specification")
    tokens = _joda_tokens(pattern)
    return tuple(_joda_field(tokens, place) for place in range(len(tokens)))


def _joda_tokens(pattern: str) -> list[str]:
    """Runs of one letter, and literals with a quote before them."""
    tokens: list[str] = []
    i = 0
    while i < len(pattern):
        if pattern[i].isascii() and pattern[i].isalpha():
            end = i + 1
            while end < len(pattern) and pattern[end] == pattern[i]:
                end += 1
            tokens.append(pattern[i:end])
        else:
            text, end = _joda_literal(pattern, i)
            tokens.append("'" + text)
        i = end
    return tokens


def _joda_literal(pattern: str, i: int) -> tuple[str, int]:
    text, quoted = "", False
    while i < len(pattern):
        if pattern.startswith("''", i):
            text += "'"
            i += 1
        elif pattern[i] == "'":
            quoted = not quoted
        elif not quoted and pattern[i].isascii() and pattern[i].isalpha():
            break
        else:
            text += pattern[i]
        i += 1
    return text, i


def _numeric(token: str) -> bool:
    return token in ("M", "MM") if token[0] == "M" else token[0] in "cCxyYdhHmsSeDFwWkK"


# Letters whose field depends on how often they are written: the last form is for all longer ones.
JODA_WORDS = {
    "M": ("month", "month", "monthname", "fullmonthname"),
    "E": ("weekday", "weekday", "weekday", "fullweekday"),
    "a": ("halfday",),
    "Z": ("offset", "colonoffset", "zone"),
}
JODA_MOST = {"D": 3, "e": 1}
YEARS_BEFORE_PIVOT = 30
MOST_YEAR_DIGITS = 9


def _joda_field(tokens: Sequence[str], place: int) -> Field:
    token = tokens[place]
    letter, length = token[0], len(token)
    if letter == "'":
        return Field("literal", text=token[1:])
    if letter in JODA_YEARS:
        return _joda_year(token, bool(tokens[place + 1 :]) and _numeric(tokens[place + 1]))
    if letter in JODA_WORDS:
        forms = JODA_WORDS[letter]
        kind = forms[min(length, len(forms)) - 1]
        return Field("month", length, 2) if kind == "month" else Field(kind)
    if letter in JODA_NUMBERS:
        most = length if letter == "S" else JODA_MOST.get(letter, 2)
        return Field(JODA_NUMBERS[letter], length, most)
    if letter in "GCz":
        raise Refused(f"date pattern letter {letter} is not reproduced")
    raise invalid(f"Illegal pattern component: {token}")


def _joda_year(token: str, followed: bool) -> Field:
    """A year: two digits have a pivot, others end where the next number begins."""
    if token in ("yy", "YY"):
        pivot = datetime.datetime.now(datetime.UTC).year - YEARS_BEFORE_PIVOT
        return Field("twodigityear", 2, 2, pivot=pivot, lenient=not followed)
    length = len(token)
    return Field(JODA_YEARS[token[0]], length, length if followed else MOST_YEAR_DIGITS)


STRFTIME = {
    ("literal", 0): "",
    ("weekday", 0): "%a",
    ("fullweekday", 0): "%A",
    ("monthname", 0): "%b",
    ("fullmonthname", 0): "%B",
    ("month", 1): "%-m",
    ("month", 2): "%m",
    ("day", 1): "%-d",
    ("day", 2): "%d",
    ("hour", 1): "%-H",
    ("hour", 2): "%H",
    ("clockhour12", 1): "%-I",
    ("clockhour12", 2): "%I",
    ("minute", 1): "%-M",
    ("minute", 2): "%M",
    ("second", 1): "%-S",
    ("second", 2): "%S",
    ("dayofyear", 3): "%j",
    ("halfday", 0): "%p",
    ("week", 2): "%V",
    ("weekyear", 4): "%G",
    ("year", 4): "%Y",
    ("twodigityear", 2): "%y",
    ("fraction", 3): "%g",
    ("fraction", 6): "%g000",
    ("fraction", 9): "%g000000",
}


def strftime(fields: Sequence[Field]) -> str | None:
    """The pattern of DuckDB's strftime that prints the same for years of four digits; None
    where there is none."""
    text = ""
    for field in fields:
        if field.kind == "literal":
            text += field.text.replace("%", "%%")
        elif (field.kind, field.least) in STRFTIME:
            text += STRFTIME[field.kind, field.least]
        else:
            return None
    return text


SHAPES = {
    "year": r"\d{4}",
    "monthname": "(?:" + "|".join(month[:3] for month in MONTHS) + ")",
    "hour": r"(?:[01]\d|2[0-3])",
    "offset": r"\+0000",
}
READABLE = frozenset(("year", "month", "monthname", "day", "hour", "minute", "second", "offset"))


def strptime(fields: Sequence[Field]) -> tuple[str, str] | None:
    """A regular expression of texts in full width, an offset being that of UTC, and the strptime
    pattern that reads these as Joda does, or None."""
    kinds = [field.kind for field in fields if field.kind != "literal"]
    if len(kinds) != len(set(kinds)) or not {"year", "day"} <= set(kinds) <= READABLE:
        return None
    if len({"month", "monthname"} & set(kinds)) != 1 or any(f.text[:1].isdigit() for f in fields):
        return None
    shape = "".join(
        SHAPES[f.kind] if f.kind in SHAPES else re.escape(f.text) or r"[0-5]\d" for f in fields
    )
    wide = [
        Field("literal", text="+0000")
        if f.kind == "offset"
        else Field(f.kind, 4 if f.kind == "year" else 2 if f.least else 0, text=f.text)
        for f in fields
    ]
    pattern = strftime(wide)
    return None if pattern is None else (shape, pattern)


def print_time(fields: Sequence[Field], local: datetime.datetime, offset: int, zone: str) -> str:
    """`local` in the pattern; offset in minutes and zone name are printed where it asks for
    them."""
    return "".join(_print(field, local, offset, zone) for field in fields)


def _print(field: Field, local: datetime.datetime, offset: int, zone: str) -> str:
    if field.kind == "literal":
        return field.text
    if field.kind == "fraction":
        return f"{local.microsecond // 1000:03d}"[: field.least].ljust(field.least, "0")
    if field.kind in ("offset", "colonoffset"):
        mark = ":" if field.kind == "colonoffset" else ""
        return f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}{mark}{abs(offset) % 60:02d}"
    words = {
        "zone": zone,
        "weekday": DAYS[local.weekday()][:3],
        "fullweekday": DAYS[local.weekday()],
        "monthname": MONTHS[local.month - 1][:3],
        "fullmonthname": MONTHS[local.month - 1],
        "halfday": "PM" if local.hour // 12 else "AM",
    }
    if field.kind in words:
        return words[field.kind]
    return f"{_number(field.kind, local):0{field.least}d}"


def _number(kind: str, local: datetime.datetime) -> int:
    week = local.isocalendar()
    return {
        "year": local.year,
        "twodigityear": local.year % 100,
        "month": local.month,
        "day": local.day,
        "dayofyear": local.timetuple().tm_yday,
        "dayofweek": local.isoweekday(),
        "week": week.week,
        "weekyear": week.year,
        "hour": local.hour,
        "hour12": local.hour % 12,
        "clockhour12": (local.hour + 11) % 12 + 1,
        "clockhour24": (local.hour + 23) % 24 + 1,
        "minute": local.minute,
        "second": local.second,
    }[kind]
