"""Who is calling: the API key of a request, found once and remembered for a moment.

A key that is revoked stops working within ``KEY_MEMORY_S``; ``order-ledger keys revoke`` returns after that time,
so that when it says revoked, it is.
"""

import time
from collections.abc import Callable

from aiohttp import web

from api.authentication import api_key_of
from ledger.errors import AuthenticationFailed, AuthorizationFailed
from ledger.limits import REMEMBERED_KEYS_MAX
from ledger.sites import KeyKind, KeyOwner, Sites, digest_of

KEY_MEMORY_S = 1.0


class Gate:
    """Lets callers in by their key.

    Args:
        clock_s: seconds that never go back.
    """

    def __init__(self, sites: Sites, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._sites = sites
        self._clock_s = clock_s
        self._remembered: dict[bytes, tuple[float, KeyOwner]] = {}

    async def admit(self, request: web.BaseRequest) -> KeyOwner:
        """The owner of the request's key.

        Raises:
            AuthenticationFailed: there is no key, or nobody has it.
            AuthorizationFailed: the key may only read, and the request does not.
        """
        owner = await self._owner(digest_of(api_key_of(request.headers.get("Authorization"))))
        if owner.kind is KeyKind.READ_ONLY and request.method not in {"GET", "HEAD"}:
            raise AuthorizationFailed
        return owner

    async def _owner(self, digest: bytes) -> KeyOwner:
        now = self._clock_s()
        known = self._remembered.get(digest)
        if known and known[0] > now:
            return known[1]
        owner = await self._sites.find_key(digest)
        if owner is None:
            self._remembered.pop(digest, None)
            raise AuthenticationFailed
        if len(self._remembered) >= REMEMBERED_KEYS_MAX:
            self._remembered.clear()
        self._remembered[digest] = (now + KEY_MEMORY_S, owner)
        return owner
