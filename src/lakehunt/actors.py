"""Says who acts in a lake where nobody has the name that was asked for.

Knows the engine protocol. `cli` asks it where a run that names actors found nothing: a name that
is written in another way must not pass for one that did nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from lakehunt.engines.base import Engine, Limits, Progress, Run
from lakehunt.model import Param, Result, ValueType, Window
from lakehunt.render.neutral import for_terminal
from lakehunt.render.words import counted
from lakehunt.sql.compile import Draft

_MOST = 3
_NAME = {"name": Param("name", ValueType.TEXT)}
_LIKE = (
    "SELECT actor, count(DISTINCT event_id) AS events FROM {source}"
    " WHERE strpos(lower(actor), lower(:name)) > 0 GROUP BY 1 ORDER BY 2 DESC, 1"
)


def missing_actors(
    engine: Engine,
    actors: Sequence[str],
    run: Run,
    window: Window | None,
    limits: Limits,
    progress: Progress,
) -> Iterable[str]:
    """Yield a line for each actor that no event has, with those there are whose name holds it.

    Asked are the sources of which a run has read anything.

    Raises:
        LakehuntError: the lake cannot be read any more.
    """
    sources = [account.source for account in run.accounts if account.files_read]
    drafts = {
        actor: [
            Draft(f"{source} {actor}", _LIKE.format(source=source), _NAME, {"name": actor})
            for source in sources
        ]
        for actor in actors
    }
    asked = [draft for own in drafts.values() for draft in own]
    told = engine.run(asked, window, replace(limits, max_rows=None, all_time=True), progress)
    for actor, own in drafts.items():
        rows = [row for draft in own for row in _rows(told, draft)]
        if actor not in [row["actor"] for row in rows]:
            yield _line(actor, [f"{row['actor']} ({_events(row)})" for row in rows])


def _rows(told: Run, draft: Draft) -> list[dict[str, object]]:
    result = told.results[draft.name]
    return result.rows() if isinstance(result, Result) else []


def _events(row: dict[str, object]) -> str:
    return counted(int(str(row["events"])), "event")


def _line(actor: str, near: Sequence[str]) -> str:
    shown = ", ".join(map(for_terminal, near[:_MOST]))
    more = f" and {len(near) - _MOST:,} more" if len(near) > _MOST else ""
    there = f"; there is {shown}{more}" if near else ", nor one whose name holds that"
    return f"no event has the actor {for_terminal(actor)}{there}"
