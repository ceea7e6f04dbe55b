"""Content roots, the header at the top of a file, and text-only YAML that knows its lines.

Knows folders and YAML, not what a source or a query means. `sources` and `library` call it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml
from yaml._yaml import CParser
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.resolver import BaseResolver

from lakehunt.errors import (
    ContentError,
    LakeError,
    Location,
    Problem,
    UsageError,
    nearest,
)

HEADER_FENCE = "-- ---"
_TEMPLATE_SUFFIX = ".sql.j2"
# the format of `ddl/<source>.sql.j2`; another one's template is `ddl/<source>.<format>.sql.j2`
DEFAULT_FORMAT = "default"


class Text(str):
    """A YAML scalar as written: always text, with its line and whether it was quoted."""

    __slots__ = ("line", "quoted")
    line: int
    quoted: bool


class Map(dict[str, "Yaml"]):
    """A YAML mapping with the line that it starts on."""

    __slots__ = ("line",)
    line: int


class List(list["Yaml"]):
    """A YAML list with the line that it starts on."""

    __slots__ = ("line",)
    line: int


Yaml: TypeAlias = None | Text | List | Map


def line_of(key: str) -> int:
    """Return the line of a scalar that was read from a file, else 1."""
    return key.line if isinstance(key, Text) else 1


class _Loader(CParser, BaseResolver):
    """libyaml's parser with no type resolution: account ids and versions stay text."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        BaseResolver.__init__(self)


@dataclass(frozen=True, slots=True)
class Root:
    """One content root: where its queries, tables, partitions and cases lie."""

    queries: Path
    ddl: Path
    partitions: Path
    cases: Path


def bundled_root() -> Root:
    """Return the content that ships with lakehunt: in the wheel, or in the repository."""
    package = Path(__file__).parent
    wheel = package / "content"
    if wheel.is_dir():
        return _root(wheel, wheel / "cases")
    repository = package.parent.parent
    return _root(repository, repository / "tests" / "cases")


def _root(folder: Path, cases: Path) -> Root:
    return Root(folder / "queries", folder / "ddl", folder / "partitions", cases)


def roots(overlay: Path | None = None) -> tuple[Root, ...]:
    """Return the bundled root and, over it, the private one.

    Raises:
        LakeError: the private folder is missing or holds no content folder.
    """
    if overlay is None:
        return (bundled_root(),)
    if not overlay.is_dir():
        raise LakeError(f"{overlay}: no such content folder; expected queries/, ddl/, partitions/")
    cases = overlay / "cases"
    private = _root(overlay, cases if cases.is_dir() else overlay / "tests" / "cases")
    if not any(p.is_dir() for p in (private.queries, private.ddl, private.partitions)):
        raise LakeError(f"{overlay}: holds none of queries/, ddl/, partitions/")
    return (bundled_root(), private)


def split_header(text: str, location: Location) -> tuple[str, str, int]:
    """Return the YAML of the `-- ---` fenced header, the rest, and the line the rest starts on.

    Raises:
        ContentError: the file does not open with a header, or the header does not end.
    """
    lines = text.split("\n")
    if lines[0].rstrip() != HEADER_FENCE:
        problem = Problem(location, "no header", f"a first line `{HEADER_FENCE}`")
        raise ContentError([problem])
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == HEADER_FENCE:
            header = "\n".join(entry[3:] for entry in lines[1:number])
            return header, "\n".join(lines[number + 1 :]), number + 2
        if not line.startswith("--"):
            break
    problem = Problem(location, "the header does not end", f"a line `{HEADER_FENCE}` after it")
    raise ContentError([problem])


