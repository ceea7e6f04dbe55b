"""Reads a source through a table that is there already: its relations become CTEs over that.

Knows stand-ins and bounds, nothing of Glue. `compile` puts a tree through it for Athena, where
nothing has to be created then.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from sqlglot import exp

from lakehunt.errors import SqlError
from lakehunt.layouts import strftime, window_column
from lakehunt.model import DayKey, Source, StandIn, View
from lakehunt.sql.bounds import Bounds
from lakehunt.sql.parse import parse_query


class Inlining:
    """One tree that is changed: each place keeps its name, and what it reads becomes a CTE.

    Places with equal partition bounds share their CTEs.
    """

    def __init__(self, tree: exp.Query) -> None:
        self._tree = tree
        names = {table.name.lower() for table in tree.find_all(exp.Table)}
        self._taken = names | {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
        self._names: dict[tuple[str, str], str] = {}
        self._ctes: list[exp.CTE] = []

    def put(self, table: exp.Table, source: Source, bounds: Bounds) -> None:
        """Let one place read the stand-in of its source, if that has one.

        Raises:
            SqlError: the relation needs a table for which nothing stands.
        """
        if source.stand_in is None:
            return
        relation = table.name.lower()
        if not table.args.get("alias"):
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
        table.set("this", exp.to_identifier(self._relation(relation, source, bounds)))

    def finished(self) -> exp.Query:
        """Return the tree, its CTEs before its own."""
        if self._ctes:
            with_ = self._tree.args.get("with_")
            own = with_.expressions if with_ else []
            recursive = with_.args.get("recursive") if with_ else None
            everything = exp.With(expressions=[*self._ctes, *own], recursive=recursive)
            self._tree.set("with_", everything)
        return self._tree

    def _relation(self, relation: str, source: Source, bounds: Bounds) -> str:
        """Return the name of the CTE that is a relation of a source within bounds."""
        stand_in = source.stand_in
        assert stand_in is not None
        conditions = " AND ".join(_conditions(stand_in, source, bounds))
        known = self._names.get((relation, conditions))
        if known is not None:
            return known
        view = next((view for view in source.views if view.name == relation), None)
        if view is not None:
            query = self._view(view, source, bounds)
        elif relation == source.table.name:
            query = parse_query(_select(stand_in, conditions)).copy()
        else:
            what = f"{relation} cannot be read: [tables] maps {source.table.name} alone"
            raise SqlError(f"{what}, and nothing stands for {relation}")
        name = self._free(relation)
        self._names[relation, conditions] = name
        self._ctes.append(exp.CTE(this=query, alias=exp.TableAlias(this=exp.to_identifier(name))))
        return name

    def _view(self, view: View, source: Source, bounds: Bounds) -> exp.Query:
        query: exp.Query = parse_query(view.sql).copy()
        tables = {table.name for table in source.tables}
        for table in [*query.find_all(exp.Table)]:
            if table.name.lower() in tables:
                self.put(table, source, bounds)
        return query

    def _free(self, relation: str) -> str:
        number = 1
        while f"{relation}_{number}" in self._taken:
            number += 1
        name = f"{relation}_{number}"
        self._taken.add(name)
        return name


def _select(stand_in: StandIn, conditions: str) -> str:
    columns = [f"{value} AS {quoted(name)}" for name, value in stand_in.columns.items()]
    where = f" WHERE {conditions}" if conditions else ""
    place = ".".join(quoted(part) for part in stand_in.table.split(".", 1))
    return f'SELECT {", ".join(columns)}, "$path" AS "$path" FROM {place}{where}'


def quoted(name: str) -> str:
    """Return an identifier in quotes."""
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return exp.Literal.string(value).sql("trino")


def _conditions(stand_in: StandIn, source: Source, bounds: Bounds) -> Iterator[str]:
    """Yield what bounds say about the stand-in's own partition columns."""
    for name, (column, is_number) in stand_in.values.items():
        wanted = (bounds.values or {}).get(name)
        if wanted is not None:
            # an id that is no number is none of the table's
            values = [v for v in sorted(wanted) if v.isdecimal()] if is_number else sorted(wanted)
            items = ", ".join(str(int(v)) if is_number else _text(v) for v in values) or "NULL"
            yield f"{quoted(column)} IN ({items})"
    if stand_in.day is not None:
        format_ = strftime(window_column(source.partitions).format)
        first, last = (
            datetime.strptime(value, format_).date() if value else None
            for value in (bounds.first, bounds.last)
        )
        yield from _day_conditions(stand_in.day, first, last)


def _day_conditions(key: DayKey, first: date | None, last: date | None) -> Iterable[str]:
    if key.has_parts:
        return [*_part_conditions(key, first, ">"), *_part_conditions(key, last, "<")]
    column = quoted(key.columns[0])
    found = [f"{column} >= {_day(key, first)}"] if first else []
    # the day after is the end of whatever is finer than a day
    return [*found, f"{column} < {_day(key, last + timedelta(days=1))}"] if last else found


def _day(key: DayKey, day: date) -> str:
    if key.format:
        return _text(day.strftime(strftime(key.format)))
    word = "DATE" if key.type == "date" else "TIMESTAMP"
    return f"{word} '{day.isoformat()}{'' if word == 'DATE' else ' 00:00:00'}'"


def _part_conditions(key: DayKey, day: date | None, beyond: str) -> Iterator[str]:
    """Yield what holds on one side of a day, by year first: that alone prunes at once.

    Parts compare as numbers: `5` and `05` are the same month.
    """
    if day is None:
        return
    year, month, of_month = (f"CAST({quoted(column)} AS integer)" for column in key.columns)
    yield f"{year} {beyond}= {day.year}"
    later = f"{month} = {day.month} AND {of_month} {beyond}= {day.day}"
    later = f"{month} {beyond} {day.month} OR ({later})"
    yield f"({year} {beyond} {day.year} OR ({year} = {day.year} AND ({later})))"
