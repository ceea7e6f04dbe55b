"""Reads the tables of lakehunt.toml key by key.

Knows TOML's values and lines, not what the keys mean. The other modules of `config` call it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from lakehunt.config.lines import line_of
from lakehunt.errors import ConfigError, Location, nearest
from lakehunt.model import duration

_SIZE = re.compile(r"(\d+) ?([KMGT]?)B?", re.IGNORECASE)


def size_bytes(text: str) -> int:
    """Return a number of bytes such as `10GB`, in powers of 1000.

    Raises:
        ValueError: it is none.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text}: expected a number of bytes, such as 100GB")
    power: int = " KMGT".index(match[2].upper() or " ")
    return int(match[1]) * int(1000**power)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the keys of one table; the first wrong one is an error with its line."""

    path: Path
    text_: str
    table_: tuple[str, ...] = ()

    def within(self, *table: str) -> "Reader":
        """Return a reader whose errors point into a table."""
        return replace(self, table_=(*self.table_, *table))

    def error(self, key: str, expected: str) -> ConfigError:
        """Return the error that a key is not what is expected, at its line."""
        return ConfigError(f"{self.where(key)}: `{key}`, expected {expected}")

    def where(self, key: str) -> Location:
        """Return the line that sets a key."""
        return Location(self.path, line_of(self.text_, (*self.table_, key)))

    def item_error(self, key: str, item: str, expected: str) -> ConfigError:
        """Return the error that an item of a list is not what is expected, at the item's line."""
        first = self.where(key).line
        rows = self.text_.split("\n")
        quoted = (f'"{item}"', f"'{item}'")
        own = (n for n, row in enumerate(rows[first - 1 :], first) if any(q in row for q in quoted))
        return ConfigError(f"{self.path}:{next(own, first)}: `{key}`: {item}, expected {expected}")

    def check(self, data: Mapping[str, object], known: tuple[str, ...]) -> None:
        """Refuse a key that is not known."""
        for key in data:
            if key not in known:
                near = nearest(key, known)
                raise self.error(key, near or " or ".join(known))

    def table(self, data: Mapping[str, object], key: str, above: str = "") -> dict[str, object]:
        """Return the table under a key."""
        value = data.get(key, {})
        if not isinstance(value, dict):
            raise self.error(key, f"a table [{above}{key}]")
        return value

    def size(self, data: Mapping[str, object], key: str) -> int:
        """Return a number of bytes."""
        try:
            return size_bytes(str(data[key]))
        except ValueError as error:
            raise self.error(key, 'a number of bytes, such as "100 GB"') from error

    def price(self, data: Mapping[str, object], key: str, default: float) -> float:
        """Return a price in US dollars."""
        value = data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise self.error(key, "a number of US dollars, such as 5.0")
        return float(value)

    def count(self, data: Mapping[str, object], key: str) -> int:
        """Return a whole number."""
        value = data.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.error(key, "a whole number such as 10")
        return value

    def span(self, data: Mapping[str, object], key: str) -> timedelta:
        """Return a span of time."""
        try:
            return duration(self.text(data, key) or "0")
        except ValueError as error:
            raise self.error(key, 'a span of time such as "60m"') from error

    def text(self, data: Mapping[str, object], key: str) -> str:
        """Return a text, empty when absent."""
        value = data.get(key, "")
        if not isinstance(value, str):
            raise self.error(key, "text in quotes")
        return value

    def texts(self, data: Mapping[str, object], key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(key, 'a list of texts in quotes, such as ["us-east-1"]')
        return tuple(value)

    def day(self, data: Mapping[str, object], key: str) -> date | None:
        """Return a day, None when absent."""
        value = data.get(key)
        if value is None or type(value) is date:
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError as error:
            raise self.error(key, "a date such as 2024-01-01") from error
