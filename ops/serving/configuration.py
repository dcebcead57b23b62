"""What the parent of the service tells its children. It imports nothing that only a child needs."""

import signal
from pathlib import Path
from typing import Any

import msgspec

from ledger.limits import ANCHOR_PAUSE_S, CONNECTION_DRAIN_S, REQUESTS_KEPT_DAYS, WEBHOOK_PORTS
from ledger.transparency.anchor_file import AnchorFiles
from ledger.transparency.signing_keys import KeyFolder
from ops.database import Address
from ops.observability.logs import LogSettings
from ops.serving.console_files import ConsoleFiles

CONFIGURATION = "ORDER_LEDGER_CHILD"
# Tells a child that another has taken its place: a worker then answers what still comes on its connections.
LEAVE_SIGNAL = signal.SIGUSR1
# Long enough for a worker to finish what it runs (api.server.SHUTDOWN_S) and to write what waits.
STOP_S = 40
LEAVE_S = STOP_S + int(CONNECTION_DRAIN_S)


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


class Watching(msgspec.Struct, frozen=True, kw_only=True):
    """How the service is watched: its logs, and who reads its metrics (``api.metrics.settings``).

    ``metrics_fd`` is the memory in which children count together; without it each counts for itself.
    """

    logs: LogSettings = LogSettings()
    metrics_fd: int | None = None
    metrics_token: str | None = None
    metrics_sites_max: int = 0


UNWATCHED = Watching()
"""Logs for people, and metrics of each process alone."""


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """What the parent tells a child, in an environment variable: the URL of a database may hold a password.

    Each child takes what it needs: the listening socket is a worker's alone. A child may be of a later version than
    its parent, so what is added here has a default. ``connections_fd`` is the memory in which workers tell how many
    connections they have (``ops.serving.connection_counts``).
    """

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
    watching: Watching = Watching()
    connections_fd: int | None = None

    @property
    def address(self) -> Address:
        """How to reach the database."""
        return Address(owner=self.owner, service=self.service, is_embedded=self.is_embedded)
