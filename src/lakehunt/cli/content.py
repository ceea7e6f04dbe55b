"""The commands on content: `check`, `new` and `ddl`.

Knows the command line and workflows. `main` loads it by name.
"""

import shlex
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakehunt.cli.options import content_option, content_roots, note
from lakehunt.errors import ContentError, ExitCode, LakeError, Location, Problem, UsageError
from lakehunt.model import ACTIVITY, Query, Source

if TYPE_CHECKING:
    from lakehunt.check import RuleProblem
    from lakehunt.content import Root

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

    try:
        sources = load_sources(content_roots(content))
    except ContentError as error:
        return _report([problem_of("content", found) for found in error.problems], 0, format_)
    unmade = _unmade(sources)
    queries, texts, broken = _chosen(names, content)
    count = len(queries) + len(texts) + len({str(found.location.path) for found in broken})
    found = [problem_of("content", one) for one in (*chain(*unmade.values()), *broken)]
    # nothing can be said of what reads a source that is broken
    whole = {name: source for name, source in sources.items() if name not in unmade}
    apart = {*unmade, ACTIVITY} if unmade else set()
    sound = [query for query in queries if apart.isdisjoint(query.sources)]
    found += [*_checked(sound, whole, content, cases=not no_cases)]
    found += _checked_texts([] if unmade else texts, whole)
    return _report(found, count, format_)


def _unmade(sources: Mapping[str, Source]) -> dict[str, Sequence[Problem]]:
    """Return what is wrong with the templates of sources, by the source."""
    problems: dict[str, Sequence[Problem]] = {}
    for name, source in sources.items():
        try:
            source.make()
        except ContentError as error:
            problems[name] = error.problems
    return problems


def _chosen(
    names: tuple[str, ...], content: Path | None
) -> tuple[list[Query], list[Query | str], list[Problem]]:
    """Return queries by id or file and those of standard input, as far as their headers are sound;
    and what is wrong with the others.
    """
    from lakehunt.cli.queries import saved_query
    from lakehunt.library import sound_queries

    if not names:
        sound, problems = sound_queries(content_roots(content))
        return [*sound.values()], [], problems
    queries: list[Query] = []
    texts: list[Query | str] = []
    problems = []
    for name in names:
        try:
            if name == "-":
                texts.append(given_text(sys.stdin.read()))
            else:
                queries.append(saved_query(name, content))
        except ContentError as error:
            problems += error.problems
    return queries, texts, problems


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
    from lakehunt.render.words import counted

    faults = [
        Fault(p.rule, str(p.location.path), p.location.line, p.column, p.message) for p in problems
    ]
    click.echo(render(format_, faults, {rule.id: rule.reason for rule in RULES}), nl=False)
    told = counted(queries, "query", "queries")
    note([f"{counted(len(faults), 'problem')} in {told}" if faults else f"{told}, all clean"])
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
    roots = _known_roots(content)
    written, next_ = (_new_query if kind == "query" else _new_source)(root, name, roots)
    note(f"wrote {path}" for path in written)
    click.echo(f"{next_} --content {shlex.quote(str(content or '.'))}")
    return ExitCode.CLEAN


def _known_roots(content: Path | None) -> "tuple[Root, ...]":
    try:
        return content_roots(content)
    except LakeError:
        # a folder that is new or empty has no sources of its own yet
        return content_roots(None)


def _new_query(root: Path, name: str, roots: "Sequence[Root]") -> tuple[Sequence[Path], str]:
    from lakehunt.content import source_names
    from lakehunt.scaffold import new_query
    from lakehunt.sources import load_source

    source, _, slug = name.partition(".")
    known = source_names(roots)
    if source not in known:
        raise UsageError(f"{name}: no source {source or '?'}; there are {', '.join(known)}")
    written = new_query(root, load_source(roots, source), slug)
    note(["a draft runs by its id; `status: stable` takes it into hunts"])
    return written, f"lakehunt check {name}"


def _new_source(root: Path, name: str, roots: "Sequence[Root]") -> tuple[Sequence[Path], str]:
    from lakehunt.content import source_names
    from lakehunt.scaffold import new_source

    if name in source_names(roots):
        raise UsageError(f"{name}: there is such a source; `lakehunt show {name}` prints it")
    written = new_source(root, name)
    note(["its columns and folders are an example: put those of the log in their place"])
    return written, f"lakehunt ddl {name}"
