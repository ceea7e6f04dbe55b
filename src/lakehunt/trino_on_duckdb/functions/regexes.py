"""Regular expression functions: RE2 where it agrees with Joni for the pattern at hand, Python's
re elsewhere.

It must not know how a pattern is read. The table of functions collects ENTRIES, the prelude
DEFINITIONS.
"""

from __future__ import annotations

from collections.abc import Callable

from lakehunt.trino_on_duckdb.functions import regex_matching
from lakehunt.trino_on_duckdb.functions.definitions import Definition, Python, TrinoError, failing
from lakehunt.trino_on_duckdb.functions.entry import Call, Choose, Entry, How, Refused, literal
from lakehunt.trino_on_duckdb.functions.regex_syntax import Pattern, translate

SUBJECT, PATTERN = "varchar(x)", "joniregexp"
Say = Callable[[Call, Pattern], tuple[str | None, str]]
# What is assumed of a pattern that is known only when the query runs.
UNKNOWN = Pattern("", None, 0, (), True, frozenset(), False, True, True, True, True, True, True)
# DuckDB takes groups 0 to 9, in a replacement \0 to \9.
LAST_GROUP = 9


def _pattern(call: Call) -> Pattern | None:
    """The pattern where it is a literal. Raises TrinoError or Refused where it cannot be used."""
    text = call.arguments[1].literal
    return None if text is None else translate(text)


def _guarded(pattern: Pattern, quick: str, slow: str) -> str:
    """`quick` where RE2 agrees, `slow` for subjects where it may not."""
    conditions = []
    if pattern.ascii:
        conditions.append("strlen($1) = length($1)")
    if pattern.end:
        conditions.append("NOT ends_with($1, chr(10))")
    if not conditions:
        return quick
    return (
        f"(CASE WHEN {' AND '.join(conditions)} THEN {quick} WHEN $1 IS NOT NULL THEN {slow} END)"
    )


def _re2(pattern: Pattern) -> str:
    return literal(pattern.re2 or "")


def _like(call: Call, pattern: Pattern) -> tuple[str | None, str]:
    return f"regexp_matches($1, {_re2(pattern)})", "trino_regexp_like($1, $2)"


def _number(call: Call, position: int) -> int | None:
    """A whole number given as literal; None where it is none."""
    if len(call.arguments) <= position:
        return 0
    text = call.arguments[position].literal
    return int(text) if text is not None and text.lstrip("-").isdigit() else None


def _extract(call: Call, pattern: Pattern) -> tuple[str | None, str]:
    group = _number(call, 2)
    slow = "trino_regexp_extract($1, $2, " + (
        "$3)" if bool(call.arguments[2:]) else "CAST(0 AS BIGINT))"
    )
    if group is None or not 0 <= group <= min(pattern.groups, LAST_GROUP):
        return None, slow
    nullable = pattern.nullable if group == 0 else group in pattern.nullable_groups
    if nullable:
        return f"regexp_extract_all($1, {_re2(pattern)}, {group})[1]", slow
    return f"nullif(regexp_extract($1, {_re2(pattern)}, {group}), '')", slow


def _extract_all(call: Call, pattern: Pattern) -> tuple[str | None, str]:
    group = _number(call, 2)
    slow = "trino_regexp_extract_all($1, $2, " + (
        "$3)" if bool(call.arguments[2:]) else "CAST(0 AS BIGINT))"
    )
    if group is None or not 0 <= group <= min(pattern.groups, LAST_GROUP) or pattern.nullable:
        return None, slow
    return f"regexp_extract_all($1, {_re2(pattern)}, {group})", slow


def _count(call: Call, pattern: Pattern) -> tuple[str | None, str]:
    quick = (
        None
        if pattern.nullable
        else f"CAST(len(regexp_extract_all($1, {_re2(pattern)})) AS BIGINT)"
    )
    return quick, "trino_regexp_count($1, $2)"


def _split(call: Call, pattern: Pattern) -> tuple[str | None, str]:
    quick = None if pattern.nullable else f"regexp_split_to_array($1, {_re2(pattern)})"
    return quick, "trino_regexp_split($1, $2)"


def _position(call: Call, pattern: Pattern) -> tuple[str | None, str]:
    count = len(call.arguments)
    rest = ", ".join(f"CAST(${n} AS BIGINT)" if n <= count else "CAST(1 AS BIGINT)" for n in (3, 4))
    return None, f"CAST(trino_regexp_position($1, $2, {rest}) AS INTEGER)"


