"""What the parent of the service tells its workers. It imports nothing that only a worker needs."""

from pathlib import Path
from typing import Any

import msgspec

from ledger.limits import ANCHOR_PAUSE_S, REQUESTS_KEPT_DAYS, WEBHOOK_PORTS
from ledger.transparency.anchor_file import AnchorFiles
from ledger.transparency.signing_keys import KeyFolder
from ops.database import Address
from ops.serving.console_files import ConsoleFiles

CONFIGURATION = "ORDER_LEDGER_WORKER"
# Long enough for a worker to finish what it runs (api.server.SHUTDOWN_S) and to write what waits.
STOP_S = 40


class Signing(msgspec.Struct, frozen=True, kw_only=True):
    """Where keys and anchors are: folders, URLs, and how often an anchor is taken, in seconds."""

    keys_dir: str
    anchors_dir: str
    anchor_urls: tuple[str, ...] = ()
    anchor_pause_s: float = ANCHOR_PAUSE_S

    @property
    def keys(self) -> KeyFolder:
        """The folder with the keys."""
        return KeyFolder(Path(self.keys_dir))

    @property
    def anchors(self) -> AnchorFiles:
        """The folder with the anchor files."""
        return AnchorFiles(Path(self.anchors_dir))


class WebhookRules(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator allows: ports that URLs of endpoints may have, and whether addresses need not be public."""

    ports: tuple[int, ...] = WEBHOOK_PORTS
    allow_private: bool = False


CHARGEBEES_RULES = WebhookRules()
"""What Chargebee allows."""


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
