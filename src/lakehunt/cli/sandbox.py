"""The command `sandbox`: a local Athena over a lake, until it is interrupted.

Knows the command line and the workflow. `main` loads it by name.
"""

import shlex
import signal
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakehunt.cli.options import config, content_option, content_roots, note
from lakehunt.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from lakehunt.config import Deployment
    from lakehunt.sandbox.server import Sandbox

_PORT = 5005


@click.command("sandbox")
@click.argument("lake", type=click.Path(path_type=Path), required=False)
@click.option("--port", type=int, default=_PORT, show_default=True, help="Port on 127.0.0.1.")
@click.option("--tables/--no-tables", default=True, help="Make the tables of LAKE in Glue.")
@click.option("--throttle", type=click.FloatRange(0, 1), default=0.0, help="Share of calls.")
@content_option
def sandbox_command(
    lake: Path | None, port: int, tables: bool, throttle: float, content: Path | None
) -> int:
    """Serve S3, Glue and Athena on loopback; queries really run, over LAKE and what is added.

    Prints what the environment of a client has to hold. Ends with Ctrl-C.
    """
    try:
        from lakehunt.sandbox.faults import Faults
        from lakehunt.sandbox.server import Sandbox
    except ImportError as error:
        what = f"the sandbox needs {error.name}"
        raise UsageError(f"{what}: pip install 'lakehunt[sandbox]'") from error
    from lakehunt.sources import load_sources

    roots = content_roots(content)
    try:
        sandbox = Sandbox(load_sources(roots), port)
    except (OSError, SystemExit) as error:
        raise UsageError(f"--port {port} cannot be used: {error}") from error
    with sandbox:
        sandbox.faults = Faults(throttled=throttle)
        if lake is not None:
            from lakehunt.sandbox.lake import load_lake, make_tables

            sources = load_sources(roots)
            deployment = load_lake(sandbox, lake, sources)
            note(_loaded(sandbox, deployment))
            if tables:
                database = config().athena.database
                made = make_tables(sandbox, roots, deployment, database)
                note([f"database {database}: {', '.join(made)}"])
        for name, value in sandbox.environment.items():
            click.echo(f"export {name}={shlex.quote(value)}")
        note([f"serving S3, Glue and Athena at {sandbox.url}; Ctrl-C ends it and forgets all"])
        _wait()
    return ExitCode.CLEAN


def _loaded(sandbox: "Sandbox", deployment: "Deployment") -> Iterable[str]:
    from lakehunt.sandbox.lake import BUCKET

    yield f"s3://{BUCKET}: {sum(1 for _ in sandbox.store.objects(f's3://{BUCKET}')):,} objects"
    yield f"  accounts {', '.join(deployment.accounts)}; regions {', '.join(deployment.regions)}"


def _wait() -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()
