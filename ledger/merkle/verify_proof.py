"""Verifies proof files, and that one checkpoint continues another, and names what is wrong.

What a proof shows is no more than its checkpoint: that the owner of the key signed a log of that size with these
events in it. That there is only this one log is shown by comparing checkpoints from several places (``check_growth``).
"""

from collections.abc import Iterable, Sequence

from ledger.ids import Site
from ledger.merkle.body import EventBody, Predecessor, UnreadableBody, read_body, succession_fault
from ledger.merkle.checkpoint import Checkpoint, OpenedCheckpoint
from ledger.merkle.faults import ColumnDiffers, Fault, Forks, GoesBack, NotCanonical, OriginDiffers, ProofFails
from ledger.merkle.keys import VerifierKey
from ledger.merkle.proof import verify_consistency, verify_inclusion
from ledger.merkle.proof_file import EventProof, ProvenEvent, StreamProof
from ledger.merkle.verify import CHECKPOINT, opened_or_fault


def check_proof(
    proof: EventProof | StreamProof, *, site: Site, origin: str, keys: Iterable[VerifierKey]
) -> Fault | None:
    """What is wrong with a proof file, if anything is.

    Args:
        site: whose log the events must be of.
        origin: of the checkpoint.
        keys: those that may have signed it.
    """
    opened = opened_or_fault(proof.checkpoint, source=CHECKPOINT, origin=origin, keys=keys)
    if not isinstance(opened, OpenedCheckpoint):
        return opened
    if isinstance(proof, StreamProof):
        return _stream_fault(proof.events, site, opened.checkpoint)
    checked = _checked_event(proof.event, site, opened.checkpoint)
    return None if isinstance(checked, EventBody) else checked


def check_growth(
    older: Checkpoint, newer: Checkpoint, proof: Sequence[bytes], *, source: str = CHECKPOINT
) -> Fault | None:
    """What is wrong with a checkpoint that should continue an earlier one, if anything is.

    Args:
        older, newer: in the order in which they were issued; both verified before.
        proof: the consistency proof between their sizes.
        source: says in words which the newer one is.
    """
    if newer.origin != older.origin:
        return OriginDiffers(source, older.origin, newer.origin)
    if newer.size < older.size:
        return GoesBack(source, newer.size, older.size)
    if not verify_consistency(older.size, older.root, newer.size, newer.root, proof):
        return Forks(source, newer.size, older.size)
    return None


def _stream_fault(events: Iterable[ProvenEvent], site: Site, checkpoint: Checkpoint) -> Fault | None:
    stream: str | None = None
    before: Predecessor | None = None
    for event in events:
        body = _checked_event(event, site, checkpoint)
        if not isinstance(body, EventBody):
            return body
        if body.stream != (stream := stream or body.stream):
            return ColumnDiffers(event.position, "stream", stream, body.stream)
        if fault := succession_fault(event.position, body, before):
            return fault
        before = Predecessor(event.position, body.version, body.recorded_at, event.leaf)
    return None


def _checked_event(event: ProvenEvent, site: Site, checkpoint: Checkpoint) -> EventBody | Fault:
    if not verify_inclusion(event.leaf, event.index, checkpoint.size, event.proof, checkpoint.root):
        return ProofFails(event.position, checkpoint.size)
    try:
        body = read_body(event.body)
    except UnreadableBody as error:
        return NotCanonical(event.position, str(error))
    if body.site != site:
        return ColumnDiffers(event.position, "site", site, body.site)
    return body
