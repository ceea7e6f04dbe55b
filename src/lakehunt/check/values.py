"""Rules on values that mean something else than they seem to: counts, ratios, times.

Knows the typed tree; only the rule on thresholds looks at the header.
"""

from collections.abc import Iterable

from lakehunt.check.checked import Checked, Mark, Rule, shown
from lakehunt.check.examples import SPREAD, detection, select, spread
from lakehunt.check.tree import bare, relations, varies
from lakehunt.trino_on_duckdb import ir, walk
from lakehunt.trino_on_duckdb.types import INTEGERS, STAMP, ZONED

_COMPARISONS = ("=", "<>", "<", "<=", ">", ">=", "between")
_ROW_COUNTS = ("count", "count_if")
_UTC = frozenset({"utc", "etc/utc", "+00:00", "z"})
# Functions whose answer depends on the zone that a value carries.
_CALENDAR_NAMES = """
date date_add date_diff date_format date_trunc day day_of_month day_of_week day_of_year dow doy
format_datetime hour last_day_of_month minute month quarter week week_of_year year
year_of_week yow
"""
_CALENDAR = frozenset(_CALENDAR_NAMES.split())
# Functions that answer in the session's zone, which is UTC on Athena and here.
_IN_UTC = ("now", "current_timestamp", "from_unixtime")


def indistinct_thresholds(checked: Checked) -> Iterable[Mark]:
    """Yield each comparison of a detection with a count that counts deliveries, not events."""
    if checked.header is None or not checked.header.is_detection:
        return
    for query in checked.queries:
        for top in (query.where, query.having) if isinstance(query, ir.Select) else ():
            for node in walk.below(top) if top is not None else ():
                if isinstance(node, ir.Operator) and node.name in _COMPARISONS:
                    sides = [side for side in node.arguments if varies(side)]
                    if len(sides) == 1 and not _is_any(node) and _counts_rows(sides[0], query):
                        what = f"{shown(sides[0].origin)} counts an event that came twice as two"
                        yield Mark(f"{what}: compare COUNT(DISTINCT event_id)", node.origin)


def _is_any(node: ir.Operator) -> bool:
    """Tell whether a comparison asks for any row at all, which an event that came twice answers."""
    zeros = (
        isinstance(part, ir.Constant) and part.value == 0 for part in map(bare, node.arguments)
    )
    return node.name != "between" and any(zeros)


def _counts_rows(node: ir.Expr, query: ir.Query) -> bool:
    """Tell whether a count of rows that are not known to be distinct is in a value."""
    derived = {r.id: r.query for r in relations(query) if isinstance(r, ir.Derived)}
    for part in walk.below(node):
        call = part.call if isinstance(part, ir.Window) else part
        if isinstance(part, ir.Field) and part.relation in derived:
            found = _output_counts_rows(derived[part.relation], part.index)
        else:
            found = _is_row_count(call) and not _has_distinct_rows(query)
        if found:
            return True
    return False


def _is_row_count(call: ir.Expr) -> bool:
    if not isinstance(call, ir.Aggregate):
        return False
    return call.signature.name in _ROW_COUNTS and not call.distinct


def _output_counts_rows(query: ir.Query, index: int) -> bool:
    if isinstance(query, ir.Select):
        return _counts_rows(query.outputs[index].value, query)
    if isinstance(query, ir.SetOperation):
        return any(_output_counts_rows(side, index) for side in (query.left, query.right))
    return isinstance(query, ir.Wrapped) and _output_counts_rows(query.query, index)


def _has_distinct_rows(query: ir.Query) -> bool:
    """Tell whether a query reads one derived table whose rows are groups, or distinct."""
    source = query.source if isinstance(query, ir.Select) else None
    inner = source.query if isinstance(source, ir.Derived) else None
    return isinstance(inner, ir.Select) and (inner.distinct or bool(inner.keys))


def decimal_ratios(checked: Checked) -> Iterable[Mark]:
    """Yield each ratio that is rounded to a whole number or to a decimal's few digits."""
    for found in checked.expressions:
        node = found.node
        if not isinstance(node, ir.Operator) or node.name != "/" or not varies(node):
            continue
        left, right = (bare(part) for part in node.arguments)
        kinds = f"{left.type} / {right.type}"
        if node.type.base == "decimal":
            yield Mark(f"{kinds} is rounded to {node.type}: CAST one side AS double", node.origin)
        elif node.type.base in INTEGERS and varies(right):
            yield Mark(f"{kinds} drops the fraction: CAST one side AS double", node.origin)


def zone_arithmetic(checked: Checked) -> Iterable[Mark]:
    """Yield each time that depends on another zone than UTC."""
    for found in checked.expressions:
        node = found.node
        if isinstance(node, ir.Call):
            yield from _zoned_call(node)
        elif isinstance(node, ir.Cast) and _drops_zone(node):
            what = f"CAST to {node.type} drops the zone and keeps its wall clock"
            yield Mark(f"{what}: x AT TIME ZONE 'UTC' before it", node.origin)


def _drops_zone(node: ir.Cast) -> bool:
    local = not node.implicit and node.type.base in (STAMP, "date")
    return local and _has_own_zone(node.value)


def _zoned_call(node: ir.Call) -> Iterable[Mark]:
    name = node.signature.name
    if name in ("at_timezone", "with_timezone") and not _is_utc(node.arguments[1]):
        yield Mark("local times repeat and skip an hour a year: keep to UTC", node.origin)
    elif name in _CALENDAR and any(_has_own_zone(part) for part in node.arguments):
        what = f"{name.upper()} answers in the zone that each value carries"
        yield Mark(f"{what}: x AT TIME ZONE 'UTC' before it", node.origin)


def _is_utc(zone: ir.Expr) -> bool:
    zone = bare(zone)
    return isinstance(zone, ir.Constant) and str(zone.value).lower() in _UTC


def _has_own_zone(node: ir.Expr) -> bool:
    """Tell whether a value may carry another zone than UTC that nothing has reported yet."""
    if node.type.base != ZONED or not varies(node):
        return False
    if isinstance(node, ir.Cast):
        return not node.implicit and _has_own_zone(node.value)
    if isinstance(node, ir.Operator) and node.name == "try":
        return _has_own_zone(node.arguments[0])
    named = (*_IN_UTC, "at_timezone", "with_timezone")
    return not (isinstance(node, ir.Call) and node.signature.name in named)


RULES = (
    Rule(
        "threshold-not-distinct",
        "A log is delivered more than once at times; a threshold must not count one event twice.",
        detection(spread("COUNT(*) >= 5"), SPREAD),
        detection(spread("COUNT(DISTINCT event_id) >= 5"), SPREAD),
        indistinct_thresholds,
    ),
    Rule(
        "decimal-ratio",
        "Integers divide to an integer, decimals to few digits: 7 * 1.0 / 3 is 2.3.",
        select("COUNT(error_code) * 1.0 / COUNT(event_id) AS share"),
        select("CAST(COUNT(error_code) AS double) / COUNT(event_id) AS share"),
        decimal_ratios,
    ),
    Rule(
        "zone-arithmetic",
        "Logs are in UTC; days and hours of another zone hide what lies between.",
        select("HOUR(event_time AT TIME ZONE 'Europe/Berlin') AS local_hour"),
        select("HOUR(event_time AT TIME ZONE 'UTC') AS utc_hour, HOUR(event_time) AS same_hour"),
        zone_arithmetic,
    ),
)
