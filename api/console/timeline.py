"""The line of time of an order: its versions as sentences, and what was refused between them."""

from collections.abc import Sequence
from dataclasses import dataclass

from projections.history.changes import Entry
from projections.history.sentences import sentence


@dataclass(frozen=True, slots=True)
class Step:
    """A version on the line of time; ``repeats`` are the versions before it that say the same, folded into it."""

    version: int
    position: int
    type: str
    sentence: str
    recorded_at: int
    actor: str
    source: str
    request_id: str
    method: str | None
    path: str | None
    repeats: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request about the order that changed nothing."""

    request_id: str
    recorded_at: int
    actor: str
    operation: str
    message: str
    status: int


def with_refusals(steps: Sequence[Step], refusals: Sequence[Refusal]) -> list[Step | Refusal]:
    """Both, the newest first."""
    both: list[Step | Refusal] = [*steps, *refusals]
    return sorted(both, key=lambda each: each.recorded_at)[::-1]


def the_steps(entries: Sequence[Entry]) -> list[Step]:
    """The versions, the oldest first; neighbours that say the same of the same actor are one."""
    steps: list[Step] = []
    for entry in entries:
        step = _step(entry)
        last = steps[-1] if steps else None
        if last and (last.sentence, last.actor, last.source) == (step.sentence, step.actor, step.source):
            steps[-1] = _step(entry, repeats=(last.version, *last.repeats))
        else:
            steps.append(step)
    return steps


def _step(entry: Entry, repeats: tuple[int, ...] = ()) -> Step:
    record, metadata = entry.record, entry.envelope.metadata
    return Step(
        version=record.version,
        position=record.position,
        type=record.type,
        sentence=sentence(entry.event, entry.before, entry.after),
        recorded_at=record.recorded_at,
        actor=metadata.actor,
        source=metadata.source,
        request_id=metadata.request_id,
        method=metadata.method,
        path=metadata.path,
        repeats=repeats,
    )
