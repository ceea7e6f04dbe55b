"""Options that several commands share, and the values made of them.

Knows the command line and configuration. The command modules call it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lakehunt.config import Athena, Config, find_config, size_bytes
from lakehunt.content import Root, roots
from lakehunt.errors import ExitCode, UsageError
from lakehunt.model import Source, Window, duration
from lakehunt.times import ALL_TIME, read_window

if TYPE_CHECKING:
    from lakehunt.engines.base import Limits, Run
    from lakehunt.known import Lists

_F = TypeVar("_F", bound=Callable[..., object])
FORMATS = ("table", "csv", "json", "jsonl", "parquet")
_ENGINES = ("local", "athena", "trino")
_MAX_SCAN = "On Athena: refuse to read more, such as 10GB; without it lakehunt.toml decides."
_MINUTE = timedelta(minutes=1)
# Source: Athena User Guide, "Reuse query results in Athena" (read 2026-11-23).
_LONGEST_REUSE = timedelta(days=7)


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


def known_option(command: _F) -> _F:
    """Add --show-known."""
    text = "Show what the [known] lists of lakehunt.toml hide."
    return click.option("--show-known", is_flag=True, help=text)(command)


def known_lists(options: Mapping[str, Any]) -> "Lists":
    """Return the known lists of lakehunt.toml, and whether they hide."""
    from lakehunt.known import Lists

    return Lists(config().known, options["show_known"])


def window_options(command: _F) -> _F:
    """Add the options that choose what part of a lake is read, and whose events."""
    option = click.option("--actor", multiple=True, help="Only this actor (repeatable).")
    return part_options(option(command))


def part_options(command: _F) -> _F:
    """Add the options that choose what part of a lake is read."""
    for option in (
        click.option("--since", help="Start: 24h, 7d, 2026-05-01 or an ISO time."),
        click.option("--until", help="End, not included; a date means the end of that day."),
        click.option("--tz", help="Time zone of times without offset.", default="UTC"),
        click.option("--account", multiple=True, help="Only this account (repeatable)."),
        click.option("--region", multiple=True, help="Only this region (repeatable)."),
        click.option("--lateness", help="How late files may come, such as 30d."),
        click.option("--all-time", is_flag=True, help="Allow an unbounded query on a large lake."),
    ):
        command = option(command)
    return command


def output_options(command: _F) -> _F:
    """Add --format, --out, --strict, --engine and what Athena may do."""
    for option in (
        click.option("--format", "format_", type=click.Choice(FORMATS), callback=_format),
        click.option(
            "--out",
            type=click.Path(path_type=Path),
            is_eager=True,
            help="Write to this file; its ending tells the format.",
        ),
        click.option("--strict", is_flag=True, help="Exit 3 if anything could not be read."),
    ):
        command = option(command)
    return engine_options("local")(keep_option(command))


def _format(context: click.Context, _: click.Parameter, value: str | None) -> str:
    """Return --format, else what the file of --out is called, else a table."""
    out = context.params.get("out")
    ending = out.suffix.removeprefix(".") if out else ""
    return value or (ending if ending in FORMATS else "table")


def keep_option(command: _F) -> _F:
    """Add --keep."""
    text = "Locally: keep what is parsed on this machine; later commands read that."
    return click.option("--keep/--no-keep", default=None, help=text)(command)


def keeps(options: Mapping[str, Any]) -> bool:
    """Tell whether what is parsed is to be kept, by --keep or lakehunt.toml.

    Raises:
        UsageError: it is asked of an engine that parses nothing here.
    """
    is_local = options.get("engine", "local") == "local"
    asked_for = options.get("keep")
    if asked_for and not is_local:
        raise UsageError(f"--keep: --engine {options['engine']} parses nothing on this machine")
    return is_local and bool(config().cache.keep if asked_for is None else asked_for)


def engine_options(default: str) -> Callable[[_F], _F]:
    """Return what adds --engine, --reuse and --max-scan."""

    def add(command: _F) -> _F:
        for option in (
            click.option("--engine", type=click.Choice(_ENGINES), default=default),
            click.option("--reuse", help="On Athena: take a result this old, such as 60m, again."),
            click.option("--max-scan", metavar="SIZE", help=_MAX_SCAN),
        ):
            command = option(command)
        return command

    return add


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

    grid = reuse_of(options) or _MINUTE if options["engine"] == "athena" else timedelta()
    window = window_of(options["since"], options["until"], options["tz"], grid)
    lateness = lateness_of(options["lateness"])
    # a file that is passed over is not known to be whole
    count = options["count"] or bool(options.get("strict") and options["engine"] == "local")
    limits = Limits(max_rows, options["all_time"], lateness, count, keep=keeps(options))
    return Asked(window, narrow_of(options), limits)


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


def window_of(
    since: str | None, until: str | None, tz: str, grid: timedelta = timedelta()
) -> Window | None:
    """Return the window of --since and --until.

    Args:
        grid: now is rounded down to a multiple of it, so that the same words give the same text.
    """
    now = datetime.now(UTC)
    if grid:
        now -= (now - ALL_TIME.since) % grid
    return read_window(since, until, read_zone(tz), now)


def reuse_of(options: Mapping[str, Any]) -> timedelta:
    """Return how old a result may be that is used again, of --reuse or of lakehunt.toml.

    Raises:
        UsageError: it is no span of time, or Athena keeps no result that long.
    """
    text = options["reuse"]
    try:
        reuse = config().athena.reuse if text is None else duration(text)
    except ValueError as error:
        raise UsageError(f"--reuse {error}") from error
    if reuse > _LONGEST_REUSE:
        raise UsageError(f"--reuse {text}: Athena uses a result of at most 7 days again")
    return reuse


def athena_of(options: Mapping[str, Any]) -> Athena:
    """Return [athena] of lakehunt.toml, with the limit of --max-scan.

    Raises:
        UsageError: that is no number of bytes.
    """
    own, text = config().athena, options["max_scan"]
    if text is None:
        return own
    try:
        return replace(own, max_scan=size_bytes(text))
    except ValueError as error:
        raise UsageError(f"--max-scan {error}") from error


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
    names = ("account_id", "region", "actor")
    given = {name: options.get(name.removesuffix("_id"), ()) for name in names}
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
    unread = bool(run.unknown) or any(one.refused or one.gaps for one in run.accounts)
    if failed or (strict and unread):
        return ExitCode.ENGINE
    return ExitCode.FOUND if found else ExitCode.CLEAN
