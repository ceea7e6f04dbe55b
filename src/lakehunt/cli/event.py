"""The command `event`: one record as it was logged, and what happened beside it.

Knows the command line and the workflow. `main` loads it by name.
"""

from typing import Any

import click

from lakehunt.cli.engines import local_engine, local_sources
from lakehunt.cli.options import content_option, lake_name, lake_option, note
from lakehunt.cli.output import Output, ProgressBar
from lakehunt.errors import ExitCode, UsageError
from lakehunt.model import COMMON_COLUMNS, duration

_FORMATS = ("table", "csv", "json", "jsonl")


@click.command("event")
@click.argument("event_id", metavar="ID")
@click.option("--around", help="Also what happened this long before and after, such as 15m.")
@click.option("--same", help="Around it, only the same actor, source_ip or access_key_id.")
@click.option("--format", "format_", type=click.Choice(_FORMATS), default="table")
@lake_option
@content_option
def event_command(event_id: str, lake: str | None, **options: Any) -> int:
    """Show the record of an event ID as it was logged, and its file."""
    from lakehunt.engines.base import Limits
    from lakehunt.event import SAME, beside, find_event
    from lakehunt.render import rows as render

    same = options["same"] or ""
    if same and same not in SAME:
        raise UsageError(f"--same {same}: expected one of {', '.join(SAME)}")
    span = _span(options["around"])
    engine = local_engine(lake_name(None, lake), local_sources(options))
    limits = Limits(all_time=True, count=False)
    try:
        shown = find_event(engine, event_id, limits, ProgressBar())
        near = beside(engine, shown, span, same, limits, ProgressBar()) if span else []
    finally:
        engine.close()
    document = {"records": shown.records, "log_files": shown.log_files, "around": near}
    output = Output(None)
    if span:
        columns = [*COMMON_COLUMNS, "log_file"]
        format_ = options["format_"]
        output.text(lambda out: render.write_rows(format_, columns, near, document, out))
    else:
        records = document if options["format_"] == "json" else {"records": shown.records}
        output.text(lambda out: render.write_json(records, out))
    note(f"in {file}" for file in shown.log_files)
    return ExitCode.CLEAN


def _span(around: str | None) -> Any:
    try:
        return duration(around) if around else None
    except ValueError as error:
        raise UsageError(f"--around {error}") from error
