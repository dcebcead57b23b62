"""How a site stands: how far its log and all that follows it have come, what cannot be read, what is being rebuilt, and
how far the log is signed and anchored. Nothing here is verified; that is ``order-ledger verify``.
"""

import asyncpg

from ledger.ids import Site, StreamId
from ledger.lags import lags
from ledger.requests import Requests
from ledger.store import Store
from ledger.transparency.checkpoint_store import CheckpointStore
from projections.order_document import Document
from projections.rebuild.folding import order_id_of
from projections.rebuild.parking import parked
from projections.rebuild.runs import Phase, Run, runs


class ConsumerDocument(Document, frozen=True, kw_only=True):
    """What follows the log. The first event that it has not come to was recorded at ``waiting_since_ms``."""

    name: str
    position: int
    behind: int
    waiting_since_ms: int | None = None


class ParkedOrderDocument(Document, frozen=True, kw_only=True):
    """An order that a view does not follow any more. ``position`` is of the first event that cannot be read."""

    order_id: str
    view: str
    position: int
    version: int
    reason: str
    parked_at_ms: int


class RebuildDocument(Document, frozen=True, kw_only=True):
    """A rebuild of a view, or a check. One that is ``lost`` was killed: it will not go on."""

    id: str
    view: str
    check_only: bool
    phase: Phase
    started_at_ms: int
    seen_at_ms: int
    events_read: int
    events_total: int
    events_per_s: int | None = None
    left_s: int | None = None
    differing: int
    ended_at_ms: int | None = None
    outcome: str | None = None


class CheckpointDocument(Document, frozen=True, kw_only=True):
    """The last checkpoint that was signed."""

    size: int
    signed_at_ms: int


class AnchorDocument(Document, frozen=True, kw_only=True):
    """The last checkpoint that was carried to a place outside the database."""

    place: str
    size: int
    anchored_at_ms: int


class HealthDocument(Document, frozen=True, kw_only=True):
    """``health``: times in milliseconds since 1970, by the clock of the service at ``now_ms``."""

    now_ms: int
    head: int
    consumers: tuple[ConsumerDocument, ...] = ()
    parked: tuple[ParkedOrderDocument, ...] = ()
    rebuilds: tuple[RebuildDocument, ...] = ()
    checkpoint: CheckpointDocument | None = None
    anchors: tuple[AnchorDocument, ...] = ()
    requests_not_kept: int
    object: str


async def site_health(pool: asyncpg.Pool, site: Site, now_ms: int) -> HealthDocument:
    """A site as it stands; each part of it a moment later than the one before."""
    checkpoints = CheckpointStore(pool, site)
    checkpoint = await checkpoints.latest()
    return HealthDocument(
        now_ms=now_ms,
        head=await Store(pool).head_position(site) or 0,
        consumers=tuple(
            ConsumerDocument(
                name=lag.name, position=lag.position, behind=lag.behind, waiting_since_ms=lag.waiting_since
            )
            for lag in await lags(pool, site)
        ),
        parked=tuple(
            ParkedOrderDocument(
                order_id=order_id_of(StreamId(each.stream)),
                view=each.projection,
                position=each.position,
                version=each.version,
                reason=each.reason,
                parked_at_ms=each.parked_at,
            )
            for each in await parked(pool, site)
        ),
        rebuilds=tuple(_rebuild(run, now_ms) for run in await runs(pool, site)),
        checkpoint=CheckpointDocument(size=checkpoint.size, signed_at_ms=checkpoint.signed_at) if checkpoint else None,
        anchors=tuple(
            AnchorDocument(place=each.place, size=each.size, anchored_at_ms=each.anchored_at)
            for each in await checkpoints.anchors()
        ),
        requests_not_kept=(await Requests(pool).not_kept(site)).count,
        object="health",
    )


def _rebuild(run: Run, now_ms: int) -> RebuildDocument:
    phase = run.phase(now_ms)
    return RebuildDocument(
        id=run.run,
        view=run.view,
        check_only=run.check_only,
        phase=phase,
        started_at_ms=run.started_at,
        seen_at_ms=run.seen_at,
        events_read=run.events_read,
        events_total=run.events_total,
        events_per_s=run.events_per_s,
        left_s=run.left_s if phase is Phase.RUNNING else None,
        differing=run.differing,
        ended_at_ms=run.ended_at,
        outcome=run.outcome,
    )
