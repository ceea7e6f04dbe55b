"""Trino's JSON functions in Python: what Jackson's streaming reader and writer make of a text.

It must not know SQL. The table of JSON functions registers them for texts that DuckDB reads
differently.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from functools import lru_cache
from json.decoder import scanstring  # type: ignore[attr-defined]

from lakehunt.trino_on_duckdb.functions.definitions import TrinoError, invalid
from lakehunt.trino_on_duckdb.functions.java_numbers import java_double

SPACE = re.compile(r"[ \t\n\r]*")
SCALAR = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null")
ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
}
ESCAPED = re.compile('["\\\\\x00-\x1f]')
WHOLE = 2**63


class Broken(Exception):
    """The text is not JSON where the reader stands."""


class Pairs(list[tuple[str, object]]):
    """An object as its members in order, duplicates kept."""


class Spelled(str):
    """A number with fraction or exponent, as it is spelled."""

    __slots__ = ()


def _constant(word: str) -> object:
    raise ValueError(word)


@lru_cache(maxsize=1)
def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(parse_float=Spelled, parse_constant=_constant, object_pairs_hook=Pairs)


@lru_cache(maxsize=256)
def path_keys(path: str) -> tuple[str, ...]:
    """The keys of a JSON path in Trino's grammar: `$`, `.name`, `[0]`, `["any text"]`."""
    keys, i = [], 1
    if not path.startswith("$"):
        raise _bad_path(path)
    while i < len(path):
        if path[i] == ".":
            end = _unquoted(path, i + 1, ":_")
            keys.append(path[i + 1 : end])
        elif path.startswith('["', i):
            key, end = _quoted(path, i + 2)
            keys.append(key)
            end = _closed(path, end)
        elif path[i] == "[":
            end = _unquoted(path, i + 1, "_")
            keys.append(path[i + 1 : end])
            end = _closed(path, end)
        else:
            raise _bad_path(path)
        i = end
    return tuple(keys)


def _unquoted(path: str, start: int, others: str) -> int:
    end = start
    while end < len(path) and (path[end] in others or path[end].isalpha() or path[end].isdecimal()):
        end += 1
    if end == start:
        raise _bad_path(path)
    return end


def _quoted(path: str, start: int) -> tuple[str, int]:
    key, i = "", start
    while i < len(path) and path[i] != '"':
        if path[i] == "\\":
            i += 1
            if path[i : i + 1] not in ('"', "\\") or i >= len(path):
                raise _bad_path(path)
        key += path[i]
        i += 1
    if i >= len(path):
        raise _bad_path(path)
    return key, i + 1


def _closed(path: str, at: int) -> int:
    if path[at : at + 1] != "]":
        raise _bad_path(path)
    return at + 1


def _bad_path(path: str) -> TrinoError:
    return invalid(f"Invalid JSON path: '{path}'")


def _space(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int) -> tuple[object, int]:
    try:
        value, end = _decoder().raw_decode(text, at)
    except ValueError as error:
        raise Broken from error
    if not isinstance(value, list) and text[end - 1 : end] != '"':
        _check_end(text, at, end)
    return value, end


def _check_end(text: str, at: int, end: int) -> None:
    """Raises Broken where a number or word goes on in a way that Jackson does not take."""
    following = text[end : end + 1]
    number = text[at] in "-0123456789"
    wrong = following in ".eE0123456789" if number else following.isalnum() or following in "_$"
    at_root = not text[:at].strip(" \t\n\r")
    if following and (wrong or number and at_root and following not in " \t\n\r"):
        raise Broken


def _find(text: str, at: int, keys: tuple[str, ...]) -> int | None:
    """Where the value under `keys` begins; None where there is none. What comes after it is
    never read."""
    for key in keys:
        if text[at : at + 1] == "{":
            found = _member(text, at + 1, key)
        elif text[at : at + 1] == "[":
            found = _element(
                text, at + 1, int(key) if re.fullmatch(r"[+-]?[0-9]{1,9}", key) else -1
            )
        else:
            raise Broken
        if found is None:
            return None
        at = found
    return at


def _member(text: str, at: int, key: str) -> int | None:
    at = _space(text, at)
    if text[at : at + 1] == "}":
        return None
    while True:
        if text[at : at + 1] != '"':
            raise Broken
        try:
            name, at = scanstring(text, at + 1, True)
        except ValueError as error:
            raise Broken from error
        at = _space(text, at)
        if text[at : at + 1] != ":":
            raise Broken
        at = _space(text, at + 1)
        if name == key:
            return at
        at = _space(text, _value(text, at)[1])
        if text[at : at + 1] == "}":
            return None
        if text[at : at + 1] != ",":
            raise Broken
        at = _space(text, at + 1)


def _element(text: str, at: int, index: int) -> int | None:
    at = _space(text, at)
    if text[at : at + 1] == "]":
        return None
    while index != 0:
        index -= 1
        at = _space(text, _value(text, at)[1])
        if text[at : at + 1] == "]":
            return None
        if text[at : at + 1] != ",":
            raise Broken
        at = _space(text, at + 1)
    return at


def _at_path(text: str, path: str, read: Callable[[str, int], object]) -> object:
    keys = path_keys(path)
    try:
        at = _find(text, _space(text, 0), keys)
        return None if at is None else read(text, at)
    except Broken:
        return None


