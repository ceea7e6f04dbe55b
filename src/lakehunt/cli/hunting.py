"""The command `hunt`, and how a hunt is written; `demo` writes its own the same way.

Knows the command line and the workflow. `main` loads it by name.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from lakehunt.cli.engines import missing_actors, open_engine, sources_for
from lakehunt.cli.options import (
    asked,
    content_option,
    content_roots,
    exit_code,
    known_lists,
    known_option,
    lake_option,
    note,
    output_options,
    region_warning,
    window_options,
)
from lakehunt.cli.output import Output, ProgressBar
from lakehunt.model import Severity

if TYPE_CHECKING:
    from lakehunt.hunt import Hunt


@click.command("hunt")
@click.argument("lake_argument", metavar="[LAKE]", required=False)
@lake_option
@click.option("--severity", type=click.Choice([s.value for s in Severity]), default="low")
@click.option("--tag", multiple=True, help="Only detections with this tag (repeatable).")
@click.option("--attack", multiple=True, help="Only this ATT&CK technique, such as T1078.")
@click.option("--source", multiple=True, help="Only detections on this source (repeatable).")
@click.option("--rows", is_flag=True, help="Print every row instead of findings.")
@known_option
@click.option("--count/--no-count", default=True, help="On Athena: say what the logs hold.")
@window_options
@output_options
@content_option
def hunt_command(lake_argument: str | None, lake: str | None, **options: Any) -> int:
    """Run the detections over LAKE; exits 1 when there are findings."""
    from lakehunt.hunt import Choice, hunt, plan_hunt, unasked_lines
    from lakehunt.library import load_queries
    from lakehunt.render.findings import kept_lines

    wanted = asked(options, None)
    roots = content_roots(options["content"])
    sources = sources_for(options)
    severity = Severity(options["severity"])
    choice = Choice(severity, options["tag"], options["attack"], options["source"])
    lists = known_lists(options)
    plan = plan_hunt(load_queries(roots).values(), choice, sources, wanted.narrow, lists)
    note(unasked_lines(plan, choice))
    note(region_warning(wanted.narrow, sources))
    engine = open_engine(options, (lake_argument, lake), sources)
    try:
        hunted = hunt(engine, plan, wanted.window, wanted.limits, ProgressBar())
        strangers = [] if hunted.findings else missing_actors(engine, hunted.run, wanted)
    finally:
        engine.close()
    write_hunt(hunted, options)
    note(strangers)
    note(kept_lines(hunted.run, keep=wanted.limits.keep))
    return exit_code(
        hunted.run,
        strict=options["strict"],
        found=bool(hunted.findings),
        failed=bool(hunted.failures),
    )


def write_hunt(hunted: "Hunt", options: Mapping[str, Any]) -> None:
    """Write a hunt: data to the output, stories and the account to stderr or into the JSON."""
    from lakehunt.render import findings as shown
    from lakehunt.render import stories as told

    if options["rows"]:
        values = [*shown.row_values(hunted.queries, hunted.run)]
    else:
        values = [shown.finding_value(finding) for finding in hunted.findings]
    _write_data(hunted, values, options)
    if options["format_"] != "json":
        note(told.story_lines(hunted.stories))
        note(f"FAILED: {failure.query_id}: {failure.message}" for failure in hunted.failures)
    note(_summary(hunted))
    note(shown.hidden_lines(hunted.hidden, was_shown=options["show_known"]))
    note(shown.account_lines(hunted.run))
    note(shown.blind_lines(hunted.queries, hunted.run))


def _write_data(
    hunted: "Hunt", values: list[dict[str, object]], options: Mapping[str, Any]
) -> None:
    from lakehunt.render import findings as shown
    from lakehunt.render import rows as render
    from lakehunt.render.stories import story_value

    output = Output(options["out"])
    format_ = options["format_"]
    if format_ == "parquet":
        output.data(render.parquet_bytes(render.arrow_of(values)))
        return
    columns: Iterable[str] = dict.fromkeys(name for value in values for name in value)
    if format_ == "table" and not options["rows"]:
        columns = shown.TABLE_COLUMNS
        values = [shown.finding_row(finding) for finding in hunted.findings]
    failures = {failure.query_id: failure.message for failure in hunted.failures}
    matched = sum(finding.event_count for finding in hunted.findings)
    document = {
        "rows" if options["rows"] else "findings": values,
        "stories": [story_value(story) for story in hunted.stories],
        "run": shown.run_value(hunted.run, matched, failures, hunted.hidden),
    }
    output.text(lambda out: render.write_rows(format_, [*columns], values, document, out))


def _summary(hunted: "Hunt") -> list[str]:
    from lakehunt.render.words import counted

    events = sum(finding.event_count for finding in hunted.findings)
    found = f"{counted(len(hunted.findings), 'finding')} of {counted(events, 'event')}"
    told = f"in {counted(len(hunted.stories), 'story', 'stories')}"
    by = counted(len(hunted.queries), "detection")
    return [f"{found} {told}; {by} in {hunted.run.seconds:.1f} s"]
