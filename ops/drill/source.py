"""The events that a drill is made with: read from a site, at one moment, into files; nothing is written there.

Events alone are copied: views, tree, checkpoints and anchors are made from them anew. So are keys, which are never
read, and what no verification looks at (API keys, answers, requests) stays where it is.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import asyncpg

from ledger.errors import OperationFailed, ResourceNotFound
from ledger.ids import Site
from ledger.limits import DRILL_EVENTS_MIN
from projections.visible_text import visible

COLUMNS = ("site", "position", "stream", "version", "type", "recorded_at", "event_id", "leaf", "body")

_SITE = "SELECT live, position FROM ledger.site JOIN ledger.head USING (site) WHERE site = $1"
_COUNT = "SELECT count(*) FROM ledger.event WHERE site = $1 AND position <= $2"
_EVENTS = """
SELECT site, position, stream, version, type, recorded_at, event_id, leaf, body
FROM ledger.event
WHERE site = $1 AND position > $2 AND position <= $3
ORDER BY position
"""


class DrillImpossible(OperationFailed):
    """The site cannot be drilled with."""


@dataclass(frozen=True, slots=True)
class Stages:
    """The sizes at which the log of the copy is signed.

    It is anchored at the first three; a backup is taken at the first; what follows the third is in no anchor.
    """

    backup: int
    middle: int
    anchored: int
    size: int

    @classmethod
    def of(cls, size: int) -> "Stages":
        """Of a log of so many events."""
        return cls(size // 2, size * 3 // 4, size - size // 8, size)

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """From the smallest to the largest."""
        return self.backup, self.middle, self.anchored, self.size

    @property
    def unanchored(self) -> range:
        """Positions that no anchor covers."""
        return range(self.anchored + 1, self.size + 1)


@dataclass(frozen=True, slots=True)
class Copied:
    """The first events of a site, in one file for each stage, in the binary form of COPY."""

    site: Site
    live: bool
    stages: Stages
    files: tuple[Path, ...]


async def copy_out(pool: asyncpg.Pool, site: Site, events_max: int, folder: Path) -> Copied:
    """Copy the first events of a site into files.

    Raises:
        ResourceNotFound: there is no such site.
        DrillImpossible: it has too few events, or they have gaps.
    """
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        known = await connection.fetchrow(_SITE, site)
        if known is None:
            raise ResourceNotFound(f"There is no site {visible(site)}.")
        stages = Stages.of(min(known["position"], events_max))
        if stages.size < DRILL_EVENTS_MIN:
            raise DrillImpossible(
                f"The site {site} has {known['position']} events, and a drill needs {DRILL_EVENTS_MIN}: "
                "without --site it makes a sample."
            )
        if await connection.fetchval(_COUNT, site, stages.size) != stages.size:
            raise DrillImpossible(f"The log of {site} has gaps as it is: see `order-ledger verify --full`.")
        files = []
        for after, until in pairwise((0, *stages.sizes)):
            files.append(folder / f"events-{until}.copy")
            await connection.copy_from_query(_EVENTS, site, after, until, output=files[-1], format="binary")
    return Copied(site, known["live"], stages, tuple(files))
