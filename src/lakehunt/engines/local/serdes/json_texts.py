"""Numbers and objects in a column of text: where Trino's text of them may not be DuckDB's.

Knows types and DuckDB's SQL. `json_lines` asks which lines are read again, as `json_records` does.
"""

from collections.abc import Iterator, Mapping

from lakehunt.engines.local.types import quoted, text
from lakehunt.model import Type

# A number with a fraction or an exponent; an array or object that holds one, or that holds what
# Trino escapes otherwise: `</` and control characters.
_FRACTION = r"-?[0-9]+([.][0-9]+|[.]?[0-9]*[eE][-+]?[0-9]+)"
_IN_ARRAY = rf"[:,\[]{_FRACTION}[,\]}}]|</|\\u00"
# Numbers that DuckDB prints otherwise: it takes them for doubles and prints their shortest digits.
# Whole numbers keep theirs, and so do up to 16 signs with a fraction that ends in no zero but `.0`.
_IN_LINE = (
    r"[:,\[\s]-?([0-9]+([.][0-9]+)?[eE][-+0-9]|[0-9]+[.][0-9]+0[,\]}\s]|0[.]0000|[0-9][0-9.]{16})"
    r"|[:,\[\s]-0[.]0[,\]}\s]|</|\\u00"
)


def may_differ(columns: Mapping[str, Type], line: str) -> str:
    """Return DuckDB's condition that a text column of a line may not be as Trino has it.

    The line is looked at only where a column could be such a number or holds one: a text such as
    `1.5` looks alike.

    Args:
        columns: the columns as DuckDB's expressions, with their types.
    """
    suspects = [one for value, type_ in columns.items() for one in _suspects(value, type_)]
    if not suspects:
        return "false"
    is_odd = f"regexp_matches({line}, {text(_IN_LINE)})"
    return f"CASE WHEN {' OR '.join(suspects)} THEN {is_odd} ELSE false END"


def _suspects(value: str, type_: Type, *, is_coarse: bool = False, depth: int = 0) -> Iterator[str]:
    """Yield conditions that a text inside a value looks like a number, an array or an object.

    What most texts fail is a comparison, far cheaper than an expression.
    """
    if type_.name == "string":
        may_be_number = f"({value} < ':' AND ({value} >= '0' OR {value} >= '-' AND {value} < '.'))"
        may_be_array = f"({value} >= '[' AND ({value} < '\\' OR {value} >= '{{'))"
        if is_coarse:
            yield f"{may_be_number} OR {may_be_array}"
            return
        yield _case(may_be_number, f"regexp_full_match({value}, {text(_FRACTION)})")
        yield _case(may_be_array, f"regexp_matches({value}, {text(_IN_ARRAY)})")
    elif type_.name == "struct":
        for name, inner in type_.fields:
            yield from _suspects(f"{value}.{quoted(name)}", inner, is_coarse=is_coarse, depth=depth)
    elif type_.name in ("array", "map"):
        items = value if type_.name == "array" else f"map_values({value})"
        inner = type_.arguments[-1]
        coarse = _any_item(items, inner, is_coarse=True, depth=depth)
        if coarse and is_coarse:
            yield coarse
        elif coarse:
            yield _case(coarse, _any_item(items, inner, is_coarse=False, depth=depth))


def _case(condition: str, then: str) -> str:
    return f"CASE WHEN {condition} THEN {then} ELSE false END"


def _any_item(items: str, type_: Type, *, is_coarse: bool, depth: int) -> str:
    """Return the condition that one item of a list is suspect, '' where none can be."""
    item = f"item{depth}"
    inside = " OR ".join(_suspects(item, type_, is_coarse=is_coarse, depth=depth + 1))
    return f"len(list_filter({items}, lambda {item}: {inside})) > 0" if inside else ""
