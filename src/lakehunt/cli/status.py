"""The command `status`: how the logs of a lake are, by source and day.

Knows the command line and the workflow. `main` loads it by name.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakehunt.cli.engines import local_engine, local_sources
from lakehunt.cli.options import (
    FORMATS,
    config,
    content_option,
    exit_code,
    keep_option,
    keeps,
    lake_name,
    lake_option,
    lateness_of,
    narrow_of,
    note,
    part_options,
    window_of,
)
from lakehunt.cli.output import Output, ProgressBar

if TYPE_CHECKING:
    from lakehunt.status import Status


@click.command("status")
@click.argument("lake_argument", metavar="[LAKE]", required=False)
@lake_option
@part_options
@click.option("--format", "format_", type=click.Choice(FORMATS), default="table")
@click.option("--out", type=click.Path(path_type=Path), help="Write to this file.")
@click.option("--strict", is_flag=True, help="Exit 3 if anything could not be read.")
@keep_option
@content_option
def status_command(lake_argument: str | None, lake: str | None, **options: Any) -> int:
    """Tell how the logs in LAKE are: files, rows and delays by day, and what is missing."""
    from lakehunt.engines.base import Limits
    from lakehunt.missing import Expected
    from lakehunt.render.findings import kept_lines, outside_lines, unread_lines
    from lakehunt.render.health import health_lines
    from lakehunt.status import lake_status

    window = window_of(options["since"], options["until"], options["tz"])
    lateness = lateness_of(options["lateness"])
    limits = Limits(None, options["all_time"], lateness, keep=keeps(options))
    expected = Expected(
        window, datetime.now(UTC), narrow_of(options), lateness, config().deployment
    )
    engine = local_engine(lake_name(lake_argument, lake), local_sources(options))
    try:
        found = lake_status(engine, expected, limits, ProgressBar())
    finally:
        engine.close()
    _write(found, options)
    note([f"window {window} (UTC), by folders and names of files"] if window else ())
    note(line for one in found.sources for line in health_lines(one))
    note(outside_lines(found.run) if window else ())
    note(unread_lines(found.run))
    note(kept_lines(found.run, keep=limits.keep))
    return exit_code(found.run, strict=options["strict"])


def _write(found: "Status", options: Mapping[str, Any]) -> None:
    from lakehunt.render import health as shown
    from lakehunt.render import rows as render
    from lakehunt.render.findings import run_value

    output, format_ = Output(options["out"]), options["format_"]
    values = shown.day_values(found.sources)
    if format_ == "parquet":
        output.data(render.parquet_bytes(render.arrow_of(values)))
        return
    rows = shown.day_rows(found.sources) if format_ == "table" else values
    document = {
        "days": values,
        "sources": [shown.source_value(one) for one in found.sources],
        "run": run_value(found.run, sum(day.rows for one in found.sources for day in one.days)),
    }
    columns = dict.fromkeys(name for row in rows for name in row)
    output.text(lambda out: render.write_rows(format_, [*columns], rows, document, out))
