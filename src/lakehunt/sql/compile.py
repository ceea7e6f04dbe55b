"""Turns a query, a window and parameters into one bound statement with its partition bounds.

Knows sources by their model. Engines take the `Statement`; workflows and faces make it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from sqlglot import exp

from lakehunt.errors import Location, SqlError, UnboundedError, nearest
from lakehunt.model import ACTIVITY, Param, Query, Source, Value, ValueType, Window, owner_of
from lakehunt.sql.activity import expanded
from lakehunt.sql.bind import WINDOW_NAMES, bind, literal
from lakehunt.sql.bounds import Bounds, derive, predicate
from lakehunt.sql.inline import Inlining
from lakehunt.sql.occurrences import (
    Occurrence,
    conjuncts,
    find_occurrences,
    is_cte,
    log_tables,
)
from lakehunt.sql.parse import fingerprint, parse_query, print_query
from lakehunt.times import ALL_TIME

_FORMS = (
    "a bound is a comparison of event_time, date(event_time) or CAST(event_time AS date) with a"
    " literal, or with now(), current_timestamp, localtimestamp or current_date, plus or minus an"
    " interval literal"
)
# Marks a subquery that stands for a table, so that later conditions join the earlier ones.
_WRAPPED = "wrapped"


@dataclass(frozen=True, slots=True)
class Draft:
    """A query as written, with its parameters, not yet bound to a window; version 0 is none.

    `now` is the clock by which `current_timestamp` and the like bound partitions, by default ours.
    """

    name: str
    text: str
    params: Mapping[str, Param] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)
    narrow: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    where: Location | None = None
    version: int = 0
    now: datetime | None = None

    @property
    def tree(self) -> exp.Query:
        """Return the query's tree, to be read only.

        Raises:
            SqlError: the text is no query.
        """
        return parse_query(self.text, self.where)

    @property
    def comment(self) -> str:
        """Return the line by which the history of an engine tells whose a statement is."""
        version = f" v{self.version}" if self.version else ""
        return f"-- lakehunt: {' '.join(self.name.split())}{version}"

    @property
    def is_windowed(self) -> bool:
        """Tell whether the query names the window it runs over; raises as `tree`."""
        return not _holes(self.text, self.where).isdisjoint(WINDOW_NAMES)

    @property
    def is_over_all(self) -> bool:
        """Tell whether the query reads `activity`; raises as `tree`."""
        # asked of every query, and few do
        return ACTIVITY in self.text.lower() and bool(log_tables(self.tree, [ACTIVITY]))


@dataclass(frozen=True, slots=True)
class Read:
    """One place where a statement reads a source's relation, with its partition bounds."""

    source: Source
    occurrence: Occurrence
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class Statement:
    """A bound query: its tree, its text for Athena, what it reads, and whether by `activity`."""

    name: str
    tree: exp.Query
    window: Window | None
    fingerprint: str
    reads: tuple[Read, ...]
    is_over_all: bool = False

    @property
    def sql(self) -> str:
        """Return the query in Athena's dialect, without partition bounds."""
        return print_query(self.tree, pretty=False)


def relation_columns(sources: Mapping[str, Source]) -> Mapping[str, tuple[str, ...]]:
    """Return the columns of every relation of these sources, as they are written."""
    return _Columns(sources)


