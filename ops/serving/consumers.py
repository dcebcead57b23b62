"""What follows the logs while the service runs: one worker does it for all."""

import logging
from pathlib import Path

import asyncpg
import msgspec

from ledger.consumer import Consumer
from ledger.limits import ANCHOR_PAUSE_S
from ledger.transparency.anchor_file import AnchorFiles
from ledger.transparency.anchors import Anchoring, AnchorPlace, FilePlace
from ledger.transparency.checkpointer import Checkpointer
from ledger.transparency.fork_guard import ForkGuard
from ledger.transparency.signing_keys import KeyFolder
from ops.serving.http_anchor import HttpPlace
from projections.changes.index import ChangeIndex
from projections.past.consumer import OrderVersions
from projections.search.consumer import OrderWords
from projections.webhooks.planner import DeliveryPlanner

log = logging.getLogger("order-ledger")


class Signing(msgspec.Struct, frozen=True, kw_only=True):
    """Where keys and anchors are: folders, URLs, and how often an anchor is taken, in seconds."""

    keys_dir: str
    anchors_dir: str
    anchor_urls: tuple[str, ...] = ()
    anchor_pause_s: float = ANCHOR_PAUSE_S

    @property
    def keys(self) -> KeyFolder:
        """The folder with the keys."""
        return KeyFolder(Path(self.keys_dir))

    @property
    def anchors(self) -> AnchorFiles:
        """The folder with the anchor files."""
        return AnchorFiles(Path(self.anchors_dir))


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


def anchoring(pool: asyncpg.Pool, signing: Signing) -> Anchoring:
    """What carries checkpoints out of the database."""
    places: list[AnchorPlace] = [FilePlace(signing.anchors), *map(HttpPlace, signing.anchor_urls)]
    return Anchoring(pool, places, pause_s=signing.anchor_pause_s)
