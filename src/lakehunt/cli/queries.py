"""The commands that run one query: `run` and `sql`.

Knows the command line and the local engine. `main` loads it by name.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
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
from lakehunt.errors import LakehuntError, UsageError
from lakehunt.model import Query

if TYPE_CHECKING:
    from lakehunt.engines.base import Run
    from lakehunt.model import Hidden, Result
    from lakehunt.sql.compile import Draft

_MAX_ROWS = 10_000
_max_rows_option = click.option(
    "--max-rows",
    type=click.IntRange(min=1),
    help=f"At most so many rows; without it {_MAX_ROWS:,}, or all where they go to --out.",
)
_count_option = click.option(
    "--count", is_flag=True, help="Say what the logs hold even where that takes reading more."
)


@click.command("sql")
@click.argument("query")
@lake_option
@window_options
@output_options
@content_option
@_max_rows_option
@_count_option
def sql_command(query: str, lake: str | None, max_rows: int | None, **options: Any) -> int:
    """Run QUERY, or what stands on standard input when QUERY is `-`."""
    from lakehunt.sql.compile import Draft

    text = sys.stdin.read() if query == "-" else query
    return _answer([Draft("sql", text)], lake, max_rows, options)


@click.command("run")
@click.argument("query")
@lake_option
@click.option("-p", "--param", multiple=True, metavar="NAME=VALUE", help="A parameter's value.")
@window_options
@output_options
@content_option
@_max_rows_option
@_count_option
@known_option
def run_command(
    query: str, lake: str | None, param: tuple[str, ...], max_rows: int | None, **options: Any
) -> int:
    """Run one saved query: an id of the library, or a file with a header."""
    from lakehunt.known import drafts_of, hidden_rows

    saved = saved_query(query, options["content"])
    lists = known_lists(options)
    count = options["count"] or options["engine"] == "local"
    try:
        drafts = drafts_of(saved, given_params(param), lists, count=count)
    except UsageError as error:
        raise UsageError(f"{saved.id}: {error}") from error
    return _answer(drafts, lake, max_rows, options, lambda run: hidden_rows(saved, run, lists))


def saved_query(name: str, content: Path | None) -> Query:
    """Return the query of an id, or of a file that ends in .sql."""
    from lakehunt.library import find_query, load_queries, query_by_id, query_id_of, read_query

    if name.endswith(".sql"):
        path = Path(name)
        return read_query(path, query_id_of(path))
    roots = content_roots(content)
    return query_by_id(roots, name) or find_query(load_queries(roots), name)


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


def _answer(
    drafts: "Sequence[Draft]",
    lake: str | None,
    max_rows: int | None,
    options: Mapping[str, Any],
    hidden_in: "Callable[[Run], Hidden | None]" = lambda run: None,
) -> int:
    """Write the result of the first draft; the other, if any, tells what is hidden in it."""
    from lakehunt.render.findings import account_lines, hidden_lines, kept_lines

    # what goes to a file is read by nobody here
    most = max_rows or (None if options["out"] else _MAX_ROWS)
    wanted = asked(options, most)
    sources = sources_for(options)
    note(region_warning(wanted.narrow, sources))
    engine = open_engine(options, (None, lake), sources)
    try:
        narrowed = [replace(draft, narrow=wanted.narrow) for draft in drafts]
        run = engine.run(narrowed, wanted.window, wanted.limits, ProgressBar())
        result = run.results[drafts[0].name]
        if isinstance(result, LakehuntError):
            raise result
        strangers = [] if result.table.num_rows else missing_actors(engine, run, wanted)
    finally:
        engine.close()
    hidden = [one for one in [hidden_in(run)] if one]
    _write_result(result, run, hidden, options)
    note(hidden_lines(hidden, was_shown=bool(options.get("show_known"))))
    note(account_lines(run))
    note(strangers)
    note(kept_lines(run, keep=wanted.limits.keep))
    if result.truncated:
        note([f"only the first {most:,} rows are shown; --max-rows shows more"])
    return exit_code(run, strict=options["strict"])


def _write_result(
    result: "Result", run: "Run", hidden: "Sequence[Hidden]", options: Mapping[str, Any]
) -> None:
    from lakehunt.render import rows as render
    from lakehunt.render.findings import run_value

    output = Output(options["out"])
    if options["format_"] == "parquet":
        output.data(render.parquet_bytes(result.table))
        return
    columns, rows = result.columns, result.rows()
    document = {
        "columns": columns,
        "rows": rows,
        "truncated": result.truncated,
        "fingerprint": result.fingerprint,
        "run": run_value(run, len(rows), hidden=hidden),
    }
    output.text(lambda out: render.write_rows(options["format_"], columns, rows, document, out))