class _Columns(Mapping[str, tuple[str, ...]]):
    """Asks a source for its relations when one of them is asked for."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources

    def __getitem__(self, name: str) -> tuple[str, ...]:
        source = owner_of(self._sources, name)
        if source is None:
            raise KeyError(name)
        return source.columns_of(name)

    def __iter__(self) -> Iterator[str]:
        return (name for source in self._sources.values() for name in source.relations)

    def __len__(self) -> int:
        return sum(len(source.relations) for source in self._sources.values())


def draft_query(query: Query, values: Mapping[str, Value]) -> Draft:
    """Return a library query ready to be bound."""
    where = Location(query.location.path, query.sql_line)
    return Draft(query.id, query.sql, query.params, values, where=where, version=query.version)


def compile_draft(
    draft: Draft,
    sources: Mapping[str, Source],
    window: Window | None,
    lateness: timedelta | None = None,
    *,
    hold: bool = True,
    absent: Collection[str] = (),
) -> Statement:
    """Return the statement of a draft over a window; None stands for all time.

    Args:
        hold: bound the log tables that the query itself leaves unbounded by the window.
        absent: sources that `activity` leaves out, because nothing of them is there.

    Raises:
        SqlError: a table is unknown, or a placeholder has no value or stands where none can.
    """
    _check_tables(draft.tree, sources)
    columns = relation_columns(sources)
    tree = bind(draft.tree, window or ALL_TIME, draft.params, draft.values)
    tree = _expanded(tree, draft, sources, absent)
    now = draft.now or datetime.now(UTC)
    found = find_occurrences(tree, columns, now)
    is_held = window is not None and hold and _hold(tree, found, sources, window)
    if _narrow(tree, sources, draft.narrow) or is_held:
        found = find_occurrences(tree, columns, now)
    reads = tuple(_read(o, sources, lateness) for o in found)
    known = _fingerprint(draft.text, draft.where)
    return Statement(draft.name, tree, window, known, reads, draft.is_over_all)


def _read(
    occurrence: Occurrence, sources: Mapping[str, Source], lateness: timedelta | None
) -> Read:
    source = owner_of(sources, occurrence.relation)
    assert source is not None
    return Read(source, occurrence, _derived(occurrence, source, lateness))


def waiting_tree(
    draft: Draft, sources: Mapping[str, Source], absent: Collection[str] = ()
) -> exp.Query:
    """Return the tree of a draft that waits for its window: `:since` and `:until` stand in it."""
    tree = bind(draft.tree, None, draft.params, draft.values)
    tree = _expanded(tree, draft, sources, absent)
    _narrow(tree, sources, draft.narrow)
    return tree


def _expanded(
    tree: exp.Query, draft: Draft, sources: Mapping[str, Source], absent: Collection[str]
) -> exp.Query:
    return expanded(tree, sources, absent) if draft.is_over_all else tree


@lru_cache(maxsize=1024)
def _fingerprint(text: str, where: Location | None) -> str:
    return fingerprint(parse_query(text, where))


@lru_cache(maxsize=1024)
def _holes(text: str, where: Location | None) -> frozenset[str]:
    return frozenset(hole.name for hole in parse_query(text, where).find_all(exp.Placeholder))


def _check_tables(tree: exp.Query, sources: Mapping[str, Source]) -> None:
    """Refuse a table that is no relation of a source: an engine might take it for a file."""
    for table in tree.find_all(exp.Table):
        name = table.name.lower()
        is_known = not isinstance(table.this, exp.Identifier) or name == ACTIVITY
        if not is_known and owner_of(sources, name) is None and not is_cte(table):
            relations = (ACTIVITY, *relation_columns(sources))
            near = nearest(table.name, relations)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(relations)}"
            raise SqlError(f"no table {table.name}; {hint}")


def _derived(occurrence: Occurrence, source: Source, lateness: timedelta | None) -> Bounds:
    partitions = source.partitions
    if lateness is not None:
        partitions = replace(partitions, lateness=lateness)
    return derive(occurrence.conditions, partitions, is_raw=_is_raw(occurrence, source))


def _is_raw(occurrence: Occurrence, source: Source) -> bool:
    return occurrence.relation in [table.name for table in source.tables]


def _narrow(
    tree: exp.Query, sources: Mapping[str, Source], narrow: Mapping[str, tuple[str, ...]]
) -> bool:
    """Hold each relation of a tree to values of some of its columns; tell whether any is."""
    columns = relation_columns(sources)
    for table in log_tables(tree, columns) if narrow else ():
        has = [name.lower() for name in columns[table.name.lower()]]
        _wrap(table, [_one_of(name, narrow[name]) for name in narrow if name in has])
    return bool(narrow)


def _one_of(column: str, values: Sequence[str]) -> exp.Expr:
    items = [literal(ValueType.TEXT, value) for value in values]
    return exp.In(this=exp.column(column), expressions=items)


def _hold(
    tree: exp.Query,
    occurrences: Iterable[Occurrence],
    sources: Mapping[str, Source],
    window: Window,
) -> bool:
    """Put the window on each event view that has no bound of its own; tell whether any had none."""
    is_changed = False
    tables = log_tables(tree, relation_columns(sources))
    for table, occurrence in zip(tables, occurrences, strict=True):
        source = sources.get(occurrence.relation)
        if source is None:
            continue
        own = derive(occurrence.conditions, source.partitions)
        if own.first is None and own.last is None:
            is_changed = True
            time = exp.column("event_time")
            since = literal(ValueType.TIMESTAMP, window.since)
            until = literal(ValueType.TIMESTAMP, window.until)
            _wrap(
                table,
                [
                    exp.GTE(this=time, expression=since),
                    exp.LT(this=time.copy(), expression=until),
                ],
            )
    return is_changed


def _wrap(table: exp.Table, conditions: Sequence[exp.Expr]) -> None:
    """Replace a table by a subquery of it that keeps only the rows of these conditions."""
    if not conditions:
        return
    around = table.parent_select
    if around is not None and _WRAPPED in around.meta:
        known = {condition.sql() for condition in conjuncts(around.args["where"].this)}
        fresh = (condition for condition in conditions if condition.sql() not in known)
        around.where(*fresh, copy=False)
        return
    name = table.alias_or_name
    alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name))
    inner = exp.Table(**{key: v for key, v in table.args.items() if key not in ("alias", "joins")})
    select = exp.Select(expressions=[exp.Star()]).from_(inner.copy(), copy=False)
    select = select.where(*conditions, copy=False)
    select.meta[_WRAPPED] = True
    wrapped = select.subquery(copy=False)
    wrapped.set("alias", alias.copy())
    wrapped.set("joins", table.args.get("joins"))
    table.replace(wrapped)


def athena_text(statement: Statement, sources: Mapping[str, Source]) -> str:
    """Return the statement as Athena takes it, with partition bounds on every log table."""
    return print_query(athena_tree(statement, sources))


def athena_tree(statement: Statement, sources: Mapping[str, Source]) -> exp.Query:
    """Return the statement's tree with partition bounds on every log table.

    A source with a stand-in is read through CTEs over that.
    """
    tree: exp.Query = statement.tree.copy()
    tables = log_tables(tree, relation_columns(sources))
    inlining = Inlining(tree)
    for table, read in zip(tables, statement.reads, strict=True):
        inlining.put(table, read.source, read.bounds)
        is_raw = _is_raw(read.occurrence, read.source)
        _wrap(table, predicate(read.bounds, read.source.partitions, is_raw=is_raw))
    return inlining.finished()


def require_bounds(statement: Statement, why: str) -> None:
    """Refuse a statement that reads a log table without a bound on time.

    Raises:
        UnboundedError: names the table, the reason, and the flags that help.
    """
    for read in statement.reads:
        if not read.bounds.is_bounded:
            what = f"{read.occurrence.relation} is read without a bound on event_time, and {why}"
            hint = "add --since 24h or `WHERE event_time >= ...`, or allow it with --all-time"
            raise UnboundedError(f"{what}; {hint}; {_FORMS}")
