"""Writes docs/trino-on-duckdb.md from the package's tables: `python -m scripts.docs`.

Run it from the project's folder. The page is generated whole; a test fails when it is stale.
"""

from __future__ import annotations

import ast
import collections
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from tests.battery import files, read
from tests.battery.known import KNOWN

from lakehunt.trino_on_duckdb import functions
from lakehunt.trino_on_duckdb.functions import Entry, How

PROJECT = Path(__file__).parent.parent
PACKAGE = PROJECT / "src" / "lakehunt" / "trino_on_duckdb"
PAGE = PROJECT / "docs" / "trino-on-duckdb.md"
MEANS = {
    How.NATIVE: "DuckDB's own function, or an expression of its functions",
    How.MACRO: "an SQL macro that puts right where DuckDB's function differs",
    How.PYTHON: "a Python function: exact, and slower on many rows",
    How.REWRITE: "another form of the query",
}
HEAD = """\
# Trino's SQL on DuckDB: what is supported

<!-- Written by `make docs` from the package's tables. Do not edit. -->

A query gives the rows that Trino gives, or Trino's error, or is refused with the reason; what is
known to differ stands at the end of this page. The judge is a real Trino {version}.

`COALESCE`, `NULLIF`, `CASE`, `IF`, `TRY`, `CAST`, `TRY_CAST`, `EXTRACT`, `AT TIME ZONE`, `LIKE`,
`IN`, `BETWEEN`, `EXISTS`, subscripts, lambdas, `UNNEST`, joins, set operations, grouping sets,
windows and CTEs are part of the language and not listed. For one query,
`translate(...).functions()` tells what each function became.
"""
JSON_LOGS = """\
## JSON in log files

The local engine reads JSON lines as Trino's readers of OpenX and Hive do. A number in a column of
text keeps its digits (`1.50`; OpenX writes `1e3` as `1E+3`), an object there is compact JSON, keys
are found without regard to case unless the table says otherwise, and of two keys for one column the
last counts. What DuckDB reads otherwise is looked for, and such a file is read again line by line.
What remains:

- Keys that come twice, or in another case than in the table, are looked for in the first record of
  a file, and of each MB of a CloudTrail document. Where only a later record has such, the first key
  counts and another spelling is not found, unless the file is read line by line for another reason.
  No AWS service is known to write such keys.
- Free-form parts of CloudTrail, such as `requestParameters`, are not as Trino's reader of OpenX has
  them but follow the source of a reader for CloudTrail's input format in Trino's repository: a
  fraction is a double (`1.50` is `1.5`), and two keys that differ in case stay two. As values of
  JSON they are the same. Athena's own text was not measured.
- A table with `dots.in.keys` is refused.
- Where Hive's reader ends the query because a value does not fit its column or a key comes twice,
  here the row stays.
"""
AREAS = (
    ("Forms of a query", ("syntax", "analyzer", "lowering/queries.py", "lowering/subqueries.py")),
    ("Expressions, casts and types", ("lowering",)),
    ("Arguments of functions", ("functions",)),
)
"""Where the reasons of refusals stand in the code, the first that fits."""
INTERNAL = ("a column is used where", "this form of call")
"""Reasons that no text is known to meet."""
NOT_REPRODUCED = "NOT_REPRODUCED: "


def page() -> str:
    """The whole page."""
    parts = [
        HEAD.format(version=_version()),
        _functions(),
        _refused_functions(),
        _refused_forms(),
        _section("How Trino's types are carried"),
        _section("Flavours"),
        JSON_LOGS,
        _battery(),
    ]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _version() -> str:
    text = (PROJECT / "tests" / "trino_live" / "server.py").read_text(encoding="utf-8")
    found = re.search(r'^VERSION = "(\d+)"', text, re.MULTILINE)
    assert found is not None
    return found[1]


