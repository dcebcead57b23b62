"""Whether a new checkpoint may be signed: it must continue every checkpoint that is known to have been signed.

A log that signs two histories has proven nothing. That happens without any malice: a database is restored to an
earlier time, writes go on, and the next checkpoints contradict those that others have kept. So what is known of the
past comes from three places, of which two are not in the database: the memory beside the keys, the last line of the
anchor file, and the checkpoints in the database itself.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ledger.errors import OperationFailed
from ledger.ids import Site
from ledger.merkle.checkpoint import Checkpoint, OpenedCheckpoint
from ledger.merkle.faults import AheadOfLog, Fault
from ledger.merkle.proof import consistency_nodes, prove_consistency
from ledger.merkle.verify import opened_or_fault
from ledger.merkle.verify_proof import check_growth
from ledger.sql import query
from ledger.transparency.anchor_file import AnchorFiles
from ledger.transparency.checkpoint_store import CheckpointStore
from ledger.transparency.signing_hold import held_because
from ledger.transparency.signing_keys import KeyFolder, LogKeys
from ledger.transparency.tile_store import TileStore

NEW = "checkpoint that would be signed now"
_REMEMBERED = "checkpoint that is remembered beside the keys"

log = logging.getLogger(__name__)


class SigningRefused(OperationFailed):
    """A checkpoint is not signed, because it would contradict one that was signed before."""

    def __init__(self, site: Site, fault: Fault) -> None:
        self.fault = fault
        super().__init__(f"Nothing is signed any more for site {site}: {fault.sentence}")


@dataclass(frozen=True, slots=True)
class Signed:
    """A note that was signed earlier. ``source`` says in words where it is kept."""

    source: str
    note: bytes


class ForkGuard:
    """Knows what was signed before.

    Args:
        keys: the folder with the keys.
        anchors: the folder with the anchor files.
    """

    def __init__(self, keys: KeyFolder, anchors: AnchorFiles) -> None:
        self._keys = keys
        self._anchors = anchors

    def kept_outside(self, site: Site) -> list[Signed]:
        """The last notes that are not in the database."""
        found = []
        if note := self._keys.last_signed(site):
            found.append(Signed(_REMEMBERED, note))
        if line := self._anchors.last(site):
            found.append(Signed(f"anchor in {self._anchors.path_of(site)}", line.note.encode()))
        return found

    async def tell_of_older_database(self, pool: Any) -> None:
        """Say in the log file which sites have fewer events than were signed, and whether the keys are held back:
        an older database was restored.
        """
        if reason := held_because(self._keys.path):
            log.error("Nothing will be signed with the keys in %s: %s", self._keys.path, reason)
        for row in await pool.fetch(query("list_sites")):
            signed = self._keys.signed_size(Site(row["site"]))
            if signed > row["position"]:
                fault = AheadOfLog(_REMEMBERED, signed, row["position"])
                log.error("Nothing will be signed for site %s: %s", row["site"], fault.sentence)

    async def check(self, connection: Any, site: Site, size: int, root: bytes) -> None:
        """Let a tree be signed that continues all that was signed; its tiles must be stored.

        Raises:
            SigningRefused: it does not, or what was signed was signed by other keys than those of the folder.
        """
        known = self.kept_outside(site)
        if stored := await CheckpointStore(connection, site).latest():
            known.append(Signed("last checkpoint in the database", stored.note))
        keys = self._keys.keys(site)
        new = Checkpoint(keys.origin, size, root)
        tiles = TileStore(connection, site)
        for older in _by_size(known, keys, site):
            nodes = consistency_nodes(older.size, size) if older.size <= size else []
            read = await tiles.nodes(nodes, size)
            proof = prove_consistency(older.size, size, read) if older.size <= size else []
            if fault := check_growth(older, new, proof, source=NEW):
                raise SigningRefused(site, fault)


def _by_size(known: Iterable[Signed], keys: LogKeys, site: Site) -> list[Checkpoint]:
    """The checkpoints of the notes, each once: mostly it is the same note in several places."""
    found: dict[tuple[int, bytes], Checkpoint] = {}
    for signed in known:
        opened = opened_or_fault(signed.note, source=signed.source, origin=keys.origin, keys=keys.verifiers)
        if not isinstance(opened, OpenedCheckpoint):
            raise SigningRefused(site, opened)
        found[opened.checkpoint.size, opened.checkpoint.root] = opened.checkpoint
    return [found[key] for key in sorted(found, reverse=True)]
