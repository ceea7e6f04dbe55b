"""Folders of Parquet on this machine with the rows of log files, bounded in bytes.

Knows files, neither DuckDB nor logs. A group is written under another name and moved when it is
whole, so that processes may share the store; what is there is never written to again.
"""

import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lakehunt.errors import EngineError

_FILES = "files.json"
_UNFINISHED = ".unfinished-"
# A group that was used this lately may be in use: it does not go.
_IN_USE_SECONDS = 3600
# Numbers of rows' files: those of a group begin at a multiple of this, drawn by lot.
NUMBERS_OF_GROUP = 1 << 24
_GROUPS = 1 << 38


@dataclass(frozen=True, slots=True)
class KeptFile:
    """What was told of a log file when it was parsed; `number` is at each of its rows."""

    number: int
    format: str
    records: int
    header_lines: int = 0
    partial: str = ""


@dataclass(frozen=True, slots=True)
class _Group:
    """Log files that were kept together: their rows by format, and what each was told, by id."""

    folder: Path
    rows: Mapping[str, tuple[Path, ...]]
    files: Mapping[str, KeptFile]


@dataclass(slots=True)
class NewGroup:
    """A group that is being written, below `folder`; `first` is the first of its numbers."""

    folder: Path
    first: int
    rows: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, KeptFile] = field(default_factory=dict)


class Shelf:
    """What is kept of one source, as long as it is read in the same way; nothing by default."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        groups = _groups(folder) if folder else ()
        self._places = {file_id: group for group in groups for file_id in group.files}

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing is kept."""
        return not self._places

    def find(self, file_ids: Iterable[str]) -> dict[str, KeptFile]:
        """Return what is kept of some files, which counts as use of it."""
        found = {name: group for name in file_ids if (group := self._places.get(name))}
        for folder in {group.folder for group in found.values()}:
            # a store that cannot be written to can be read
            with suppress(OSError):
                os.utime(folder)
        return {name: group.files[name] for name, group in found.items()}

    def rows(self, file_ids: Iterable[str], format_: str) -> list[Path]:
        """Return the Parquet files that hold the rows of kept files of a format."""
        groups = {group.folder: group for group in map(self._places.__getitem__, file_ids)}
        return [path for group in groups.values() for path in group.rows.get(format_, ())]

    @contextmanager
    def writing(self) -> Iterator[NewGroup]:
        """Give a group to write, and keep it if that went well.

        Raises:
            EngineError: it cannot be written.
        """
        assert self.folder is not None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self.folder))
        except OSError as error:
            raise _not_written(self.folder, error) from error
        draft = NewGroup(folder, secrets.randbelow(_GROUPS) * NUMBERS_OF_GROUP)
        try:
            yield draft
            name = _finished(draft)
        except OSError as error:
            raise _not_written(self.folder, error) from error
        finally:
            # nothing is left under this name of a group that was finished
            shutil.rmtree(folder, ignore_errors=True)
        group = _read(name)
        if group is not None:
            self._places |= dict.fromkeys(group.files, group)


class KeptStore:
    """All that is kept, of every source; `most_bytes` bounds it."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder = folder
        self.most_bytes = most_bytes

    def shelf(self, name: str) -> Shelf:
        """Return what is kept under a name."""
        return Shelf(self.folder / name)

    def has_room(self) -> bool:
        """Tell whether more may be kept; what was not used lately goes where it must."""
        now = time.time()
        groups = sorted(_sized(self.folder))
        total = sum(size for _, size, _ in groups)
        for used, size, folder in groups:
            if total < self.most_bytes or now - used < _IN_USE_SECONDS:
                break
            shutil.rmtree(folder, ignore_errors=True)
            total -= size
        return total < self.most_bytes


def _groups(folder: Path) -> Iterator[_Group]:
    for path in sorted(folder.glob(f"[!.]*/{_FILES}")):
        group = _read(path.parent)
        if group is not None:
            yield group


def _read(folder: Path) -> _Group | None:
    """Return a group that is whole."""
    try:
        told = json.loads((folder / _FILES).read_bytes())
        rows = {
            format_: tuple(folder / name for name in names)
            for format_, names in told["rows"].items()
        }
        sizes = {path: path.stat().st_size for paths in rows.values() for path in paths}
    except (OSError, ValueError):
        return None
    if [*sizes.values()] != told["sizes"]:
        return None
    return _Group(folder, rows, {name: KeptFile(**one) for name, one in told["files"].items()})


def _finished(draft: NewGroup) -> Path:
    """Write the list of a group, give it its name and return that."""
    paths = [draft.folder / name for names in draft.rows.values() for name in names]
    told = {
        "rows": draft.rows,
        "sizes": [path.stat().st_size for path in paths],
        "files": {name: asdict(one) for name, one in draft.files.items()},
    }
    (draft.folder / _FILES).write_text(json.dumps(told), encoding="utf-8")
    return draft.folder.rename(draft.folder.with_name(draft.folder.name.removeprefix(_UNFINISHED)))


def _not_written(folder: Path, error: OSError) -> EngineError:
    what = f"{folder}: what is parsed cannot be kept here: {error.strerror}"
    return EngineError(f"{what}; name another [cache] folder in lakehunt.toml, or leave out --keep")


def _sized(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """Yield each group with when it was used and its bytes, those that nobody finished too."""
    for group in folder.glob("*/*"):
        try:
            size = sum(path.stat().st_size for path in group.rglob("*") if path.is_file())
            yield group.stat().st_mtime, size, group
        except OSError:
            continue
