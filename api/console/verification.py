"""Verifications of a site that are asked for in the console: each a process of its own, one at a time for a site."""

from typing import Protocol

import msgspec

from ledger.ids import Site


class VerificationReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a verification said. Times in milliseconds; ``exit_status`` 0 is sound, 2 is a fault."""

    started_at: int
    finished_at: int
    exit_status: int
    text: str


class VerificationRuns(Protocol):
    """Starts verifications and keeps the last report of each site, for all processes of a service."""

    async def start(self, site: Site) -> bool:
        """Verify a site from its first event on; False if somebody is at it already."""

    def is_running(self, site: Site) -> bool:
        """Whether somebody is at it."""

    def last(self, site: Site) -> VerificationReport | None:
        """The last report; None where there is none yet."""
