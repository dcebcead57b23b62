"""Whether the events of a stream that somebody looks at stand in a log that was anchored outside the database.

It is checked anew with every look: the bodies that are shown are hashed, and their inclusion and succession are
verified against the last checkpoint in the anchor file. What is not covered by it yet is said to be so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ledger.envelope import RecordedEvent
from ledger.ids import Site
from ledger.merkle.checkpoint import OpenedCheckpoint
from ledger.merkle.proof_file import StreamProof
from ledger.merkle.verify import opened_or_fault
from ledger.merkle.verify_proof import check_proof
from ledger.transparency.anchor_file import AnchorFiles
from ledger.transparency.proofs import Proofs
from ledger.transparency.signing_keys import SigningKeysUnusable

_ANCHOR = "anchored checkpoint"


class Verdict(StrEnum):
    """What was found."""

    PROVEN = "proven"
    NOT_ANCHORED = "not_anchored"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Standing:
    """A verdict in words. ``anchored_at`` in milliseconds; ``size`` is the anchored checkpoint's."""

    verdict: Verdict
    sentence: str
    size: int | None = None
    anchored_at: int | None = None


class StandingCheck:
    """Checks streams against anchors.

    Args:
        anchors: where anchor files are; None where the process has none.
    """

    def __init__(self, proofs: Proofs, anchors: AnchorFiles | None, clock_ms: Callable[[], int]) -> None:
        self._proofs = proofs
        self._anchors = anchors
        self._clock_ms = clock_ms

    async def check(self, site: Site, events: Sequence[RecordedEvent]) -> Standing:
        """How the events of one stream, from its first one on, stand."""
        anchor = self._anchors.last(site) if self._anchors else None
        try:
            keys = self._proofs.keys(site)
        except SigningKeysUnusable:
            return Standing(Verdict.NOT_ANCHORED, "No keys to verify with are here yet.")
        if anchor is None:
            return Standing(Verdict.NOT_ANCHORED, "Nothing of this log was anchored yet.")
        note = anchor.note.encode()
        opened = opened_or_fault(note, source=_ANCHOR, origin=keys.origin, keys=keys.verifiers)
        if not isinstance(opened, OpenedCheckpoint):
            return Standing(Verdict.BROKEN, opened.sentence, anchor.size, anchor.anchored_at)
        size = opened.checkpoint.size
        covered = [(event.position, event.body) for event in events if event.position <= size]
        if covered:
            proven = await self._proofs.proven(site, covered, size)
            fault = check_proof(StreamProof(tuple(proven), note), site=site, origin=keys.origin, keys=keys.verifiers)
            if fault:
                return Standing(Verdict.BROKEN, fault.sentence, size, anchor.anchored_at)
        missing = len(events) - len(covered)
        if missing:
            told = "1 event is" if missing == 1 else f"{missing} events are"
            return Standing(Verdict.NOT_ANCHORED, f"{told} newer than the last anchor.", size, anchor.anchored_at)
        return Standing(
            Verdict.PROVEN,
            f"{_all(len(events))} checked against the anchored checkpoint of size {size}.",
            size,
            anchor.anchored_at,
        )


def _all(events: int) -> str:
    return "The one event was" if events == 1 else f"All {events} events were"
