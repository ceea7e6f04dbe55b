"""JSON in and out without a change: numbers keep their digits, a broken text says so.

Knows JSON, not files. The exact reading and the recognition of files use it.
"""

import json
import re
from uuid import uuid4

# Where reading goes on after a broken value: a line that may start one.
NEXT_VALUE = re.compile(r'\n(?=[{\["])')


class ExactJson:
    """Parses and prints JSON; a number with a point or an exponent keeps its spelling."""

    def __init__(self) -> None:
        # no log can know it, so no text of a log is taken for a number
        self._mark = uuid4().hex
        self._decoder = json.JSONDecoder(
            strict=False, parse_float=self._marked, parse_constant=_refuse
        )

    def value(self, text: str, start: int) -> tuple[object, int]:
        """Return the value that starts there, and where it ends.

        Raises:
            ValueError: it is broken JSON, or nested beyond reason.
        """
        try:
            value: tuple[object, int] = self._decoder.raw_decode(text, start)
            return value
        except RecursionError:
            raise json.JSONDecodeError("nested too deep", text, start) from None

    def whole(self, text: str) -> object:
        """Return the one value of a text; raises as `value`, also for anything after it."""
        value, end = self.value(text, skip_space(text, 0))
        if skip_space(text, end) < len(text):
            raise json.JSONDecodeError("more after the end", text, end)
        return value

    def printed(self, value: object) -> bytes:
        """Return a value as UTF-8 text."""
        text = json.dumps(value, ensure_ascii=False)
        if self._mark in text:
            text = re.sub(f'"{self._mark}([^"]+)"', r"\1", text)
        # a lone surrogate (\ud800 in JSON) is no character: it becomes `?`, as Java writes it
        return text.encode(errors="replace")

    def _marked(self, digits: str) -> str:
        return self._mark + digits


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")


def skip_space(text: str, position: int) -> int:
    """Return where the next character that is no white space stands."""
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position
