"""Who is calling: the API key of a request, or the credentials of the intake, and whether host and method fit it.

A key that is revoked stops working within ``KEY_MEMORY_S``; ``order-ledger keys revoke`` returns after that time,
so that when it says revoked, it is.
"""

import ipaddress
from functools import lru_cache

from aiohttp import web

from api.authentication import api_key_of, intake_credentials_of
from api.memory import Memory
from api.routing import Door
from ledger.errors import AuthenticationFailed, AuthorizationFailed
from ledger.ids import Site
from ledger.limits import KEY_MEMORY_S
from ledger.sites import KeyKind, KeyOwner, Sites, digest_of

_HOSTS_REMEMBERED_MAX = 1_000
_TEST_HOST_SUFFIX = "-test"
_NOT_OF_INTAKE = "Sorry, authentication failed. These are no credentials of the intake"


class Gate:
    """Lets callers in by their key."""

    def __init__(self, sites: Sites) -> None:
        self._owners = Memory(sites.find_key, KEY_MEMORY_S)
        self._sites = Memory(sites.site_exists, KEY_MEMORY_S)

    async def owner_of(self, request: web.BaseRequest, door: Door = Door.API) -> KeyOwner:
        """The owner of the request's key, which opens this door.

        Raises:
            AuthenticationFailed: there is no key, nobody has it, or it opens another door.
        """
        read = intake_credentials_of if door is Door.INTAKE else api_key_of
        owner = await self.find(digest_of(read(request.headers.get("Authorization"))), door)
        if owner is None:
            raise AuthenticationFailed(_NOT_OF_INTAKE if door is Door.INTAKE else None)
        return owner

    async def find(self, digest: bytes, door: Door = Door.API) -> KeyOwner | None:
        """The owner of what is in use and opens this door, by its digest."""
        owner = await self._owners.get(digest)
        return owner if owner and (owner.kind is KeyKind.INTAKE) == (door is Door.INTAKE) else None

    async def admit(self, request: web.BaseRequest) -> KeyOwner:
        """Let a request in; errors as for ``owner_of`` and ``require_right``."""
        owner = await self.owner_of(request)
        await self.require_right(owner, request)
        return owner

    async def require_right(self, owner: KeyOwner, request: web.BaseRequest) -> None:
        """Refuse what the owner may not ask, or not under this host.

        Raises:
            AuthenticationFailed: the host names another site.
            AuthorizationFailed: the key may only read, and the request does not.
        """
        await self._refuse_foreign_host(owner, request.headers.get("Host", ""))
        if owner.kind is KeyKind.READ_ONLY and request.method not in {"GET", "HEAD"}:
            raise AuthorizationFailed

    async def _refuse_foreign_host(self, owner: KeyOwner, host: str) -> None:
        """The key decides the site; a host that names another one is a mistake (conventions.md, section 10)."""
        named = _sites_named_by(host)
        if owner.site in named:
            return
        for site in named:
            if await self._sites.get(site):
                raise AuthenticationFailed("Sorry, authentication failed. The api key belongs to another site")


@lru_cache(_HOSTS_REMEMBERED_MAX)
def _sites_named_by(host: str) -> tuple[Site, ...]:
    """What the first label of a host can mean: ``acme.example.com``, and ``acme-test.example.com`` for acme."""
    if _is_address(host):
        return ()
    label = host.partition(":")[0].partition(".")[0].lower()
    short = label.removesuffix(_TEST_HOST_SUFFIX)
    return (Site(label),) if short == label else (Site(label), Site(short))


def _is_address(host: str) -> bool:
    if host.startswith("["):
        return True
    try:
        ipaddress.ip_address(host.partition(":")[0])
    except ValueError:
        return False
    return True
