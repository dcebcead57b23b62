"""The running service that all fuzz tests of a test process share, and how many requests were sent, told at the end."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from ops.database import Address
from ops.invoice_files import read_entries
from tests.fuzz.playground import INVOICES
from tests.fuzz.service import Service

_COUNT = "fuzz requests"


@pytest.fixture(scope="session")
def running_service(address: Address) -> Iterator[Service]:
    """The service, until the end of the run."""
    samples = (Path(__file__).parents[2] / "ops/samples/invoices.jsonl").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in samples if any(f'"{invoice}"' in line for invoice in INVOICES)]
    service = Service(address, list(read_entries(StringIO("\n".join(wanted)))))
    service.start()
    yield service
    service.stop()


@pytest.fixture
def service(running_service: Service, record_property: Any) -> Iterator[Service]:
    """The service, which counts the requests of this test."""
    running_service.requests = 0
    yield running_service
    record_property(_COUNT, running_service.requests)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tell how many requests were sent, over all test processes."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    counts = [dict(getattr(report, "user_properties", ())).get(_COUNT, 0) for report in reports]
    if any(counts):
        terminalreporter.write_line(f"fuzzing: {sum(counts):,} requests")
