"""A lake of files in the sandbox: its buckets, and the tables of the sources that are in it.

Knows paths and deployments, not how tables are read. The command `sandbox` and tests call it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from lakehunt.config import Deployment
from lakehunt.content import Root
from lakehunt.engines.local.folder import open_folder
from lakehunt.errors import LakeError, Location
from lakehunt.layouts import Place, holes_of, locate, strftime, window_column
from lakehunt.model import Source
from lakehunt.sandbox.server import Sandbox
from lakehunt.sources import load_sources
from lakehunt.sources.ddl import statements
from lakehunt.sql.activity import activity_view

BUCKET = "lakehunt-lake"


@dataclass(slots=True)
class Told:
    """What the places of a lake's files tell of its deployment, by source that is there.

    `prefixes` are what stands before the layout, by the key of the source's bucket.
    """

    layouts: dict[str, str] = field(default_factory=dict)
    prefixes: dict[str, str] = field(default_factory=dict)
    values: dict[str, set[str]] = field(default_factory=dict)
    days: list[date] = field(default_factory=list)


def told_by_files(folder: Path, sources: Mapping[str, Source]) -> Told:
    """Return what files tell: the layout of each source, accounts, regions and other values.

    Whose a file is, the local engine says: by its place, its name or what is in it.

    Raises:
        LakeError: the folder is missing, or holds no log that is known.
    """
    told = Told()
    lake = open_folder(folder, sources)
    try:
        for source in sources.values():
            for file in lake.listing(source, ()).files:
                path = Path(file.name).relative_to(folder).as_posix()
                place = locate(source.partitions, path)
                layout = _layout(source, place) if place else ""
                if place is not None and layout:
                    _note(told, source, place, layout)
    finally:
        lake.close()
    return told


def _layout(source: Source, place: Place) -> str:
    """Return the layout of a file: one without folders where nothing else can lie beside it."""
    flat = (name for name, template in source.partitions.layouts.items() if not template)
    return place.layout or (next(flat, "") if place.above else "")


def _note(told: Told, source: Source, place: Place, layout: str) -> None:
    told.layouts.setdefault(source.name, layout)
    told.prefixes.setdefault(source.partitions.bucket, place.above)
    window = window_column(source.partitions)
    for name, value in place.values.items():
        if name == window.name:
            told.days.append(datetime.strptime(value, strftime(window.format)).date())
        else:
            told.values.setdefault(name, set()).add(value)


def deployment_of(told: Told, sources: Mapping[str, Source]) -> Deployment:
    """Return the deployment whose tables read a lake in the sandbox's bucket."""
    keys = {sources[name].partitions.bucket for name in told.layouts}
    own = ("account_id", "region")
    holes = {
        hole.name
        for name, layout in told.layouts.items()
        for hole in holes_of(sources[name].partitions.layouts[layout])
    }
    return Deployment(
        buckets=dict.fromkeys(sorted(keys), BUCKET),
        prefixes={key: prefix for key, prefix in told.prefixes.items() if prefix},
        organization=next(iter(told.values.get("organization_id", ())), ""),
        accounts=tuple(sorted(told.values.get("account_id", ()))),
        regions=tuple(sorted(told.values.get("region", ()))),
        first_day=min(told.days) if told.days else None,
        layouts=told.layouts,
        values={
            name: tuple(sorted(told.values[name]))
            for name in holes
            if name in told.values and name not in own
        },
    )


def load_lake(sandbox: Sandbox, folder: Path, sources: Mapping[str, Source]) -> Deployment:
    """Put a lake's files into the sandbox's bucket and return the deployment that they are of.

    Raises:
        LakeError: the folder is missing, or no file lies where AWS would deliver it.
    """
    told = told_by_files(folder, sources)
    if not told.layouts:
        what = f"{folder}: no file lies in the folders that AWS writes, such as AWSLogs/..."
        raise LakeError(f"{what}; tables need them. `lakehunt hunt {folder}` reads it as it is")
    sandbox.load(folder, BUCKET)
    return deployment_of(told, sources)


def make_tables(
    sandbox: Sandbox, roots: Iterable[Root], deployment: Deployment, database: str
) -> tuple[str, ...]:
    """Make the database and the tables of the sources that a deployment has; return their names.

    Raises:
        EngineError: a statement failed.
    """
    sandbox.run(f"CREATE DATABASE IF NOT EXISTS {database}")
    made: list[str] = []
    there: list[Source] = []
    for source in load_sources(roots, deployment).values():
        if source.name in deployment.layouts:
            for statement in statements(Location(source.name), source.ddl):
                sandbox.run(statement.opening + statement.sql, database)
            made += source.relations
            there.append(source)
    view = activity_view(there)
    sandbox.run(f"CREATE OR REPLACE VIEW {view.name} AS\n{view.sql}", database)
    return (*made, view.name)
