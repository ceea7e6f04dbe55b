"""Options that several commands share, and the values made of them.

Knows the command line and configuration. The command modules call it.
"""

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click
from platformdirs import user_cache_path

from lakehunt.config import Config, find_config
from lakehunt.content import Root, roots
from lakehunt.errors import ExitCode, UsageError
from lakehunt.model import Source, Window, duration
from lakehunt.s3.address import is_address, read_address
from lakehunt.times import read_window

if TYPE_CHECKING:
    from lakehunt.engines.base import Limits, Run
    from lakehunt.engines.local.engine import LocalEngine
    from lakehunt.engines.local.s3_lake import S3Lake

_F = TypeVar("_F", bound=Callable[..., object])
FORMATS = ("table", "csv", "json", "jsonl", "parquet")
_ENGINES = ("local", "athena")


def content_option(command: _F) -> _F:
    """Add --content."""
    return click.option(
        "--content",
        type=click.Path(path_type=Path),
        help="A content folder of your own, laid over the bundled one.",
    )(command)


def lake_option(command: _F) -> _F:
    """Add --lake."""
    text = "Folder of logs or s3://bucket/prefix; without it lakehunt.toml decides."
    return click.option("--lake", metavar="LAKE", help=text)(command)


def window_options(command: _F) -> _F:
    """Add the options that choose what part of a lake is read."""
    for option in (
        click.option("--since", help="Start: 24h, 7d, 2026-05-01 or an ISO time."),
        click.option("--until", help="End, not included; a date means the end of that day."),
        click.option("--tz", help="Time zone of times without offset.", default="UTC"),
        click.option("--account", multiple=True, help="Only this account (repeatable)."),
        click.option("--region", multiple=True, help="Only this region (repeatable)."),
        click.option("--actor", multiple=True, help="Only this actor (repeatable)."),
        click.option("--lateness", help="How late files may come, such as 30d."),
        click.option("--all-time", is_flag=True, help="Allow an unbounded query on a large lake."),
    ):
        command = option(command)
    return command


def output_options(command: _F) -> _F:
    """Add --format, --out, --strict and --engine."""
    for option in (
        click.option("--format", "format_", type=click.Choice(FORMATS), default="table"),
        click.option("--out", type=click.Path(path_type=Path), help="Write to this file."),
        click.option("--strict", is_flag=True, help="Exit 3 if anything could not be read."),
        click.option("--engine", type=click.Choice(_ENGINES), default="local"),
    ):
        command = option(command)
    return command


def content_roots(content: Path | None) -> tuple[Root, ...]:
    """Return the content roots of --content."""
    return roots(content)


def config() -> Config:
    """Return the nearest lakehunt.toml."""
    return find_config(Path.cwd())


def lake_name(positional: str | None, option: str | None) -> str:
    """Return the lake that a command reads: a folder, or an address in S3.

    Raises:
        UsageError: it is named twice or nowhere.
    """
    if positional and option:
        raise UsageError(f"two lakes, {positional} and --lake {option}: give one")
    lake = positional or option or config().lake
    if not lake:
        what = "no lake: give a folder of logs or s3://bucket/prefix with --lake"
        raise UsageError(f"{what}, or `lake` in lakehunt.toml")
    return lake


def local_engine(lake: str, sources: Mapping[str, Source]) -> "LocalEngine":
    """Return the local engine on a lake; close it after use.

    Raises:
        LakeError: the lake is missing or holds nothing that is known.
        CloudError: it lies in S3, and AWS refuses or cannot be reached.
    """
    from lakehunt.engines.local.engine import LocalEngine

    return LocalEngine(_s3_lake(lake, sources) if is_address(lake) else Path(lake), sources)


