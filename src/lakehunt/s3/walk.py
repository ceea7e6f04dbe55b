"""Walks a bucket from folder to folder along the layouts of the sources, past what is not wanted.

Knows routes and buckets. The S3 lake and the estimate call it. It lists with delimiters down to
the folders of days, so that a bucket of ten million objects takes a few hundred calls.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from lakehunt.layouts import skip_by_path
from lakehunt.model import FileNote, Source
from lakehunt.s3.bucket import Bucket
from lakehunt.s3.objects import CONNECTIONS, Folder, StoredObject
from lakehunt.s3.ranges import Range
from lakehunt.s3.routes import Route, Trail, routes_of
from lakehunt.sql.bounds import Bounds

# How far, and into how many folders, a search goes that has found no layout yet.
_DEEPEST = 4
_MOST_FOLDERS = 1000
_UNKNOWN = "a folder of no log that is known here; not listed"
_TOO_DEEP = "not looked into: name it as the lake itself"


@dataclass(slots=True)
class Found:
    """What a walk found: ranges of wanted keys, objects beside the layouts, and folders left out.

    `trails` are the places at which only time was left, with their prefix; `unknown` is by prefix,
    `skipped` by name of source.
    """

    ranges: list[Range] = field(default_factory=list)
    trails: list[tuple[str, Trail]] = field(default_factory=list)
    loose: list[StoredObject] = field(default_factory=list)
    unknown: dict[str, FileNote] = field(default_factory=dict)
    skipped: dict[str, list[FileNote]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Node:
    prefix: str
    trails: tuple[Trail, ...]
    lost: int = 0


class Walk:
    """The folders of one lake in a bucket; `sources` are all that are known."""

    def __init__(
        self,
        bucket: Bucket,
        root: str,
        sources: Iterable[Source],
        look: Callable[[str], Folder] | None = None,
    ) -> None:
        """Take a bucket; `look` lists a folder of it, by default in full."""
        self._bucket = bucket
        self._look = look or bucket.folder
        self._sources = {source.name: source for source in sources}
        self._routes = [route for source in self._sources.values() for route in routes_of(source)]
        self._root = _rooted(root, self._routes)

    def find(self, wanted: Mapping[str, Sequence[Bounds]]) -> Found:
        """Return where the files lie that bounds admit, by name of source.

        Raises:
            CloudError: the bucket cannot be listed.
        """
        found = Found()
        level, visited = [self._root], 0
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            while level:
                asked = [rest for node in level if (rest := self._rest(node, wanted, found))]
                folders = pool.map(lambda node: self._look(node.prefix), asked)
                level = []
                for node, folder in zip(asked, folders, strict=True):
                    found.loose += folder.objects
                    visited += node.lost > 0
                    for prefix in folder.folders:
                        below = self._below(node, prefix, folder.folders, found)
                        if below and self._is_wanted(below, wanted):
                            if below.lost > _DEEPEST or visited > _MOST_FOLDERS:
                                self._note(found, prefix, _TOO_DEEP)
                            else:
                                level.append(below)
        return found

    def _rest(
        self, node: _Node, wanted: Mapping[str, Sequence[Bounds]], found: Found
    ) -> _Node | None:
        """Add to the ranges what lies where only time is left, and return what else is to list."""
        there = [trail for trail in node.trails if trail.is_at_time]
        for trail in there:
            span = trail.span(wanted.get(trail.route.source.name, ()))
            if span is not None:
                found.ranges.append(trail.range(node.prefix, span))
                found.trails.append((node.prefix, trail))
        if not there:
            return node
        others = tuple(trail for trail in node.trails if trail not in there)
        return replace(node, trails=others) if others else None

    def _below(
        self, node: _Node, prefix: str, siblings: Sequence[str], found: Found
    ) -> _Node | None:
        """Return the node of a folder; None for one that is skipped or nobody's, which is noted."""
        leading = _leading(node.trails, [_name(one) for one in siblings])
        onward = _onward(leading, _name(prefix), self._routes)
        is_sure = any(trail.is_sure for trail in onward)
        if not any(trail.came_by_name for trail in onward) and self._skips(prefix, found):
            return None
        if onward or not node.trails:
            return _Node(prefix, onward, 0 if is_sure else node.lost + 1)
        self._note(found, prefix, _UNKNOWN)
        return None

    def _skips(self, prefix: str, found: Found) -> bool:
        for source in self._sources.values():
            rule = skip_by_path(source.partitions, prefix)
            if rule:
                note = FileNote(str(self._bucket.address(prefix)), f"{rule.reason}; not listed")
                found.skipped.setdefault(source.name, []).append(note)
                return True
        return False

    def _is_wanted(self, node: _Node, wanted: Mapping[str, Sequence[Bounds]]) -> bool:
        """Tell whether a node leads to a wanted file: by a route, or none is known there yet."""
        trails = node.trails
        spans = (trail.span(wanted.get(trail.route.source.name, ())) for trail in trails)
        return not trails or any(span is not None for span in spans)

    def _note(self, found: Found, prefix: str, reason: str) -> None:
        found.unknown[prefix] = FileNote(str(self._bucket.address(prefix)), reason)


def _name(prefix: str) -> str:
    return prefix.rstrip("/").rpartition("/")[2]


def _leading(trails: Iterable[Trail], names: Sequence[str]) -> list[Trail]:
    """Return the trails to follow into folders of these names.

    Where one layout of a source goes on by name, a folder is not taken for a value in another.
    """
    trails = [*trails]
    settled = {
        trail.route.source.name
        for trail in trails
        if trail.next_is_fixed and any(trail.onward(name) for name in names)
    }
    return [t for t in trails if t.next_is_fixed or t.route.source.name not in settled]


def _onward(trails: Iterable[Trail], name: str, routes: Iterable[Route]) -> tuple[Trail, ...]:
    """Return the trails after a folder: those that go on, and those that begin with it."""
    begun = [*trails, *(Trail(route) for route in routes)]
    return tuple(after for trail in begun if (after := trail.onward(name)))


def _rooted(root: str, routes: Iterable[Route]) -> _Node:
    """Return the node of a lake's own prefix, which may lie deep in a layout."""
    routes = [*routes]
    trails: tuple[Trail, ...] = ()
    for name in root.strip("/").split("/") if root else ():
        trails = _onward(trails, name, routes)
    return _Node(root, trails)
