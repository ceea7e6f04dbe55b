"""The command `estimate`: what a query or a hunt would read and cost, and how good forecasts were.

Knows the command line and what engines forecast. `main` loads it by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from lakehunt.cli.engines import athena_engine, history_here, local_engine, sources_for
from lakehunt.cli.options import (
    asked,
    content_option,
    content_roots,
    engine_options,
    known_lists,
    lake_name,
    lake_option,
    note,
    region_warning,
    window_options,
)
from lakehunt.cli.output import Output
from lakehunt.errors import ExitCode, UsageError
from lakehunt.model import Severity

if TYPE_CHECKING:
    from lakehunt.cli.options import Asked
    from lakehunt.engines.athena.engine import AthenaEngine
    from lakehunt.engines.base import Engine
    from lakehunt.engines.local.engine import LocalEngine
    from lakehunt.model import Forecast, Source
    from lakehunt.sql.compile import Draft

_FORMATS = ("table", "csv", "json", "jsonl")
_MOST_SHOWN = 100


@click.command("estimate")
@click.argument("query", metavar="[ID|FILE|SQL|-]", required=False)
@click.option("-p", "--param", multiple=True, metavar="NAME=VALUE", help="A parameter's value.")
@click.option("--hunt", "hunt_", is_flag=True, help="A hunt in place of a query.")
@click.option("--severity", type=click.Choice([s.value for s in Severity]), default="low")
@click.option("--tag", multiple=True, help="Of a hunt, detections with this tag (repeatable).")
@click.option("--attack", multiple=True, help="Of a hunt, this ATT&CK technique, such as T1078.")
@click.option("--source", multiple=True, help="Of a hunt, detections on this source (repeatable).")
@click.option("--count/--no-count", default=None, help="With what says what the logs hold.")
@click.option("--history", is_flag=True, help="Show what was forecast and read before.")
@click.option("--format", "format_", type=click.Choice(_FORMATS), default="table")
@lake_option
@window_options
@engine_options("athena")
@content_option
def estimate_command(query: str | None, lake: str | None, **options: Any) -> int:
    """Say what a query, or a hunt, would read and cost; nothing is run.

    With --engine local it says how much of a lake would be read, and how much of that fetched.
    """
    if options["history"]:
        return _show_history(options)
    if bool(query) == options["hunt_"]:
        raise UsageError("estimate takes one thing: the id, file or text of a query, or --hunt")
    count = options["hunt_"] if options["count"] is None else options["count"]
    options = {**options, "count": count, "show_known": False}
    sources = sources_for(options)
    wanted = asked(options, None)
    note(region_warning(wanted.narrow, sources))
    engine = _engine(lake, sources, options)
    try:
        if query is None:
            drafts = _hunted(engine, sources, wanted, options)
        else:
            drafts = _asked_for(query, wanted, options)
        forecast, failed = engine.forecast(drafts, wanted.window, wanted.limits)
    finally:
        engine.close()
    note(f"FAILED: {name}: {error}" for name, error in failed.items())
    if failed and not forecast.queries:
        return ExitCode.USAGE
    _write(forecast, options)
    return ExitCode.CLEAN


def _engine(
    lake: str | None, sources: "Mapping[str, Source]", options: Mapping[str, Any]
) -> "LocalEngine | AthenaEngine":
    if options["engine"] == "local":
        return local_engine(lake_name(None, lake), sources)
    return athena_engine(options, lake, sources)


def _hunted(
    engine: "Engine", sources: "Mapping[str, Source]", wanted: "Asked", options: Mapping[str, Any]
) -> "Sequence[Draft]":
    """Return what `hunt` would run."""
    from lakehunt.hunt import Choice, hunt_drafts, parted, plan_hunt, unasked_lines
    from lakehunt.library import load_queries

    severity = Severity(options["severity"])
    choice = Choice(severity, options["tag"], options["attack"], options["source"])
    queries = load_queries(content_roots(options["content"])).values()
    plan = plan_hunt(queries, choice, sources, wanted.narrow, known_lists(options))
    note(unasked_lines(plan, choice))
    plan, blind = parted(plan, engine.absent())
    if blind:
        note([f"not here, and not part of it: {', '.join(blind)}"])
    drafts, failures = hunt_drafts(plan, wanted.limits)
    note(f"FAILED: {failure.query_id}: {failure.message}" for failure in failures)
    return drafts


def _asked_for(query: str, wanted: "Asked", options: Mapping[str, Any]) -> "Sequence[Draft]":
    """Return what `run` or `sql` would run."""
    from lakehunt.cli.explain import asked_query, bare_draft
    from lakehunt.cli.queries import given_params
    from lakehunt.known import drafts_of

    pairs = given_params(options["param"])
    given = asked_query(query, options["content"])
    if isinstance(given, str):
        drafts = [bare_draft(query, given, pairs)]
    else:
        drafts = drafts_of(given, pairs, known_lists(options), count=options["count"])
    return [replace(draft, narrow=wanted.narrow) for draft in drafts]


def _write(forecast: "Forecast", options: Mapping[str, Any]) -> None:
    from lakehunt.cli.options import athena_of
    from lakehunt.render import forecasts as shown
    from lakehunt.render import rows as render

    is_local = options["engine"] == "local"
    rows = [shown.query_value(query, is_local=is_local) for query in forecast.queries]
    document = shown.forecast_value(forecast, rows)
    columns = [*rows[0]] if rows else []
    if options["format_"] == "table":
        rows = [shown.for_people(row) for row in rows]
    Output(None).text(
        lambda out: render.write_rows(options["format_"], columns, rows, document, out)
    )
    limit = 0 if is_local else athena_of(options).max_scan
    note(shown.forecast_lines(forecast, limit, is_local=is_local))


def _show_history(options: Mapping[str, Any]) -> int:
    from lakehunt.render import forecasts as shown
    from lakehunt.render import rows as render

    history = history_here()
    past = [*history.read()]
    latest = past[-_MOST_SHOWN:] if options["format_"] == "table" else past
    rows = [shown.past_value(one) for one in latest]
    document = {"queries": rows}
    if options["format_"] == "table":
        rows = [shown.for_people(row) for row in rows]
    Output(None).text(
        lambda out: render.write_rows(options["format_"], shown.PAST_COLUMNS, rows, document, out)
    )
    note(shown.history_lines(past, str(history.path)))
    return ExitCode.CLEAN
