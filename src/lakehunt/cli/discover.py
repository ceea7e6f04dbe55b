"""The command `discover`: which logs lie in a place, written as a lakehunt.toml.

Knows the command line and the workflow. `main` loads it by name.
"""

import os
import shlex
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from lakehunt.cli.engines import local_sources, object_cache
from lakehunt.cli.options import config, content_option, lake_name, lake_option, note
from lakehunt.cli.output import Output, ProgressBar
from lakehunt.config import FILE_NAME, Access
from lakehunt.errors import ExitCode, UsageError
from lakehunt.s3.address import is_address, read_address

if TYPE_CHECKING:
    from lakehunt.model import Discovery, Source


@click.command("discover")
@click.argument("location", metavar="[LOCATION]", required=False)
@lake_option
@click.option("--profile", help="The AWS profile that reads the bucket.")
@click.option("--role-arn", help="The role to assume for it.")
@click.option("--external-id", help="What the role's trust policy asks for.")
@click.option("--out", type=click.Path(path_type=Path), help="Write to this new file.")
@content_option
def discover_command(location: str | None, lake: str | None, **options: Any) -> int:
    """Find the logs in LOCATION, a folder or s3://bucket/prefix, and write a lakehunt.toml.

    The file goes to stdout, or to the file of --out, which must not be there yet. The other
    commands read it where it is called lakehunt.toml.
    """
    from lakehunt.render.discoveries import found_lines
    from lakehunt.render.settings import settings_text

    place, out = lake_name(location, lake), options["out"]
    if out is not None and out.exists():
        raise UsageError(f"--out {out}: there is such a file; it is not overwritten")
    access = _access(place, options)
    found = _discovered(place, access, local_sources(options))
    text = settings_text(found, _named_from(place, found, out), access)

    def write(file: IO[str]) -> None:
        file.write(text)

    Output(out).text(write)
    note(found_lines(found) if out else ())
    if found.calls:
        note([f"{found.calls:,} listings of s3://{found.bucket}"])
    if out is None:
        command = f"lakehunt discover {shlex.quote(place)} --out {FILE_NAME}"
        note([f"`{command}` keeps this for the other commands"])
    return ExitCode.CLEAN


def _access(place: str, options: Mapping[str, Any]) -> Access:
    """Return how a place is reached: as lakehunt.toml says, or as the options do.

    Raises:
        UsageError: an option has no use.
    """
    names = ("profile", "role_arn", "external_id")
    given = {name: options[name] for name in names if options[name]}
    if given and not is_address(place):
        flag = f"--{next(iter(given)).replace('_', '-')}"
        raise UsageError(f"{flag}: {place} is a folder; this is for s3://bucket/prefix")
    own = config().access(place) if is_address(place) else Access()
    line = None if "profile" in given else own.profile_line
    access = replace(own, **given, profile_line=line)
    if access.external_id and not access.role_arn:
        raise UsageError("--external-id: expected --role-arn beside it")
    return access


def _discovered(place: str, access: Access, sources: "Mapping[str, Source]") -> "Discovery":
    if not is_address(place):
        from lakehunt.discover import discover_folder

        return discover_folder(Path(place), sources, ProgressBar())
    try:
        from lakehunt.discover.bucket import discover_bucket
    except ImportError as error:
        raise UsageError(f"{place}: {error}; pip install 'lakehunt[s3]'") from error
    return discover_bucket(read_address(place), access, sources, object_cache(), datetime.now(UTC))


def _named_from(place: str, found: "Discovery", out: Path | None) -> str:
    """Return the place as a file names it: a relative folder counts from the file's own."""
    if is_address(place):
        return found.location
    if Path(place).is_absolute() or out is None:
        return place
    return os.path.relpath(place, out.parent)
