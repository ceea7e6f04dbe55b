"""The command `pivot`: everything about one value, and where to go on.

Knows the command line and the workflow. `main` loads it by name.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from lakehunt.cli.engines import open_engine, sources_for
from lakehunt.cli.options import (
    asked,
    content_option,
    content_roots,
    exit_code,
    lake_option,
    note,
    output_options,
    region_warning,
    window_options,
)
from lakehunt.cli.output import Output, ProgressBar

if TYPE_CHECKING:
    from lakehunt.engines.base import Run
    from lakehunt.model import Dossier, Step

_MAX_ROWS = 10_000
# Findings are looked for among as many events of the value.
_MOST_EVENTS = 100_000
# What the next command takes over from this one.
_KEPT = ("lake", "content", "since", "until", "tz", "lateness", "engine")
_DEFAULTS = ("UTC", "local")
_KEPT_LISTS = ("account", "region")


@click.command("pivot")
@click.argument("value")
@click.option("--as", "as_", metavar="KIND", help="What VALUE is, such as role, bucket, network.")
@click.option("--rows", is_flag=True, help="Print its events instead of the summary.")
@click.option("--max-rows", type=click.IntRange(min=1), default=_MAX_ROWS, show_default=True)
@click.option("--count/--no-count", default=True, help="On Athena: say what the logs hold.")
@lake_option
@window_options
@output_options
@content_option
def pivot_command(value: str, as_: str | None, lake: str | None, **options: Any) -> int:
    """Tell all about VALUE: what it did, who it was, what is beside it, what it left.

    VALUE is an access key, an ARN, an address or network, an account, the id of an instance or an
    event, or the name of a user, role, bucket or anything else.
    """
    from lakehunt.hunt import Choice, parted, plan_hunt
    from lakehunt.library import load_queries
    from lakehunt.pivot import Asked, kind_of_word, pivot, recognise
    from lakehunt.render.findings import kept_lines

    recognised = recognise(value, kind_of_word(as_) if as_ else None)
    wanted = asked(options, max(_MOST_EVENTS, options["max_rows"]))
    sources = sources_for(options)
    queries = load_queries(content_roots(options["content"]))
    note(region_warning(wanted.narrow, sources))
    engine = open_engine(options, (None, lake), sources)
    try:
        absent = engine.absent()
        plan, _ = parted(plan_hunt(queries.values(), Choice(), sources), absent)
        here = [name for name in sources if name not in absent]
        takers = tuple(query for query in queries.values() if query.fits(here))
        question = Asked(takers, plan.detections, wanted.window, wanted.limits, wanted.narrow)
        dossier, run = pivot(engine, recognised, question, ProgressBar())
    finally:
        engine.close()
    _write(dossier, run, {"lake": lake, "as_": as_, **options})
    note(kept_lines(run, keep=wanted.limits.keep))
    return exit_code(run, strict=options["strict"], failed=bool(dossier.failures))


def _write(dossier: "Dossier", run: "Run", options: Mapping[str, Any]) -> None:
    from lakehunt.pivot import steps_of
    from lakehunt.render.findings import account_lines

    steps = steps_of(dossier)
    commands = [(shown, step.why) for step in steps if (shown := _command(step, options))]
    if options["format_"] == "table" and not options["rows"]:
        _write_summary(dossier, run, commands, Output(options["out"]))
    else:
        _write_data(dossier, run, commands, options)
    note(f"FAILED: {failure.query_id}: {failure.message}" for failure in dossier.failures)
    if dossier.truncated:
        note([f"more than {_MOST_EVENTS:,} rows: findings are those of its actors and addresses"])
    note(account_lines(run))


def _write_summary(
    dossier: "Dossier", run: "Run", commands: Sequence[tuple[str, str]], output: Output
) -> None:
    from lakehunt.render.dossiers import dossier_lines

    lines = [*dossier_lines(dossier, run), *_command_lines(commands)]
    output.text(lambda out: out.writelines(f"{line}\n" for line in lines))


def _write_data(
    dossier: "Dossier",
    run: "Run",
    commands: Sequence[tuple[str, str]],
    options: Mapping[str, Any],
) -> None:
    from lakehunt.model import Part
    from lakehunt.render import facts as shown
    from lakehunt.render import rows as render
    from lakehunt.render.findings import run_value

    output = Output(options["out"])
    events = dossier.parts[Part.EVENTS]
    rows = [*events[: options["max_rows"]]] if options["rows"] else [*shown.fact_rows(dossier)]
    if options["rows"] and len(events) > len(rows):
        note([f"only the first {len(rows):,} events are shown; --max-rows shows more"])
    if options["format_"] == "parquet":
        output.data(render.parquet_bytes(render.arrow_of(rows)))
        return
    columns = [*dict.fromkeys(name for row in rows for name in row)]
    if options["format_"] == "table":
        columns = [*shown.EVENT_COLUMNS]
    document = {
        **shown.dossier_value(dossier),
        "next": [{"command": command, "why": why} for command, why in commands],
        "run": run_value(run, len(events)),
        **({"rows": rows} if options["rows"] else {}),
    }
    output.text(lambda out: render.write_rows(options["format_"], columns, rows, document, out))


def _command_lines(commands: Sequence[tuple[str, str]]) -> Iterator[str]:
    from lakehunt.render.neutral import for_terminal

    if commands:
        yield ""
        yield "Next"
    for command, why in commands:
        yield f"  # {for_terminal(why)}"
        yield f"  {command}"


def _command(step: "Step", options: Mapping[str, Any]) -> str:
    """Return a step as a command to paste, or nothing where a word cannot be typed safely."""
    from lakehunt.render.neutral import for_terminal

    name, *words = step.words
    kept = [(key, options[key]) for key in _KEPT if options[key] not in (None, *_DEFAULTS)]
    kept += [(key, one) for key in _KEPT_LISTS for one in options[key]]
    flags = [word for key, value in kept for word in (f"--{key}", str(value))]
    # a value that looks like an option is none
    guarded = [*flags, "--", *words] if words[0].startswith("-") else [*words, *flags]
    text = shlex.join(["lakehunt", name, *guarded])
    return text if for_terminal(text) == text else ""
