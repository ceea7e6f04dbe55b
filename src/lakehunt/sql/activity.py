"""The view `activity`: every source on the common columns, both ends of what it shows.

Knows sources by their model. The compiler puts the union in place of the name before it derives
bounds, so that each branch is bounded and scanned as if it stood alone.
"""

from collections.abc import Collection, Iterable, Mapping

from sqlglot import exp

from lakehunt.model import ACTIVITY, COMMON_COLUMNS, Source, View
from lakehunt.sql.occurrences import conjuncts, log_tables
from lakehunt.sql.parse import parse_query

# What a source may tell besides the common columns, by `activity:` of its partitions file.
_OWN = {"peer_ip": "varchar", "peer_port": "integer", "bytes": "bigint", "resource": "varchar"}
_COMMON = {name: "timestamp(3)" if name == "event_time" else "varchar" for name in COMMON_COLUMNS}
ACTIVITY_TYPES: Mapping[str, str] = {
    **_COMMON,
    **_OWN,
    "source": "varchar",
    "day": "varchar",
    "log_file": "varchar",
}


def activity_view(sources: Iterable[Source]) -> View:
    """Return the view as a database holds it, over the event views that are there."""
    return View(ACTIVITY, tuple(ACTIVITY_TYPES), activity_sql(sources))


def activity_sql(sources: Iterable[Source]) -> str:
    """Return the union of all event views, a source's own name in `source`."""
    return "\nUNION ALL\n".join(_branch(source) for source in sources)


def _branch(source: Source) -> str:
    told = source.partitions.activity
    own = (f"CAST({told.get(name, 'NULL')} AS {type_}) AS {name}" for name, type_ in _OWN.items())
    items = (*COMMON_COLUMNS, *own, f"'{source.name}' AS source", "day", "log_file")
    columns = ",\n".join(f"    {item}" for item in items)
    return f"SELECT\n{columns}\nFROM {source.event_view.name}"


def expanded(
    tree: exp.Query, sources: Mapping[str, Source], absent: Collection[str] = ()
) -> exp.Query:
    """Return a tree, changed in place, with the union wherever it reads `activity`.

    A branch is left out that the query's own condition on `source` rules out, and that of a source
    that is `absent`; one stays in any case.
    """
    wanted = {name: sources[name] for name in sources if name not in absent} or sources
    for table in log_tables(tree, [ACTIVITY]):
        union = exp.Subquery(
            this=parse_query(activity_sql(_admitted(table, wanted))).copy(),
            alias=table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(ACTIVITY)),
            joins=table.args.get("joins"),
        )
        table.replace(union)
    return tree


def _admitted(table: exp.Table, sources: Mapping[str, Source]) -> list[Source]:
    """Return the sources whose rows may pass the conditions on `source`, or one of them."""
    select = table.parent_select
    where = select.args.get("where") if select else None
    conditions = [*conjuncts(where.this)] if where else []
    if select and select.args.get("joins"):
        conditions = [one for one in conditions if _tested(one).table == table.alias_or_name]
    found = [s for n, s in sources.items() if all(_passes(one, n) for one in conditions)]
    return found or [*sources.values()][:1]


def _tested(condition: exp.Expr) -> exp.Column:
    """Return the column that a condition tests, one without a name where it is no bare column."""
    inner = condition.this if isinstance(condition, exp.Not) else condition
    column = inner.this
    return column if isinstance(column, exp.Column) else exp.Column()


def _passes(condition: exp.Expr, name: str) -> bool:
    """Tell whether a row of the source may pass a condition; one that is not read may be passed."""
    if _tested(condition).name.lower() != "source":
        return True
    match condition:
        case exp.EQ(expression=exp.Literal() as value):
            return str(value.this) == name
        case exp.NEQ(expression=exp.Literal() as value):
            return str(value.this) != name
        case exp.In(expressions=[*values]) if _are_texts(values):
            return name in [value.this for value in values]
        case exp.Not(this=exp.In(expressions=[*values])) if _are_texts(values):
            return name not in [value.this for value in values]
    return True


def _are_texts(values: Iterable[exp.Expr]) -> bool:
    values = [*values]
    return bool(values) and all(isinstance(value, exp.Literal) for value in values)
