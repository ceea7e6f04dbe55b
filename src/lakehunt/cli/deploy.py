"""The commands that bring the tables into an account: `ddl` prints them, `deploy` makes them.

Knows the command line, configuration and deployment. `main` loads it by name.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakehunt.cli.options import config, content_option, content_roots, note
from lakehunt.errors import ConfigError, ExitCode
from lakehunt.model import ACTIVITY

if TYPE_CHECKING:
    from lakehunt.deploy.stack import Stack
    from lakehunt.model import Source

_FORMATS = ("athena", "glue", "trino", "cloudformation", "terraform")
# These hold a whole deployment: what is not configured is left out, not marked.
_COMPLETE = ("cloudformation", "terraform")


@click.command("ddl")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--format", "format_", type=click.Choice(_FORMATS), default="athena")
@content_option
def ddl_command(sources: tuple[str, ...], format_: str, content: Path | None) -> int:
    """Print the tables and views of SOURCEs (all without one), filled from lakehunt.toml.

    `cloudformation` and `terraform` are complete: workgroup, database, tables, views, saved
    queries and policies, of the sources whose bucket is configured. The other formats mark what
    lakehunt.toml does not say.
    """
    known = _sources(sources, content)
    complete = format_ in _COMPLETE
    names = sources if complete else sources or tuple(known)
    stack = _stack(known, names, content, saved=complete)
    if complete:
        _check_filled(stack)
        note(stack.left_out)
    click.echo(_printed(format_, stack, [known[name] for name in names]))
    if stack.placeholders:
        note([f"to be filled from lakehunt.toml: {', '.join(stack.placeholders)}"])
    return ExitCode.CLEAN


def _check_filled(stack: "Stack") -> None:
    """Refuse a stack with marks in it: its tables would be made, and read nothing."""
    if stack.placeholders:
        raise ConfigError(f"lakehunt.toml does not say {', '.join(stack.placeholders)}")


def _sources(names: Sequence[str], content: Path | None) -> "Mapping[str, Source]":
    """Return all sources, the named ones among them.

    Raises:
        UsageError: a named one does not exist.
    """
    from lakehunt.content import source_template
    from lakehunt.sources import load_sources

    roots = content_roots(content)
    for name in names:
        source_template(roots, name)
    return load_sources(roots, config().deployment)


def _stack(
    sources: "Mapping[str, Source]", names: Sequence[str], content: Path | None, *, saved: bool
) -> "Stack":
    from lakehunt.deploy.stack import make_stack
    from lakehunt.library import load_queries

    queries = load_queries(content_roots(content)).values() if saved else ()
    return make_stack(sources, queries, config(), names)


def _printed(format_: str, stack: "Stack", sources: "Sequence[Source]") -> str:
    match format_:
        case "athena":
            return "\n\n".join([*(source.ddl.strip() for source in sources), *_activity(stack)])
        case "glue":
            from lakehunt.deploy.catalog import glue

            return glue(stack.database.name, stack.tables)
        case "trino":
            from lakehunt.deploy.trino import trino_statements

            statements = (text for source in sources for text in trino_statements(source))
            return "\n\n".join([*(f"{text};" for text in statements), *_activity(stack)])
        case "cloudformation":
            from lakehunt.deploy.cloudformation import cloudformation

            return cloudformation(stack)
        case _:
            from lakehunt.deploy.terraform import terraform

            return terraform(stack)


def _activity(stack: "Stack") -> Iterable[str]:
    """Yield the statement that makes the view over all sources, if it is part of a stack."""
    return (f"{one.sql};" for one in stack.statements if one.name == f"view {ACTIVITY}")


@click.command("deploy")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--apply", is_flag=True, help="Make the changes; without it they are only shown.")
@click.option("--overwrite", is_flag=True, help="Also put back what was changed by hand.")
@content_option
def deploy_command(
    sources: tuple[str, ...], apply: bool, overwrite: bool, content: Path | None
) -> int:
    """Show what the account of [athena] lacks of SOURCEs; --apply makes it.

    Without SOURCEs all whose bucket is configured. Exits 1 when something was changed by hand
    and is left as it is.
    """
    from lakehunt.deploy.account import apply_plan, open_account, read_account
    from lakehunt.deploy.plan import make_plan, plan_lines

    stack = _stack(_sources(sources, content), sources, content, saved=True)
    _check_filled(stack)
    account = open_account(config().athena)
    plan = make_plan(stack, read_account(account, stack), overwrite=overwrite)
    note(stack.left_out)
    for line in plan_lines(plan):
        click.echo(line)
    if apply:
        apply_plan(account, plan, lambda change: note([f"done: {change.action} {change}"]))
    elif plan.to_do:
        note(["`lakehunt deploy --apply` makes these changes"])
    if plan.drifted:
        note(["what was changed by hand is left as it is; --overwrite puts it back"])
    return ExitCode.FOUND if plan.drifted else ExitCode.CLEAN
