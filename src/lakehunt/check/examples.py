"""Short queries, from which each rule makes its bad and its good example.

Knows the form of a query file. The rules call it; their tests run the examples.
"""

from collections.abc import Mapping

from lakehunt.content import HEADER_FENCE

BOUNDS = "event_time >= :since AND event_time < :until"
ROW = {
    "event_time": "timestamp",
    "account_id": "text",
    "region": "text",
    "actor": "text",
    "source_ip": "text",
    "event_name": "text",
    "target": "text",
    "outcome": "text",
    "event_id": "text",
    "log_file": "text",
}
SPREAD = {**ROW, "last_event_time": "timestamp", "event_count": "integer", "log_files": "texts"}
del SPREAD["log_file"]


def select(columns: str, more: str = "") -> str:
    """Return a bounded query of some columns."""
    return f"SELECT {columns}\nFROM cloudtrail\nWHERE {BOUNDS}{more}"


def headed(
    sql: str, columns: Mapping[str, str], params: str = "{}", sources: str = "cloudtrail"
) -> str:
    """Return the file of an investigation."""
    return _file("kind: investigation", sql, columns, params, sources)


def detection(sql: str, columns: Mapping[str, str], params: str = "{}") -> str:
    """Return the file of a detection."""
    more = (
        "kind: detection\nseverity: low\nattack: [T1078]\nstage: initial access\n"
        "group_by: [actor]\nmisses: [x]\nnext: x"
    )
    return _file(more, sql, columns, params, "cloudtrail")


def _file(kind: str, sql: str, columns: Mapping[str, str], params: str, sources: str) -> str:
    promised = ", ".join(f"{name}: {type_}" for name, type_ in columns.items())
    header = (
        f"title: x\n{kind}\nstatus: draft\nversion: 1\nsources: [{sources}]\nquestion: x?\n"
        f"params: {params}\ncolumns: {{{promised}}}"
    )
    lines = "\n".join(f"-- {line}" for line in header.splitlines())
    return f"{HEADER_FENCE}\n{lines}\n{HEADER_FENCE}\n{sql}"


def spread(having: str) -> str:
    """Return the SQL of an aggregate detection with a threshold."""
    plain = ("account_id", "region", "source_ip", "event_name", "target", "outcome")
    items = {
        **{name: f"MIN({name})" for name in ("event_time", *plain)},
        "actor": "actor",
        "event_id": "CAST(NULL AS varchar)",
        "last_event_time": "MAX(event_time)",
        "event_count": "COUNT(DISTINCT event_id)",
        "log_files": "SLICE(ARRAY_AGG(DISTINCT log_file), 1, 20)",
    }
    return select(
        ", ".join(f"{items[name]} AS {name}" for name in SPREAD),
        f"\nGROUP BY actor\nHAVING {having}",
    )
