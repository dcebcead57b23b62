"""One call of an endpoint over HTTP: what is sent, how long it may take, and what counts as a success.

Chargebee's rules are in chargebee/events.md, section 5. Redirects are failures, proxies of the environment are not
used, certificates are verified, and of an answer only the status counts.
"""

import base64
import ssl
from types import TracebackType

import aiohttp

from ledger.limits import (
    WEBHOOK_ANSWER_BYTES_MAX,
    WEBHOOK_CALL_S_MAX,
    WEBHOOK_CONNECT_S_MAX,
    WEBHOOK_READ_S_MAX,
)
from ledger.webhook_credentials import Credentials
from ops.webhooks.addresses import AddressRefused, socket_factory

DEFAULT_TIMEOUT = aiohttp.ClientTimeout(
    total=WEBHOOK_CALL_S_MAX,
    connect=WEBHOOK_CONNECT_S_MAX,
    sock_connect=WEBHOOK_CONNECT_S_MAX,
    sock_read=WEBHOOK_READ_S_MAX,
)


class EndpointCalls:
    """Calls endpoints: ``async with EndpointCalls() as calls``.

    Args:
        allow_private: whether addresses may be called that are not public.
    """

    def __init__(self, *, allow_private: bool = False, timeout: aiohttp.ClientTimeout = DEFAULT_TIMEOUT) -> None:
        self._allow_private = allow_private
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "EndpointCalls":
        connector = aiohttp.TCPConnector(
            socket_factory=socket_factory(allow_private=self._allow_private),
            use_dns_cache=False,
            # One address after the other: with two at once the reason of a failure would be told of either.
            happy_eyeballs_delay=None,
            # A connection that the receiver has closed in the meantime would look like a failed call.
            force_close=True,
            # Whoever calls bounds the calls.
            limit=0,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            headers={"Content-Type": "application/json", "User-Agent": "order-ledger"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.close()

    async def post(self, url: str, body: bytes, credentials: Credentials | None) -> str | None:
        """Post a body once; returns why it failed, None for a success. The reason holds nothing of the answer."""
        assert self._session is not None
        headers = {} if credentials is None else {"Authorization": _basic(credentials)}
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                reason = _reason_of_status(answer.status)
                await _read_to_end(answer)
                return reason
        except Exception as error:
            # Also one that nobody foresaw is a failure of this call, to be counted and tried again like any other.
            return _reason_of(error)


async def _read_to_end(answer: aiohttp.ClientResponse) -> None:
    """So that the receiver can end in peace; whatever happens here, the status was told."""
    left = WEBHOOK_ANSWER_BYTES_MAX
    try:
        while left > 0 and (chunk := await answer.content.read(left)):
            left -= len(chunk)
    except (TimeoutError, aiohttp.ClientError, OSError):
        pass


def _basic(credentials: Credentials) -> str:
    """With exactly one blank: one of Chargebee's validators splits there."""
    pair = f"{credentials.username}:{credentials.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def _reason_of_status(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"answered with status {status}; redirects are not followed"
    return f"answered with status {status}"


def _reason_of(error: Exception) -> str:
    """In our own words: the text of an error may hold what stands in the URL."""
    for kinds, reason in _REASONS:
        if isinstance(error, kinds):
            return reason
    if not isinstance(error, aiohttp.ClientConnectorError):
        return f"the call failed ({type(error).__name__})"
    if isinstance(error.os_error, AddressRefused):
        return str(error.os_error)
    return f"no connection: {error.os_error.strerror or 'the network refused it'}"


_REASONS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((aiohttp.ConnectionTimeoutError,), "did not accept a connection in time"),
    ((TimeoutError,), "did not answer in time"),
    ((aiohttp.ClientConnectorDNSError,), "the host of the URL was not found"),
    ((aiohttp.ClientSSLError, ssl.SSLError), "the TLS connection failed: the certificate may not be valid"),
    ((aiohttp.ServerDisconnectedError,), "closed the connection without an answer"),
    ((aiohttp.ClientResponseError, aiohttp.ClientPayloadError), "the answer is not valid HTTP"),
    ((aiohttp.InvalidURL,), "the URL cannot be called"),
)
