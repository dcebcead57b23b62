"""Anchors over HTTP: the note is posted to a URL, whose owner is to keep it out of the operator's reach."""

from urllib.parse import urlsplit

import aiohttp

from ledger.errors import OperationFailed
from ledger.ids import Site
from ledger.limits import ANCHOR_TIMEOUT_S
from ledger.transparency.anchors import AnchorFailed


class UnusableAnchorUrl(OperationFailed):
    """An anchor is an http or https URL with a host."""


class HttpPlace:
    """Posts each note as it is (text/plain; charset=utf-8). Any 2xx says that it is kept; redirects are not followed.

    Args:
        url: http or https. Only scheme, host, port and path are shown and stored: the rest may hold a secret.

    Raises:
        UnusableAnchorUrl: another scheme, or no host.
    """

    def __init__(self, url: str, *, timeout_s: float = ANCHOR_TIMEOUT_S) -> None:
        try:
            parts = urlsplit(url)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            raise UnusableAnchorUrl from None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UnusableAnchorUrl
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self.name = f"{parts.scheme}://{host}{port}{parts.path}"
        self._url = url
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    async def keep(self, site: Site, size: int, note: bytes) -> None:
        """Post the note, on a connection of its own: there are few, and none lies open for somebody to hang."""
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        try:
            async with (
                aiohttp.ClientSession(timeout=self._timeout) as client,
                client.post(self._url, data=note, headers=headers, allow_redirects=False) as answer,
            ):
                status = answer.status
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            # The text of an error may hold the whole URL.
            raise AnchorFailed(f"{site}, size {size}: {type(error).__name__}.") from None
        if not 200 <= status < 300:
            raise AnchorFailed(f"{site}, size {size}: answered with status {status}.")
