"""Verifies a whole log from its stored bytes, event by event, and names the first fault.

Everything is computed again: leaves from bodies, columns and canonical form against bodies, positions, versions and
previous-leaf links, the tree, and the checkpoints and anchors at their sizes. Memory is the right edge of the tree and
the checkpoints that wait for their size: constant in the length of the log. For that the caller hands each event its
predecessor in the stream (``body.Predecessor``). A database reads it beside the event by its index on stream and
version; nothing has to be believed there: the predecessor is a row of the same log, so its own turn came before
(positions without gaps tell), its version and leaf were checked then, and the link in the body binds that leaf.

A caller that also keeps tiles feeds the leaves of verified events to a ``tiles.TileBuilder`` and compares what it gives
with what is stored (``tile_fault``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from ledger.envelope import RecordedEvent, leaf_hash
from ledger.ids import Site
from ledger.merkle.body import EventBody, Predecessor, UnreadableBody, read_body, succession_fault
from ledger.merkle.checkpoint import MalformedCheckpoint, OpenedCheckpoint, OtherOrigin, open_checkpoint
from ledger.merkle.faults import (
    AheadOfLog,
    ColumnDiffers,
    Fault,
    GoesBack,
    KeyUnknown,
    LeafDiffers,
    NotCanonical,
    NoteMalformed,
    OriginDiffers,
    PositionBreaks,
    RootDiffers,
    SignatureBad,
    TileDiffers,
)
from ledger.merkle.keys import VerifierKey
from ledger.merkle.limits import CHECKPOINTS_WAITING_MAX
from ledger.merkle.note import BadSignature, MalformedNote, UnknownKey
from ledger.merkle.tiles import TILE_HASHES_MAX, TILE_HEIGHT, Tile, decode_tile
from ledger.merkle.tree import CompactRange

CHECKPOINT = "checkpoint"
_COLUMNS = ("stream", "version", "type", "recorded_at", "event_id")


@dataclass(frozen=True, slots=True)
class Report:
    """What was verified. Sizes are numbers of events from the first on; 0 for none.

    ``checkpointed`` events are covered by a checkpoint and ``anchored`` ones by an anchor, a checkpoint that is kept
    outside the database: whoever owns database and key can rewrite the others without being caught.
    """

    site: Site
    size: int
    root: bytes
    checkpoints: int
    checkpointed: int
    anchors: int
    anchored: int
    fault: Fault | None

    @property
    def unanchored(self) -> range:
        """Positions of the verified events that no anchor covers."""
        return range(self.anchored + 1, self.size + 1)


@dataclass(frozen=True, slots=True, order=True)
class _Expected:
    size: int
    root: bytes
    source: str
    is_anchor: bool


class LogVerifier:
    """Verifies one site's log as it is read.

    Args:
        site: whose log.
        origin: of its checkpoints.
        keys: those that may sign them, the replaced ones too.
        tree: what was verified before, to go on behind it; its root must be known from a checkpoint that is trusted.
    """

    def __init__(
        self, site: Site, *, origin: str, keys: Sequence[VerifierKey], tree: CompactRange | None = None
    ) -> None:
        self._site = site
        self._origin = origin
        self._keys = keys
        self._tree = tree or CompactRange()
        self._waiting: list[_Expected] = []
        self._seen = {False: 0, True: 0}
        self._covered = {False: 0, True: 0}
        self._fault: Fault | None = None

    @property
    def fault(self) -> Fault | None:
        """The first fault. Nothing is looked at behind it."""
        return self._fault

    def expect(self, note: bytes, *, source: str = CHECKPOINT, is_anchor: bool = False) -> Fault | None:
        """Take a checkpoint or anchor, before the event behind its size is added; the first fault, if there is one.

        Raises:
            ValueError: ``CHECKPOINTS_WAITING_MAX`` wait already. Hand them over page by page with the events.
        """
        if self._fault is None:
            self._fault = self._expectation_fault(note, source, is_anchor)
        return self._fault

    def add(self, event: RecordedEvent, before: Predecessor | None) -> Fault | None:
        """Take the next event and its predecessor in the stream; the first fault, if there is one."""
        if self._fault is None:
            self._fault = self._event_fault(event, before)
        if self._fault is None:
            self._tree.append(event.leaf)
            self._fault = self._tree_fault()
        return self._fault

    def finish(self) -> Report:
        """The report, after the last event."""
        if self._fault is None and self._waiting:
            ahead = self._waiting[0]
            self._fault = AheadOfLog(ahead.source, ahead.size, self._tree.size)
        return Report(
            site=self._site,
            size=self._tree.size,
            root=self._tree.root(),
            checkpoints=self._seen[False],
            checkpointed=self._covered[False],
            anchors=self._seen[True],
            anchored=self._covered[True],
            fault=self._fault,
        )

    def _event_fault(self, event: RecordedEvent, before: Predecessor | None) -> Fault | None:
        position = event.position
        if position != self._tree.size + 1:
            return PositionBreaks(self._tree.size + 1, position)
        computed = leaf_hash(event.body)
        if computed != event.leaf:
            return LeafDiffers(position, event.leaf, computed)
        try:
            body = read_body(event.body)
        except UnreadableBody as error:
            return NotCanonical(position, str(error))
        return self._column_fault(event, body) or succession_fault(position, body, before)

    def _column_fault(self, event: RecordedEvent, body: EventBody) -> Fault | None:
        if body.site != self._site:
            return ColumnDiffers(event.position, "site", self._site, body.site)
        for column in _COLUMNS:
            stored, in_body = getattr(event, column), getattr(body, column)
            if stored != in_body:
                return ColumnDiffers(event.position, column, stored, in_body)
        return None

    def _expectation_fault(self, note: bytes, source: str, is_anchor: bool) -> Fault | None:
        opened = opened_or_fault(note, source=source, origin=self._origin, keys=self._keys)
        if not isinstance(opened, OpenedCheckpoint):
            return opened
        if len(self._waiting) >= CHECKPOINTS_WAITING_MAX:
            raise ValueError(f"{CHECKPOINTS_WAITING_MAX} checkpoints wait for their size already")
        checkpoint = opened.checkpoint
        if checkpoint.size < self._tree.size:
            return GoesBack(source, checkpoint.size, self._tree.size)
        heappush(self._waiting, _Expected(checkpoint.size, checkpoint.root, source, is_anchor))
        return self._tree_fault()

    def _tree_fault(self) -> Fault | None:
        size = self._tree.size
        while self._waiting and self._waiting[0].size == size:
            expected = heappop(self._waiting)
            root = self._tree.root()
            if expected.root != root:
                return RootDiffers(expected.source, size, root, expected.root)
            self._seen[expected.is_anchor] += 1
            self._covered[expected.is_anchor] = size
        return None


def opened_or_fault(
    note: bytes, *, source: str, origin: str, keys: Iterable[VerifierKey], witnesses: Iterable[VerifierKey] = ()
) -> OpenedCheckpoint | Fault:
    """A checkpoint that is signed as it should be, or what is wrong with it. Arguments as for ``open_checkpoint``."""
    try:
        return open_checkpoint(note, origin=origin, keys=keys, witnesses=witnesses)
    except (MalformedNote, MalformedCheckpoint) as error:
        return NoteMalformed(source, str(error))
    except OtherOrigin as error:
        return OriginDiffers(source, origin, error.origin)
    except UnknownKey:
        return KeyUnknown(source)
    except BadSignature as error:
        return SignatureBad(source, error.key_name)


def tile_fault(tile: Tile, stored: bytes, computed: bytes) -> TileDiffers | None:
    """How the stored bytes of a tile differ from those computed from verified events, if they do.

    A stored tile that is wider than the tree has use for is compared as far as that goes.

    Raises:
        MalformedTile: ``computed`` is not that tile.
    """
    if stored[: len(computed)] == computed:
        return None
    hashes = decode_tile(tile, computed)
    first = next(place for place, each in enumerate(hashes) if not stored.startswith(each, place * len(each)))
    leaf_index = (tile.index * TILE_HASHES_MAX + first) << tile.level * TILE_HEIGHT
    return TileDiffers(tile.path, leaf_index + 1)
