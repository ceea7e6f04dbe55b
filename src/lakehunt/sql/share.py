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
    conditions: dict[str, exp.Expr] = {}
    everything = False
    for occurrence in occurrences:
        wanted |= (
            occurrence.columns if occurrence.columns is not None else {k.lower() for k in known}
        )
        usable = [c for c in occurrence.conditions if _reads_only(c, plain)]
        if not usable:
            everything = True
            continue
        together = exp.and_(*usable)
        conditions[together.sql()] = together
    columns = tuple(column for column in known if column.lower() in wanted)
    return Need(relation, columns, None if everything else exp.or_(*conditions.values()))


def _plain_columns(relation: str, source: Source, known: Iterable[str]) -> frozenset[str]:
    """Return the columns whose value costs nothing, so that filtering by them saves work."""
    if relation != source.event_view.name:
        return frozenset(column.lower() for column in known)
    columns: Mapping[str, exp.Expr] = read_view(source.event_view).columns
    # event_time is computed for every record anyway
    return frozenset({n for n, e in columns.items() if is_plain(e)} | {"event_time"})


def _reads_only(condition: exp.Expr, columns: frozenset[str]) -> bool:
    return all(column.name.lower() in columns for column in condition.find_all(exp.Column))
