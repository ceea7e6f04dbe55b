"""Rules on what can raise while it reads log text: one bad record must not end a query.

Knows the typed tree and which conversions of Trino can fail, no header.
"""

from collections.abc import Iterable

from lakehunt.check.checked import Checked, Mark, Rule, shown
from lakehunt.check.examples import select
from lakehunt.check.tree import bare, holds_log_text
from lakehunt.trino_on_duckdb import ir
from lakehunt.trino_on_duckdb.types import INTEGER_DIGITS, INTEGERS, STAMP, ZONED, Type

_FLOATS = ("real", "double")
# No number, time or truth value prints longer.
_LONGEST = 64
_TIMES = ("date", STAMP, ZONED)
# What raises on text that it cannot read. Source: Trino's function sources at release 476.
_PARSER_NAMES = """
date date_parse from_base from_base32 from_base64 from_base64url from_hex from_iso8601_date
from_iso8601_timestamp from_iso8601_timestamp_nanos json_parse parse_data_size parse_datetime
parse_duration parse_presto_data_size url_decode
"""
_PARSERS = frozenset(_PARSER_NAMES.split())


def raising_casts(checked: Checked) -> Iterable[Mark]:
    """Yield each CAST of log text that can fail."""
    for found in checked.expressions:
        node = found.node
        if not isinstance(node, ir.Cast) or node.safe or node.implicit or found.tried:
            continue
        source = bare(node.value).type
        if can_fail(source, node.type) and holds_log_text(node.value):
            what = f"CAST from {source} to {node.type} fails on a value that does not fit"
            yield Mark(f"{what}: TRY_CAST gives NULL", node.origin)


def raising_calls(checked: Checked) -> Iterable[Mark]:
    """Yield each call that fails on log text it cannot read."""
    for found in checked.expressions:
        node = found.node
        if not isinstance(node, ir.Call) or node.signature.name not in _PARSERS or found.tried:
            continue
        texts = [part for part in node.arguments if part.type.base in ("varchar", "varbinary")]
        if any(holds_log_text(part) for part in texts):
            name = node.signature.name.upper()
            yield Mark(f"{name} fails on text it cannot read: TRY({name}(...))", node.origin)


def raising_subscripts(checked: Checked) -> Iterable[Mark]:
    """Yield each subscript of a list or map from the log."""
    groups = {name for found in checked.expressions for name in _match_groups(found.node)}
    for found in checked.expressions:
        node = found.node
        if not isinstance(node, ir.Operator) or node.name != "subscript" or found.tried:
            continue
        base = node.arguments[0]
        named = isinstance(base, ir.Parameter) and base.name in groups
        if holds_log_text(base) and not named:
            what = f"{shown(node.origin)} fails where there is no such element"
            yield Mark(f"{what}: ELEMENT_AT gives NULL", node.origin)


def _match_groups(node: ir.Expr) -> Iterable[str]:
    """Yield the lambda parameters that hold the groups of a match, which are all there."""
    if isinstance(node, ir.Call) and node.signature.name == "regexp_replace":
        for part in node.arguments:
            if isinstance(part, ir.Lambda):
                yield from (parameter.name for parameter in part.parameters)


def can_fail(source: Type, target: Type) -> bool:  # noqa: PLR0911  one per family of types
    """Tell whether a conversion fails for some value of the type."""
    if source.base == "unknown" or source == target:
        return False
    if source.base in ("array", "map", "row") and source.base == target.base:
        pairs = zip(source.children, target.children, strict=False)
        return any(can_fail(one, other) for one, other in pairs)
    if target.base in ("varchar", "char"):
        return source.base == "json" or _is_longer(source, target)
    if target.base == "json":
        return False
    if source.base in ("varchar", "char", "json"):
        return True
    if source.base in _TIMES:
        return False
    if target.base in (*INTEGERS, "decimal", *_FLOATS):
        return _is_narrower(source, target)
    return source.base == "varbinary" and target.base in ("ipaddress", "uuid")


def _is_longer(source: Type, target: Type) -> bool:
    """Tell whether the text of a value may be too long; text itself is cut, which is no error."""
    if target.length is None or source.base in ("varchar", "char"):
        return False
    digits = source.precision if source.base == "decimal" else INTEGER_DIGITS.get(source.base)
    # a sign, a point and a zero before it
    return target.length < (digits + 3 if digits else _LONGEST)


def _is_narrower(source: Type, target: Type) -> bool:
    """Tell whether a number of one type may not fit the other."""
    if source.base == "boolean" or target.base in _FLOATS:
        return False
    if source.base in _FLOATS:
        return True
    if source.base in INTEGERS and target.base in INTEGERS:
        return INTEGERS.index(target.base) < INTEGERS.index(source.base)
    return _whole_digits(target, low=True) < _whole_digits(source) + _rounds_up(source, target)


def _whole_digits(kind: Type, *, low: bool = False) -> int:
    """Return the digits before the point; of an integer, with `low`, those that all values have."""
    if kind.base == "decimal":
        return kind.precision - kind.scale
    return INTEGER_DIGITS[kind.base] - (1 if low else 0)


def _rounds_up(source: Type, target: Type) -> int:
    """Return 1 where rounding may add a digit before the point."""
    kept = target.scale if target.base == "decimal" else 0
    return int(source.base == "decimal" and source.scale > kept)


RULES = (
    Rule(
        "raising-cast",
        "One record whose text does not fit ends the whole query; TRY_CAST gives NULL for it.",
        select("CAST(user_agent AS bigint) AS n"),
        select("TRY_CAST(user_agent AS bigint) AS n, CAST(event_time AS date) AS d"),
        raising_casts,
    ),
    Rule(
        "raising-parse",
        "One record whose text cannot be read ends the whole query; TRY gives NULL for it.",
        select("json_parse(request_parameters) AS request"),
        select("TRY(json_parse(request_parameters)) AS request"),
        raising_calls,
    ),
    Rule(
        "raising-subscript",
        "One record with a shorter list ends the whole query; ELEMENT_AT gives NULL for it.",
        select("split(actor, ':')[6] AS name"),
        select("element_at(split(actor, ':'), 6) AS name"),
        raising_subscripts,
    ),
)
