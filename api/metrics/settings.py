"""How metrics are read: by whom, and in what detail."""

from collections.abc import Sequence
from dataclasses import dataclass

CONSUMERS = ("changes", "checkpointer", "clock", "generation", "order_versions", "order_words", "webhooks")
"""All that follow the logs, by the names under which they keep how far they have come; a test compares them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricsSettings:
    """What the operator says.

    Args:
        token: what a reader has to show; None lets those read that are on the same machine.
        sites_max: how many sites have series of their own, the first ones by name. Names of sites are told then.
        places: names of the places that take anchors.
    """

    token: str | None = None
    sites_max: int = 0
    places: Sequence[str] = ("file",)
