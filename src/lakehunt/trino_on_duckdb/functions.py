"""The Trino functions that are reproduced on DuckDB, one line each; all others are refused.

Knows argument shapes, not types. `translate` looks every call up here.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sqlglot import exp

from lakehunt.errors import Refused

Build: TypeAlias = Callable[..., exp.Expr]


@dataclass(frozen=True, slots=True)
class Function:
    """How one Trino function is called on DuckDB: by another name, or by a built expression."""

    least: int
    most: int
    name: str = ""
    build: Build | None = None


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[*arguments])


def _text(node: exp.Expr, what: str) -> str:
    if isinstance(node, exp.Literal) and node.is_string:
        return node.name
    raise Refused(f"{what} must be a text literal here, not {node.sql('trino')}")


def _positive(node: exp.Expr, what: str) -> exp.Expr:
    if isinstance(node, exp.Literal) and not node.is_string and int(node.name) > 0:
        return node
    raise Refused(f"{what} must be a whole number from 1 here, not {node.sql('trino')}")


_STEP = re.compile(r"""\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]|\["([^"\\]+)"\]""")


def _json_scalar(value: exp.Expr, path: exp.Expr) -> exp.Expr:
    text = _text(path, "the path of json_extract_scalar")
    steps = _STEP.findall(text[1:])
    if text[:1] != "$" or "".join(m.group() for m in _STEP.finditer(text)) != text[1:]:
        raise Refused(f'JSON path {text!r}: write $.name, $[0] or $["any-name"] steps')
    parts = (f"[{index}]" if index else f'."{name or quoted}"' for name, index, quoted in steps)
    return _call("trino_json_scalar", value, exp.Literal.string("$" + "".join(parts)))


_ESCAPES = "dDwWsSbB.\\/[](){}+*?|^$-\"'"


def _pattern(node: exp.Expr) -> exp.Expr:
    """Return a pattern in RE2's spelling; refuse what RE2 and Trino's Joni read differently."""
    text = _text(node, "a regular expression")
    spelled: list[str] = []
    in_class = False
    position = 0
    while position < len(text):
        token = text[position : position + 2] if text[position] == "\\" else text[position]
        rest = text[position + len(token) :]
        if _is_unlike(token, rest, in_class, text[:position]):
            raise Refused(f"the regular expression {text!r} is not read alike: at {position + 1}")
        if token in "[]" and in_class == (token == "]"):
            in_class = not in_class
        # Trino's $ also stands before a last line end
        spelled.append(r"(?:\n?\z)" if token == "$" and not in_class else token)
        position += len(token)
    return exp.Literal.string("".join(spelled))


def _is_unlike(token: str, rest: str, in_class: bool, before: str) -> bool:
    if token.startswith("\\"):
        return token[1:] not in _ESCAPES or len(token) == 1
    if in_class:
        return token == "[" or (token == "&" and rest.startswith("&"))
    group = token == "(" and rest.startswith("?")
    if group and not (rest.startswith("?:") or (rest.startswith("?i)") and not before)):
        return True
    # possessive marks, and a ] that opens a class as a literal
    return (token in "*+?}" and rest.startswith("+")) or (token == "[" and rest[:1] == "]")


def _regexp_like(value: exp.Expr, pattern: exp.Expr) -> exp.Expr:
    return _call("regexp_matches", value, _pattern(pattern))


def _regexp_extract(value: exp.Expr, pattern: exp.Expr, group: exp.Expr | None = None) -> exp.Expr:
    group = group or exp.Literal.number(0)
    return _call("trino_regexp_extract", value, _pattern(pattern), group)


def _split_part(value: exp.Expr, delimiter: exp.Expr, index: exp.Expr) -> exp.Expr:
    if not _text(delimiter, "the delimiter of split_part"):
        raise Refused("split_part with an empty delimiter")
    return _call("trino_split_part", value, delimiter, _positive(index, "the index of split_part"))


def _substr(value: exp.Expr, start: exp.Expr, *length: exp.Expr) -> exp.Expr:
    return _call("substr", value, _positive(start, "the start of substr"), *length)


def _slice(value: exp.Expr, start: exp.Expr, length: exp.Expr) -> exp.Expr:
    start = _positive(start, "the start of slice")
    return _call("trino_slice", value, start, _positive(length, "the length of slice"))


def _element_at(value: exp.Expr, index: exp.Expr) -> exp.Expr:
    return _call("list_extract", value, _positive(index, "the index of element_at"))