def extract_scalar(text: str, path: str) -> object:
    """The scalar under a path as text, a number as spelled; None for null, a structure, nothing
    or a broken text."""
    return _at_path(text, path, _scalar_text)


def extract(text: str, path: str) -> object:
    """The value under a path as canonical text, members in their order; None for nothing or a
    broken text."""
    return _at_path(text, path, lambda t, at: write(_value(t, at)[0]))


def size(text: str, path: str) -> object:
    """The number of members or elements under a path, 0 for a scalar."""
    return _at_path(text, path, _size)


def _size(text: str, at: int) -> int:
    value = _value(text, at)[0]
    return len(value) if isinstance(value, list) else 0


def _scalar_text(text: str, at: int) -> str | None:
    if text[at : at + 1] in ("{", "["):
        return None
    if text[at : at + 1] == '"':
        return _whole_text(_value(text, at)[0])
    found = SCALAR.match(text, at)
    if not found:
        raise Broken
    _check_end(text, at, found.end())
    return None if found[0] == "null" else found[0]


def _whole_text(value: object) -> str:
    if not isinstance(value, str) or any("\ud800" <= c <= "\udfff" for c in value):
        raise TrinoError("NOT_REPRODUCED: half of a surrogate pair in JSON text")
    return value


def parse(text: str) -> str:
    """The canonical text of a JSON text: members sorted by key, the last of duplicates, doubles
    as Java prints them."""
    start = _space(text, 0)
    try:
        value, end = _value(text, start)
    except Broken as error:
        raise invalid(f"Cannot convert value to JSON: '{text}'") from error
    if _space(text, end) != len(text):
        raise invalid(f"Cannot convert value to JSON: '{text}'")
    return write(_sorted(value))


def _sorted(value: object) -> object:
    if isinstance(value, Pairs):
        members = {key: _sorted(item) for key, item in value}
        # Java compares strings by UTF-16 units.
        return Pairs(
            sorted(
                members.items(), key=lambda member: member[0].encode("utf-16-be", "surrogatepass")
            )
        )
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def write(value: object) -> str:
    """The text of a decoded value, without blanks."""
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{quoted(key)}:{write(item)}" for key, item in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    if isinstance(value, Spelled):
        return java_double(float(value), '"')
    if isinstance(value, str):
        return quoted(value)
    return (
        "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )


def quoted(text: str) -> str:
    """`text` as a JSON string in Jackson's spelling."""
    return (
        '"'
        + ESCAPED.sub(lambda c: ESCAPES.get(c[0], f"\\u{ord(c[0]):04X}"), _whole_text(text))
        + '"'
    )


def array_length(text: str) -> int | None:
    """The number of elements of an array, None for anything else; what follows the array is not
    read."""
    at = _space(text, 0)
    if text[at : at + 1] != "[":
        return None
    try:
        return _size(text, at)
    except Broken:
        return None


def array_get(text: str, index: int) -> str | None:
    """The element of an array, from the end where negative: text bare, as Trino has it; None
    for null or nothing."""
    at = _space(text, 0)
    if text[at : at + 1] != "[":
        return None
    try:
        if index < 0:
            index += _size(text, at)
        found = _element(text, at + 1, index) if index >= 0 else None
        if found is None:
            return None
        if text[found : found + 1] in ("{", "["):
            return write(_value(text, found)[0])
        return _scalar_text(text, found)
    except Broken:
        return None


def array_contains(text: str, wanted: object) -> bool | None:
    """Whether an array has an element of the kind and value of `wanted`; None where the text is
    no array."""
    if isinstance(wanted, float) and (not math.isfinite(wanted)):
        return False
    at = _space(text, 0)
    if text[at : at + 1] != "[":
        return None
    try:
        return _any_element(text, _space(text, at + 1), wanted)
    except Broken:
        return None


def _any_element(text: str, at: int, wanted: object) -> bool:
    """Whether an element from `at` on matches; elements after it are not read."""
    if text[at : at + 1] == "]":
        return False
    while True:
        value, at = _value(text, at)
        if _matches(value, wanted):
            return True
        at = _space(text, at)
        if text[at : at + 1] == "]":
            return False
        if text[at : at + 1] != ",":
            raise Broken
        at = _space(text, at + 1)


def _matches(value: object, wanted: object) -> bool:
    if isinstance(wanted, float):
        return isinstance(value, Spelled) and float(value) == wanted
    if type(value) is int and not -WHOLE <= value < WHOLE:
        return False
    return type(value) is type(wanted) and value == wanted


def is_scalar(text: str) -> bool:
    """Whether a JSON text is neither object nor array."""
    start = _space(text, 0)
    try:
        value, end = _value(text, start)
    except Broken as error:
        raise invalid(f"Invalid JSON value: {text}") from error
    if _space(text, end) != len(text):
        raise invalid(f"Invalid JSON value: {text}")
    return not isinstance(value, list)


def decode(text: str) -> tuple[object, int]:
    """The first value of a text and the place after it: Pairs for objects, Spelled for inexact
    numbers."""
    try:
        return _value(text, _space(text, 0))
    except Broken:
        raise invalid(f"Cannot convert value to JSON: '{text}'") from None
