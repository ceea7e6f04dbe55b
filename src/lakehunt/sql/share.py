"""Plans one scan per source for many statements: the columns they need, the OR of their filters.

Knows occurrences and views, not files. The scan may keep more rows than needed, never fewer:
every query applies its own filter again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from lakehunt.model import Source
from lakehunt.sql.bounds import Bounds
from lakehunt.sql.compile import Statement, relation_columns
from lakehunt.sql.occurrences import Occurrence
from lakehunt.sql.views import is_plain, read_view
from lakehunt.times import ALL_TIME


@dataclass(frozen=True, slots=True)
class Need:
    """What all statements together need of one relation; no condition means every row."""

    relation: str
    columns: tuple[str, ...]
    condition: exp.Expr | None


@dataclass(frozen=True, slots=True)
class Scan:
    """One pass over one source for many statements; a file that no bounds admit is not read."""

    source: Source
    needs: tuple[Need, ...]
    bounds: tuple[Bounds, ...]


def plan_scans(statements: Iterable[Statement]) -> tuple[Scan, ...]:
    """Return the scans that serve all statements, one per source, in the order first read."""
    reads = [read for statement in statements for read in statement.reads]
    sources = {read.source.name: read.source for read in reads}
    scans: list[Scan] = []
    for name, source in sources.items():
        own = [read for read in reads if read.source.name == name]
        relations = dict.fromkeys(read.occurrence.relation for read in own)
        needs = (
            _need(
                relation, source, [r.occurrence for r in own if r.occurrence.relation == relation]
            )
            for relation in relations
        )
        scans.append(Scan(source, tuple(needs), tuple(read.bounds for read in own)))
    return tuple(scans)


def _need(relation: str, source: Source, occurrences: Iterable[Occurrence]) -> Need:
    known = relation_columns({source.name: source})[relation]
    plain = _plain_columns(relation, source, known)
    wanted: set[str] = set()
    filters: list[dict[str, exp.Expr]] = []
    for occurrence in occurrences:
        own = occurrence.columns
        wanted |= own if own is not None else {name.lower() for name in known}
        usable = (c for c in occurrence.conditions if _reads_only(c, plain) and not _is_all_time(c))
        filters.append({condition.sql(): condition for condition in usable})
    columns = tuple(column for column in known if column.lower() in wanted)
    return Need(relation, columns, _any_of(filters))


def _any_of(filters: list[dict[str, exp.Expr]]) -> exp.Expr | None:
    """Return the OR of filters, each an AND; what all of them ask for stands once, outside."""
    shared = set.intersection(*(set(own) for own in filters))
    common = [filters[0][key] for key in sorted(shared)]
    rest: dict[str, exp.Expr] = {}
    for own in filters:
        conditions = [condition for key, condition in own.items() if key not in shared]
        together = exp.and_(*conditions) if conditions else exp.true()
        rest[together.sql()] = together
    if exp.true().sql() not in rest:
        common.append(exp.paren(exp.or_(*rest.values())))
    return exp.and_(*common) if common else None


def _is_all_time(condition: exp.Expr) -> bool:
    """Tell whether a condition holds for every event: a bound at either end of all time."""
    years = (str(ALL_TIME.since.year), str(ALL_TIME.until.year))
    texts = [node.name for node in condition.find_all(exp.Literal)]
    is_time = any(column.name == "event_time" for column in condition.find_all(exp.Column))
    return is_time and len(texts) == 1 and texts[0].startswith(tuple(f"{y}-01-01 " for y in years))


def _plain_columns(relation: str, source: Source, known: Iterable[str]) -> frozenset[str]:
    """Return the columns whose value costs nothing, so that filtering by them saves work."""
    if relation != source.event_view.name:
        return frozenset(column.lower() for column in known)
    columns: Mapping[str, exp.Expr] = read_view(source.event_view).columns
    # event_time is computed for every record anyway
    return frozenset({n for n, e in columns.items() if is_plain(e)} | {"event_time"})


def _reads_only(condition: exp.Expr, columns: frozenset[str]) -> bool:
    return all(column.name.lower() in columns for column in condition.find_all(exp.Column))
