"""Records of JSON written over, so that DuckDB's reader makes of them what Trino's SerDes make.

Knows types and JSON, not files. The readers of JSON take it for what is read exactly.
Source: trinodb/trino, OpenXJsonDeserializer, JsonDeserializer and CloudTrailLineReader of
lib/trino-hive-formats (read 2026-11-30).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, DecimalException
from enum import Enum

from lakehunt.engines.local.exact_json import ExactJson
from lakehunt.model import Type

# Keys, and what looks like one where a text holds quotes.
_KEY = re.compile(rb'"[^"]*+"\s*+:')


class Flavour(Enum):
    """Which reader makes text of what is in a column of text."""

    OPENX = "numbers as BigDecimal, arrays and objects as JSON, keys without regard to case"
    HIVE = "numbers as they are written; anything else ends the query"
    CLOUDTRAIL = "numbers as doubles, arrays and objects as JSON, as DuckDB has them"


@dataclass(slots=True)
class Records:
    """Reads records of one type; of two keys for one column the last one counts.

    Athena's and Trino's columns are in lower case, so that most tables look for keys without regard
    to case. A key that is written as in the type, and once, is what DuckDB finds.
    """

    type: Type
    flavour: Flavour
    is_case_sensitive: bool = False
    _ordinary: set[tuple[bytes, ...]] = field(default_factory=set)

    def written(self, record: str) -> str | None:
        """Return a record with the table's keys and Trino's texts, None where it is broken JSON.

        What is nested beyond reason counts as broken.
        """
        reading = self._reading()
        try:
            value = reading.value(reading.json.whole(record), self.type)
            return reading.json.printed(value).decode()
        except (ValueError, RecursionError):
            return None

    def has_strange_keys(self, record: bytes) -> bool:
        """Tell whether a wanted key of a record comes twice, or in another case than in the type.

        Records of one kind have the same keys, and are looked at once.
        """
        # an escape may hide a key
        keys = () if b"\\u" in record else tuple(_KEY.findall(record))
        if keys in self._ordinary:
            return False
        reading = self._reading()
        try:
            value, _ = reading.json.value(record.decode(), 0)
            reading.value(value, self.type)
        except (ValueError, RecursionError):
            return False
        if keys and not reading.has_strange_keys:
            self._ordinary.add(keys)
        return reading.has_strange_keys

    def _reading(self) -> "_Reading":
        folds_all = self.flavour is Flavour.OPENX and not self.is_case_sensitive
        json = ExactJson(is_case_folded=folds_all)
        return _Reading(self.flavour, self.is_case_sensitive, json)


@dataclass(slots=True)
class _Reading:
    """One record on its way from JSON to the columns."""

    flavour: Flavour
    is_case_sensitive: bool
    json: ExactJson
    has_strange_keys: bool = False

    def value(self, value: object, type_: Type) -> object:
        """Return a value as one of a type; what does not fit the type stays as it is."""
        if type_.name == "string":
            return self._text(value)
        if type_.name == "struct" and isinstance(value, dict):
            return self._struct(value, type_)
        if type_.name == "array" and isinstance(value, list):
            return [self.value(item, type_.arguments[0]) for item in value]
        if type_.name == "map" and isinstance(value, dict):
            self.has_strange_keys |= self.json.is_merged(value)
            return {key: self.value(item, type_.arguments[1]) for key, item in value.items()}
        return value

    def _struct(self, value: Mapping[str, object], type_: Type) -> dict[str, object]:
        names = {self._name(name): (name, inner) for name, inner in type_.fields}
        self.has_strange_keys |= self.json.is_merged(value)
        found: dict[str, object] = {}
        for key, item in value.items():
            name, inner = names.get(self._name(key), ("", type_))
            if name:
                self.has_strange_keys |= name != key or name in found
                found[name] = self.value(item, inner)
        return found

    def _name(self, key: str) -> str:
        return key if self.is_case_sensitive else key.lower()

    def _text(self, value: object) -> object:
        digits = self.json.digits(value)
        if digits is not None and self.flavour is not Flavour.CLOUDTRAIL:
            return digits if self.flavour is Flavour.HIVE else canonical(digits)
        self.has_strange_keys |= self._is_merged(value)
        if isinstance(value, dict | list) and self.flavour is Flavour.OPENX:
            # a slash behind `<` is escaped, as some do for HTML
            return self.json.compact(value, canonical).replace("</", "<\\/")
        return value

    def _is_merged(self, value: object) -> bool:
        """Tell whether a key came twice anywhere in a value."""
        inside: Iterable[object] = value if isinstance(value, list) else ()
        if isinstance(value, dict):
            inside = value.values()
        return self.json.is_merged(value) or any(map(self._is_merged, inside))


def canonical(digits: str) -> str:
    """Return a number as Java's BigDecimal prints it, which is how the reader of OpenX does."""
    try:
        number = Decimal(digits)
    except DecimalException:
        # an exponent beyond reason: Java leaves the number as it is
        return digits
    # Java's zero has no sign
    return str(number) if number else str(number).removeprefix("-")
