"""The commands on content: `check`, `new` and `ddl`.

Knows the command line and workflows. `main` loads it by name.
"""

import shlex
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakehunt.cli.options import content_option, content_roots, note
from lakehunt.errors import ContentError, ExitCode, LakeError, Location, UsageError
from lakehunt.model import Query, Source

if TYPE_CHECKING:
    from lakehunt.check import RuleProblem

STDIN = "<stdin>"
# The forms of `render.problems`, which is loaded when there is something to say.
_FORMATS = ("table", "json", "sarif", "github")


@click.command("check")
@click.argument("names", nargs=-1, metavar="[ID|FILE|-]...")
@content_option
@click.option("--no-cases", is_flag=True, help="Only the rules, without running the cases.")
@click.option("--format", "format_", type=click.Choice(_FORMATS), default="table")
def check_command(
    names: tuple[str, ...], content: Path | None, no_cases: bool, format_: str
) -> int:
    """Validate queries by id or file, `-` for standard input, or all; exits 1 when one is wrong."""
    from lakehunt.check import problem_of
    from lakehunt.sources import load_sources

    count = 0
    try:
        sources = load_sources(content_roots(content))
        for source in sources.values():
            source.make()
        given = [given_text(sys.stdin.read())] if "-" in names else []
        queries = _chosen(names, content)
        count = len(queries) + len(given)
        problems = [*_checked(queries, sources, content, cases=not no_cases)]
        problems += _checked_texts(given, sources)
    except ContentError as error:
        problems = [problem_of("content", found) for found in error.problems]
    return _report(problems, count, format_)


def _chosen(names: tuple[str, ...], content: Path | None) -> tuple[Query, ...]:
    from lakehunt.cli.queries import saved_query
    from lakehunt.library import load_queries

    if names:
        return tuple(saved_query(name, content) for name in names if name != "-")
    return tuple(load_queries(content_roots(content)).values())


def given_text(text: str, name: str = STDIN) -> Query | str:
    """Return a query with a header as a value, and one without as the text that it is.

    Raises:
        ContentError: the header is broken; its lines are those of the text, its file `name`.
    """
    from lakehunt.content import HEADER_FENCE
    from lakehunt.library import read_query

    if not text.startswith(HEADER_FENCE):
        return text
    with tempfile.TemporaryDirectory(prefix="lakehunt-") as folder:
        path = Path(folder) / "query.sql"
        path.write_text(text, encoding="utf-8")
        try:
            query = read_query(path, name)
        except ContentError as error:
            renamed = (
                replace(found, location=Location(name, found.location.line))
                for found in error.problems
            )
            raise ContentError(renamed) from error
    return replace(query, location=Location(name))


def _checked(
    queries: Sequence[Query], sources: Mapping[str, Source], content: Path | None, *, cases: bool
) -> "Iterable[RuleProblem]":
    from lakehunt.casefiles import load_cases
    from lakehunt.check import check_cases, check_queries, problem_of

    for query, found in zip(queries, check_queries(queries, sources), strict=True):
        yield from found
        if cases and not found:
            try:
                yield from check_cases(query, load_cases(content_roots(content), query.id), sources)
            except ContentError as error:
                yield from (problem_of("case", problem) for problem in error.problems)


def _checked_texts(
    given: Iterable[Query | str], sources: Mapping[str, Source]
) -> "list[RuleProblem]":
    from lakehunt.check import check_queries, check_text, ground

    problems: list[RuleProblem] = []
    for query in given:
        if isinstance(query, Query):
            problems += check_queries([query], sources)[0]
            continue
        on = ground(sources)
        problems += check_text(query, Location(STDIN), on)
        on.empty.close()
    return problems


def _report(problems: "Iterable[RuleProblem]", queries: int, format_: str) -> ExitCode:
    from lakehunt.check import RULES
    from lakehunt.render.problems import Fault, render

    faults = [
        Fault(p.rule, str(p.location.path), p.location.line, p.column, p.message) for p in problems
    ]
    click.echo(render(format_, faults, {rule.id: rule.reason for rule in RULES}), nl=False)
    counted = f"{queries} {'query' if queries == 1 else 'queries'}"
    note([f"{len(faults)} problems in {counted}" if faults else f"{counted}, all clean"])
    return ExitCode.FOUND if faults else ExitCode.CLEAN


@click.command("new")
@click.argument("kind", type=click.Choice(["query", "source"]))
@click.argument("name", metavar="SOURCE.SLUG|SOURCE")
@click.option(
    "--content",
    type=click.Path(path_type=Path),
    help="The content folder to write below; made where there is none.",
)
def new_command(kind: str, name: str, content: Path | None) -> int:
    """Write a query and its cases, or a source's table and partitions, to be filled in.

    They are written below --content or the current folder.
    """
    root = content or Path.cwd()
    known = _known_sources(content)
    written, next_ = (_new_query if kind == "query" else _new_source)(root, name, known)
    note(f"wrote {path}" for path in written)
    click.echo(f"{next_} --content {shlex.quote(str(content or '.'))}")
    return ExitCode.CLEAN


def _known_sources(content: Path | None) -> tuple[str, ...]:
    from lakehunt.content import source_names

    try:
        return source_names(content_roots(content))
    except LakeError:
        # a folder that is new or empty has no sources of its own yet
        return source_names(content_roots(None))


def _new_query(root: Path, name: str, known: Sequence[str]) -> tuple[Sequence[Path], str]:
    from lakehunt.scaffold import new_query

    source, _, slug = name.partition(".")
    if source not in known:
        raise UsageError(f"{name}: no source {source or '?'}; there are {', '.join(known)}")
    written = new_query(root, source, slug)
    note(["a draft runs by its id; `status: stable` takes it into hunts"])
    return written, f"lakehunt check {name}"


def _new_source(root: Path, name: str, known: Sequence[str]) -> tuple[Sequence[Path], str]:
    from lakehunt.scaffold import new_source

    if name in known:
        raise UsageError(f"{name}: there is such a source; `lakehunt show {name}` prints it")
    written = new_source(root, name)
    note(["its columns and folders are an example: put those of the log in their place"])
    return written, f"lakehunt ddl {name}"
