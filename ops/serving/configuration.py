"""What the parent of the service tells its workers."""

from typing import Any

import msgspec

from ops.database import Address
from ops.serving.console_files import ConsoleFiles
from ops.serving.consumers import Signing
from ops.serving.retention import REQUESTS_KEPT_DAYS
from ops.serving.webhooks import WebhookRules

CONFIGURATION = "ORDER_LEDGER_WORKER"
# Long enough for a worker to finish what it runs (api.server.SHUTDOWN_S) and to write what waits.
STOP_S = 40


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """What the parent tells a worker, in an environment variable: the URL of a database may hold a password."""

    parent_pid: int
    socket_fd: int
    ready_fd: int
    owner: dict[str, Any]
    service: dict[str, Any]
    is_embedded: bool
    signing: Signing
    console: ConsoleFiles
    requests_per_minute: int | None = None
    requests_kept_days: int = REQUESTS_KEPT_DAYS
    webhooks: WebhookRules = WebhookRules()
    runs_consumers: bool = False

    @property
    def address(self) -> Address:
        """How to reach the database."""
        return Address(owner=self.owner, service=self.service, is_embedded=self.is_embedded)
