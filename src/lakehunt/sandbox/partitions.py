"""Which objects a table in Glue reads, and the values of its partition columns for each of them.

Knows partition projection, registered partitions and S3, not what lies in an object.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lakehunt.layouts import date_pattern, strftime
from lakehunt.sandbox.store import Store, StoredObject, split

_HOLE = re.compile(r"\$\{(\w+)\}")
_RELATIVE = re.compile(r"NOW(?:([+-]\d+)([A-Z]+?)S?)?")
_DAYS = {"YEAR": 365, "MONTH": 30, "WEEK": 7, "DAY": 1, "HOUR": 1 / 24, "MINUTE": 1 / 1440}


@dataclass(frozen=True, slots=True)
class Placed:
    """An object of a table, with what its place says of each partition column."""

    stored: StoredObject
    values: Mapping[str, str]


def placed_objects(store: Store, database: str, table: Mapping[str, Any]) -> list[Placed]:
    """Return the objects that a table reads, those outside its partitions left out.

    Raises:
        Missing: the bucket of its location is not there.
    """
    keys = [key["Name"] for key in table.get("PartitionKeys") or ()]
    location = table["StorageDescriptor"].get("Location", "")
    if not keys:
        return [Placed(stored, {}) for stored in store.objects(location)]
    parameters = table.get("Parameters") or {}
    if parameters.get("projection.enabled", "").lower() == "true":
        default = template_of(table, {key: f"${{{key}}}" for key in keys})
        return [
            *_projected(
                store, parameters.get("storage.location.template", default), keys, parameters
            )
        ]
    found: list[Placed] = []
    for values, place in store.partitions(database, str(table["Name"])):
        named = dict(zip(keys, values, strict=True))
        found += [Placed(stored, named) for stored in store.objects(place)]
    return found


def template_of(table: Mapping[str, Any], values: Mapping[str, str]) -> str:
    """Return where Hive puts a partition of these values: `location/key=value/...`."""
    location = str(table["StorageDescriptor"].get("Location", "")).rstrip("/")
    return location + "".join(f"/{key}={value}" for key, value in values.items()) + "/"


def _projected(
    store: Store, template: str, keys: Sequence[str], parameters: Mapping[str, str]
) -> Iterator[Placed]:
    template = template.rstrip("/") + "/"
    columns = {key: _Column(key, parameters) for key in keys}
    pattern = re.compile(_pattern(split(template)[1], columns))
    for stored in store.objects(template.partition("${")[0].rpartition("/")[0]):
        match = pattern.match(stored.key)
        if match and all(columns[key].holds(value) for key, value in match.groupdict().items()):
            yield Placed(stored, match.groupdict())


def _pattern(template: str, columns: Mapping[str, "_Column"]) -> str:
    parts = _HOLE.split(template)
    pattern = re.escape(parts[0])
    for name, literal in zip(parts[1::2], parts[2::2], strict=True):
        pattern += f"(?P<{name}>{columns[name].pattern})" + re.escape(literal)
    return pattern


class _Column:
    """One projected column, as `projection.<name>.*` describes it; it remembers its verdicts."""

    def __init__(self, name: str, parameters: Mapping[str, str]) -> None:
        start = f"projection.{name}."
        self.own = {k.removeprefix(start): v for k, v in parameters.items() if k.startswith(start)}
        self.type = self.own.get("type", "injected")
        self.format = self.own.get("format", "")
        self.pattern = {
            "date": date_pattern(self.format),
            "integer": r"-?\d+",
        }.get(self.type, "[^/]+")

        self._known: dict[str, bool] = {}

    def holds(self, value: str) -> bool:
        """Tell whether the projection enumerates this value."""
        if value not in self._known:
            self._known[value] = self._holds(value)
        return self._known[value]

    def _holds(self, value: str) -> bool:
        if self.type == "enum":
            return value in [item.strip() for item in self.own.get("values", "").split(",")]
        first, _, last = (end.strip() for end in self.own.get("range", "").partition(","))
        if self.type == "integer":
            return int(first or value) <= int(value) <= int(last or value)
        if self.type == "date":
            return self._moment(first) <= self._moment(value) <= self._moment(last)
        return True

    def _moment(self, text: str) -> datetime:
        match = _RELATIVE.fullmatch(text)
        if match is None:
            return datetime.strptime(text, strftime(self.format))
        now = datetime.now(UTC).replace(tzinfo=None)
        days = int(match[1] or 0) * _DAYS.get(match[2] or "DAY", 1)
        return now + timedelta(days=days)
