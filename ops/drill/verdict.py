"""What verification said to a tampering, and whether it was right."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ledger.merkle.faults import as_document
from ledger.transparency.log_audit import Audit
from ops.drill.source import Stages
from ops.drill.tampering import Kind, Tampering, Where


class Outcome(StrEnum):
    """How it ended. Those in capitals are failures of the drill."""

    CLEAN = "clean"
    CAUGHT = "caught"
    BY_DESIGN = "limit"
    NOT_TRIED = "not tried"
    MISSED = "MISSED"
    MISNAMED = "MISNAMED"
    FALSE_ALARM = "FALSE ALARM"
    BROKE_OFF = "BROKE OFF"

    @property
    def is_as_expected(self) -> bool:
        """Whether verification did what it says."""
        return not self.isupper()


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the report.

    ``fault`` is what was found (``faults.as_document``), ``where`` the members that it must have, and ``reason`` why it
    was not tried or broke off. ``unanchored`` are the positions that verification said no anchor covers.
    """

    tampering: Tampering
    outcome: Outcome
    fault: dict[str, Any] | None = None
    where: Where | None = None
    unanchored: range = range(0)
    reason: str | None = None

    @property
    def names_the_place(self) -> bool | None:
        """Whether the fault names the place where it was done; None where no place is expected."""
        if not self.fault or not self.where:
            return None
        return _is_at(self.fault, self.where)


@dataclass(frozen=True, slots=True)
class DrillReport:
    """A drill that went to its end, or to a control that failed."""

    site: str
    events: int
    is_sample: bool
    seconds: float
    verdicts: Sequence[Verdict]

    @property
    def passed(self) -> bool:
        """Whether all was as expected, and something was caught at all."""
        outcomes = [verdict.outcome for verdict in self.verdicts]
        return all(outcome.is_as_expected for outcome in outcomes) and Outcome.CAUGHT in outcomes

    def count(self, outcome: Outcome) -> int:
        """How many ended so."""
        return sum(verdict.outcome is outcome for verdict in self.verdicts)


def judge(tampering: Tampering, where: Where, audit: Audit, stages: Stages) -> Verdict:
    """Hold what verification found against what it must find."""
    fault = as_document(audit.fault) if audit.fault else None  # type: ignore[arg-type]
    outcome = _outcome(tampering, where, fault, audit.log.unanchored, stages)
    return Verdict(tampering, outcome, fault, where, audit.log.unanchored)


def _outcome(
    tampering: Tampering, where: Where, fault: dict[str, Any] | None, unanchored: range, stages: Stages
) -> Outcome:
    if tampering.kind is Kind.ATTACK:
        if fault is None:
            return Outcome.MISSED
        is_named = fault["kind"] in tampering.faults and _is_at(fault, where)
        return Outcome.CAUGHT if is_named else Outcome.MISNAMED
    if fault is not None or unanchored != stages.unanchored:
        return Outcome.FALSE_ALARM
    return Outcome.CLEAN if tampering.kind is Kind.CONTROL else Outcome.BY_DESIGN


def _is_at(fault: dict[str, Any], where: Where) -> bool:
    return all(fault.get(name) == value for name, value in where.items())
