"""The `lakehunt` group: its commands by module, and how errors become exit codes.

Knows the names of the commands, not what they do; a command's module loads when it is called.
"""

import gc
import sys
from importlib import import_module

import click

from lakehunt import __version__
from lakehunt.errors import ExitCode, LakehuntError

# command: (module, one line for --help)
_COMMANDS = {
    "demo": ("demo", "Make a lake with an attack in it, hunt it, tell the story."),
    "discover": ("discover", "Find the logs in a place and write a lakehunt.toml."),
    "hunt": ("hunting", "Run the detections over a lake and print findings."),
    "pivot": ("pivot", "Tell all about a key, actor, address or name, and where to go on."),
    "run": ("queries", "Run one saved query, by id or file."),
    "sql": ("queries", "Run SQL of your own (Athena's dialect) over a lake."),
    "estimate": ("estimate", "Say what a query or a hunt would read and cost on Athena."),
    "event": ("event", "Show one event's record as logged, and what happened beside it."),
    "status": ("status", "Tell how the logs of a lake are: by day, late, missing, strange."),
    "list": ("library", "List the saved queries and the log sources."),
    "show": ("library", "Show a query or a source; --sql prints what would be sent."),
    "check": ("content", "Validate queries and run their cases."),
    "explain": ("explain", "Show a query's types, functions and SQL for each engine."),
    "new": ("content", "Scaffold a query with its cases, or a log source."),
    "ddl": ("deploy", "Print the tables and views, for Athena and in other formats."),
    "deploy": ("deploy", "Show what an account lacks of them; --apply makes it."),
    "sandbox": ("sandbox", "Serve a local Athena over a lake, for trying and for tests."),
}


class _Group(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"lakehunt.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS:
            from lakehunt.errors import nearest  # noqa: PLC0415

            near = nearest(args[0], _COMMANDS)
            hint = f"did you mean {near}?" if near else f"there are: {', '.join(_COMMANDS)}"
            raise click.UsageError(f"no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lakehunt")
def cli() -> None:
    """AWS security logs, asked the right questions with SQL.

    LAKE is a folder of logs; results go to stdout, everything else to stderr.
    Exit codes: 0 clean, 1 findings or failed checks, 2 usage or configuration, 3 engine,
    or a fault of lakehunt itself, below its traceback.
    """


def _fault(error: Exception) -> ExitCode:
    """Tell of an exception that nobody expected: its traceback, then what to do about it."""
    import traceback  # noqa: PLC0415

    from lakehunt.render.neutral import for_terminal  # noqa: PLC0415

    # a traceback may quote log text
    for line in "".join(traceback.format_exception(error)).splitlines():
        click.echo(for_terminal(line), err=True)
    what = for_terminal(f"{type(error).__name__}: {error}")
    click.echo(f"lakehunt: a fault of lakehunt itself, please report it: {what}", err=True)
    return ExitCode.ENGINE


def main() -> None:
    """Run the command line and exit."""
    # trees of queries are many small objects that live as long as the command
    gc.set_threshold(100_000, 50, 50)
    try:
        code = cli.main(prog_name="lakehunt", standalone_mode=False)
    except LakehuntError as error:
        click.echo(f"lakehunt: {error}", err=True)
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = ExitCode.USAGE
    except click.Abort:
        click.echo("lakehunt: stopped", err=True)
        code = 130
    except SystemExit:
        # so click ends where the reader of a pipe has seen enough: that is no finding
        code = ExitCode.CLEAN
    except Exception as error:  # noqa: BLE001  whatever it is, it must not pass for findings
        code = _fault(error)
    sys.exit(code if isinstance(code, int) else ExitCode.CLEAN)
