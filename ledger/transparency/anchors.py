"""Carries checkpoints to places outside the database, after they were committed; never in anybody's way.

Each place has a task of its own: from time to time it is handed the last checkpoint of every site that it lacks. What
fails is tried again a few times, then counted and left until the next round, which brings a later checkpoint anyway.
After a kill a place may be handed the same checkpoint twice; places must not mind.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

import asyncpg

from ledger.errors import OperationFailed
from ledger.ids import Site, system_clock_ms
from ledger.limits import ANCHOR_ATTEMPTS_MAX, ANCHOR_PAUSE_S, ANCHOR_RETRY_S
from ledger.probe import NO_PROBE, Probe
from ledger.sql import query
from ledger.transparency.anchor_file import AnchorFiles, AnchorLine
from ledger.transparency.checkpoint_store import CheckpointStore, StoredAnchor

log = logging.getLogger(__name__)


class AnchorFailed(OperationFailed):
    """A place did not take a checkpoint."""


class AnchorPlace(Protocol):
    """Keeps checkpoints where the ledger's database does not reach. ``name`` is shown to everybody: no secrets."""

    name: str

    async def keep(self, site: Site, size: int, note: bytes) -> None:
        """Keep a checkpoint for good; once more is no harm.

        Raises:
            AnchorFailed: it is not kept, and why.
        """


class FilePlace:
    """The anchor files: always there."""

    name = "file"

    def __init__(self, files: AnchorFiles, clock_ms: Callable[[], int] = system_clock_ms) -> None:
        self._files = files
        self._clock_ms = clock_ms

    async def keep(self, site: Site, size: int, note: bytes) -> None:
        """Add it to the site's file, unless it is there."""
        line = AnchorLine(self._clock_ms(), size, note.decode())
        try:
            last = await asyncio.to_thread(self._files.append, site, line)
        except OSError as error:
            raise AnchorFailed(f"{self._files.path_of(site)} cannot be written: {error.strerror}.") from error
        if last.size > size:
            raise AnchorFailed(
                f"{self._files.path_of(site)} has a checkpoint of size {last.size}, and the database none above {size}."
            )


class Anchoring:
    """Hands checkpoints to places until cancelled.

    Args:
        pause_s: between two rounds; events that came since the last one are covered by no anchor yet.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        places: Sequence[AnchorPlace],
        *,
        pause_s: float = ANCHOR_PAUSE_S,
        retry_s: float = ANCHOR_RETRY_S,
        clock_ms: Callable[[], int] = system_clock_ms,
        probe: Probe = NO_PROBE,
    ) -> None:
        self._pool = pool
        self._probe = probe
        self._places = places
        self._pause_s = pause_s
        self._retry_s = retry_s
        self._clock_ms = clock_ms
        self.failures: Counter[str] = Counter()

    async def run(self) -> None:
        """Go on for ever; each place in its own time."""
        async with asyncio.TaskGroup() as tasks:
            for place in self._places:
                tasks.create_task(self._serve(place))

    async def round(self, place: AnchorPlace) -> None:
        """Hand a place the checkpoints that it lacks; ends early when it fails."""
        try:
            for row in await self._pool.fetch(query("checkpoints_to_anchor"), place.name):
                await self._hand(place, Site(row["site"]), row["size"], row["note"])
        except AnchorFailed as failed:
            self._note_failure(place)
            log.warning("anchor %s failed (%d times by now): %s", place.name, self.failures[place.name], failed.reason)
        except Exception as error:
            # The database is away, or something nobody foresaw: the next round may go well.
            self._note_failure(place)
            log.warning("anchor %s: checkpoints cannot be handed over: %r", place.name, error)

    def _note_failure(self, place: AnchorPlace) -> None:
        self.failures[place.name] += 1
        self._probe.anchor_failed(place.name)

    async def _serve(self, place: AnchorPlace) -> None:
        while True:
            await self.round(place)
            await asyncio.sleep(self._pause_s)

    async def _hand(self, place: AnchorPlace, site: Site, size: int, note: bytes) -> None:
        for attempt in range(1, ANCHOR_ATTEMPTS_MAX + 1):
            try:
                await place.keep(site, size, note)
                break
            except AnchorFailed:
                if attempt == ANCHOR_ATTEMPTS_MAX:
                    raise
                await asyncio.sleep(self._retry_s * 2 ** (attempt - 1))
        anchor = StoredAnchor(place=place.name, size=size, anchored_at=self._clock_ms())
        await CheckpointStore(self._pool, site).put_anchor(anchor)
