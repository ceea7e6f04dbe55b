"""JSON in and out without a change: numbers keep their digits, a broken text says so.

Knows JSON, not files. The exact reading and the recognition of files use it.
"""

import json
import re
from collections.abc import Callable, Sequence
from uuid import uuid4

# Where reading goes on after a broken value: a line that may start one.
NEXT_VALUE = re.compile(r'\n(?=[{\["])')


# The most digits that a whole number has as such; Python refuses to read very long ones.
_WHOLE_DIGITS = 18


class ExactJson:
    """Parses and prints JSON; a number that is not printed as it was read keeps its spelling.

    Of a key that comes twice in an object the last one counts and gives the place; keys that differ
    in case only are one, if asked for.
    """

    def __init__(self, *, is_case_folded: bool = False) -> None:
        # no log can know it, so no text of a log is taken for a number
        self._mark = uuid4().hex
        self._is_case_folded = is_case_folded
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            strict=False,
            parse_float=self._marked,
            parse_int=self._whole,
            parse_constant=_refuse,
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

    def compact(self, value: object, spelled: Callable[[str], str]) -> str:
        """Return a value as text without blanks, its numbers spelled by a function."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        if self._mark in text:
            text = re.sub(f'"{self._mark}([^"]+)"', lambda match: spelled(match[1]), text)
        return text

    def digits(self, value: object) -> str | None:
        """Return the spelling of a number that kept it, None of any other value."""
        is_marked = isinstance(value, str) and value.startswith(self._mark)
        return str(value).removeprefix(self._mark) if is_marked else None

    def is_merged(self, value: object) -> bool:
        """Tell whether a key came twice in an object."""
        return isinstance(value, _Merged)

    def _object(self, pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
        whole = dict(pairs)
        names = {key.lower() for key in whole} if self._is_case_folded else whole
        if len(names) == len(pairs):
            return whole
        last: dict[str, tuple[str, object]] = {}
        for key, value in pairs:
            name = key.lower() if self._is_case_folded else key
            last.pop(name, None)
            last[name] = (key, value)
        return _Merged(last.values())

    def _marked(self, digits: str) -> str:
        return self._mark + digits

    def _whole(self, digits: str) -> int | str:
        is_kept = len(digits) > _WHOLE_DIGITS or digits == "-0"
        return self._marked(digits) if is_kept else int(digits)


class _Merged(dict[str, object]):
    """An object in which a key came twice."""


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")


def skip_space(text: str, position: int) -> int:
    """Return where the next character that is no white space stands."""
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position
