"""What a deployment would change, as a value to print and to test.

Knows the stack and what an account was found to hold, not AWS. `account` reads what is compared
here and acts on the outcome.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from lakehunt.deploy.catalog import CatalogTable
from lakehunt.deploy.resources import Kind, Resource, content, fingerprint, kind_of
from lakehunt.deploy.stack import Stack

_SHOWN = 8
_WIDTH = 60


class Action(StrEnum):
    """What is to be done with a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    UNCHANGED = "unchanged"
    DRIFTED = "drifted"


@dataclass(frozen=True, slots=True)
class Found:
    """A resource that is in the account.

    `mark` is the fingerprint of what lakehunt deployed last, empty where it deployed nothing.
    `id` is what AWS calls the resource where names are not unique.
    """

    resource: Resource
    mark: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done with one resource, and why in words."""

    action: Action
    resource: Resource
    details: tuple[str, ...] = ()
    found: Found | None = None

    @property
    def kind(self) -> Kind:
        """Return what the resource is."""
        return kind_of(self.resource)

    def __str__(self) -> str:
        return f"{self.kind} {self.resource.name}"


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes of a stack, in the order in which they are made."""

    stack: Stack
    changes: tuple[Change, ...]

    @property
    def to_do(self) -> tuple[Change, ...]:
        """Return the changes that acting on the plan makes."""
        idle = (Action.UNCHANGED, Action.DRIFTED)
        return tuple(change for change in self.changes if change.action not in idle)

    @property
    def drifted(self) -> tuple[Change, ...]:
        """Return what somebody changed by hand; it is left alone unless that is asked for."""
        return tuple(change for change in self.changes if change.action is Action.DRIFTED)


def make_plan(
    stack: Stack, found: Mapping[tuple[Kind, str], Found], *, overwrite: bool = False
) -> Plan:
    """Return what makes an account hold a stack.

    Args:
        found: what the account holds under the names of the stack.
        overwrite: also put back what was changed by hand.
    """
    changes = (_change(r, _counterpart(r, found), overwrite) for r in stack.resources)
    return Plan(stack, tuple(changes))


def _counterpart(wanted: Resource, found: Mapping[tuple[Kind, str], Found]) -> Found | None:
    kinds = (Kind.TABLE, Kind.VIEW) if isinstance(wanted, CatalogTable) else (kind_of(wanted),)
    return next((found[kind, wanted.name] for kind in kinds if (kind, wanted.name) in found), None)


def _change(wanted: Resource, found: Found | None, overwrite: bool) -> Change:
    if found is None:
        return Change(Action.CREATE, wanted)
    ours = fingerprint(found.resource) == found.mark
    same_kind = kind_of(wanted) is kind_of(found.resource)
    if same_kind and content(wanted) == content(found.resource):
        return Change(Action.UNCHANGED, wanted, found=found)
    details = tuple(_differences(found.resource, wanted))
    if not ours and not overwrite:
        by = "changed by hand since" if found.mark else "not deployed by lakehunt"
        return Change(Action.DRIFTED, wanted, (by, *details), found)
    in_place = same_kind and _keys(wanted) == _keys(found.resource)
    return Change(Action.UPDATE if in_place else Action.REPLACE, wanted, details, found)


def _keys(resource: Resource) -> list[tuple[str, str]]:
    """Return partition columns, which no update can change."""
    keys = resource.keys if isinstance(resource, CatalogTable) else ()
    return [(key.name, key.type) for key in keys]


def _differences(there: Resource, wanted: Resource) -> Iterator[str]:
    if kind_of(there) is not kind_of(wanted):
        yield f"is a {kind_of(there)}"
        return
    old, new = content(there), content(wanted)
    for name in dict.fromkeys((*new, *old)):
        if name not in old:
            yield f"{name} is new"
        elif name not in new:
            yield f"{name} goes"
        elif old[name] != new[name]:
            yield f"{name}: {_short(old[name])} becomes {_short(new[name])}"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _WIDTH else flat[: _WIDTH - 3] + "..."


def plan_lines(plan: Plan) -> Iterator[str]:
    """Yield the plan for people: what changes with its details, then the counts."""
    counts = dict.fromkeys(Action, 0)
    for change in plan.changes:
        counts[change.action] += 1
        if change.action is Action.UNCHANGED:
            continue
        yield f"{change.action:9} {change}"
        details = change.details
        yield from (f"    {line}" for line in details[:_SHOWN])
        if len(details) > _SHOWN:
            yield f"    and {len(details) - _SHOWN} more"
    yield ", ".join(f"{count} {action}" for action, count in counts.items() if count)
