"""What runs commands while the service runs, though nobody asks: generation from invoices, and the clock."""

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from ledger.consumer import Consumer
from ledger.processes.clock import Clock
from ledger.processes.generation import Generation
from ledger.processes.order_clock import DueDates, OrderClock
from ops.serving.background_services import BackgroundServices


@dataclass(frozen=True, slots=True)
class Processes:
    """The consumers that follow the logs, and the loops beside them. The background process runs them."""

    consumers: tuple[Consumer, ...]
    loops: tuple[Coroutine[Any, Any, None], ...]


def processes(services: BackgroundServices) -> Processes:
    """All of them, ready to be run."""
    generation = generation_of(services)
    return Processes((generation, OrderClock()), (generation.run_retries(), clock_of(services).run()))


def generation_of(services: BackgroundServices) -> Generation:
    """The generation process."""
    return Generation(services.pool, services.handler, ids=services.ids, clock_ms=services.clock_ms)


def clock_of(services: BackgroundServices) -> Clock:
    """The clock."""
    due_dates = DueDates(services.pool)
    return Clock(services.handler, due_dates, services.sites, ids=services.ids, clock_ms=services.clock_ms)
