"""All that a process of the service counts, by the names under which Prometheus reads it."""

from collections.abc import Sequence
from enum import StrEnum

from api.metrics.instruments import MEMORY, Counter, Histogram, Instruments
from api.metrics.operations import OPERATIONS, UNKNOWN
from api.metrics.settings import CONSUMERS
from api.shared_memory import SharedMemory
from ledger.batch import Append
from ledger.probe import Probe

PREFIX = "order_ledger_"
STATUS_CLASSES = ("2xx", "3xx", "4xx", "5xx")
# Statuses of refusals that the service gives (ledger.errors).
_REFUSALS = (400, 401, 403, 404, 405, 409, 422, 429, 500, 503)
# What there should not be, and is counted all the same.
_OTHER = "other"

_REQUEST_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_COMMIT_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_BATCH_COMMANDS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 200.0)
_WEBHOOK_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 60.0)
_LOOP_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)


class Role(StrEnum):
    """What a process of the service does."""

    WORKER = "worker"
    BACKGROUND = "background"


_ROLES = tuple((role.value,) for role in Role)


class ServiceMetrics(Probe):
    """The instruments of a process. What the ledger and the delivery of webhooks tell is counted here too.

    Args:
        memory: shared with the other processes of the service; None for a process on its own, as in tests.
    """

    def __init__(self, memory: SharedMemory | None = None) -> None:
        made = self.instruments = Instruments(memory or SharedMemory(None, MEMORY))
        names = (*OPERATIONS, UNKNOWN)
        requests = made.histogram(
            f"{PREFIX}request_duration_seconds",
            "Requests of the API by operation and class of status, live streams left out",
            _REQUEST_S,
            ("operation", "status"),
            tuple((name, status) for name in names for status in STATUS_CLASSES),
        )
        self._requests = {name: tuple(requests[name, status] for status in STATUS_CLASSES) for name in names}
        self._unknown = self._requests[UNKNOWN]
        refusals = made.counter(
            f"{PREFIX}requests_refused",
            "Requests of the API that were answered with an error, by its status",
            ("status",),
            (*((str(status),) for status in _REFUSALS), (_OTHER,)),
        )
        self._refusals = {status: refusals[str(status),] for status in _REFUSALS}
        self._other_refusals = refusals[_OTHER,]
        self._declare_append()
        self._declare_background()
        self._declare_process()
        made.seal()

    def answered(self, operation: str, status: int, duration_s: float) -> None:
        """A request of the API was answered; in the way of every one."""
        self._requests.get(operation, self._unknown)[status // 100 - 2].observe(duration_s)
        if status >= 400:
            self._refusals.get(status, self._other_refusals).add()

    def committed(self, batch: Sequence[Append], began_s: float, ended_s: float) -> None:
        self._commits.observe(ended_s - began_s)
        self._batches.observe(len(batch))
        self._events.add(sum(len(append.events) for append in batch))

    def sent_again(self) -> None:
        self._sent_again.add()

    def race_lost(self) -> None:
        self._races_lost.add()

    def consumer_failed(self, consumer: str) -> None:
        self._consumer_failures.get((consumer,), self._other_failures).add()

    def anchor_failed(self, place: str) -> None:
        self._anchor_failures.add()

    def webhook_called(self, duration_s: float, *, succeeded: bool) -> None:
        self._webhook_calls[succeeded].observe(duration_s)

    def _declare_append(self) -> None:
        made = self.instruments
        self._commits: Histogram = made.histogram(
            f"{PREFIX}append_commit_seconds",
            "Commits of the log, attempts after a broken connection included",
            _COMMIT_S,
        )[()]
        self._batches: Histogram = made.histogram(
            f"{PREFIX}append_batch_commands", "Commands that shared a commit", _BATCH_COMMANDS
        )[()]
        self._events: Counter = made.counter(f"{PREFIX}append_events", "Events in the batches that were committed")[()]
        self._sent_again: Counter = made.counter(
            f"{PREFIX}append_retries", "Batches sent once more because the connection broke"
        )[()]
        self._races_lost: Counter = made.counter(
            f"{PREFIX}append_conflicts", "Commands decided again because others had changed their streams"
        )[()]
        self.queue = made.gauge(f"{PREFIX}append_queue_commands", "Commands that wait for a commit")[()]

    def _declare_background(self) -> None:
        made = self.instruments
        self._consumer_failures = made.counter(
            f"{PREFIX}consumer_failures",
            "Attempts of consumers to follow a log that failed",
            ("consumer",),
            (*((name,) for name in CONSUMERS), (_OTHER,)),
        )
        self._other_failures = self._consumer_failures[_OTHER,]
        self._anchor_failures: Counter = made.counter(
            f"{PREFIX}anchor_failures", "Rounds in which a place did not take a checkpoint"
        )[()]
        calls = made.histogram(
            f"{PREFIX}webhook_call_seconds",
            "Calls of webhook endpoints by outcome",
            _WEBHOOK_S,
            ("outcome",),
            (("succeeded",), ("failed",)),
        )
        self._webhook_calls = {True: calls["succeeded",], False: calls["failed",]}

    def _declare_process(self) -> None:
        made = self.instruments
        self.in_flight = made.gauge(f"{PREFIX}requests_in_flight", "Requests that are being answered")[()]
        self.streams = made.gauge(f"{PREFIX}streams_open", "Live streams of changes")[()]
        self.unkept = made.gauge(f"{PREFIX}requests_unkept", "Requests that are still to be kept for people")[()]
        self.connections = made.gauge(
            f"{PREFIX}pool_connections", "Connections of the pools to the database", ("state",), (("idle",), ("used",))
        )
        self.connections_max = made.gauge(f"{PREFIX}pool_connections_max", "Connections that the pools may have")[()]
        self.processes = made.gauge(f"{PREFIX}processes", "Processes that live", ("role",), _ROLES)
        self.memory = made.gauge(
            f"{PREFIX}process_resident_memory_bytes",
            "Memory of the processes, what they share counted for each",
            ("role",),
            _ROLES,
        )
        self.cpu = made.counter(f"{PREFIX}process_cpu_seconds", "Processor time of the processes", ("role",), _ROLES)
        self.loop_delay = made.histogram(
            f"{PREFIX}event_loop_delay_seconds",
            "How late a timer of a process came, looked at about once a second",
            _LOOP_S,
            ("role",),
            _ROLES,
        )