def _s3_lake(lake: str, sources: Mapping[str, Source]) -> "S3Lake":
    try:
        from lakehunt.engines.local.s3_lake import open_s3_lake
        from lakehunt.s3.cache import ObjectCache
    except ImportError as error:
        raise UsageError(f"{lake}: {error}; pip install 'lakehunt[s3]'") from error
    own = config()
    folder = Path(own.cache.folder) if own.cache.folder else user_cache_path("lakehunt")
    cache = ObjectCache(folder / "objects", own.cache.max_size)
    return open_s3_lake(read_address(lake), own.access(lake), sources, cache)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the shared options of a run say: window, values that narrow it, limits."""

    window: Window | None
    narrow: Mapping[str, tuple[str, ...]]
    limits: "Limits"


def asked(options: Mapping[str, Any], max_rows: int | None) -> Asked:
    """Return the shared options of a run, checked.

    Raises:
        UsageError: a time cannot be read, or the engine is not there yet.
    """
    from lakehunt.engines.base import Limits

    if options["engine"] == "athena":
        what = "running on Athena comes with a later release"
        raise UsageError(f"--engine athena: {what}; `show ID --sql --engine athena` prints the SQL")
    window = window_of(options["since"], options["until"], options["tz"])
    lateness = lateness_of(options["lateness"])
    return Asked(window, narrow_of(options), Limits(max_rows, options["all_time"], lateness))


def read_zone(name: str) -> tzinfo:
    """Return the time zone of --tz.

    Raises:
        UsageError: there is no such zone.
    """
    from zoneinfo import ZoneInfo

    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(
            f"--tz {name}: no such time zone, expected Europe/Berlin or UTC"
        ) from error


def window_of(since: str | None, until: str | None, tz: str) -> Window | None:
    """Return the window of --since and --until."""
    return read_window(since, until, read_zone(tz), datetime.now(UTC))


def lateness_of(text: str | None) -> timedelta | None:
    """Return --lateness as a span.

    Raises:
        UsageError: it is none.
    """
    try:
        return duration(text) if text else None
    except ValueError as error:
        raise UsageError(f"--lateness {error}") from error


def narrow_of(options: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    """Return --account, --region and --actor as values of the columns they hold."""
    given = {name: options[name.removesuffix("_id")] for name in ("account_id", "region", "actor")}
    return {name: values for name, values in given.items() if values}


def region_warning(
    narrow: Mapping[str, tuple[str, ...]], sources: Mapping[str, Source]
) -> list[str]:
    """Return a warning when --region leaves out where global services log."""
    regions = narrow.get("region", ())
    homes = {source.partitions.global_region for source in sources.values()} - {"", *regions}
    return [
        f"warning: --region leaves out {home}, where IAM and other global services log"
        for home in sorted(homes if regions else ())
    ]


def note(lines: Iterable[str]) -> None:
    """Print lines for people on stderr."""
    for line in lines:
        click.echo(line, err=True)


def exit_code(run: "Run", *, strict: bool, found: bool = False, failed: bool = False) -> ExitCode:
    """Return how a run ends: 3 for failures, and with --strict for anything not read."""
    refused = bool(run.unknown) or any(account.refused for account in run.accounts)
    if failed or (strict and refused):
        return ExitCode.ENGINE
    return ExitCode.FOUND if found else ExitCode.CLEAN


class Output:
    """Where a command's data goes: stdout, or the file of --out, written whole or not at all."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def text(self, write: Callable[[IO[str]], None]) -> None:
        """Write text."""
        if self.path is None:
            write(sys.stdout)
            return
        part = self._part()
        with part.open("w", encoding="utf-8", newline="") as out:
            write(out)
        part.replace(self.path)

    def data(self, content: bytes) -> None:
        """Write bytes.

        Raises:
            UsageError: there is no file to write to.
        """
        if self.path is None:
            if sys.stdout.isatty():
                raise UsageError("--format parquet writes bytes: name a file with --out")
            sys.stdout.buffer.write(content)
            return
        part = self._part()
        part.write_bytes(content)
        part.replace(self.path)

    def _part(self) -> Path:
        assert self.path is not None
        if not self.path.parent.is_dir():
            raise UsageError(f"--out {self.path}: no folder {self.path.parent}")
        return self.path.with_name(f".{self.path.name}.part")


class ProgressBar:
    """A bar on stderr, drawn when that is a terminal and the work takes over a second."""

    _AFTER_SECONDS = 1.0

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._shown = -1

    def __call__(self, share: float) -> None:
        """Draw how much is done, 0 to 1."""
        percent = int(share * 100)
        late = time.monotonic() - self._started > self._AFTER_SECONDS
        if percent == self._shown or not late or not sys.stderr.isatty():
            return
        self._shown = percent
        done = percent * 30 // 100
        sys.stderr.write(f"\r[{'#' * done}{' ' * (30 - done)}] {percent:3d} %")
        if percent >= 100:  # noqa: PLR2004
            sys.stderr.write("\r" + " " * 40 + "\r")
        sys.stderr.flush()
