"""Proofs of a site's log, made from the tiles in the database and verified before they are handed out.

Each takes one query for the checkpoint, one for the tiles, and one for bodies where it has any.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ledger.envelope import RecordedEvent
from ledger.errors import OperationFailed, ParamWrongValue, ResourceNotFound
from ledger.ids import Position, Site, StreamId
from ledger.limits import PROOF_PAGE_EVENTS
from ledger.merkle.checkpoint import Checkpoint, OpenedCheckpoint
from ledger.merkle.faults import Fault, ProofFails
from ledger.merkle.limits import PROOF_FILE_EVENTS_MAX
from ledger.merkle.proof import consistency_nodes, inclusion_nodes, prove_consistency, prove_inclusion, verify_inclusion
from ledger.merkle.proof_file import EventProof, ProvenEvent, StreamProof, encode_proof
from ledger.merkle.verify import CHECKPOINT, opened_or_fault
from ledger.merkle.verify_proof import check_growth, check_proof
from ledger.sql import query
from ledger.store import Store
from ledger.transparency.checkpoint_store import CheckpointStore, StoredCheckpoint
from ledger.transparency.signing_keys import KeyFolder, LogKeys
from ledger.transparency.tile_store import TileStore

log = logging.getLogger(__name__)


class ProofRefused(OperationFailed):
    """What would be handed out does not verify: `order-ledger verify` says what is wrong with the log."""


class NotCoveredYet(ResourceNotFound):
    """No checkpoint covers this yet. One is signed about every second."""


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That a leaf stands at ``position - 1`` of the tree of a checkpoint. Hashes are 32 bytes."""

    position: int
    leaf: bytes
    proof: tuple[bytes, ...]
    checkpoint: StoredCheckpoint


@dataclass(frozen=True, slots=True)
class Consistency:
    """That the tree of one checkpoint is the beginning of that of another. Hashes are 32 bytes."""

    older: StoredCheckpoint
    newer: StoredCheckpoint
    proof: tuple[bytes, ...]


