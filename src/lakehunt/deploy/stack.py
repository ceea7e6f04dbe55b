"""What one deployment puts into an account, as a value.

Knows the model, the library and the configuration, not AWS. Every format of `ddl`, the plan and
the policies are made of it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lakehunt.config import Athena, Config
from lakehunt.deploy.catalog import CatalogTable, catalog_table, catalog_view, view_sql
from lakehunt.deploy.resources import Database, Resource, SavedQuery, Workgroup
from lakehunt.errors import ConfigError
from lakehunt.model import ACTIVITY, Query, Source, Status
from lakehunt.sql.activity import ACTIVITY_TYPES, activity_view
from lakehunt.sql.bind import read_params
from lakehunt.sql.compile import draft_query
from lakehunt.sql.rolling import rolling_text
from lakehunt.sql.typed import catalog_of

# What a saved query looks back on; its text says the same in days from current_date.
_DAYS = 1
# Source: CloudFormation, AWS::Athena::WorkGroup, BytesScannedCutoffPerQuery (read 2026-11-30).
_LEAST_SCAN = 10**7
_PLACEHOLDER = re.compile(r"<[a-z_]+(?: [^<>]+)?>")


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything of one deployment; views come after the tables that they read.

    `left_out` says in words what is not deployed, and why.
    """

    database: Database
    tables: tuple[CatalogTable, ...]
    workgroup: Workgroup
    queries: tuple[SavedQuery, ...]
    left_out: tuple[str, ...] = ()

    @property
    def resources(self) -> tuple[Resource, ...]:
        """Return all of it in the order in which it is made."""
        return (self.database, *self.tables, self.workgroup, *self.queries)

    @property
    def statements(self) -> tuple[SavedQuery, ...]:
        """Return the statement that makes each view, to be kept beside the saved queries."""
        return tuple(
            SavedQuery(
                f"view {table.name}",
                f"Makes the view {table.name}",
                f"CREATE OR REPLACE VIEW {table.name} AS\n{view_sql(table)}",
            )
            for table in self.tables
            if table.is_view
        )

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Return the marks of what is not configured, such as `<accounts>`."""
        places = (table.location + "".join(table.parameters.values()) for table in self.tables)
        found = _PLACEHOLDER.findall("\n".join((*places, self.workgroup.results)))
        return tuple(dict.fromkeys(found))


def make_stack(
    sources: Mapping[str, Source], queries: Iterable[Query], config: Config, names: Iterable[str]
) -> Stack:
    """Return the stack of a deployment: the named sources, or all whose bucket is configured.

    The view `activity` reads all that is deployed: it is there unless some sources are named.

    Raises:
        ConfigError: none is, or `max_scan` is less than a workgroup can have.
    """
    names = [*names]
    chosen = {name: sources[name] for name in names} or _configured(sources, config)
    if not chosen:
        keys = ", ".join(sorted({source.partitions.bucket for source in sources.values()}))
        raise ConfigError(f"nothing to deploy: [deployment.buckets] names none of {keys}")
    left_out = [f"{name}: left out, no bucket is configured" for name in sources.keys() - chosen]
    mapped = [name for name, source in chosen.items() if source.table.name in config.tables]
    left_out += [f"{name}: left out, [tables] maps it to a table that is there" for name in mapped]
    deployed = {name: source for name, source in chosen.items() if name not in mapped}
    is_whole = not names or len(chosen) == len(sources)
    over = (_configured(deployed, config) or deployed) if is_whole else {}
    if not is_whole:
        left_out.append(f"{ACTIVITY}: left out, it reads all sources; name none to make it")
    saved, asking = _saved(queries, deployed)
    if asking:
        what = "cannot be saved, a parameter has no default"
        left_out.append(f"{len(asking)} queries {what}: {', '.join(asking)}")
    database = config.athena.database
    return Stack(
        database=Database(database),
        tables=(*_tables(deployed, database), *_activity(over, database)),
        workgroup=_workgroup(config.athena),
        queries=saved,
        left_out=tuple(sorted(left_out)),
    )


def _configured(sources: Mapping[str, Source], config: Config) -> dict[str, Source]:
    buckets = config.deployment.buckets
    return {n: source for n, source in sources.items() if source.partitions.bucket in buckets}


def _tables(sources: Mapping[str, Source], database: str) -> tuple[CatalogTable, ...]:
    types = catalog_of(sources.values())
    of = sources.values()
    tables = [catalog_table(table) for source in of for table in source.tables]
    views = [
        catalog_view(view, types[view.name], database) for source in of for view in source.views
    ]
    return (*tables, *views)


def _activity(sources: Mapping[str, Source], database: str) -> Iterator[CatalogTable]:
    if sources:
        yield catalog_view(activity_view(sources.values()), ACTIVITY_TYPES, database)


def _workgroup(athena: Athena) -> Workgroup:
    if athena.max_scan < _LEAST_SCAN:
        line = f"{athena.max_scan_line}: " if athena.max_scan_line else ""
        raise ConfigError(f"{line}`max_scan`, expected 10 MB or more: no workgroup has less")
    return Workgroup(
        athena.workgroup, athena.results or "<results>", athena.kms_key, athena.max_scan
    )


def _saved(
    queries: Iterable[Query], sources: Mapping[str, Source]
) -> tuple[tuple[SavedQuery, ...], list[str]]:
    """Return the stable queries on these sources, and the names of those that need a value."""
    saved: list[SavedQuery] = []
    asking: list[str] = []
    # a query over `activity` alone fits any sources, and over none it has nothing to read
    for query in queries if sources else ():
        if query.status is not Status.STABLE or not query.fits(sources):
            continue
        if all(param.has_default for param in query.params.values()):
            draft = draft_query(query, read_params(query.params, {}))
            text = f"-- {query.id}, version {query.version}: {query.title}\n"
            text += "-- Reads yesterday and today in UTC.\n"
            text += rolling_text(draft, sources, _DAYS)
            saved.append(SavedQuery(query.id, query.title, text))
        else:
            asking.append(query.id)
    return tuple(saved), asking
