"""Sites, their API keys and the credentials of their intakes.

A key or a password is shown once, when it is made; the database holds its hash alone.
"""

import hashlib
import secrets
from enum import StrEnum

import asyncpg
import msgspec

from ledger.errors import DuplicateEntry, ResourceNotFound
from ledger.ids import Site
from ledger.sql import query

# 32 random bytes: beyond guessing, so a fast hash is enough and no salt is needed.
_KEY_BYTES = 32
_HINT_LENGTH = 4


class KeyKind(StrEnum):
    """What a key may do: everything, or GET alone; the credentials of an intake open that and nothing else."""

    FULL = "full"
    READ_ONLY = "read_only"
    INTAKE = "intake"


class SiteRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A site. ``created_at`` in milliseconds; ``position`` is its log's last."""

    site: str
    live: bool
    created_at: int
    position: int


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it can be shown. ``hint`` are its last characters; times in milliseconds."""

    site: str
    name: str
    kind: KeyKind
    hint: str
    created_at: int
    revoked_at: int | None = None


class KeyOwner(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a presented key belongs to."""

    site: Site
    name: str
    kind: KeyKind
    live: bool


class Sites:
    """Keeps sites and keys."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def create_site(self, site: str, *, live: bool, now_ms: int) -> bool:
        """Make a site with an empty log; False if it exists already."""
        return await self._pool.fetchval(query("create_site"), site, live, now_ms) is not None

    async def list_sites(self) -> list[SiteRecord]:
        """All sites by name."""
        return [SiteRecord(**row) for row in await self._pool.fetch(query("list_sites"))]

    async def create_key(self, site: str, name: str, kind: KeyKind, now_ms: int) -> str:
        """Make a key and return it; nobody can read it again later.

        Raises:
            ResourceNotFound: there is no such site.
            DuplicateEntry: a key with the name is in use.
        """
        live = await self._live_where_free(site, name)
        key = f"{'live' if live else 'test'}_{secrets.token_urlsafe(_KEY_BYTES)}"
        await self._pool.execute(query("create_key"), site, name, kind, digest_of(key), key[-_HINT_LENGTH:], now_ms)
        return key

    async def create_intake(self, site: str, name: str, now_ms: int) -> str:
        """Make credentials of the intake, whose user name is ``name``, and return the password.

        Raises:
            ResourceNotFound: there is no such site.
            DuplicateEntry: a key or intake with the name is in use.
        """
        await self._live_where_free(site, name)
        password = secrets.token_urlsafe(_KEY_BYTES)
        digest = digest_of(f"{name}:{password}")
        hint = password[-_HINT_LENGTH:]
        await self._pool.execute(query("create_key"), site, name, KeyKind.INTAKE, digest, hint, now_ms)
        return password

    async def _live_where_free(self, site: str, name: str) -> bool:
        """Whether the site is live, where nothing in use has the name."""
        known = {record.site: record for record in await self.list_sites()}
        if site not in known:
            raise ResourceNotFound(f"There is no site {site}.")
        if any(record.name == name and record.revoked_at is None for record in await self.list_keys(site)):
            raise DuplicateEntry(f"The site {site} has a key named {name}.")
        return known[site].live

    async def list_keys(self, site: str | None = None) -> list[KeyRecord]:
        """The keys of a site, or of all sites, revoked ones included."""
        rows = await self._pool.fetch(query("list_keys"), site)
        return [msgspec.convert(dict(row), KeyRecord) for row in rows]

    async def revoke_key(self, site: str, name: str, now_ms: int) -> list[KeyRecord]:
        """Revoke the keys with this name or hint; returns those that were in use."""
        rows = await self._pool.fetch(query("revoke_key"), site, name, now_ms)
        return [msgspec.convert(dict(row), KeyRecord) for row in rows]

    async def site_exists(self, site: str) -> bool:
        """Whether there is such a site."""
        return bool(await self._pool.fetchval(query("site_exists"), site))

    async def find_key(self, digest: bytes) -> KeyOwner | None:
        """The owner of a key that is in use, by the key's digest."""
        row = await self._pool.fetchrow(query("find_key"), digest)
        return msgspec.convert(dict(row), KeyOwner) if row else None


def digest_of(key: str) -> bytes:
    """What is stored of a key, or of ``user:password``: its SHA-256."""
    return hashlib.sha256(key.encode()).digest()
