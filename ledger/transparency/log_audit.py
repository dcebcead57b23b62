"""Verifies a site's whole log from its stored bytes, within one look at the database and with memory that stays small.

Events are read in pages, each with its predecessor, and held against everything (``ledger.merkle.verify``); checkpoints
of the database and anchors from outside are expected where their size comes; tiles are built again and compared. Views
are somebody else's matter: who compares them is handed the events that are sound, page by page.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import asyncpg

from ledger.envelope import RecordedEvent
from ledger.ids import Site
from ledger.limits import LOG_PAGE_EVENTS
from ledger.merkle.body import Predecessor
from ledger.merkle.checkpoint import Checkpoint
from ledger.merkle.faults import AheadOfLog, Fault, GoesBack
from ledger.merkle.tiles import TileBuilder, partial_tiles
from ledger.merkle.tree import CompactRange, complete_subtrees
from ledger.merkle.verify import LogVerifier, Report
from ledger.sql import query
from ledger.store import recorded
from ledger.transparency.audit_evidence import Evidence, Note, expect, stored_note
from ledger.transparency.checkpoint_store import CheckpointStore
from ledger.transparency.checkpointer import NAME
from ledger.transparency.tile_audit import TileAudit
from ledger.transparency.tile_store import TileMissing, TileStore

OnProgress = Callable[[int, int], None]
"""Called with the last position that was verified, and the last one that there is."""


class NamedFault(Protocol):
    """Something that is wrong, with the sentence that says what; a frozen dataclass (``merkle.faults.as_document``)."""

    @property
    def sentence(self) -> str:
        """What is wrong, for people."""


@dataclass(frozen=True, slots=True)
class ViewChecked:
    """One view beside the events that it is made of.

    ``position`` is how far in the log the view has come, ``rows`` how many of its rows were found right before the
    first that is not, and ``parked`` how many orders it has put aside because they cannot be read.
    """

    view: str
    position: int
    rows: int
    parked: int
    fault: NamedFault | None


@dataclass(frozen=True, slots=True)
class ViewsChecked:
    """All views that were compared with the events; the first ones are what others are made of too."""

    views: tuple[ViewChecked, ...]

    @property
    def fault(self) -> NamedFault | None:
        """The first thing that is wrong with the first view that is not right."""
        return next((each.fault for each in self.views if each.fault is not None), None)


class ViewsAudit(Protocol):
    """Compares all views with the events, beside the verification of these. May use its connection between pages."""

    async def take(self, page: Sequence[RecordedEvent]) -> None:
        """Take the next events of the log, from the first one on; they are sound."""

    async def finish(self) -> ViewsChecked:
        """What the comparison came to; asked when all events were taken and the whole log is sound."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What a verification came to.

    ``begun_after`` is the position behind which events were read; ``last_anchor`` the note of the largest anchor that
    the log agrees with; ``tiles`` and ``torn_lines`` say how many were compared, and passed over.
    """

    log: Report
    begun_after: int
    last_anchor: bytes | None
    tiles: int
    views: ViewsChecked | None
    torn_lines: int
    fault: NamedFault | None

    @property
    def events(self) -> int:
        """How many events were read."""
        return self.log.size - self.begun_after


class LogAudit:
    """One verification of one site.

    Args:
        connection: in a ``REPEATABLE READ`` transaction that began after the evidence was gathered.
    """

    def __init__(
        self, connection: Any, site: Site, evidence: Evidence, *, on_progress: OnProgress = lambda *_: None
    ) -> None:
        self._connection = connection
        self._site = site
        self._evidence = evidence
        self._on_progress = on_progress
        self._checkpoints = CheckpointStore(connection, site)
        self._tile_store = TileStore(connection, site)
        self._last_anchor: Note | None = None
        self._begun_after = 0
        self._verified_size = 0

    async def run(self, *, start: Checkpoint | None = None, views: ViewsAudit | None = None) -> Audit:
        """Verify; ends at the first fault.

        Args:
            start: a checkpoint up to which the log was verified before, to begin behind it. It begins at the beginning
                without one, and where the stored tiles do not come to its root.
            views: asked unless it begins behind a checkpoint.
        """
        head = await self._connection.fetchval(query("head_position"), self._site) or 0
        tree = await self._tree_of(start) if start else None
        self._begun_after = tree.size if tree else 0
        keys = self._evidence.keys
        self._verifier = LogVerifier(self._site, origin=keys.origin, keys=keys.verifiers, tree=tree)
        self._tiles = await self._tile_audit()
        compared = None if self._begun_after else views
        fault: NamedFault | None = await self._log_fault(head, compared)
        log = self._verifier.finish()
        fault = fault or log.fault or _fault_of_head(head, log.size)
        checked = await compared.finish() if compared and fault is None else None
        fault = checked.fault if checked else fault
        anchor = self._last_anchor.note if self._last_anchor else None
        torn = self._evidence.torn_lines
        return Audit(log, self._begun_after, anchor, self._tiles.compared, checked, torn, fault)

    async def _log_fault(self, head: int, views: ViewsAudit | None) -> Fault | None:
        page = await self._read(self._begun_after)
        while page:
            after, until = page[0]["position"] - 1, page[-1]["position"]
            checkpoints = [stored_note(each) for each in await self._checkpoints.within(after, until)]
            stored = await self._tile_store.stored(self._tiles.wanted(until))
            next_page = asyncio.create_task(self._read(until))
            # While this page is verified, the database reads the next one.
            await asyncio.sleep(0)
            fault = self._expected([*checkpoints, *_beside(checkpoints, self._evidence.until(until))])
            events = list(map(recorded, page))
            fault = fault or self._added(events, page) or self._tiles.compare([each.leaf for each in events], stored)
            page = await next_page
            if fault:
                return fault
            if views:
                await views.take(events)
            self._on_progress(until, head)
        return self._expected(await self._notes_ahead())

    def _read(self, after: int) -> Any:
        return self._connection.fetch(query("read_log_linked"), self._site, after, LOG_PAGE_EVENTS)

    def _expected(self, notes: Sequence[Note]) -> Fault | None:
        for note in notes:
            if max(1, note.previous_size) <= note.size <= self._begun_after:
                continue
            if fault := expect(self._verifier, note, self._evidence.keys):
                return fault
            if note.is_anchor:
                self._last_anchor = note
        return None

    async def _notes_ahead(self) -> list[Note]:
        """What was signed of events that are not there; the last checkpoints say the same as all between."""
        notes = list(self._evidence.remaining())
        latest = await self._checkpoints.latest()
        if latest and latest.size > self._verified_size:
            notes.append(stored_note(latest))
        return notes

    def _added(self, events: Sequence[RecordedEvent], page: Sequence[asyncpg.Record]) -> Fault | None:
        for event, row in zip(events, page, strict=True):
            if fault := self._verifier.add(event, _predecessor(row)):
                return fault
        self._verified_size = events[-1].position
        return None

    async def _tile_audit(self) -> TileAudit:
        """Tiles reach as far as the checkpointer has come, as what it has signed, and as what was anchored."""
        self._verified_size = size = self._begun_after
        reached = await self._connection.fetchval(query("find_consumer"), self._site, NAME) or 0
        latest = await self._checkpoints.latest()
        tree = TileBuilder(size, await self._tile_store.reader(partial_tiles(size)))
        return TileAudit(tree, max(reached, latest.size if latest else 0, self._evidence.anchored_size))

    async def _tree_of(self, start: Checkpoint) -> CompactRange | None:
        nodes = complete_subtrees(0, start.size)
        try:
            read = await self._tile_store.nodes(nodes, start.size)
            tree = CompactRange(start.size, [read(node) for node in nodes])
        except TileMissing:
            return None
        return tree if tree.root() == start.root else None


def _beside(checkpoints: Sequence[Note], notes: Iterable[Note]) -> Iterator[Note]:
    """What is known beside the checkpoints of the database; what is remembered of the last one mostly is that one."""
    known = {checkpoint.note for checkpoint in checkpoints}
    return (note for note in notes if note.is_anchor or note.note not in known)


def _fault_of_head(head: int, size: int) -> Fault | None:
    """The row that positions are taken from must stand at the last event."""
    if head > size:
        return AheadOfLog("head of the site", head, size)
    if head < size:
        return GoesBack("head of the site", head, size)
    return None


def _predecessor(row: asyncpg.Record) -> Predecessor | None:
    if row["before_position"] is None:
        return None
    return Predecessor(row["before_position"], row["before_version"], row["before_recorded_at"], row["before_leaf"])
