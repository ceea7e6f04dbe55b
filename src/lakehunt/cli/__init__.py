"""The command line: asks, calls one workflow, prints, exits. Commands import late, so that
`--help`, `list` and `show ID` stay fast.

Only this package prints and sets exit codes.
"""

from lakehunt.cli.main import main

__all__ = ["main"]
