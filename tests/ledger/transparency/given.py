"""A site whose log grows, is signed and is anchored: what the tests of tamper evidence start from."""

from dataclasses import dataclass
from pathlib import Path

import asyncpg
import msgspec

from ledger.batch import Append, Outcome
from ledger.consumer import catch_up
from ledger.envelope import EventMapper, Metadata, SealedEvent
from ledger.events import OrderChanges, OrderUpdated
from ledger.ids import IdSource, Position, Site, StreamId
from ledger.merkle.faults import as_document
from ledger.store import Store
from ledger.transparency.anchor_file import AnchorFiles, AnchorReading
from ledger.transparency.anchors import FilePlace
from ledger.transparency.audit_evidence import gather
from ledger.transparency.checkpoint_store import CheckpointStore, unverified
from ledger.transparency.checkpointer import Checkpointer
from ledger.transparency.fork_guard import ForkGuard
from ledger.transparency.log_audit import Audit, LogAudit
from ledger.transparency.signing_keys import KeyFolder
from tests.log.appends import append_batch

OPERATOR = "ledger.example"
METADATA = Metadata(
    actor="ops", actor_kind="api_key", source="api", request_id="req_1", correlation_id="req_1", causation_id="req_1"
)

_ids = IdSource()
_mapper = EventMapper()
_EVENTS_OF_A_COMMAND = 500


def sealed(site: Site, stream: str, version: int, at_ms: int, previous: bytes | None, note: str) -> SealedEvent:
    """An event as the ledger seals it."""
    happened = OrderUpdated(
        originator_id=stream, originator_version=version, timestamp=at_ms, changes=OrderChanges(note=note)
    )
    event_id = _ids.event_id(live=False)
    return _mapper.seal(happened, site=site, event_id=event_id, previous=previous, metadata=METADATA)


async def grow(pool: asyncpg.Pool, site: Site, count: int, *, orders: int = 3, note: str = "as it was") -> None:
    """Append so many events of a few orders in turn, each linked to the one before it in its stream."""
    head = await Store(pool).head_position(site) or 0
    streams = [StreamId(f"order-{number}ü") for number in range(orders)]
    last = {stream: found[-1] for stream, found in (await Store(pool).load_streams(site, streams)).items() if found}
    events: list[SealedEvent] = []
    newest: dict[StreamId, SealedEvent] = dict(last)
    for number in range(head, head + count):
        stream = streams[number % orders]
        before = newest.get(stream)
        version, at_ms = (before.version + 1, before.recorded_at + 1) if before else (1, 1_700_000_000_000)
        newest[stream] = sealed(site, stream, version, at_ms, before.leaf if before else None, f"{note} {number}")
        events.append(newest[stream])
    for start in range(0, count, _EVENTS_OF_A_COMMAND):
        events_now = tuple(events[start : start + _EVENTS_OF_A_COMMAND])
        command = Append(site=site, events=events_now, rows=(), numbers=(), answer=None)
        assert await append_batch(pool, command) == [Outcome.APPENDED]


@dataclass(frozen=True)
class Signer:
    """A site's log with what signs, keeps and verifies it."""

    pool: asyncpg.Pool
    site: Site
    folder: Path

    @property
    def keys(self) -> KeyFolder:
        """The folder with its keys."""
        return KeyFolder(self.folder / "keys")

    @property
    def anchors(self) -> AnchorFiles:
        """The folder with its anchors."""
        return AnchorFiles(self.folder / "anchors")

    @property
    def store(self) -> CheckpointStore:
        """Its checkpoints."""
        return CheckpointStore(self.pool, self.site)

    def prepare(self) -> None:
        """Name the operator."""
        self.keys.prepare(OPERATOR, new_name=lambda: OPERATOR)

    def checkpointer(self) -> Checkpointer:
        """As the service runs it, but without a pause."""
        return Checkpointer(self.keys, ForkGuard(self.keys, self.anchors), pause_s=0)

    async def sign(self) -> Position:
        """Catch up with the log."""
        return await catch_up(self.pool, self.checkpointer(), self.site)

    async def anchor(self) -> None:
        """Take an anchor into the file."""
        latest = await self.store.latest()
        assert latest
        await FilePlace(self.anchors).keep(self.site, latest.size, latest.note)

    async def grow(self, count: int, note: str = "as it was") -> None:
        """Append, sign and anchor."""
        await grow(self.pool, self.site, count, note=note)
        await self.sign()
        await self.anchor()

    async def audit(self, *, more: tuple[AnchorReading, ...] = (), start: bytes | None = None) -> Audit:
        """Verify the site."""
        evidence = gather(self.site, self.keys, self.anchors, more)
        begun = unverified(start) if start else None
        async with self.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
            return await LogAudit(connection, self.site, evidence).run(start=begun)

    async def fault(self) -> str:
        """The sentence of the first fault; empty for a sound log."""
        found = (await self.audit()).fault
        if found is None:
            return ""
        assert msgspec.json.encode(as_document(found))  # type: ignore[arg-type]
        return found.sentence
