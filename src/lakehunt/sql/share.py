"""Plans one scan per source for many statements: the columns they need, the OR of their filters.

Knows occurrences and views, not files. The scan may keep more rows than needed, never fewer:
every query applies its own filter again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from lakehunt.model import Source
from lakehunt.sql.bounds import Bounds
from lakehunt.sql.compile import Statement
from lakehunt.sql.occurrences import Occurrence
from lakehunt.sql.views import is_plain, read_view
from lakehunt.times import ALL_TIME


@dataclass(frozen=True, slots=True)
class Reader:
    """Rows of a relation that some statements read, and the columns that they need of them."""

    condition: exp.Expr
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Need:
    """What all statements together need of one relation.

    Rows that fulfil `common` and the condition of any reader are kept. Columns in `always` are
    needed of every kept row, because a condition tests them; any other column only of the rows of
    its own readers. Names of columns are lower case but in `columns`. A row that is needed fulfils
    all conditions of one of `demands`, some of which cost more to test than they save.
    """

    relation: str
    columns: tuple[str, ...]
    common: exp.Expr
    readers: tuple[Reader, ...]
    always: frozenset[str]
    demands: tuple[tuple[exp.Expr, ...], ...]


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


def _need(relation: str, source: Source, occurrences: Sequence[Occurrence]) -> Need:
    known = source.columns_of(relation)
    plain = _plain_columns(relation, source, known)
    everything = frozenset(name.lower() for name in known)
    wanted = [own.columns if own.columns is not None else everything for own in occurrences]
    filters = [
        {c.sql(): c for c in own.conditions if _reads_only(c, plain) and not _is_all_time(c)}
        for own in occurrences
    ]
    shared = set.intersection(*(set(own) for own in filters))
    readers: dict[str, Reader] = {}
    for columns, own in zip(wanted, filters, strict=True):
        condition = _all_of(c for key, c in own.items() if key not in shared)
        earlier = readers.get(condition.sql())
        together = columns | earlier.columns if earlier else columns
        readers[condition.sql()] = Reader(condition, together)
    tested = (
        c.name.lower() for own in filters for e in own.values() for c in e.find_all(exp.Column)
    )
    return Need(
        relation=relation,
        columns=tuple(name for name in known if name.lower() in frozenset().union(*wanted)),
        common=_all_of(filters[0][key] for key in sorted(shared)),
        readers=tuple(readers.values()),
        always=frozenset({"event_time", *tested}),
        demands=tuple(
            tuple(c for c in own.conditions if _reads_only(c, everything)) for own in occurrences
        ),
    )


def _all_of(conditions: Iterable[exp.Expr]) -> exp.Expr:
    conditions = [*conditions]
    return exp.and_(*conditions) if conditions else exp.true()


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
