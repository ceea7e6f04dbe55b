"""The commands that run queries: `run`, `sql` and `hunt`.

Knows the command line and workflows. `main` loads it by name.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from lakehunt.cli.options import (
    Output,
    ProgressBar,
    check_engine,
    content_option,
    content_roots,
    has_refused,
    lake_option,
    lake_path,
    lateness_of,
    narrow_of,
    note,
    output_options,
    window_of,
    window_options,
)
from lakehunt.errors import ExitCode, LakehuntError, UsageError
from lakehunt.model import Query, Severity

_MAX_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the shared options of a run say, checked."""

    window: Any
    narrow: Mapping[str, tuple[str, ...]]
    limits: Any


def _asked(options: Mapping[str, Any], max_rows: int | None) -> _Asked:
    from lakehunt.engines.base import Limits

    check_engine(options["engine"])
    window = window_of(options["since"], options["until"], options["tz"])
    narrow = narrow_of(options["account"], options["region"], options["actor"])
    lateness = lateness_of(options["lateness"])
    return _Asked(window, narrow, Limits(max_rows, options["all_time"], lateness))


@click.command("sql")
@click.argument("query")
@lake_option
@window_options
@output_options
@content_option
@click.option("--max-rows", type=click.IntRange(min=1), default=_MAX_ROWS, show_default=True)
def sql_command(query: str, lake: str | None, max_rows: int, **options: Any) -> int:
    """Run QUERY, or what stands on standard input when QUERY is `-`."""
    from lakehunt.sql.compile import Draft
    from lakehunt.sql.parse import parse_query

    text = sys.stdin.read() if query == "-" else query
    return _answer(Draft("sql", parse_query(text)), lake, max_rows, options)


@click.command("run")
@click.argument("query")
@lake_option
@click.option("-p", "--param", multiple=True, metavar="NAME=VALUE", help="A parameter's value.")
@window_options
@output_options
@content_option
@click.option("--max-rows", type=click.IntRange(min=1), default=_MAX_ROWS, show_default=True)
def run_command(
    query: str, lake: str | None, param: tuple[str, ...], max_rows: int, **options: Any
) -> int:
    """Run one saved query: an id of the library, or a file with a header."""
    from lakehunt.sql.bind import read_params
    from lakehunt.sql.compile import draft_query

    saved = saved_query(query, options["content"])
    try:
        values = read_params(saved.params, given_params(param))
    except UsageError as error:
        raise UsageError(f"{saved.id}: {error}") from error
    return _answer(draft_query(saved, values), lake, max_rows, options)


def saved_query(name: str, content: Path | None) -> Query:
    """Return the query of an id, or of a file that ends in .sql."""
    from lakehunt.library import find_query, load_queries, read_query

    if name.endswith(".sql"):
        path = Path(name)
        return read_query(path, path.stem)
    return find_query(load_queries(content_roots(content)), name)


def given_params(pairs: Sequence[str]) -> dict[str, str | list[str]]:
    """Return -p NAME=VALUE options by name; a repeated one is a list.

    Raises:
        UsageError: one has no equals sign.
    """
    given: dict[str, str | list[str]] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"-p {pair}: expected NAME=VALUE")
        earlier = given.get(name)
        if earlier is None:
            given[name] = value
        else:
            given[name] = [*([earlier] if isinstance(earlier, str) else earlier), value]
    return given


def _answer(draft: Any, lake: str | None, max_rows: int, options: Mapping[str, Any]) -> int:
    from lakehunt.engines.local.engine import LocalEngine
    from lakehunt.render.findings import account_lines
    from lakehunt.sources import load_sources

    asked = _asked(options, max_rows)
    path = lake_path(None, lake)
    sources = load_sources(content_roots(options["content"]))
    engine = LocalEngine(path, sources)
    try:
        narrowed = replace(draft, narrow=asked.narrow)
        run = engine.run([narrowed], asked.window, asked.limits, ProgressBar())
    finally:
        engine.close()
    result = run.results[draft.name]
    note(_region_warning(asked.narrow, sources))
    note(account_lines(run))
    if isinstance(result, LakehuntError):
        raise result
    _write_result(result, run, options)
    if result.truncated:
        note([f"only the first {max_rows:,} rows are shown; --max-rows shows more"])
    return _exit_code(run, options, found=False)


def _write_result(result: Any, run: Any, options: Mapping[str, Any]) -> None:
    from lakehunt.render import rows as render
    from lakehunt.render.findings import run_value

    output = Output(options["out"])
    columns, rows = result.columns, result.rows()
    match options["format_"]:
        case "table":
            output.text(lambda out: render.write_table(columns, rows, out))
        case "csv":
            output.text(lambda out: render.write_csv(columns, rows, out))
        case "jsonl":
            output.text(lambda out: render.write_jsonl(rows, out))
        case "parquet":
            output.data(render.parquet_bytes(result.table))
        case _:
            document = {
                "columns": columns,
                "rows": rows,
                "truncated": result.truncated,
                "fingerprint": result.fingerprint,
                "run": run_value(run),
            }
            output.text(lambda out: render.write_json(document, out))