def _any_match(value: exp.Expr, condition: exp.Expr) -> exp.Expr:
    return _call("trino_any", _call("list_transform", value, condition))


def _concat(*parts: exp.Expr) -> exp.Expr:
    whole = parts[0]
    for part in parts[1:]:
        whole = exp.DPipe(this=whole, expression=part)
    return exp.paren(whole)


_UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")


def _unit(node: exp.Expr) -> exp.Expr:
    unit = _text(node, "the unit").lower()
    if unit not in _UNITS:
        raise Refused(f"the unit {unit!r}")
    return exp.Literal.string(unit)


def _date_diff(unit: exp.Expr, start: exp.Expr, end: exp.Expr) -> exp.Expr:
    return _call("date_sub", _unit(unit), start, end)


def _date_trunc(unit: exp.Expr, value: exp.Expr) -> exp.Expr:
    return _call("date_trunc", _unit(unit), value)


def _json_format(value: exp.Expr) -> exp.Expr:
    return exp.cast(value, "varchar", dialect="duckdb")


def _map(keys: exp.Expr, values: exp.Expr) -> exp.Expr:
    return _call("map", keys, values)


def _if(condition: exp.Expr, true: exp.Expr, false: exp.Expr | None = None) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=condition, true=true)], default=false)


def _try(value: exp.Expr) -> exp.Expr:
    if isinstance(value, exp.Anonymous) and value.name == "trino_from_iso8601":
        return _call("trino_try_from_iso8601", *value.expressions)
    return _call("try", value)


FUNCTIONS: Mapping[str, Function] = {
    # text
    "concat": Function(2, 127, build=_concat),
    "length": Function(1, 1, "length"),
    "lower": Function(1, 1, "lower"),
    "ltrim": Function(1, 1, "ltrim"),
    "replace": Function(3, 3, "replace"),
    "rtrim": Function(1, 1, "rtrim"),
    "split": Function(2, 2, "string_split"),
    "split_part": Function(3, 3, build=_split_part),
    "starts_with": Function(2, 2, "starts_with"),
    "strpos": Function(2, 2, "strpos"),
    "substr": Function(2, 3, build=_substr),
    "trim": Function(1, 1, "trim"),
    "upper": Function(1, 1, "upper"),
    # regular expressions
    "regexp_extract": Function(2, 3, build=_regexp_extract),
    "regexp_like": Function(2, 2, build=_regexp_like),
    # JSON
    "json_extract_scalar": Function(2, 2, build=_json_scalar),
    "json_format": Function(1, 1, build=_json_format),
    # conditions
    "coalesce": Function(2, 127, "coalesce"),
    "if": Function(2, 3, build=_if),
    "nullif": Function(2, 2, "nullif"),
    "try": Function(1, 1, build=_try),
    # time
    "date_diff": Function(3, 3, build=_date_diff),
    "date_trunc": Function(2, 2, build=_date_trunc),
    "from_iso8601_timestamp": Function(1, 1, "trino_from_iso8601"),
    # arrays and maps
    "any_match": Function(2, 2, build=_any_match),
    "array_join": Function(2, 2, "array_to_string"),
    "array_sort": Function(1, 1, "trino_array_sort"),
    "cardinality": Function(1, 1, "len"),
    "contains": Function(2, 2, "trino_contains"),
    "element_at": Function(2, 2, build=_element_at),
    "filter": Function(2, 2, "list_filter"),
    "map": Function(2, 2, build=_map),
    "slice": Function(3, 3, build=_slice),
    "transform": Function(2, 2, "list_transform"),
    # aggregates
    "array_agg": Function(1, 1, "array_agg"),
    "bool_and": Function(1, 1, "bool_and"),
    "bool_or": Function(1, 1, "bool_or"),
    "count": Function(0, 1, "count"),
    "count_if": Function(1, 1, "count_if"),
    "max": Function(1, 1, "max"),
    "max_by": Function(2, 2, "arg_max_null"),
    "min": Function(1, 1, "min"),
    "min_by": Function(2, 2, "arg_min_null"),
    "sum": Function(1, 1, "sum"),
    # windows
    "dense_rank": Function(0, 0, "dense_rank"),
    "first_value": Function(1, 1, "first_value"),
    "lag": Function(1, 3, "lag"),
    "last_value": Function(1, 1, "last_value"),
    "lead": Function(1, 3, "lead"),
    "rank": Function(0, 0, "rank"),
    "row_number": Function(0, 0, "row_number"),
}
