"""The commands on content: `check`, `new` and `ddl`.

Knows the command line and workflows. `main` loads it by name.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from lakehunt.cli.options import config, content_option, content_roots, note
from lakehunt.errors import ContentError, ExitCode, Problem, UsageError
from lakehunt.model import Query, Source


@click.command("check")
@click.argument("names", nargs=-1, metavar="[ID|FILE]...")
@content_option
@click.option("--no-cases", is_flag=True, help="Only the rules, without running the cases.")
def check_command(names: tuple[str, ...], content: Path | None, no_cases: bool) -> int:
    """Validate queries by id or file, or all of them; exits 1 when anything is wrong."""
    from lakehunt.sources import load_sources

    roots = content_roots(content)
    try:
        sources = load_sources(roots)
        queries = _chosen(names, content)
    except ContentError as error:
        return _report(error.problems, 0)
    problems = [*_checked(queries, sources, content, cases=not no_cases)]
    return _report(problems, len(queries))


def _chosen(names: tuple[str, ...], content: Path | None) -> tuple[Query, ...]:
    from lakehunt.cli.queries import saved_query
    from lakehunt.library import load_queries

    if names:
        return tuple(saved_query(name, content) for name in names)
    return tuple(load_queries(content_roots(content)).values())


def _checked(
    queries: Iterable[Query], sources: Mapping[str, Source], content: Path | None, *, cases: bool
) -> Iterable[Problem]:
    from lakehunt.check import check_cases, check_query, ground
    from lakehunt.library import load_cases

    on = ground(sources)
    for query in queries:
        problems = check_query(query, on)
        yield from problems
        if cases and not problems:
            try:
                yield from check_cases(query, load_cases(content_roots(content), query.id), sources)
            except ContentError as error:
                yield from error.problems
    on.empty.close()


def _report(problems: Iterable[Problem], queries: int) -> ExitCode:
    problems = [*problems]
    for problem in problems:
        click.echo(str(problem))
    counted = f"{queries} {'query' if queries == 1 else 'queries'}"
    note([f"{len(problems)} problems in {counted}" if problems else f"{counted}, all clean"])
    return ExitCode.FOUND if problems else ExitCode.CLEAN


@click.command("ddl")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--format", "format_", type=click.Choice(["athena"]), default="athena")
@content_option
def ddl_command(sources: tuple[str, ...], format_: str, content: Path | None) -> int:
    """Print the CREATE statements of SOURCEs (all without one), filled from lakehunt.toml."""
    from lakehunt.content import source_names
    from lakehunt.sources import load_source

    roots = content_roots(content)
    deployment = config().deployment
    for name in sources or source_names(roots):
        source = load_source(roots, name, deployment)
        click.echo(source.ddl.strip())
        if "<" in source.table.location or "<" in "".join(source.table.properties.values()):
            note([f"{name}: fill the <placeholders>: [deployment] in lakehunt.toml names them"])
    return ExitCode.CLEAN


@click.command("new")
@click.argument("kind", type=click.Choice(["query"]))
@click.argument("name", metavar="SOURCE.SLUG")
@content_option
def new_command(kind: str, name: str, content: Path | None) -> int:
    """Write a query and its case file, to be filled in, below --content or the current folder."""
    from lakehunt.content import source_names
    from lakehunt.scaffold import new_query

    source, _, slug = name.partition(".")
    known = source_names(content_roots(content))
    if source not in known:
        raise UsageError(f"{name}: no source {source or '?'}; there are {', '.join(known)}")
    for path in new_query(content or Path.cwd(), source, slug):
        note([f"wrote {path}"])
    where = f" --content {content or '.'}"
    click.echo(f"lakehunt check {name}{where}")
    return ExitCode.CLEAN
