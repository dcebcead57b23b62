"""User names and passwords of webhook endpoints: kept beside the log, which could never forget them.

A row never changes: other credentials are another row under another id, which the endpoint names from then on.
"""

from collections.abc import Collection
from typing import Any

import msgspec

from ledger.ids import Site
from ledger.sql import query


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint is authenticated with. It is never shown, so it has no text of its own."""

    username: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(...)"


class WebhookCredentials:
    """Keeps credentials.

    Args:
        database: a pool or a connection.
    """

    def __init__(self, database: Any) -> None:
        self._database = database

    async def put(self, site: Site, credentials_id: str, credentials: Credentials, now_ms: int) -> None:
        """Keep credentials under a new id."""
        statement = query("put_webhook_credentials")
        await self._database.execute(
            statement, site, credentials_id, credentials.username, credentials.password, now_ms
        )

    async def find(self, site: Site, credentials_id: str) -> Credentials | None:
        """Those of an id."""
        row = await self._database.fetchrow(query("find_webhook_credentials"), site, credentials_id)
        return Credentials(**row) if row else None

    async def forget_all_but(self, site: Site, used: Collection[str], before_ms: int) -> None:
        """Delete those that no endpoint names any more; what was made lately may be named in a moment."""
        await self._database.execute(query("forget_webhook_credentials"), site, list(used), before_ms)