class Proofs:
    """Proves what stands in the logs.

    Args:
        pool: with the rights of the service.
        folder: knows the verifier keys.
    """

    def __init__(self, pool: Any, folder: KeyFolder) -> None:
        self._pool = pool
        self.folder = folder

    def keys(self, site: Site) -> LogKeys:
        """The keys that checkpoints are verified with."""
        return self.folder.keys(site)

    async def checkpoint(self, site: Site, size: int | None = None, *, param: str = "size") -> StoredCheckpoint:
        """The last checkpoint, or the one of a size.

        Raises:
            NotCoveredYet: nothing was signed yet. ResourceNotFound: nothing of this size was.
        """
        store = CheckpointStore(self._pool, site)
        if size is None:
            if found := await store.latest():
                return found
            raise NotCoveredYet
        if found := await store.of_size(size):
            return found
        raise ResourceNotFound(f"No checkpoint has the size {size}", param=param)

    async def tile(self, site: Site, level: int, index: int) -> bytes | None:
        """The bytes of a tile as wide as it is stored; None where there is none."""
        row = await self._pool.fetchrow(query("read_tiles"), site, [level], [index])
        return row["hashes"] if row else None

    async def inclusion(self, site: Site, position: int, size: int | None = None) -> Inclusion:
        """That an event stands at its position in the tree of a checkpoint, the last one unless a size is given.

        Raises:
            ResourceNotFound: there is no such event or checkpoint, or the one does not cover the other.
            ProofRefused: it does not verify.
        """
        stored = await self.checkpoint(site, size)
        [event] = await self._events(site, query("find_event"), position)
        [proven] = await self.proven(site, [event], stored.size)
        checkpoint = self._opened(site, stored)
        if not verify_inclusion(proven.leaf, proven.index, checkpoint.size, proven.proof, checkpoint.root):
            raise _refused(site, ProofFails(position, checkpoint.size))
        return Inclusion(position, proven.leaf, proven.proof, stored)

    async def consistency(self, site: Site, older_size: int, newer_size: int | None = None) -> Consistency:
        """That one checkpoint continues an earlier one.

        Raises:
            ResourceNotFound: there is no checkpoint of one of the sizes. ParamWrongValue: they change places.
            ProofRefused: it does not verify.
        """
        older = await self.checkpoint(site, older_size, param="from")
        newer = await self.checkpoint(site, newer_size, param="to")
        if older.size > newer.size:
            raise ParamWrongValue("should not be larger than the other size", param="from")
        read = await TileStore(self._pool, site).nodes(consistency_nodes(older.size, newer.size), newer.size)
        proof = prove_consistency(older.size, newer.size, read)
        if fault := check_growth(self._opened(site, older), self._opened(site, newer), proof):
            raise _refused(site, fault)
        return Consistency(older, newer, tuple(proof))

    async def event(self, site: Site, *, position: int | None = None, event_id: str | None = None) -> bytes:
        """The proof file of one event, by its position or its id. Errors as for ``inclusion``."""
        text, value = ("find_event_by_id", event_id) if position is None else ("find_event", position)
        [event] = await self._events(site, query(text), value)
        stored = await self.checkpoint(site)
        [proven] = await self.proven(site, [event], stored.size)
        return self._checked(site, EventProof(proven, stored.note))

    async def stream(self, site: Site, stream: StreamId) -> bytes:
        """The proof file of a stream, as far as the last checkpoint covers it. Errors as for ``inclusion``.

        Raises:
            ProofRefused: the stream has more events than a file may hold, too.
        """
        found = (await Store(self._pool).load_streams(site, [stream])).get(stream, [])
        if not found:
            raise ResourceNotFound
        stored = await self.checkpoint(site)
        covered = [_body_of(event) for event in found if event.position <= stored.size]
        if not covered:
            raise NotCoveredYet
        if len(covered) > PROOF_FILE_EVENTS_MAX:
            raise ProofRefused(f"A proof file holds at most {PROOF_FILE_EVENTS_MAX} events, not {len(covered)}.")
        return self._checked(site, StreamProof(tuple(await self.proven(site, covered, stored.size)), stored.note))

    async def _events(self, site: Site, text: str, value: object) -> list[tuple[int, bytes]]:
        row = await self._pool.fetchrow(text, site, value)
        if row is None:
            raise ResourceNotFound
        return [(row["position"], row["body"])]

    async def proven(self, site: Site, events: Sequence[tuple[int, bytes]], size: int) -> list[ProvenEvent]:
        """Positions and bodies with their inclusion in the tree of a size; nothing is verified yet.

        Raises:
            NotCoveredYet: a position is beyond the size.
        """
        proven: list[ProvenEvent] = []
        for start in range(0, len(events), PROOF_PAGE_EVENTS):
            proven += await self._proven_page(site, events[start : start + PROOF_PAGE_EVENTS], size)
        return proven

    async def _proven_page(self, site: Site, events: Sequence[tuple[int, bytes]], size: int) -> list[ProvenEvent]:
        if any(position > size for position, _ in events):
            raise NotCoveredYet
        nodes = [node for position, _ in events for node in inclusion_nodes(position - 1, size)]
        # Neighbours share most of their nodes, and all of them the upper ones.
        read = cache(await TileStore(self._pool, site).nodes(nodes, size))
        return [
            ProvenEvent(body, position - 1, tuple(prove_inclusion(position - 1, size, read)))
            for position, body in events
        ]

    def _opened(self, site: Site, stored: StoredCheckpoint) -> Checkpoint:
        keys = self.folder.keys(site)
        opened = opened_or_fault(stored.note, source=CHECKPOINT, origin=keys.origin, keys=keys.verifiers)
        if not isinstance(opened, OpenedCheckpoint):
            raise _refused(site, opened)
        return opened.checkpoint

    def _checked(self, site: Site, proof: EventProof | StreamProof) -> bytes:
        keys = self.folder.keys(site)
        if fault := check_proof(proof, site=site, origin=keys.origin, keys=keys.verifiers):
            raise _refused(site, fault)
        return encode_proof(proof)


def _body_of(event: RecordedEvent) -> tuple[Position, bytes]:
    return event.position, event.body


def _refused(site: Site, fault: Fault) -> ProofRefused:
    log.error("site %s: a proof does not verify: %s", site, fault.sentence)
    return ProofRefused()
