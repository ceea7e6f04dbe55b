"""Opens the engine that a command asks for, and names the extra that it needs.

Knows the command line and configuration. The command modules call it.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_cache_path, user_state_path

from lakehunt.cli.options import (
    Asked,
    athena_of,
    config,
    content_roots,
    lake_name,
    note,
    reuse_of,
)
from lakehunt.cli.output import ProgressBar
from lakehunt.config import Access, Cache
from lakehunt.errors import UsageError
from lakehunt.model import Source
from lakehunt.s3.address import is_address, read_address

if TYPE_CHECKING:
    from lakehunt.engines.athena.engine import AthenaEngine
    from lakehunt.engines.athena.history import History
    from lakehunt.engines.base import Engine, Run
    from lakehunt.engines.local.engine import LocalEngine
    from lakehunt.engines.local.kept.store import KeptStore
    from lakehunt.engines.local.s3_lake import S3Lake
    from lakehunt.s3.cache import ObjectCache


def sources_for(options: Mapping[str, Any]) -> dict[str, Source]:
    """Return the sources: but for the local engine with the columns of the deployed tables."""
    from lakehunt.sources import load_sources

    if options["engine"] != "local":
        return load_sources(content_roots(options["content"]), config().deployment)
    return local_sources(options)


def local_sources(options: Mapping[str, Any]) -> dict[str, Source]:
    """Return the sources as they are read locally, with every column.

    `[deployment.fields]` counts for files that do not name their fields.
    """
    from lakehunt.sources import load_sources

    return load_sources(content_roots(options["content"]), config().deployment, is_local=True)


def open_engine(
    options: Mapping[str, Any], lakes: tuple[str | None, str | None], sources: Mapping[str, Source]
) -> "Engine":
    """Return the engine of --engine; close it after use.

    Args:
        lakes: what was named as the lake, positional and by --lake.

    Raises:
        UsageError: a lake is named where tables are read, or an extra is not installed.
        LakehuntError: it cannot be opened.
    """
    if options["engine"] == "local":
        return local_engine(lake_name(*lakes), sources)
    lake = lakes[0] or lakes[1]
    if options["engine"] == "trino":
        return _trino_engine(lake, sources)
    return athena_engine(options, lake, sources)


def missing_actors(engine: "Engine", run: "Run", wanted: Asked) -> list[str]:
    """Return for a run without rows what to say of the actors of --actor; reads the lake again.

    Not where that would cost money.
    """
    from lakehunt.actors import missing_actors as missing
    from lakehunt.engines.local.engine import LocalEngine

    actors = wanted.narrow.get("actor", ())
    if not actors or not isinstance(engine, LocalEngine):
        return []
    return [*missing(engine, actors, run, wanted.window, wanted.limits, ProgressBar())]


def athena_engine(
    options: Mapping[str, Any], lake: str | None, sources: Mapping[str, Source]
) -> "AthenaEngine":
    """Return the engine on Athena; raises as `open_engine`."""
    if lake:
        what = f"--engine athena reads the tables of the database {config().athena.database}"
        raise UsageError(f"{lake}: {what}, no lake; `lakehunt deploy` makes them")
    try:
        from lakehunt.engines.athena.engine import AthenaEngine
    except ImportError as error:
        what = f"--engine athena needs {error.name}"
        raise UsageError(f"{what}: pip install 'lakehunt[athena]'") from error
    settings = athena_of(options)
    return AthenaEngine(
        settings, adopted(sources), reuse_of(options), _listed_with, athena_history()
    )


def _trino_engine(lake: str | None, sources: Mapping[str, Source]) -> "Engine":
    own = config().trino
    if lake:
        what = f"--engine trino reads the tables of {own.catalog}.{own.schema}, no lake"
        raise UsageError(f"{lake}: {what}; `lakehunt ddl --format trino` makes them")
    try:
        from lakehunt.engines.trino.engine import TrinoEngine
    except ImportError as error:
        what = f"--engine trino needs {error.name}"
        raise UsageError(f"{what}: pip install 'lakehunt[trino]'") from error
    return TrinoEngine(own, sources)


def athena_history() -> "History":
    """Return the history of what was forecast and read on Athena."""
    from lakehunt.engines.athena.history import History

    return History(user_state_path("lakehunt") / "athena.jsonl")


def history_here() -> "History":
    """Return that history, or of what the environment names in place of Athena."""
    # as the SDKs of AWS take them: that of the service goes first
    names = ("AWS_ENDPOINT_URL_ATHENA", "AWS_ENDPOINT_URL")
    endpoint = next((os.environ[name] for name in names if os.environ.get(name)), "")
    return athena_history().of(endpoint)


def _listed_with(address: str) -> Access:
    """Return how a bucket is listed: as one of its locations says, else as Athena is reached."""
    locations = config().locations.items()
    own = (access for place, access in locations if f"{place}/".startswith(f"{address}/"))
    return next(own, Access(profile=config().athena.profile))


def adopted(sources: Mapping[str, Source]) -> Mapping[str, Source]:
    """Return sources, those that [tables] maps reading the tables that are there.

    Raises:
        ConfigError: a table cannot stand for one of ours.
        CloudError: Glue cannot be asked.
    """
    if not config().tables:
        return sources
    from lakehunt.deploy.account import open_account
    from lakehunt.deploy.foreign import adopt_tables
    from lakehunt.sql.adopt import adopted_sources

    found = adopt_tables(open_account(config().athena), sources, config())
    note(line for one in found for line in one.differences)
    return adopted_sources(sources, found)


def local_engine(lake: str, sources: Mapping[str, Source]) -> "LocalEngine":
    """Return the local engine on a lake; close it after use.

    Raises:
        LakeError: the lake is missing or holds nothing that is known.
        CloudError: it lies in S3, and AWS refuses or cannot be reached.
    """
    from lakehunt.engines.local.engine import LocalEngine

    place = _s3_lake(lake, sources) if is_address(lake) else Path(lake)
    return LocalEngine(place, sources, kept_store())


def _s3_lake(lake: str, sources: Mapping[str, Source]) -> "S3Lake":
    try:
        from lakehunt.engines.local.s3_lake import open_s3_lake
    except ImportError as error:
        raise UsageError(f"{lake}: {error}; pip install 'lakehunt[s3]'") from error
    return open_s3_lake(read_address(lake), config().access(lake), sources, object_cache())


def object_cache() -> "ObjectCache":
    """Return where objects of S3 are kept on this machine."""
    from lakehunt.s3.cache import ObjectCache

    own = config().cache
    return ObjectCache(_cache_folder(own) / "objects", own.max_size)


def kept_store() -> "KeptStore":
    """Return where rows are kept on this machine that were parsed before."""
    from lakehunt.engines.local.kept.store import KeptStore

    own = config().cache
    return KeptStore(_cache_folder(own) / "parsed", own.max_kept_size)


def _cache_folder(own: Cache) -> Path:
    return Path(own.folder) if own.folder else user_cache_path("lakehunt")
