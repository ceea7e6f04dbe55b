"""Fills the `${holes}` of a record, drawn at random from the pools of a script.

Knows names and texts, no log source. `replay` calls it.
"""

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from random import Random

from lakehunt.demo.script import Pool
from lakehunt.errors import ContentError, Location, Problem, nearest

_HOLE = re.compile(r"\$\{(\w+)\}")
_NUMBERS = 100_000


def escaped(text: str) -> str:
    """Return a text as it stands inside a JSON string."""
    return json.dumps(text)[1:-1]


class Outline:
    """A record as JSON text, cut at its holes once so that each filling is a single join."""

    __slots__ = ("location", "parts")

    def __init__(self, fields: Mapping[str, object], location: Location) -> None:
        self.location = location
        self.parts = _HOLE.split(json.dumps(fields, separators=(",", ":")))


class Filler:
    """Fills outlines; the same seed draws the same texts in the same order."""

    def __init__(self, pools: Mapping[str, Pool], random: Random) -> None:
        self._pools = {
            name: Pool(tuple(map(escaped, pool.texts)), pool.shares) for name, pool in pools.items()
        }
        self._random = random

    def fill(
        self, outline: Outline, moment: datetime, given: Mapping[str, str], unique: Iterable[str]
    ) -> dict[str, object]:
        """Return the record of one event at that UTC time, ids of its own under `unique`.

        A hole is what `given` or a pool says, or of the clock: date, day, hour; or drawn: n, hex.
        It means the same throughout one record. What `given` holds is `escaped` already.

        Raises:
            ContentError: nothing fills a hole.
        """
        values = {**given, **_clock(moment)}
        parts = outline.parts.copy()
        for index in range(1, len(parts), 2):
            parts[index] = self._value(parts[index], values, outline.location)
        fields: dict[str, object] = json.loads("".join(parts))
        for name in unique:
            fields[name] = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        return fields

    def _value(self, name: str, values: dict[str, str], location: Location) -> str:
        text = values.get(name)
        if text is None or "${" in text:
            open_text = text or self._drawn(name, location)
            text = _HOLE.sub(lambda match: self._value(match[1], values, location), open_text)
            values[name] = text
        return text

    def _drawn(self, name: str, location: Location) -> str:
        pool = self._pools.get(name)
        if pool:
            return self._random.choices(pool.texts, cum_weights=pool.shares)[0]
        if name == "n":
            return str(self._random.randrange(_NUMBERS))
        if name == "hex":
            return f"{self._random.getrandbits(48):012x}"
        near = nearest(name, self._pools)
        raise ContentError([Problem(location, f"nothing fills ${{{name}}}", "", near)])


def _clock(moment: datetime) -> dict[str, str]:
    return {"date": f"{moment:%Y-%m-%d}", "day": f"{moment:%d}", "hour": f"{moment:%H}"}