@click.command("hunt")
@click.argument("lake_argument", metavar="[LAKE]", required=False)
@lake_option
@click.option(
    "--severity",
    type=click.Choice([s.value for s in Severity]),
    default="low",
    help="At least this.",
)
@click.option("--tag", multiple=True, help="Only detections with this tag (repeatable).")
@click.option("--attack", multiple=True, help="Only this ATT&CK technique, such as T1078.")
@click.option("--source", multiple=True, help="Only detections on this source (repeatable).")
@click.option("--rows", is_flag=True, help="Print every row instead of findings.")
@window_options
@output_options
@content_option
def hunt_command(lake_argument: str | None, lake: str | None, **options: Any) -> int:
    """Run the detections over LAKE; exits 1 when there are findings."""
    from lakehunt.engines.local.engine import LocalEngine
    from lakehunt.hunt import Choice, choose, fitting, hunt
    from lakehunt.library import load_queries
    from lakehunt.sources import load_sources

    asked = _asked(options, None)
    path = lake_path(lake_argument, lake)
    roots = content_roots(options["content"])
    sources = load_sources(roots)
    choice = Choice(
        Severity(options["severity"]), options["tag"], options["attack"], options["source"]
    )
    queries = choose(fitting(load_queries(roots).values(), sources), choice)
    engine = LocalEngine(path, sources)
    try:
        hunted = hunt(engine, queries, asked.window, asked.limits, ProgressBar(), asked.narrow)
    finally:
        engine.close()
    note(_region_warning(asked.narrow, sources))
    write_hunt(hunted, options)
    return _exit_code(
        hunted.run, options, found=bool(hunted.findings), failed=bool(hunted.failures)
    )


def write_hunt(hunted: Any, options: Mapping[str, Any]) -> None:
    """Write a hunt: data to the output, stories and the account to stderr or into the JSON."""
    from lakehunt.render import findings as shown
    from lakehunt.render import rows as render

    output = Output(options["out"])
    failures = {failure.query_id: failure.message for failure in hunted.failures}
    if options["rows"]:
        values = [*shown.row_values(hunted.queries, hunted.run)]
        columns = [*dict.fromkeys(name for value in values for name in value)]
    else:
        values = [shown.finding_value(finding) for finding in hunted.findings]
        columns = [*values[0]] if values else ["query_id"]
    match options["format_"]:
        case "table" if not options["rows"]:
            brief = [shown.finding_row(finding) for finding in hunted.findings]
            output.text(lambda out: render.write_table(shown.TABLE_COLUMNS, brief, out))
        case "table":
            output.text(lambda out: render.write_table(columns, values, out))
        case "csv":
            output.text(lambda out: render.write_csv(columns, values, out))
        case "jsonl":
            output.text(lambda out: render.write_jsonl(values, out))
        case "parquet":
            output.data(render.parquet_bytes(render.arrow_of(values)))
        case _:
            document = {
                "rows" if options["rows"] else "findings": values,
                "stories": [shown.story_value(story) for story in hunted.stories],
                "run": shown.run_value(hunted.run, failures),
            }
            output.text(lambda out: render.write_json(document, out))
    if options["format_"] != "json":
        note(shown.story_lines(hunted.stories))
    note(f"failed: {name}: {message}" for name, message in failures.items())
    note(_summary(hunted))
    note(shown.account_lines(hunted.run))


def _summary(hunted: Any) -> list[str]:
    events = sum(finding.event_count for finding in hunted.findings)
    found = f"{len(hunted.findings):,} findings of {events:,} events"
    told = f"in {len(hunted.stories):,} stories"
    return [f"{found} {told}; {len(hunted.queries):,} detections in {hunted.run.seconds:.1f} s"]


def _region_warning(narrow: Mapping[str, tuple[str, ...]], sources: Mapping[str, Any]) -> list[str]:
    regions = narrow.get("region", ())
    homes = {source.partitions.global_region for source in sources.values()} - {""}
    missing = sorted(homes - {*regions}) if regions else []
    return [
        f"warning: --region leaves out {home}, where IAM and other global services log"
        for home in missing
    ]


def _exit_code(
    run: Any, options: Mapping[str, Any], *, found: bool, failed: bool = False
) -> ExitCode:
    refused = has_refused(run.accounts, run.unknown)
    if failed or (options["strict"] and refused):
        return ExitCode.ENGINE
    return ExitCode.FOUND if found else ExitCode.CLEAN
