"""Writes problems with files: as lines, JSON, SARIF and GitHub's workflow commands.

Knows plain values, not what finds a problem. `check` on the command line calls it.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from lakehunt import __version__
from lakehunt.render.neutral import for_json, for_terminal

FORMATS = ("table", "json", "sarif", "github")
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True, slots=True)
class Fault:
    """One problem: the rule that found it, where, and what; column 0 is unknown."""

    rule: str
    path: str
    line: int
    column: int
    message: str


Reasons = Mapping[str, str]


def render(format_: str, faults: Sequence[Fault], reasons: Reasons) -> str:
    """Return problems in one of the formats; `reasons` tells for each rule why it is there."""
    return _WRITERS[format_](faults, reasons)


def _table(faults: Iterable[Fault], reasons: Reasons) -> str:
    return "".join(f"{for_terminal(_line(fault))}\n" for fault in faults)


def _line(fault: Fault) -> str:
    column = f":{fault.column}" if fault.column else ""
    return f"{fault.path}:{fault.line}{column}: {fault.message} [{fault.rule}]"


def _json(faults: Iterable[Fault], reasons: Reasons) -> str:
    return _dumped([asdict(fault) | {"column": fault.column or None} for fault in faults])


def _dumped(document: object) -> str:
    return for_json(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def _sarif(faults: Sequence[Fault], reasons: Reasons) -> str:
    """Return a log of SARIF 2.1.0 (OASIS standard of 2020-03-27) with one run."""
    ids = sorted({*reasons, *(fault.rule for fault in faults)})
    rules = [{"id": id_, "shortDescription": {"text": reasons.get(id_, id_)}} for id_ in ids]
    driver = {"name": "lakehunt", "version": __version__, "rules": rules}
    results = [_result(fault, ids.index(fault.rule)) for fault in faults]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return _dumped({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _result(fault: Fault, index: int) -> Mapping[str, object]:
    region = {"startLine": fault.line}
    if fault.column:
        region["startColumn"] = fault.column
    place = {"artifactLocation": {"uri": _uri(fault.path)}, "region": region}
    return {
        "ruleId": fault.rule,
        "ruleIndex": index,
        "level": "error",
        "message": {"text": for_terminal(fault.message)},
        "locations": [{"physicalLocation": place}],
    }


def _uri(path: str) -> str:
    return Path(path).as_uri() if Path(path).is_absolute() else quote(Path(path).as_posix())


def _github(faults: Iterable[Fault], reasons: Reasons) -> str:
    return "".join(f"{_command(fault)}\n" for fault in faults)


def _command(fault: Fault) -> str:
    """Return a workflow command. Source: GitHub, "Workflow commands" (read 2026-11-23)."""
    places = {"file": fault.path, "line": str(fault.line), "title": fault.rule}
    if fault.column:
        places["col"] = str(fault.column)
    listed = ",".join(f"{name}={_property(value)}" for name, value in places.items())
    return f"::error {listed}::{_data(fault.message)}"


def _data(text: str) -> str:
    escaped = for_terminal(text).replace("%", "%25")
    return escaped.replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


_WRITERS: Mapping[str, Callable[[Sequence[Fault], Reasons], str]] = {
    "table": _table,
    "json": _json,
    "sarif": _sarif,
    "github": _github,
}
