"""The test cases that eventsourcing ships for recorders, run unmodified against our store."""

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from ops.database import Address
from tests.log.recorder_adapter import Ledger, LedgerAggregateRecorder, LedgerApplicationRecorder


def _shipped_cases() -> Any:
    """The module of the cases. For other cases it imports a cipher, which needs a package that is none of ours."""
    stand_in = ModuleType("eventsourcing.cipher")
    stand_in.AESCipher = object  # type: ignore[attr-defined]
    if sys.modules.setdefault("eventsourcing.cipher", stand_in) is not stand_in:
        return importlib.import_module("eventsourcing.tests.persistence")
    try:
        return importlib.import_module("eventsourcing.tests.persistence")
    finally:
        del sys.modules["eventsourcing.cipher"]


if TYPE_CHECKING:
    from eventsourcing.tests import persistence as cases
else:
    cases = _shipped_cases()


class _OnOurStore:
    # Where eventsourcing's versions start; the adapter adds one.
    INITIAL_VERSION = 0

    @pytest.fixture(autouse=True)
    def _new_site(self, address: Address) -> Any:
        self.ledger = Ledger(address)
        yield
        self.ledger.close()


class TestAggregateRecorder(_OnOurStore, cases.AggregateRecorderTestCase):
    def create_recorder(self) -> LedgerAggregateRecorder:
        return LedgerAggregateRecorder(self.ledger)


class TestApplicationRecorder(_OnOurStore, cases.ApplicationRecorderTestCase):
    def create_recorder(self) -> LedgerApplicationRecorder:
        return LedgerApplicationRecorder(self.ledger)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestNonInterleavingPositions(_OnOurStore, cases.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> LedgerApplicationRecorder:
        return LedgerApplicationRecorder(self.ledger)
