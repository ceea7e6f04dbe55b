"""Where a command's data goes, and the bar that shows how far it is.

Knows files and the terminal. The command modules call it.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TextIO

from lakehunt.errors import EngineError, UsageError


class Output:
    """Where a command's data goes: stdout, or the file of --out, written whole or not at all."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def text(self, write: Callable[[IO[str]], None]) -> None:
        """Write text.

        Raises:
            UsageError: the file of --out cannot be written.
            EngineError: stdout cannot.
        """
        if self.path is None:
            with _stdout() as out:
                write(out)
            return
        with (
            _put_in_place(self.path) as part,
            part.open("w", encoding="utf-8", newline="") as out,
        ):
            write(out)

    def data(self, content: bytes) -> None:
        """Write bytes; raises as `text`, and where stdout is a terminal."""
        if self.path is None:
            with _stdout() as out:
                if out.isatty():
                    raise UsageError("--format parquet writes bytes: name a file with --out")
                out.buffer.write(content)
            return
        with _put_in_place(self.path) as part:
            part.write_bytes(content)


@contextmanager
def _stdout() -> Iterator[TextIO]:
    # Python has none where it was closed before
    if sys.stdout is None:
        raise UsageError("stdout is closed: name a file with --out")
    try:
        yield sys.stdout
        sys.stdout.flush()
    except OSError as error:
        # what is left would fail again when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # the reader of a pipe has seen enough
        if not isinstance(error, BrokenPipeError):
            raise EngineError(f"stdout: {error.strerror}; not all was written") from error


@contextmanager
def _put_in_place(path: Path) -> Iterator[Path]:
    """Give a file beside the path that takes its place once it is written."""
    part = path.with_name(f".{path.name}.part")
    try:
        if path.is_dir() or not path.parent.is_dir():
            what = "is a folder" if path.is_dir() else f"no folder {path.parent}"
            raise UsageError(f"--out {path}: {what}")
        yield part
        part.replace(path)
    except OSError as error:
        raise UsageError(f"--out {path}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            part.unlink()


class ProgressBar:
    """A bar on stderr, drawn when that is a terminal and the work takes over a second."""

    _AFTER_SECONDS = 1.0

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._shown = -1

    def __call__(self, share: float) -> None:
        """Draw how much is done, 0 to 1."""
        percent = int(share * 100)
        late = time.monotonic() - self._started > self._AFTER_SECONDS
        if percent == self._shown or not late or not sys.stderr.isatty():
            return
        self._shown = percent
        done = percent * 30 // 100
        sys.stderr.write(f"\r[{'#' * done}{' ' * (30 - done)}] {percent:3d} %")
        if percent >= 100:  # noqa: PLR2004
            sys.stderr.write("\r" + " " * 40 + "\r")
        sys.stderr.flush()
