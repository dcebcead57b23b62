"""From where on the doctor says something, each with its reason."""

from typing import Final

from ops.database import POOL_SIZE_MAX

CONNECTIONS_USED_SHARE_MAX: Final = 0.8
"""Beyond it the next worker or command may find none."""

CONNECTIONS_MIN: Final = 3 * POOL_SIZE_MAX
"""One worker, what runs in the background, and a few commands."""

FREE_BYTES_MIN: Final = 256 * 1024**2
"""Less, and PostgreSQL's next files of its log, 16 MB each, may stop it within the hour."""

FREE_BYTES_FEW: Final = 2 * 1024**3
"""That log takes 1 GB by default between two checkpoints; the rest is time to do something."""

FREE_SHARE_FEW: Final = 0.05
"""File systems become slow when they are this full."""

CLOCK_OFF_MS: Final = 1_000
"""NTP leaves milliseconds."""

CLOCK_WRONG_MS: Final = 60_000
"""Times of orders are then wrong for whoever reads them."""

BEHIND_MS_MAX: Final = 60_000
"""Consumers look at the logs each second: beyond it one is stuck, or nobody runs."""

UNANCHORED_MS_MAX: Final = 600_000
"""Anchors are taken each ten seconds, or as seldom as the operator says."""
