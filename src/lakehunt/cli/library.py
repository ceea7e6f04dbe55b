"""The commands that look: `list` and `show`. They load neither DuckDB nor, without --sql, sqlglot.

Knows the command line and content. `main` loads it by name.
"""

import json
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

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
from lakehunt.errors import ExitCode, UsageError
from lakehunt.model import Kind, Query, Status


@click.command("list")
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="Only this kind.")
@click.option("--source", help="Only queries on this source.")
@click.option("--tag", help="Only queries with this tag.")
@click.option("--format", "format_", type=click.Choice(["table", "json"]), default="table")
@content_option
def list_command(
    kind: str | None, source: str | None, tag: str | None, format_: str, content: Path | None
) -> int:
    """List the saved queries and the log sources."""
    from lakehunt.library import load_queries

    roots = content_roots(content)
    queries = [
        query
        for query in load_queries(roots).values()
        if (kind is None or query.kind.value == kind)
        and (source is None or source in query.sources)
        and (tag is None or tag in query.tags)
    ]
    if format_ == "json":
        click.echo(json.dumps([_brief(query) for query in queries], indent=2))
        return ExitCode.CLEAN
    _print_list(queries)
    if not (kind or source or tag):
        _print_sources(roots)
    return ExitCode.CLEAN


def _brief(query: Query) -> dict[str, Any]:
    return {
        "id": query.id,
        "title": query.title,
        "kind": query.kind,
        "severity": query.severity,
        "status": query.status,
        "version": query.version,
        "sources": query.sources,
        "attack": query.attack,
        "tags": query.tags,
    }


def _print_list(queries: Iterable[Query]) -> None:
    queries = [*queries]
    width = max((len(query.id) for query in queries), default=0)
    for query in queries:
        grade = query.severity.value if query.severity else query.kind.value
        status = "" if query.status is Status.STABLE else f" ({query.status})"
        click.echo(f"{query.id:{width}}  {grade:13}  {query.title}{status}")


def _print_sources(roots: Any) -> None:
    from lakehunt.content import source_header, source_names

    click.echo("\nSources:")
    for name in source_names(roots):
        click.echo(f"{name:16}  {source_header(roots, name).text('title')}")


@click.command("show")
@click.argument("name")
@click.option("--sql", is_flag=True, help="Print the bound query as the engine gets it.")
@click.option("--engine", type=click.Choice(["athena", "trino", "local"]), default="athena")
@click.option("-p", "--param", multiple=True, metavar="NAME=VALUE", help="A parameter's value.")
@window_options
@content_option
def show_command(name: str, sql: bool, content: Path | None, **options: Any) -> int:
    """Show a query by id or file, or a source by name."""
    from lakehunt.cli.queries import saved_query
    from lakehunt.content import source_names

    roots = content_roots(content)
    if name in source_names(roots):
        _show_source(roots, name)
        return ExitCode.CLEAN
    query = saved_query(name, content)
    if sql:
        click.echo(_sent(query, roots, options))
    else:
        _show_query(query)
    return ExitCode.CLEAN


def _sent(query: Query, roots: Any, options: Mapping[str, Any]) -> str:
    from dataclasses import replace

    from lakehunt.cli.engines import adopted
    from lakehunt.cli.queries import given_params
    from lakehunt.sources import load_sources
    from lakehunt.sql.bind import read_params
    from lakehunt.sql.compile import athena_text, compile_draft, draft_query

    sources = load_sources(roots, config().deployment)
    window = window_of(options["since"], options["until"], options["tz"])
    if window is None:
        raise UsageError("show --sql needs a window: --since 24h")
    values = read_params(query.params, given_params(options["param"]))
    draft = replace(draft_query(query, values), narrow=narrow_of(options))
    there = adopted(sources) if options["engine"] == "athena" else sources
    statement = compile_draft(draft, there, window, lateness_of(options["lateness"]))
    if options["engine"] == "athena":
        return athena_text(statement, there)
    from lakehunt.sql.typed import catalog_of, lowered, trino_text

    catalog = catalog_of(sources.values())
    if options["engine"] == "trino":
        return trino_text(statement, sources, catalog)
    return lowered(statement.sql, catalog).sql


def _show_query(query: Query) -> None:
    grade = f"{query.severity} " if query.severity else ""
    click.echo(f"{query.id}  version {query.version}, {query.status}")
    click.echo(f"{query.title}\n{grade}{query.kind} on {', '.join(query.sources)}")
    for label, text in (
        ("question", query.question),
        ("attack", ", ".join(query.attack)),
        ("group by", ", ".join(query.group_by)),
        ("expected", "; ".join(query.expected)),
        ("misses", "; ".join(query.misses)),
        ("next", query.next),
        ("see", " ".join(query.references)),
    ):
        if text:
            _print_field(label, text)
    for param in query.params.values():
        default = f", default {param.default}" if param.has_default else ""
        _print_field(f"-p {param.name}", f"{param.type}{default}: {param.help}")
    click.echo(f"\n{query.sql.strip()}\n")
    click.echo(f"-- {query.location.path}")


def _print_field(label: str, text: str) -> None:
    indent = " " * 12
    wrapped = textwrap.fill(text, 96, initial_indent=indent, subsequent_indent=indent)
    click.echo(f"{label:11} {wrapped.lstrip()}")


def _show_source(roots: Any, name: str) -> None:
    from lakehunt.sources import load_source

    source = load_source(roots, name, config().deployment)
    click.echo(f"{source.name}: {source.title}\n{source.docs}\n")
    click.echo(f"{source.event_view.name}, one row per event:")
    click.echo(textwrap.fill(", ".join(source.event_view.columns), 96))
    click.echo(f"\n{source.table.name}, as delivered:")
    for column in source.table.columns:
        type_ = column.type.glue()
        shown = type_ if len(type_) < 32 else f"{type_[:30]}.."  # noqa: PLR2004
        click.echo(f"  {column.name:28}  {shown:32}  {column.comment}")
    click.echo("\nPartitions:")
    for partition in source.partitions.columns:
        click.echo(f"  {partition.name:28}  {partition.type:8}  {partition.format}")
    for layout, template in source.partitions.layouts.items():
        click.echo(f"  {layout:28}  {template}")
