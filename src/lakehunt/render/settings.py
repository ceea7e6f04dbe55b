"""Writes what was discovered as a commented lakehunt.toml.

Knows the model, and how TOML spells values. `cli` calls it.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from lakehunt.config import ACCOUNT, REGION, Access
from lakehunt.model import Discovery, FoundSource, Shape
from lakehunt.render.discoveries import found_lines
from lakehunt.render.neutral import HIDDEN, for_terminal

_WIDTH = 90
_CELL_WIDTH = 40
# What several sources tell together: the column, its key, and what a value looks like.
_SHARED = (("account_id", "accounts", ACCOUNT), ("region", "regions", REGION))
_OWN = ("account_id", "region", "organization_id")
_ORGANIZATION = "organization_id"
_NAMED_ACCESS = ("profile", "role_arn", "external_id")


def settings_text(discovery: Discovery, lake: str, access: Access) -> str:
    """Return a lakehunt.toml that reads what was discovered.

    Args:
        lake: the place as the file names it: a folder counts from the file's own.
        access: how a bucket was reached.
    """
    parts = [
        [*_opening(discovery)],
        [f"lake = {_text(lake)}"],
        [*_location(discovery, access)],
        [*_deployment(discovery)],
        *([*lines] for lines in _tables(discovery)),
        [*_fields(discovery.sources)],
        [*_athena(discovery)],
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _opening(discovery: Discovery) -> Iterator[str]:
    where = for_terminal(discovery.location)
    yield f"# Written by `lakehunt discover {where}`. docs/config.md explains the keys."
    yield "#"
    for line in found_lines(discovery):
        yield f"# {line}"


def _location(discovery: Discovery, access: Access) -> Iterator[str]:
    if not discovery.bucket:
        return
    yield f"[locations.{_text(f's3://{discovery.bucket}')}]"
    yield f"region = {_text(discovery.region)}"
    given = {"endpoint": access.endpoint} | {n: getattr(access, n) for n in _NAMED_ACCESS}
    for name, value in given.items():
        if value:
            yield f"{name} = {_text(value)}"
    key = discovery.kms_key or access.kms_key
    if key.startswith("arn:"):
        yield f"kms_key = {_text(key)}  # encrypts the objects: reading takes kms:Decrypt on it"
    if access.requester_pays:
        yield "requester_pays = true"
    if not any(getattr(access, name) for name in _NAMED_ACCESS):
        yield '# profile = "..."  # or role_arn and external_id, where others than yours may read'


def _deployment(discovery: Discovery) -> Iterator[str]:
    sources = discovery.sources
    yield "[deployment]  # fills the tables for Athena: `lakehunt ddl`, `lakehunt deploy`"
    for column, name, form in _SHARED:
        values = [value for value in _values(sources, column) if form.fullmatch(value)]
        if values:
            yield f"{name} = {_list(values)}"
        else:
            yield f"# {name} = []  # no folder or name tells"
    days = [one.first_day for one in sources if one.first_day]
    first = _day(min(days)) if days else "2024-01-01  # no folder or name tells"
    yield f"{'' if days else '# '}first_day = {first}"
    organizations = _values(sources, _ORGANIZATION)
    if organizations:
        yield f"organization = {_text(organizations[0])}"
    if len(organizations) > 1:
        yield f"# also there: {', '.join(organizations[1:])}"


def _tables(discovery: Discovery) -> Iterator[list[str]]:
    sources = discovery.sources
    yield _buckets(discovery)
    yield _table("prefixes", _prefixes(discovery))
    yield _table("layouts", _layouts(sources))
    formats = {one.source: _commonest(one).format for one in sources if one.shapes}
    yield _table("formats", [f"{n} = {_text(f)}" for n, f in formats.items() if f != "default"])
    names = dict.fromkeys(name for one in sources for name in one.values if name not in _OWN)
    yield _table("values", [f"{name} = {_list(_values(sources, name))}" for name in names])


def _table(name: str, lines: Iterable[str]) -> list[str]:
    lines = [*lines]
    return [f"[deployment.{name}]", *lines] if lines else []


def _buckets(discovery: Discovery) -> list[str]:
    keys: dict[str, list[str]] = {}
    for one in discovery.sources:
        keys.setdefault(one.bucket, []).append(one.source)
    if discovery.bucket:
        return _table("buckets", (f"{key} = {_text(discovery.bucket)}" for key in keys))
    return _table(
        "buckets",
        (f'# {key} = "..."  # where {", ".join(names)} comes from' for key, names in keys.items()),
    )


def _prefixes(discovery: Discovery) -> Iterator[str]:
    """Yield the folder of each bucket's logs; where there are several, tables can read one."""
    chosen: dict[str, str] = {}
    for one in discovery.sources if discovery.bucket else ():
        for above in dict.fromkeys(delivery.above for delivery in one.deliveries):
            if one.bucket not in chosen and above:
                yield f"{one.bucket} = {_text(above)}"
            elif above != chosen.get(one.bucket, above):
                yield f"# {one.source} is also in {for_terminal(above or '/')}, for other tables"
            chosen.setdefault(one.bucket, above)


