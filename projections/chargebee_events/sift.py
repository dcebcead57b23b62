"""Finding the next events of a list that fit, from a source that has them in order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from projections.chargebee_events.query import Place

_FIRST_STEP = 200
_LONGER = 5
# What is looked up of so many events is some ten milliseconds of work, during which nobody else has a turn.
_STEP_MAX = 2_000


class Source(Protocol):
    """Places of events in the order of the list."""

    async def next(self, start: Place | None, limit: int) -> Sequence[Place]:
        """At most ``limit`` places behind one; fewer only where there are no more."""


class Check(Protocol):
    """Looks up what a source does not know."""

    async def fitting(self, places: Sequence[Place]) -> Sequence[Place]:
        """Those of some places whose events fit, in the same order."""


@dataclass(slots=True)
class Sifted:
    """What was found. ``stopped_at`` is how far it came, where that is neither the end nor as much as was wanted."""

    places: list[Place] = field(default_factory=list)
    stopped_at: Place | None = None


async def sift(source: Source, start: Place | None, check: Check, *, wants: int, looks: int) -> Sifted:
    """The first ``wants`` places behind one whose events fit, read in longer and longer steps.

    Args:
        looks: after so many events it ends, also without as many as are wanted: a page then holds less, and the next
            one goes on from there.
    """
    sifted = Sifted()
    looked, step = 0, min(max(_FIRST_STEP, wants), looks)
    while len(sifted.places) < wants:
        if looked >= looks:
            sifted.stopped_at = start
            break
        places = await source.next(start, step)
        sifted.places += await check.fitting(places)
        if len(places) < step:
            break
        start = places[-1]
        looked += step
        step = min(step * _LONGER, _STEP_MAX, max(1, looks - looked))
    del sifted.places[wants:]
    return sifted
