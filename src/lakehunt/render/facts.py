"""Shows a dossier as its JSON object, and as one row per fact for tables.

Knows the model, not how it was come by. `cli` calls it.
"""

from collections.abc import Iterator, Mapping

from lakehunt.model import COMMON_COLUMNS, Dossier, Hop, Part, PivotKind
from lakehunt.model.dossiers import Row
from lakehunt.render.findings import finding_value
from lakehunt.render.neutral import plain

EVENT_COLUMNS = (*COMMON_COLUMNS, "relation", "access_key_id", "user_agent")
_TOLD = (
    Part.PROFILE,
    Part.ORIGINS,
    Part.SIBLINGS,
    Part.SAME,
    Part.CREATED,
    Part.COVERAGE,
)


def dossier_value(dossier: Dossier) -> dict[str, object]:
    """Return a dossier as its JSON object."""
    subject, chain = dossier.subject, dossier.chain
    return {
        "value": subject.value.text,
        "kind": subject.kind,
        "full_names": subject.full_names,
        "may_be": dict(subject.others),
        "occurs": dossier.occurs,
        "chain": {
            "held": chain.held,
            "issued": [_hop(hop) for hop in chain.issued],
            "issuers": [_hop(hop) for hop in chain.issuers],
            "left_out": chain.left_out,
        },
        **{part: dossier.parts[part] for part in _TOLD},
        "findings": [finding_value(finding) for finding in dossier.findings],
        "failures": {failure.query_id: failure.message for failure in dossier.failures},
    }


def _hop(hop: Hop) -> Mapping[str, object]:
    return {"access_key_id": hop.key, "via": hop.via, "depth": hop.depth}


def fact_rows(dossier: Dossier) -> Iterator[dict[str, object]]:
    """Yield a dossier as one row per fact, all with the same columns."""
    for row in dossier.parts[Part.PROFILE]:
        yield _fact(Part.PROFILE, row["relation"], row["facet"], row["facet_value"], row)
    for row in dossier.parts[Part.ORIGINS]:
        detail = f"{row['actor']}: {row['event_name']} of {row['issued_to']}"
        yield _fact(
            Part.ORIGINS, "chain", PivotKind.ACCESS_KEY, row["issued_access_key_id"], row, detail
        )
    for row in dossier.parts[Part.SIBLINGS]:
        yield _fact(
            Part.SIBLINGS, "sibling", PivotKind.ACCESS_KEY, row["access_key_id"], row, row["actor"]
        )
    for row in dossier.parts[Part.SAME]:
        yield _fact(Part.SAME, "same", row["same_kind"], row["same_name"], row, row["told_by"])
    for row in dossier.parts[Part.CREATED]:
        yield _fact(
            Part.CREATED,
            row["clean_up_state"],
            row["created_kind"],
            row["created_name"],
            {"first_event_time": row["event_time"], "last_event_time": row["removed_time"]},
            row["event_name"],
        )
    for row in dossier.parts[Part.COVERAGE]:
        yield _fact(Part.COVERAGE, None, None, row["shows"], row)
    for finding in dossier.findings:
        value = finding_value(finding)
        yield _fact("finding", finding.query.severity, finding.query.id, finding.query.title, value)


def _fact(
    part: str, relation: object, facet: object, value: object, row: Row, detail: object = None
) -> dict[str, object]:
    columns = ("first_event_time", "last_event_time", "event_count", "denied_count", "failed_count")
    return {
        "part": part,
        "relation": relation,
        "facet": facet,
        "value": value,
        **{column: plain(row.get(column)) for column in columns},
        "detail": detail,
    }
