"""The commands that look: `list` and `show`. They load no DuckDB, and sqlglot not for queries.

Knows the command line and content. `main` loads it by name.
"""

import json
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

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
from lakehunt.model import ACTIVITY, Kind, Query, Source, Status, relation_names

_BY_DEFAULT = ParameterSource.DEFAULT


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
    from lakehunt.content import source_names
    from lakehunt.library import check_words, load_queries

    roots = content_roots(content)
    known = load_queries(roots).values()
    check_words(
        known, source_names(roots), sources=[source] if source else [], tags=[tag] if tag else []
    )
    queries = [
        query
        for query in known
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
    """Show a query by id or file, a source, or a relation that queries read, by name."""
    from lakehunt.cli.queries import saved_query
    from lakehunt.content import source_names

    roots = content_roots(content)
    source = next((s for s in source_names(roots) if name in relation_names(s)), "")
    if source or name == ACTIVITY:
        if sql or click.get_current_context().get_parameter_source("engine") != _BY_DEFAULT:
            hint = f"`lakehunt ddl {source}`" if source else "`lakehunt ddl`"
            what = f"--sql and --engine are for queries, and {name} is none"
            raise UsageError(f"{what}; {hint} prints tables and views")
        _show_relation(roots, source, name)
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
    ):
        if text:
            _print_field(label, text)
    for number, link in enumerate(query.references):
        _print_field("" if number else "see", link)
    for param in query.params.values():
        default = f", default {param.default}" if param.has_default else ""
        _print_field(f"-p {param.name}", f"{param.type}{default}: {param.help}")
    click.echo(f"\n{query.sql.strip()}\n")
    click.echo(f"-- {query.location.path}")


def _print_field(label: str, text: str) -> None:
    indent = " " * 12
    # a link or a name that is cut is none any more
    wrapped = textwrap.fill(
        text,
        96,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    click.echo(f"{label:11} {wrapped.lstrip()}")


def _show_relation(roots: Any, source_name: str, name: str) -> None:
    """Show a source, or the columns of another of its relations or of the union of all."""
    from lakehunt.sources import load_source

    if name == ACTIVITY:
        from lakehunt.sql.activity import ACTIVITY_TYPES

        click.echo(f"{name}: all sources on the common columns, the name of each in `source`\n")
        for column, type_ in ACTIVITY_TYPES.items():
            click.echo(f"  {column:28}  {type_}")
        return
    source = load_source(roots, source_name, config().deployment)
    if name == source.name:
        _show_source(source)
    elif name == source.table.name:
        _show_table(source)
    elif name in source.relations:
        what = (
            "the lines of its files"
            if name.endswith("_lines")
            else f"what {source.name} leaves out"
        )
        click.echo(f"{name}: {what}\n\n{textwrap.fill(', '.join(source.columns_of(name)), 96)}")
    else:
        there = ", ".join(source.relations)
        raise UsageError(f"{name}: {source.name} is no log of text lines; there are: {there}")


def _show_source(source: Source) -> None:
    click.echo(f"{source.name}: {source.title}\n{source.docs}\n")
    click.echo(f"{source.event_view.name}, one row per event:")
    click.echo(textwrap.fill(", ".join(source.event_view.columns), 96))
    click.echo()
    _show_table(source)
    for layout, template in source.partitions.layouts.items():
        click.echo(f"  {layout:28}  {template}")


def _show_table(source: Source) -> None:
    click.echo(f"{source.table.name}, as delivered:")
    for column in source.table.columns:
        type_ = column.type.glue()
        shown = type_ if len(type_) < 32 else f"{type_[:30]}.."  # noqa: PLR2004
        click.echo(f"  {column.name:28}  {shown:32}  {column.comment}")
    click.echo("\nPartitions:")
    for partition in source.partitions.columns:
        click.echo(f"  {partition.raw_name:28}  {partition.type:8}  {partition.format}")
