"""A lake of files in the sandbox: its buckets, and the tables of the sources that are in it.

Knows paths and deployments, not how tables are read. The command `sandbox` and tests call it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from lakehunt.config import Deployment
from lakehunt.content import Root
from lakehunt.errors import LakeError, Location
from lakehunt.layouts import holes_of, locate, skip_by_path, strftime, window_column
from lakehunt.model import Source
from lakehunt.sandbox.server import Sandbox
from lakehunt.sources import load_sources
from lakehunt.sources.ddl import statements

BUCKET = "lakehunt-lake"


@dataclass(slots=True)
class Told:
    """What the paths of a lake tell of its deployment, by source that is there."""

    layouts: dict[str, str] = field(default_factory=dict)
    values: dict[str, set[str]] = field(default_factory=dict)
    days: list[date] = field(default_factory=list)
    unplaced: int = 0


def told_by_paths(paths: Iterable[str], sources: Mapping[str, Source]) -> Told:
    """Return what paths tell: the layout of each source, accounts, regions and other values."""
    told = Told()
    for path in paths:
        for source in sources.values():
            partitions = source.partitions
            place = locate(partitions, path)
            if place is None or not place.layout or skip_by_path(partitions, path):
                continue
            told.layouts.setdefault(source.name, place.layout)
            for name, value in place.values.items():
                told.values.setdefault(name, set()).add(value)
            window = window_column(partitions)
            moment = datetime.strptime(place.values[window.name], strftime(window.format))
            told.days.append(moment.date())
            break
        else:
            told.unplaced += 1
    return told


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
        organization=next(iter(told.values.get("organization_id", ())), ""),
        accounts=tuple(sorted(told.values.get("account_id", ()))),
        regions=tuple(sorted(told.values.get("region", ()))),
        first_day=min(told.days) if told.days else None,
        layouts=told.layouts,
        values={
            name: tuple(sorted(told.values[name]))
            for name in holes
            if name in told.values and name not in own
        },  # fmt: skip
    )


def load_lake(sandbox: Sandbox, folder: Path, sources: Mapping[str, Source]) -> Deployment:
    """Put a lake's files into the sandbox's bucket and return the deployment that they are of.

    Raises:
        LakeError: the folder is missing, or no file lies where AWS would deliver it.
    """
    if not folder.is_dir():
        raise LakeError(f"{folder}: no such folder")
    paths = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    told = told_by_paths(paths, sources)
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
    for source in load_sources(roots, deployment).values():
        if source.name in deployment.layouts:
            for statement in statements(Location(source.name), source.ddl):
                sandbox.run(statement.opening + statement.sql, database)
            made += source.relations
    return tuple(made)