def _replace(call: Call, pattern: Pattern) -> tuple[str | None, str]:
    with_text = bool(call.arguments[2:])
    slow = f"trino_regexp_replace($1, $2, {'$3' if with_text else chr(39) * 2})"
    text = call.arguments[2].literal if with_text else ""
    if text is None or pattern.nullable:
        return None, slow
    try:
        parts = regex_matching.replacement_parts(text, pattern)
    except TrinoError:
        return None, slow
    if any(isinstance(part, int) and part > LAST_GROUP for part in parts):
        return None, slow
    rewrite = "".join(
        f"\\{part}" if isinstance(part, int) else part.replace("\\", "\\\\") for part in parts
    )
    return f"regexp_replace($1, {_re2(pattern)}, {literal(rewrite)}, 'g')", slow


def _replace_by_lambda(call: Call, pattern: Pattern) -> tuple[str | None, str]:
    changed = "list_transform(trino_piece.matches, $3)"
    return None, (
        "list_transform([trino_regexp_pieces($1, $2)], lambda trino_piece: "
        f"CASE WHEN len(list_filter({changed}, lambda trino_text: trino_text IS NULL)) > 0 THEN "
        f"NULL ELSE "
        f"array_to_string(list_transform(list_zip(trino_piece.texts, list_append({changed}, '')), "
        "lambda trino_pair: trino_pair[1] || trino_pair[2]), '') END)[1]"
    )


def _choose(say: Say, fallback: str, loops: bool = True) -> Choose:
    """The template of one function: `say` gives the text for RE2, or None, and the text for
    Python."""

    def choose(call: Call) -> str:
        try:
            pattern = _pattern(call)
        except TrinoError as error:
            return failing(error, call.duckdb or fallback)
        if pattern is None:
            return say(call, UNKNOWN)[1]
        if loops and pattern.empty_loops:
            raise Refused("repetition of what can be empty in a regular expression")
        quick, slow = say(call, pattern)
        return slow if quick is None or pattern.re2 is None else _guarded(pattern, quick, slow)

    return choose


def _entry(name: str, rest: tuple[str, ...], say: Say, fallback: str, loops: bool = True) -> Entry:
    return Entry(name, (SUBJECT, PATTERN, *rest), How.MACRO, choose=_choose(say, fallback, loops))


ENTRIES: tuple[Entry, ...] = (
    _entry("regexp_like", (), _like, "BOOLEAN", loops=False),
    _entry("regexp_extract", (), _extract, "VARCHAR"),
    _entry("regexp_extract", ("bigint",), _extract, "VARCHAR"),
    _entry("regexp_extract_all", (), _extract_all, "VARCHAR[]"),
    _entry("regexp_extract_all", ("bigint",), _extract_all, "VARCHAR[]"),
    _entry("regexp_count", (), _count, "BIGINT"),
    _entry("regexp_split", (), _split, "VARCHAR[]"),
    _entry("regexp_position", (), _position, "INTEGER"),
    _entry("regexp_position", ("integer",), _position, "INTEGER"),
    _entry("regexp_position", ("integer", "integer"), _position, "INTEGER"),
    _entry("regexp_replace", (), _replace, "VARCHAR"),
    _entry("regexp_replace", ("varchar(y)",), _replace, "VARCHAR"),
    Entry(
        "regexp_replace",
        ("varchar", PATTERN, "function(array(varchar),varchar(x))"),
        How.PYTHON,
        choose=_choose(_replace_by_lambda, "VARCHAR"),
    ),
)

PIECES = "STRUCT(texts VARCHAR[], matches VARCHAR[][])"
DEFINITIONS: tuple[Definition, ...] = (
    Python("trino_regexp_like", ("VARCHAR", "VARCHAR"), "BOOLEAN", regex_matching.like),
    Python(
        "trino_regexp_extract", ("VARCHAR", "VARCHAR", "BIGINT"), "VARCHAR", regex_matching.extract
    ),
    Python(
        "trino_regexp_extract_all",
        ("VARCHAR", "VARCHAR", "BIGINT"),
        "VARCHAR[]",
        regex_matching.extract_all,
    ),
    Python("trino_regexp_count", ("VARCHAR", "VARCHAR"), "BIGINT", regex_matching.count),
    Python("trino_regexp_split", ("VARCHAR", "VARCHAR"), "VARCHAR[]", regex_matching.split),
    Python(
        "trino_regexp_position",
        ("VARCHAR", "VARCHAR", "BIGINT", "BIGINT"),
        "BIGINT",
        regex_matching.position,
    ),
    Python(
        "trino_regexp_replace",
        ("VARCHAR", "VARCHAR", "VARCHAR"),
        "VARCHAR",
        regex_matching.substitute,
    ),
    Python("trino_regexp_pieces", ("VARCHAR", "VARCHAR"), PIECES, regex_matching.pieces),
)
