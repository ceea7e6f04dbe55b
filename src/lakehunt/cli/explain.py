"""The command `explain`: one query's types, what its functions became, its SQL for each engine.

Knows the command line. `main` loads it by name.
"""

import json
import sys
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakehunt.cli.options import (
    config,
    content_option,
    content_roots,
    lateness_of,
    narrow_of,
    window_of,
    window_options,
)
from lakehunt.errors import ExitCode, Location, UsageError
from lakehunt.model import instant
from lakehunt.render.neutral import for_json, for_terminal, plain

if TYPE_CHECKING:
    from lakehunt.check.explanation import Explanation, Reading
    from lakehunt.model import Query
    from lakehunt.sql.compile import Draft

_WIDTH = 96


@click.command("explain")
@click.argument("query", metavar="ID|FILE|SQL|-")
@click.option("-p", "--param", multiple=True, metavar="NAME=VALUE", help="A parameter's value.")
@click.option("--format", "format_", type=click.Choice(["table", "json"]), default="table")
@window_options
@content_option
def explain_command(
    query: str, param: tuple[str, ...], format_: str, content: Path | None, **options: Any
) -> int:
    """Explain a query: column types, functions, what it reads, and its SQL for each engine."""
    from lakehunt.check.explanation import explain
    from lakehunt.sources import load_sources

    draft = _draft(query, param, content, options)
    sources = load_sources(content_roots(content), config().deployment)
    window = window_of(options["since"], options["until"], options["tz"])
    found = explain(draft, sources, window, lateness_of(options["lateness"]))
    if format_ == "json":
        click.echo(for_json(json.dumps(_document(draft, found), indent=2, ensure_ascii=False)))
    else:
        for line in _lines(draft, found, given=window is not None):
            click.echo(line)
    return ExitCode.CLEAN


def _draft(query: str, param: tuple[str, ...], content: Path | None, options: Any) -> "Draft":
    from dataclasses import replace

    from lakehunt.cli.queries import given_params
    from lakehunt.sql.bind import read_params
    from lakehunt.sql.compile import draft_query

    asked = asked_query(query, content)
    pairs = given_params(param)
    if isinstance(asked, str):
        return replace(bare_draft(query, asked, pairs), narrow=narrow_of(options))
    chosen = {name: one for name, one in asked.params.items() if name in pairs}
    values = read_params(chosen if pairs.keys() <= asked.params.keys() else asked.params, pairs)
    return replace(draft_query(asked, values), narrow=narrow_of(options))


def bare_draft(query: str, text: str, pairs: Mapping[str, object]) -> "Draft":
    """Return the draft of a query without a header, named as it was typed.

    Raises:
        UsageError: parameters are given, which it cannot have.
    """
    from lakehunt.sql.compile import Draft

    if pairs:
        raise UsageError(f"-p {next(iter(pairs))}: only a query with a header has parameters")
    return Draft("query", text, where=Location(query) if query.endswith(".sql") else None)


def asked_query(query: str, content: Path | None) -> "Query | str":
    """Return the saved query that is meant, or the text of one without a header."""
    from lakehunt.cli.content import given_text
    from lakehunt.cli.queries import saved_query

    if query == "-":
        return given_text(sys.stdin.read())
    if any(character.isspace() for character in query.strip()) and not Path(query).is_file():
        return query
    if query.endswith(".sql"):
        try:
            return given_text(Path(query).read_text(encoding="utf-8"), query)
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{query} cannot be read: {error}") from error
    return saved_query(query, content)


def _document(draft: "Draft", found: "Explanation") -> dict[str, Any]:
    return {
        "query": draft.name,
        "window": {"since": instant(found.window.since), "until": instant(found.window.until)},
        "parameters": plain(found.values),
        "columns": [{"name": name, "type": type_} for name, type_ in found.columns],
        "functions": [
            {"name": f.name, "arguments": f.arguments, "how": f.how, "duckdb": f.template}
            for f in found.functions
        ],
        "reads": [
            {"relation": r.relation, "columns": r.columns, "bounds": dict(r.bounds)}
            for r in found.reads
        ],
        "sql": dict(found.sql),
        "refused": dict(found.refused),
    }


def _lines(draft: "Draft", found: "Explanation", *, given: bool) -> Iterable[str]:
    window = f"{instant(found.window.since)} to {instant(found.window.until)}"
    yield f"{draft.name}, {window}{'' if given else ' (a stand-in: --since 24h)'}"
    for name, value in found.values.items():
        yield _shown(f"  :{name} = {plain(value)}")
    yield "\nColumns:"
    width = max((len(name) for name, _ in found.columns), default=0)
    yield from (_shown(f"  {name:{width}}  {type_}") for name, type_ in found.columns)
    yield "\nFunctions:"
    for one in found.functions:
        template = one.template or "as its types and literals say"
        yield _shown(f"  {one.name}({', '.join(one.arguments)})  {one.how}: {template}")
    yield "\nReads:"
    for read in found.reads:
        yield from _reading(read)
    for engine in ("athena", "trino", "local"):
        text = found.sql.get(engine, f"-- refused: {found.refused.get(engine)}")
        yield f"\n{engine}:"
        yield from map(_shown, text.splitlines())


def _reading(read: "Reading") -> Iterable[str]:
    yield f"  {read.relation}"
    columns = "all columns" if read.columns is None else ", ".join(read.columns)
    yield textwrap.fill(columns, _WIDTH, initial_indent="    ", subsequent_indent="    ")
    yield from (_shown(f"    {name}: {value}") for name, value in read.bounds.items())


def _shown(line: str) -> str:
    return for_terminal(line)
