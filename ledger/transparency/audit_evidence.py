"""What a log is held against when it is verified: signed checkpoints, from the database and from outside of it.

All that is outside is read up to where it ended before the look at the database began: what was signed since then
belongs to events that the look does not show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ledger.ids import Site
from ledger.merkle.checkpoint import MalformedCheckpoint
from ledger.merkle.faults import (
    Fault,
    GoesBack,
    KeyUnknown,
    NoteMalformed,
    OriginDiffers,
    SignatureBad,
    SizeDiffers,
)
from ledger.merkle.note import MalformedNote, parse_note
from ledger.merkle.verify import CHECKPOINT, LogVerifier
from ledger.transparency.anchor_file import AnchorFiles, AnchorReading, read_anchors
from ledger.transparency.checkpoint_store import StoredCheckpoint, unverified
from ledger.transparency.signing_keys import KeyFolder, LogKeys


@dataclass(frozen=True, slots=True)
class Note:
    """A signed note that a log has to agree with. ``previous_size`` is that of the line before it in its file."""

    size: int
    note: bytes
    source: str
    is_anchor: bool = False
    previous_size: int = 0


@dataclass(slots=True)
class Evidence:
    """What was known of one site's log outside its database, at one moment.

    ``anchored_size`` is that of the last anchor in the site's own file: the database has what led to it.
    """

    keys: LogKeys
    last_signed: bytes | None
    anchors: Sequence[AnchorReading]
    anchored_size: int = 0
    _waiting: list[tuple[Note | None, Iterator[Note]]] = field(init=False)

    def __post_init__(self) -> None:
        sources = [*map(_notes, self.anchors), _remembered(self.last_signed)]
        self._waiting = [(None, source) for source in sources]

    @property
    def torn_lines(self) -> int:
        """Lines of anchor files that a kill has left half."""
        return sum(reading.torn for reading in self.anchors)

    def until(self, size: int) -> Iterator[Note]:
        """The notes up to a size that were not given yet, those of each file in its order.

        A line that is out of order comes when its turn comes, and goes back then.
        """
        for place, (waiting, source) in enumerate(self._waiting):
            note = waiting or next(source, None)
            while note and note.size <= size:
                yield note
                note = next(source, None)
            self._waiting[place] = (note, source)

    def remaining(self) -> Iterator[Note]:
        """What is ahead of the log: the next note of each source."""
        for note, source in self._waiting:
            if found := note or next(source, None):
                yield found


def gather(site: Site, keys: KeyFolder, anchors: AnchorFiles, more: Sequence[AnchorReading] = ()) -> Evidence:
    """The evidence of this moment.

    Args:
        more: anchor files that were kept elsewhere.

    Raises:
        SigningKeysUnusable: there is no folder with keys.
    """
    own, last = anchors.reading(site), anchors.last(site)
    readings = [own, *(read_anchors(each.path) for each in more)]
    return Evidence(keys.keys(site), keys.last_signed(site), readings, last.size if last else 0)


def stored_note(stored: StoredCheckpoint) -> Note:
    """A checkpoint of the database."""
    return Note(stored.size, stored.note, CHECKPOINT)


def expect(verifier: LogVerifier, note: Note, keys: LogKeys) -> Fault | None:
    """Let a verifier expect a note; also what is wrong with it before that.

    A key that was retired may not have signed what came later, nor a newer one what was before: then it is a key that
    was stolen or a clock that was set back, and no signature of the log.
    """
    if fault := verifier.expect(note.note, source=note.source, is_anchor=note.is_anchor):
        return _told_apart(fault, note)
    size = unverified(note.note).size
    if size != note.size:
        return SizeDiffers(note.source, note.size, size)
    if size < note.previous_size:
        return GoesBack(note.source, size, note.previous_size)
    signers = {(signature.key_name, signature.key_id) for signature in parse_note(note.note).signatures}
    right = any((key.verifier.name, key.verifier.id) in signers for key in keys.keys if key.is_right_for(size))
    return None if right else _told_apart(KeyUnknown(note.source), note)


def _told_apart(fault: Fault, note: Note) -> Fault:
    """A fault that does not say which of many notes it is about, with the size that the note is known by."""
    if isinstance(fault, KeyUnknown | SignatureBad | NoteMalformed | OriginDiffers) and note.size:
        return replace(fault, source=f"{note.source} of size {note.size}")
    return fault


def _remembered(note: bytes | None) -> Iterator[Note]:
    """What was signed last, as the folder with the keys remembers it."""
    if note is not None:
        yield Note(_size_of(note), note, "checkpoint that is remembered beside the keys")


def _notes(reading: AnchorReading) -> Iterator[Note]:
    previous_size = 0
    for line in reading.lines():
        note = line.note.encode()
        size = _size_of(note)
        yield Note(size, note, f"anchor in {reading.path}", is_anchor=True, previous_size=previous_size)
        previous_size = size


def _size_of(note: bytes) -> int:
    """What the note itself says; 0 for one that cannot be read, so that its turn comes at once and it is told."""
    try:
        return unverified(note).size
    except (MalformedNote, MalformedCheckpoint):
        return 0