def _layouts(sources: Sequence[FoundSource]) -> Iterator[str]:
    for one in sources:
        names = list(dict.fromkeys(d.layout for d in one.deliveries))
        if names[0]:
            yield f"{one.source} = {_text(names[0])}"
        else:
            yield f"# {one.source}: a table needs the folders that AWS writes"
        for other in names[1:]:
            where = f"in the layout {other}" if other else "in other folders"
            yield f"# {one.source} is also there {where}; a table reads one layout"


def _fields(sources: Iterable[FoundSource]) -> Iterator[str]:
    """Yield the fields that were chosen, as files name or count them."""
    blocks = [block for one in sources if (block := [*_chosen(one)])]
    if blocks:
        yield "[deployment.fields]  # in the order of the files"
    for block in blocks:
        yield from block


def _chosen(source: FoundSource) -> Iterator[str]:
    texts = [shape for shape in source.shapes if shape.kind == "text"]
    named = [shape for shape in texts if shape.header and not shape.is_usual]
    counted = {s.columns: s for s in texts if not (s.header or s.is_usual)}
    alone = len(named) == 1 and not any(shape.is_usual for shape in texts)
    if alone:
        unknown = ", ".join(for_terminal(name) for name in named[0].unknown)
        if unknown:
            yield f"# {source.source}: {unknown} is not known here, and a table needs every field:"
        lines = f"{source.source} = {_list(named[0].fields)}".split("\n")
        yield from (f"# {line}" if unknown else line for line in lines)
    elif named:
        yield f"# {source.source}: files have different fields, see their headers above. Locally"
        yield "# each file's header decides; a table has one list, its files a prefix of their own."
    for columns, shape in counted.items() if not named else ():
        yield f"# {source.source}: {columns} columns and no header: which fields these are, no file"
        yield f"# tells. Name them; `lakehunt show {source.source}` has all, in their order."
        yield f"# {source.source} = []"
        for number, cell in enumerate(shape.row, start=1):
            yield f"# {number:4}  {for_terminal(cell[:_CELL_WIDTH])}"


def _athena(discovery: Discovery) -> Iterator[str]:
    yield "# [athena]  # for --engine athena; docs/deploy.md"
    yield '# results = "s3://.../athena/"'
    if discovery.region:
        yield f"# region = {_text(discovery.region)}"


def _commonest(source: FoundSource) -> Shape:
    return max(source.shapes, key=lambda shape: source.shapes[shape])


def _values(sources: Iterable[FoundSource], column: str) -> list[str]:
    told = {value for one in sources for value in one.values.get(column, ())}
    return sorted(told)


def _day(day: date) -> str:
    return day.isoformat()


def _list(values: Iterable[str]) -> str:
    """Return a list, on several lines where it is long."""
    texts = [_text(value) for value in values]
    line = ", ".join(texts)
    if len(line) <= _WIDTH:
        return f"[{line}]"
    rows = [""]
    for text in texts:
        if rows[-1] and len(rows[-1]) + len(text) > _WIDTH:
            rows.append("")
        rows[-1] += f" {text},"
    return "[\n" + "".join(f"   {row}\n" for row in rows) + "]"


def _text(value: str) -> str:
    """Return a basic string of TOML, hidden characters written out."""
    return '"' + "".join(_character(one) for one in value) + '"'


def _character(one: str) -> str:
    if one in '"\\':
        return f"\\{one}"
    category = unicodedata.category(one)
    if category == "Cs":
        return "\\uFFFD"
    return f"\\U{ord(one):08X}" if category in HIDDEN else one
