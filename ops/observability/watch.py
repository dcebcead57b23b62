"""What a process of the service is watched with: its metrics, and where they are wanted traces."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from api.metrics.instruments import MEMORY
from api.metrics.service import Role, ServiceMetrics
from api.shared_memory import SharedMemory
from ledger.handler import CommandHandler
from ops.observability.traces import traces_are_wanted

Around = Callable[[Any], Any]
"""From what answers requests to what answers them and does more."""


def _unchanged(handler: Any) -> Any:
    return handler


def _nothing() -> None:
    pass


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """What is put into the way of things.

    Args:
        metrics: what the process counts with; the ledger's probe too.
        handler: makes the handler of commands.
        around: puts something around what answers requests.
        on_query: is told of each statement that the pool has run; None where nobody wants to know.
        close: sends what waits to be sent, for a few seconds at most.
    """

    metrics: ServiceMetrics
    handler: Callable[..., CommandHandler] = CommandHandler
    around: Around = _unchanged
    on_query: Callable[[Any], None] | None = None
    close: Callable[[], None] = field(default=_nothing)


def watch(role: Role, metrics_fd: int | None) -> Watch:
    """The watch of this process.

    Args:
        metrics_fd: the memory that it counts in, together with other processes; None counts alone.
    """
    memory = SharedMemory(metrics_fd, MEMORY)
    if not traces_are_wanted(os.environ):
        return Watch(metrics=ServiceMetrics(memory))
    made: Watch = import_module("ops.observability.tracing").traced_watch(role, memory)
    return made