def _code(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _functions() -> str:
    lines = ["## Functions", "", "By these means:", ""]
    lines += [f"- {how}: {text}" for how, text in MEANS.items() if _of(functions.ENTRIES, how)]
    for family in functions.FAMILIES:
        if any(entry.how is not How.REFUSED for entry in family.ENTRIES):
            lines += ["", *_family(family)]
    return "\n".join(lines)


def _of(entries: tuple[Entry, ...], how: How) -> list[str]:
    return sorted({entry.name for entry in entries if entry.how is how})


def _family(family: ModuleType) -> list[str]:
    said = " ".join((family.__doc__ or "").split("\n\n")[0].split())
    title, colon, rest = said.partition(": ")
    if not colon:
        title, rest = family.__name__.rpartition(".")[2].replace("_", " "), said
    lines = [f"### {title[:1].upper()}{title[1:]}", "", rest[:1].upper() + rest[1:], ""]
    return lines + [
        f"- {how}: {_code(names)}" for how in MEANS if (names := _of(family.ENTRIES, how))
    ]


def _refused_functions() -> str:
    works = {entry.name for entry in functions.ENTRIES if entry.how is not How.REFUSED}
    groups: dict[str, dict[str, list[str]]] = collections.defaultdict(dict)
    for entry in functions.ENTRIES:
        if entry.how is How.REFUSED:
            groups[entry.sql].setdefault(entry.name, []).append(", ".join(entry.arguments))
    lines = ["## Refused functions", "", "Where arguments are given, others work."]
    lines += ["", "| reason | functions |", "|---|---|"]
    for reason, names in groups.items():
        marked = [name if name not in works else _partly(name, names[name]) for name in names]
        lines.append(f"| {reason} | {_code(sorted(marked))} |")
    return "\n".join(lines)


def _partly(name: str, arguments: list[str]) -> str:
    return f"{name}({arguments[0] if len(arguments) == 1 else '...'})"


def _refused_forms() -> str:
    found: dict[str, set[str]] = {title: set() for title, _ in AREAS}
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        for title, starts in AREAS:
            if place.startswith(starts):
                found[title] |= set(_reasons(path))
                break
    told = "As the messages say it; *slanted* stands for what the query has."
    lines = ["## Refused forms", "", told]
    for title, reasons in found.items():
        lines += ["", f"### {title}", "", *(f"- {r}" for r in sorted(reasons, key=str.lower))]
    return "\n".join(lines)


def _reasons(path: Path) -> Iterator[str]:
    """The texts that a module refuses with, computed parts by their names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        text = _text(node.args[0])
        if name == "TrinoError" and text.startswith(NOT_REPRODUCED):
            text = text.removeprefix(NOT_REPRODUCED)
        elif name not in ("Refused", "refuse"):
            continue
        text = text.removesuffix(" yet").removesuffix(" here")
        text = re.sub(r" (is|are) not reproduced$", "", text)
        if re.search(r"\w{2}", re.sub(r"\*\w+\*", "", text)) and not text.startswith(INTERNAL):
            yield text


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value).replace("\\", r"\\")
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(v) for v in node.values)
    if isinstance(node, ast.FormattedValue):
        return _text(node.value)
    if isinstance(node, (ast.Name, ast.Attribute)):
        return f"*{node.id if isinstance(node, ast.Name) else node.attr}*"
    return "…"


def _section(title: str) -> str:
    """A section of the package's README."""
    text = (PACKAGE / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found is not None, title
    return found[0]


def _battery() -> str:
    counts = {path.stem: len(read(path)) for path in files()}
    topics = ", ".join(f"{topic} {count}" for topic, count in counts.items())
    lines = ["## Known differences", ""]
    lines += [f"The battery has {sum(counts.values())} queries ({topics})."]
    if not KNOWN:
        return "\n".join([*lines, "Each is answered as Trino did, or refused."])
    lines += ["Each is answered as Trino did, or refused, but for these:", ""]
    lines += ["| difference | query |", "|---|---|"]
    return "\n".join(
        lines + [f"| {reason} | `{sql.replace('|', chr(92) + '|')}` |" for sql, reason in _known()]
    )


def _known() -> list[tuple[str, str]]:
    return sorted(KNOWN.items(), key=lambda pair: (pair[1], pair[0]))


def main() -> None:
    """Writes the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
