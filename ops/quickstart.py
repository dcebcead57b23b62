"""The first minutes: a site, a key and sample invoices, so that the first request can be made at once."""

import contextlib
import os
import secrets
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import asyncpg

from ledger.ids import Site, invoice_stream, system_clock_ms
from ledger.sites import KeyKind, Sites
from ledger.store import Store
from ops.invoice_files import read_entries

SITE = "acme"
KEY_NAME = "full_access_key_v1"
SAMPLE_INVOICE = "inv_0001"


@dataclass(frozen=True, slots=True)
class Quickstart:
    """What a newcomer needs to make a request."""

    site: str
    key: str
    key_file: Path


async def prepare_quickstart(pool: asyncpg.Pool, data_dir: Path) -> Quickstart:
    """Make site, key and invoices where they are missing; an invoice that has changed since stays as it is.

    The key is kept in the data folder, for its owner alone.
    """
    sites = Sites(pool)
    await sites.create_site(SITE, live=False, now_ms=system_clock_ms())
    key_file = data_dir / f"{SITE}.key"
    key = await _key(sites, key_file)
    await _load_samples(pool)
    return Quickstart(SITE, key, key_file)


async def _load_samples(pool: asyncpg.Pool) -> None:
    with (files("ops.samples") / "invoices.jsonl").open(encoding="utf-8") as samples:
        streams = [invoice_stream(entry.value["id"]) for entry in read_entries(samples)]
        if all([await Store(pool).stream_exists(Site(SITE), stream) for stream in streams]):
            return
        samples.seek(0)
        # All that commands are made of, which takes a while to import: only the first start needs it.
        await import_module("ops.invoice_loading").load_file(pool, SITE, samples)


async def _key(sites: Sites, key_file: Path) -> str:
    with contextlib.suppress(FileNotFoundError):
        return _read(key_file)
    # The file is gone, and nobody can read the key from the database: it is replaced.
    await sites.revoke_key(SITE, KEY_NAME, system_clock_ms())
    key = await sites.create_key(SITE, KEY_NAME, KeyKind.FULL, system_clock_ms())
    _write_private(key_file, key + "\n")
    return key


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
