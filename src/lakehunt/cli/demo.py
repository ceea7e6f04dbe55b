"""The command `demo`: makes a lake with an attack in it, hunts it and tells the story.

Knows the command line and workflows. `main` loads it by name.
"""

import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lakehunt.cli.options import content_roots, exit_code, note
from lakehunt.cli.output import ProgressBar

if TYPE_CHECKING:
    from lakehunt.demo import DemoLake
    from lakehunt.hunt import Hunt
    from lakehunt.model import Source


@click.command("demo")
@click.argument("folder", type=click.Path(path_type=Path), default=Path("demo-lake"))
def demo_command(folder: Path) -> int:
    """Make a lake with an attack in it in FOLDER (./demo-lake), hunt it, tell the story.

    FOLDER must be new, or one that an earlier demo made.
    """
    from lakehunt.cli.hunting import write_hunt
    from lakehunt.demo import make_lake
    from lakehunt.sources import load_sources

    sources = load_sources(content_roots(None))
    lake = make_lake(folder, sources, ProgressBar())
    note(_made(lake))
    hunted = _hunted(folder, sources)
    write_hunt(hunted, {"format_": "table", "out": None, "rows": False, "show_known": False})
    note(_commands(lake))
    return exit_code(hunted.run, strict=False, found=False, failed=bool(hunted.failures))


def _hunted(folder: Path, sources: "dict[str, Source]") -> "Hunt":
    from lakehunt.engines.base import Limits
    from lakehunt.engines.local.engine import LocalEngine
    from lakehunt.hunt import Choice, hunt, plan_hunt
    from lakehunt.library import load_queries

    plan = plan_hunt(load_queries(content_roots(None)).values(), Choice(), sources)
    engine = LocalEngine(folder, sources)
    try:
        return hunt(engine, plan, None, Limits(), ProgressBar())
    finally:
        engine.close()


def _made(lake: "DemoLake") -> Iterator[str]:
    ordinary = f"{lake.ordinary_events:,} ordinary events"
    attack = f"an attack of {lake.attack_events:,}"
    yield f"{lake.folder}: {ordinary} and {attack}, in {lake.files:,} files; hunting them"


def _commands(lake: "DemoLake") -> Iterator[str]:
    yield "To go on:"
    # `make demo` leaves the command in its own environment, off the PATH
    name = "lakehunt" if shutil.which("lakehunt") else sys.argv[0]
    for command in lake.commands:
        rest = command.removeprefix("lakehunt")
        yield f"  {name}{rest} --lake {shlex.quote(str(lake.folder))}"
