"""Plays a script: ordinary events spread over its days by each actor's rhythm, and the attack.

Knows scripts and the writer, no log source. `lake` calls it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate
from operator import itemgetter
from random import Random

from lakehunt.demo.holes import Filler, Outline, escaped
from lakehunt.demo.script import Actor, Attack, Ordinary, Step
from lakehunt.model import Record, Source
from lakehunt.writer import LogRecord, expand, written_time

_HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class _Act:
    """A deed made ready: typed by the writer once, because 50,000 times takes too long."""

    rhythm: tuple[float, ...]
    members: tuple[Mapping[str, str], ...]
    outline: Outline
    unique: tuple[str, ...]
    folder: Mapping[str, str]


def ordinary_records(
    source: Source, ordinary: Ordinary, events: int, random: Random
) -> Iterator[LogRecord]:
    """Yield that many ordinary records in order of time.

    Raises:
        ContentError: a record does not fit the table, or a hole is filled by nothing.
    """
    acts: list[_Act] = []
    weights: list[float] = []
    for actor in ordinary.actors:
        total = sum(deed.weight for deed in actor.deeds)
        acts += _acts(source, actor, ordinary.first_day)
        weights += (actor.weight * deed.weight / total for deed in actor.deeds)
    time = source.partitions.time
    filler = Filler(ordinary.pools, random)
    drawn = random.choices(acts, cum_weights=[*accumulate(weights)], k=events)
    timed = [(_moment(ordinary, act.rhythm, random), act) for act in drawn]
    for moment, act in sorted(timed, key=itemgetter(0)):
        fields = filler.fill(act.outline, moment, random.choice(act.members), act.unique)
        yield LogRecord(moment, {**fields, **written_time(time, moment)}, act.folder)


def _acts(source: Source, actor: Actor, start: datetime) -> Iterator[_Act]:
    members = tuple(
        {name: escaped(text) for name, text in member.items()} for member in actor.members
    )
    for deed in actor.deeds:
        [typed] = expand(source, [deed.fields], start, deed.location)
        outline = Outline(typed.fields, deed.location)
        yield _Act(actor.rhythm, members, outline, _unique(source, deed.fields), typed.folder)


def _unique(source: Source, given: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(name for name in source.partitions.unique if name not in given)


def _moment(ordinary: Ordinary, rhythm: tuple[float, ...], random: Random) -> datetime:
    day = random.randrange(ordinary.days)
    hour = random.choices(range(len(rhythm)), cum_weights=rhythm)[0]
    second = random.randrange(_HOUR_SECONDS)
    return ordinary.first_day + timedelta(days=day, hours=hour, seconds=second)


def attack_records(source: Source, attack: Attack, random: Random) -> Iterator[LogRecord]:
    """Yield the records of the attack, step by step; a step that repeats may overlap the next.

    Raises:
        ContentError: a record does not fit the table, or a hole is filled by nothing.
    """
    filler = Filler(attack.pools, random)
    moment = attack.start
    for step in attack.steps:
        moment += step.after
        entry, fields = _timed(step, moment)
        unique = _unique(source, fields)
        for record in expand(source, [entry], moment, step.location):
            outline = Outline(record.fields, step.location)
            filled = filler.fill(outline, record.event_time, {}, unique)
            yield replace(record, fields=filled)


def _timed(step: Step, moment: datetime) -> tuple[Record, Record]:
    """Return the entry with its time set, and the fields of its record alone."""
    record = step.entry.get("record")
    if isinstance(record, Mapping):
        fields = {**record, "at": moment.isoformat()}
        return {**step.entry, "record": fields}, fields
    fields = {**step.entry, "at": moment.isoformat()}
    return fields, fields
