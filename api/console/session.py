"""Who is signed in: a signed cookie that names a key by its digest, never the key itself.

The key is looked up again with every page, so one that is revoked signs its sessions out.
"""

import hmac
import secrets
from dataclasses import dataclass

import msgspec
from aiohttp import web
from itsdangerous import BadData, URLSafeTimedSerializer

from ledger.limits import CONSOLE_SESSION_S_MAX

COOKIE = "order_ledger_console"
_SALT = "order-ledger console session"


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What the cookie says: the SHA-256 of the key in hex, and the token that forms of this session carry."""

    key: str
    token: str

    @property
    def digest(self) -> bytes:
        """The digest by which the key is found."""
        return bytes.fromhex(self.key)


@dataclass(frozen=True, slots=True)
class Sessions:
    """Writes and reads session cookies.

    Args:
        secret: what they are signed with; at least 32 bytes, the same in all workers.
    """

    secret: bytes

    def begin(self, request: web.Request, response: web.StreamResponse, digest: bytes) -> None:
        """Sign the browser in."""
        session = Session(key=digest.hex(), token=secrets.token_urlsafe(24))
        response.set_cookie(
            COOKIE,
            self._serializer().dumps(msgspec.to_builtins(session)),
            max_age=CONSOLE_SESSION_S_MAX,
            path="/console",
            httponly=True,
            samesite="Lax",
            secure=request.secure,
        )

    def end(self, response: web.StreamResponse) -> None:
        """Sign the browser out."""
        response.del_cookie(COOKIE, path="/console")

    def read(self, request: web.Request) -> Session | None:
        """The session of a request; None without one, or with one that is too old or not ours."""
        cookie = request.cookies.get(COOKIE)
        if not cookie:
            return None
        try:
            said = self._serializer().loads(cookie, max_age=CONSOLE_SESSION_S_MAX)
            session = msgspec.convert(said, Session)
            return session if len(session.digest) == _DIGEST_BYTES else None
        except (BadData, msgspec.ValidationError, ValueError):
            return None

    def _serializer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self.secret, salt=_SALT)


_DIGEST_BYTES = 32


def is_own_form(session: Session, token: str | None) -> bool:
    """Whether a form was sent from a page of this session."""
    return token is not None and hmac.compare_digest(session.token.encode(), token.encode())
