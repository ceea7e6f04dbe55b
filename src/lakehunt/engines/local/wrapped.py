"""Finds the records in a JSON value: bare, in the list of a known shape, or in a wrapping field.

Knows the shapes and keys that `partitions/<source>.yaml` names, not what a record means. A
wrapping field is recognised by what it holds, never by its name.
"""

from collections.abc import Iterator, Mapping, Sequence

from lakehunt.engines.local.exact_json import ExactJson
from lakehunt.model import Partitions
from lakehunt.sources.allowed import LINES

# Filebeat keeps the record as text under `_source.event.original`; nothing wraps it deeper.
_DEEPEST = 3


def wrapping_key(shapes: Sequence[str]) -> str:
    """Return the key under which the source's own documents hold their records."""
    return next((shape for shape in shapes if shape != LINES), "records")


class Finder:
    """Finds records of one source; it remembers in which fields it found them."""

    def __init__(self, partitions: Partitions, json: ExactJson) -> None:
        self.identify = partitions.identify
        self._json = json
        self._bare = wrapping_key(partitions.shapes)
        paths = (shape.partition("[]") for shape in partitions.shapes if shape != LINES)
        self._shapes = [(_keys(outer), _keys(inner)) for outer, _, inner in paths]
        self._ways = [inner for _, inner in self._shapes if inner]

    def records(self, value: object) -> list[object]:
        """Return the records of a document, an array, one event or a field around it.

        What stands in a list and is no record stays as it is: it becomes an unparsed row.

        Raises:
            ValueError: the value is none of these.
        """
        if isinstance(value, list):
            return [self._found_or_itself(entry) for entry in value]
        if isinstance(value, dict):
            for keys, _ in self._shapes:
                listed = _follow(value, keys)
                if isinstance(listed, list):
                    bare = keys == (self._bare,)
                    return listed if bare else [self._found_or_itself(e) for e in listed]
            if self._bare in value:
                raise ValueError(f"`{self._bare}` is no list of records")
        found = self.find(value)
        if found is not None:
            return [found]
        if isinstance(value, dict) and any(name in value for name in self.identify):
            return [value]
        shown = ", ".join([*value][:3]) if isinstance(value, dict) else repr(value)[:40]
        raise ValueError(f"no `{self._bare}` and no event, it holds: {shown or 'nothing'}")

    def find(self, value: object) -> Mapping[str, object] | None:
        """Return the record that a value is or wraps, else None."""
        outer = self._object(value)
        if outer is None or self.is_record(outer):
            return outer
        if any(name in outer for name in self.identify):
            # a record that lacks a key, and no wrapping around another
            return None
        for way in self._ways:
            found = self._object(self._at(outer, way))
            if found is not None and self.is_record(found):
                return found
        for way, inner in self._inside(outer):
            if self.is_record(inner):
                self._ways.append(way)
                return inner
        return None

    def _found_or_itself(self, entry: object) -> object:
        found = self.find(entry)
        return entry if found is None else found

    def is_record(self, value: Mapping[str, object]) -> bool:
        """Tell whether an object has all keys by which an event is recognised."""
        return bool(self.identify) and all(name in value for name in self.identify)

    def _object(self, value: object) -> Mapping[str, object] | None:
        """Return an object, or the one that a JSON text holds."""
        if isinstance(value, str) and value.lstrip()[:1] == "{":
            try:
                value = self._json.whole(value)
            except ValueError:
                return None
        return value if isinstance(value, dict) else None

    def _at(self, value: object, way: Sequence[str]) -> object:
        for key in way:
            outer = self._object(value)
            value = outer.get(key) if outer else None
        return value

    def _inside(
        self, value: Mapping[str, object]
    ) -> Iterator[tuple[tuple[str, ...], Mapping[str, object]]]:
        """Yield the objects inside, the outer ones first, each with the keys that lead to it."""
        level: list[tuple[tuple[str, ...], Mapping[str, object]]] = [((), value)]
        for _ in range(_DEEPEST):
            level = [
                ((*way, key), inner)
                for way, outer in level
                for key, raw in outer.items()
                if (inner := self._object(raw)) is not None
            ]
            yield from level


def _keys(path: str) -> tuple[str, ...]:
    return tuple(key for key in path.split(".") if key)


def _follow(value: object, keys: Sequence[str]) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