def load_yaml(text: str, path: Path, first_line: int = 1) -> Map:
    """Return a YAML mapping whose scalars are all text (only plain `null` is None).

    Raises:
        ContentError: the text is no YAML, no mapping, or repeats a key.
    """
    try:
        node = _compose(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = first_line + (mark.line if mark else 0)
        what = f"not YAML: {getattr(error, 'problem', None) or error}"
        raise ContentError([Problem(Location(path, line), what)]) from error
    if not isinstance(node, MappingNode):
        line = first_line + (node.start_mark.line if node else 0)
        what = "a list" if isinstance(node, SequenceNode) else "no mapping" if node else "empty"
        raise ContentError([Problem(Location(path, line), what, "`key: value` lines")])
    problems: list[Problem] = []
    value = _Converter(path, first_line, problems).mapping(node)
    if problems:
        raise ContentError(problems)
    return value


def _compose(text: str) -> Node | None:
    loader = _Loader(text)
    try:
        node: Node | None = loader.get_single_node()
        return node
    finally:
        loader.dispose()


@dataclass(slots=True)
class _Converter:
    """Turns YAML nodes to text with lines, gathering repeated keys."""

    path: Path
    first_line: int
    problems: list[Problem]

    def value(self, node: Node) -> Yaml:
        if isinstance(node, ScalarNode):
            plain = not self.is_quoted(node)
            return None if plain and node.value in ("null", "~", "") else self.text(node)
        if isinstance(node, SequenceNode):
            items = List(self.value(item) for item in node.value)
            items.line = self.line(node)
            return items
        assert isinstance(node, MappingNode)
        return self.mapping(node)

    def text(self, node: ScalarNode) -> Text:
        text = Text(node.value)
        text.line = self.line(node)
        text.quoted = self.is_quoted(node)
        return text

    @staticmethod
    def is_quoted(node: ScalarNode) -> bool:
        # libyaml gives a plain scalar the style '', Python's parser None
        return bool(node.style)

    def line(self, node: Node) -> int:
        return self.first_line + int(node.start_mark.line)

    def mapping(self, node: MappingNode) -> Map:
        result = Map()
        result.line = self.line(node)
        merged: list[Yaml] = []
        for key_node, value_node in node.value:
            key = self.text(key_node)
            if key == "<<":
                merged.append(self.value(value_node))
                continue
            if key in result:
                where = Location(self.path, key.line)
                self.problems.append(Problem(where, f"`{key}` stands here twice", "each key once"))
            result[key] = self.value(value_node)
        # a key of the mapping itself wins, wherever `<<` stands
        for inner in merged:
            for name, value in inner.items() if isinstance(inner, Map) else ():
                result.setdefault(name, value)
        return result


@dataclass(slots=True)
class Reader:
    """Reads the keys of one YAML mapping, gathering every problem instead of stopping at one."""

    path: Path
    data: Map
    problems: list[Problem]

    def problem(self, line: int, what: str, expected: str = "", near: str = "") -> None:
        """Record a problem at a line of this file."""
        self.problems.append(Problem(Location(self.path, line), what, expected, near))

    def check_keys(self, required: Iterable[str], optional: Iterable[str] = ()) -> None:
        """Record missing and unknown keys."""
        known = [*required, *optional]
        for key in required:
            if key not in self.data:
                self.problem(self.data.line, f"`{key}` is missing")
        for key in self.data:
            if key not in known:
                near = nearest(key, known)
                expected = "" if near else ", ".join(known)
                self.problem(line_of(key), f"unknown key `{key}`", expected, near)

    def text(self, key: str, default: str = "") -> str:
        """Return the text under a key; a list or mapping there is a problem."""
        value = self.data.get(key)
        if value is None:
            return default
        if isinstance(value, Text):
            return str(value)
        self.problem(value.line, f"`{key}` is no text", "one line of text")
        return default

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the list of texts under a key; one text counts as a list of one."""
        value = self.data.get(key)
        if value is None:
            return ()
        if isinstance(value, Text):
            return (str(value),)
        if isinstance(value, List) and all(isinstance(item, Text) for item in value):
            return tuple(str(item) for item in value)
        self.problem(self.line(key), f"`{key}` is no list of texts", "[one, two]")
        return ()

    def mapping(self, key: str) -> Map:
        """Return the mapping under a key, empty when absent."""
        value = self.data.get(key)
        if isinstance(value, Map):
            return value
        if value is not None:
            self.problem(value.line, f"`{key}` is no mapping", "{name: value}")
        empty = Map()
        empty.line = self.data.line
        return empty

    def inner(self, key: str) -> "Reader":
        """Return a reader of the mapping under a key."""
        return Reader(self.path, self.mapping(key), self.problems)

    def line(self, key: str) -> int:
        """Return the line of a key, or of the mapping when it is absent."""
        return next((line_of(k) for k in self.data if k == key), self.data.line)


def files(folders: Iterable[Path], pattern: str) -> Iterator[Path]:
    """Yield the files below the folders that match a pattern, sorted within each folder."""
    for folder in folders:
        yield from sorted(path for path in folder.glob(pattern) if path.is_file())


def source_names(roots: Iterable[Root]) -> tuple[str, ...]:
    """Return the names of all sources, sorted; reads no file."""
    return tuple(sorted({name.partition(".")[0] for name in _template_names(roots)}))


def source_formats(roots: Iterable[Root], name: str) -> tuple[str, ...]:
    """Return the formats that a source has a template of; the plain template is `default`."""
    names = (one for one in _template_names(roots) if one.partition(".")[0] == name)
    others = sorted({one.partition(".")[2] for one in names} - {""})
    return (DEFAULT_FORMAT, *others)


def _template_names(roots: Iterable[Root]) -> list[str]:
    templates = files([root.ddl for root in roots], f"*{_TEMPLATE_SUFFIX}")
    return [path.name.removesuffix(_TEMPLATE_SUFFIX) for path in templates]


def source_header(roots: Iterable[Root], name: str) -> Reader:
    """Return the header of a source's template: its title, docs and notes.

    Raises:
        UsageError: there is no such source.
        ContentError: the header is broken.
    """
    path = source_template(roots, name)
    header, _, _ = split_header(path.read_text(encoding="utf-8"), Location(path))
    return Reader(path, load_yaml(header, path, first_line=2), [])


def source_template(roots: Iterable[Root], name: str, format_: str = "") -> Path:
    """Return the DDL template of a source; a later root's replaces an earlier one's.

    Raises:
        UsageError: there is no such source; names the nearest.
    """
    roots = tuple(roots)
    stem = name if format_ in ("", DEFAULT_FORMAT) else f"{name}.{format_}"
    for root in reversed(roots):
        path = root.ddl / f"{stem}{_TEMPLATE_SUFFIX}"
        if path.is_file():
            return path
    known = source_names(roots)
    near = nearest(name, known)
    hint = f"did you mean {near}?" if near else f"there are: {', '.join(known)}"
    raise UsageError(f"{name}: no such source; {hint}")
