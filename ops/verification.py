"""Verifies the logs of sites and remembers how far, so that the next verification can begin there.

What is remembered is an anchored checkpoint up to which everything was sound: a signed note. The next verification
believes it only if it bears the log's signature and the stored tiles come to its root.
"""

import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from ledger.ids import Site
from ledger.merkle.checkpoint import Checkpoint, OpenedCheckpoint
from ledger.merkle.verify import opened_or_fault
from ledger.transparency.anchor_file import read_anchors
from ledger.transparency.audit_evidence import Evidence, gather
from ledger.transparency.checkpoint_store import CheckpointStore, StoredAnchor
from ledger.transparency.durable_files import make_folder, read_if_there, write_durably
from ledger.transparency.log_audit import Audit, LogAudit, OnProgress
from ops.database import Address
from ops.garbage import collected_rarely
from ops.target import Target
from ops.view_audits.audit import ViewsAudit
from ops.view_audits.progress import VerificationProgress


@dataclass(frozen=True, slots=True)
class Verified:
    """A verification of a site. ``handed`` is what the database says that places outside were handed."""

    site: Site
    origin: str
    audit: Audit
    seconds: float
    handed: tuple[StoredAnchor, ...]


async def verify_site(
    pool: asyncpg.Pool,
    site: Site,
    target: Target,
    *,
    full: bool,
    anchor_files: Sequence[Path] = (),
    address: Address | None = None,
    on_progress: OnProgress = lambda *_: None,
) -> Verified:
    """Verify one site.

    Args:
        full: begin at the beginning, whatever was verified before.
        anchor_files: more anchors, kept elsewhere.
        address: of the database of the pool; with it a second process helps where that is worth it.
        on_progress: told how many events are verified, those compared with views as well, and how many there are.

    Raises:
        ComparisonEnded: the second process ended without a result.
        SigningKeysUnusable: there are no verifier keys to verify with.
    """
    began = time.monotonic()
    evidence = gather(site, target.keys, target.anchors, [read_anchors(path) for path in anchor_files])
    start = None if full else _remembered(target, site, evidence)
    progress = VerificationProgress(on_progress)
    async with (
        _moment(pool) as connection,
        ViewsAudit(connection, site, address=address, progress=progress) as views,
    ):
        log = LogAudit(connection, site, evidence, on_progress=progress.on_verified)
        with collected_rarely():
            audit = await log.run(start=start, views=views)
        handed = await CheckpointStore(connection, site).anchors()
    if audit.fault is None and audit.last_anchor:
        make_folder(target.verified_dir)
        write_durably(_file(target, site), audit.last_anchor)
    return Verified(site, evidence.keys.origin, audit, time.monotonic() - began, tuple(handed))


@contextlib.asynccontextmanager
async def _moment(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
    """A connection that sees the database as it is now, for as long as it takes."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        yield connection


def _remembered(target: Target, site: Site, evidence: Evidence) -> Checkpoint | None:
    note = read_if_there(_file(target, site))
    if note is None:
        return None
    keys = evidence.keys
    opened = opened_or_fault(note, source="remembered checkpoint", origin=keys.origin, keys=keys.verifiers)
    return opened.checkpoint if isinstance(opened, OpenedCheckpoint) else None


def _file(target: Target, site: Site) -> Path:
    return target.verified_dir / f"{site}.note"
