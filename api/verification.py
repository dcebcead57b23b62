"""Verifications of a site that the service runs: each a process of its own, one at a time for a site. What they said,
as the API and the console tell it.
"""

from enum import StrEnum
from typing import Protocol

import msgspec

from ledger.ids import Site
from projections.order_document import Document


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


class Verdict(StrEnum):
    """What came of a verification; one that has ``failed`` came to no verdict."""

    SOUND = "sound"
    FAULT = "fault"
    FAILED = "failed"


class VerificationReportDocument(Document, frozen=True, kw_only=True):
    """The last report that there is. Times in milliseconds since 1970."""

    verdict: Verdict
    started_at_ms: int
    finished_at_ms: int
    text: str


class VerificationDocument(Document, frozen=True, kw_only=True):
    """``verification``: whether one is running, and what the last one that ended said."""

    is_running: bool
    last: VerificationReportDocument | None = None
    object: str


def site_verification(runs: VerificationRuns | None, site: Site) -> VerificationDocument:
    """How far a site was verified by the service.

    Args:
        runs: None where nobody runs verifications.
    """
    report = runs.last(site) if runs else None
    return VerificationDocument(
        is_running=runs is not None and runs.is_running(site),
        last=_told(report) if report else None,
        object="verification",
    )


def _told(report: VerificationReport) -> VerificationReportDocument:
    return VerificationReportDocument(
        verdict=_VERDICTS.get(report.exit_status, Verdict.FAILED),
        started_at_ms=report.started_at,
        finished_at_ms=report.finished_at,
        text=report.text,
    )


_VERDICTS = {0: Verdict.SOUND, 2: Verdict.FAULT}
