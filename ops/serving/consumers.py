"""What follows the logs while the service runs: the background process does it for all."""

import logging

import asyncpg

from ledger.consumer import Consumer
from ledger.probe import NO_PROBE, Probe
from ledger.transparency.anchors import Anchoring, AnchorPlace, FilePlace
from ledger.transparency.checkpointer import Checkpointer
from ledger.transparency.fork_guard import ForkGuard
from ops.serving.configuration import Signing
from ops.serving.http_anchor import HttpPlace
from projections.changes.index import ChangeIndex
from projections.past.consumer import OrderVersions
from projections.search.consumer import OrderWords
from projections.webhooks.planner import DeliveryPlanner

log = logging.getLogger("order-ledger")


def consumers(signing: Signing) -> tuple[Consumer, ...]:
    """One of each, ready to be run."""
    return (
        Checkpointer(signing.keys, ForkGuard(signing.keys, signing.anchors)),
        ChangeIndex(),
        OrderVersions(),
        DeliveryPlanner(),
        OrderWords(),
    )


async def tell_of_older_database(pool: asyncpg.Pool, signing: Signing) -> None:
    """Say at once, and not with the next event, that a database is older than what was signed."""
    try:
        await ForkGuard(signing.keys, signing.anchors).tell_of_older_database(pool)
    except Exception as error:
        # The checkpointer says the same with the next event.
        log.warning("what was signed was not compared with the logs: %r", error)


def anchoring(pool: asyncpg.Pool, signing: Signing, probe: Probe = NO_PROBE) -> Anchoring:
    """What carries checkpoints out of the database."""
    places: list[AnchorPlace] = [FilePlace(signing.anchors), *map(HttpPlace, signing.anchor_urls)]
    return Anchoring(pool, places, pause_s=signing.anchor_pause_s, probe=probe)
