"""The rule that holds a query of a pivot to the shape of its part.

Knows the parts of a pivot's answer and their columns, no query.
"""

from collections.abc import Iterable, Mapping

from lakehunt.check.checked import Checked, Mark, Rule
from lakehunt.check.examples import headed, select
from lakehunt.model import Part, ValueType

_TEXT, _COUNT, _TIME = ValueType.TEXT, ValueType.INTEGER, ValueType.TIMESTAMP
_SPAN = {"first_event_time": _TIME, "last_event_time": _TIME, "event_count": _COUNT}
# The columns that a query of a part returns at least; without one `ask` promises nothing.
_SHAPES: Mapping[Part, Mapping[str, ValueType]] = {
    Part.NAMES: {
        "kind": _TEXT,
        "kind_name": _TEXT,
        "access_key_id": _TEXT,
        "event_count": _COUNT,
    },
    Part.LINKS: {"access_key_id": _TEXT, "issued_access_key_id": _TEXT},
    Part.SIBLINGS: {"actor": _TEXT, "access_key_id": _TEXT, **_SPAN},
    Part.SAME: {"same_kind": _TEXT, "same_name": _TEXT, "told_by": _TEXT, **_SPAN},
    Part.COVERAGE: {"shows": _TEXT, "event_count": _COUNT},
    Part.ORIGINS: {
        "issued_access_key_id": _TEXT,
        "access_key_id": _TEXT,
        "actor": _TEXT,
        "issued_to": _TEXT,
        "event_name": _TEXT,
        "first_event_time": _TIME,
    },
    Part.PROFILE: {
        "relation": _TEXT,
        "facet": _TEXT,
        "facet_value": _TEXT,
        **_SPAN,
        "denied_count": _COUNT,
        "failed_count": _COUNT,
        "value_count": _COUNT,
    },
    Part.CREATED: {
        "event_time": _TIME,
        "event_name": _TEXT,
        "created_kind": _TEXT,
        "created_name": _TEXT,
        "clean_up_state": _TEXT,
        "removed_time": _TIME,
        "removed_by": _TEXT,
    },
    Part.EVENTS: {"event_time": _TIME, "event_id": _TEXT},
    Part.ASK: {},
}


def pivot_shape(checked: Checked) -> Iterable[Mark]:
    """Yield the columns that a query of a pivot lacks, or has of another type."""
    if checked.header is None or checked.header.pivot is None:
        return
    part = checked.header.pivot.part
    wrong = (
        f"{name} ({type_})"
        for name, type_ in _SHAPES[part].items()
        if checked.header.columns.get(name) is not type_
    )
    missing = ", ".join(wrong)
    if missing:
        yield Mark(f"a query for `pivot: {{part: {part}}}` returns {missing} too")


def _linked(sql: str, columns: Mapping[str, str]) -> str:
    return headed(sql, columns).replace("version: 1\n", "version: 1\n-- pivot: {part: links}\n")


_KEYS = "access_key_id, issued_access_key_id"

RULES = (
    Rule(
        "pivot-shape",
        "A pivot lays the answers of all sources together: each part has its columns.",
        _linked(select("access_key_id"), {"access_key_id": "text"}),
        _linked(select(_KEYS), dict.fromkeys(_KEYS.split(", "), "text")),
        pivot_shape,
    ),
)
