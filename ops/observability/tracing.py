"""Traces with OpenTelemetry, imported only where they are wanted (``ops.observability.traces``).

The spans of a command: the request, with whatever trace its client began (``traceparent``); "decide", with the reads
that it takes; "append", from the queue to the answer, and in it "commit", the part that it shares with other commands.
Each statement of a request has a span named for its file; a read that several requests share is in the trace of the one
that began it. Spans hold no parameter, no id of a resource and no text of a statement.
"""

import threading
import time
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

from api.metrics.service import Role, ServiceMetrics
from api.shared_memory import SharedMemory
from ledger.batch import Append
from ledger.handler import CommandHandler
from ops.observability.watch import Watch

_CLOSE_S = 3.0
_DATABASE = {"db.system.name": "postgresql"}
_OTHER_STATEMENT = "statement"


def traced_watch(role: Role, memory: SharedMemory) -> Watch:
    """A watch that sends traces to the collector that the environment names."""
    own = {"service.name": "order-ledger", "service.version": version("order-ledger"), "order_ledger.role": role.value}
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come before what is said here.
    resource = Resource.create({**own, **OTELResourceDetector().detect().attributes})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer("order-ledger", version("order-ledger"))
    appends = AppendSpans(tracer)

    def handler(*arguments: Any, **named: Any) -> CommandHandler:
        return TracedHandler(*arguments, tracer=tracer, appends=appends, **named)

    def close() -> None:
        # In a thread that ends with the process: a collector that is away must not hold up its end.
        sending = threading.Thread(target=provider.shutdown, daemon=True)
        sending.start()
        sending.join(_CLOSE_S)

    def around(answer: Any) -> Any:
        # What answers requests is not imported where none are answered.
        return import_module("ops.observability.request_spans").traced_requests(tracer, answer)

    return Watch(
        metrics=TracedMetrics(memory, appends),
        handler=handler,
        around=around,
        on_query=StatementSpans(tracer).note,
        close=close,
    )


class AppendSpans:
    """The spans of commands that wait for their commit."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._waiting: dict[int, Span] = {}

    def put(self, append: Append, span: Span) -> None:
        """A command waits."""
        self._waiting[id(append)] = span

    def take(self, append: Append) -> None:
        """It waits no more."""
        self._waiting.pop(id(append), None)

    def committed(self, batch: Sequence[Append], began_s: float, ended_s: float) -> None:
        """Add the commit to the trace of each command that shared it."""
        now_ns, now_s = time.time_ns(), time.perf_counter()
        began_ns, ended_ns = (now_ns - round((now_s - at_s) * 1e9) for at_s in (began_s, ended_s))
        attributes: dict[str, int | str] = {
            "order_ledger.batch.commands": len(batch),
            "order_ledger.batch.events": sum(len(append.events) for append in batch),
            **_DATABASE,
        }
        for append in batch:
            waiting = self._waiting.get(id(append))
            if waiting is not None and waiting.is_recording():
                inside = trace.set_span_in_context(waiting)
                span = self._tracer.start_span(
                    "commit", inside, kind=SpanKind.CLIENT, attributes=attributes, start_time=began_ns
                )
                span.end(ended_ns)


class TracedMetrics(ServiceMetrics):
    """Metrics that tell traces of commits."""

    def __init__(self, memory: SharedMemory, appends: AppendSpans) -> None:
        super().__init__(memory)
        self._appends = appends

    def committed(self, batch: Sequence[Append], began_s: float, ended_s: float) -> None:
        """A batch was committed."""
        super().committed(batch, began_s, ended_s)
        self._appends.committed(batch, began_s, ended_s)


class TracedHandler(CommandHandler):
    """A handler of commands whose steps are spans."""

    def __init__(self, *arguments: Any, tracer: Tracer, appends: AppendSpans, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._tracer = tracer
        self._appends = appends

    async def _decide(self, *arguments: Any) -> Any:
        # What a refused command was refused for may hold what the client sent.
        with self._tracer.start_as_current_span("decide", record_exception=False, set_status_on_exception=False):
            return await super()._decide(*arguments)

    async def _append(self, append: Append) -> bool:
        with self._tracer.start_as_current_span(
            "append", record_exception=False, set_status_on_exception=False
        ) as span:
            self._appends.put(append, span)
            try:
                appended = await super()._append(append)
            finally:
                self._appends.take(append)
            span.set_attribute("order_ledger.append.race_lost", not appended)
            return appended


class StatementSpans:
    """A span for each statement that is run within another span."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._names = {text: name for package in ("ledger.sql", "projections.sql") for text, name in _named(package)}

    def note(self, done: Any) -> None:
        """A statement was run (``asyncpg.connection.LoggedQuery``); called right behind it, in its context."""
        if not trace.get_current_span().is_recording():
            return
        name = self._names.get(done.query, _OTHER_STATEMENT)
        ended_ns = time.time_ns()
        span = self._tracer.start_span(
            name,
            kind=SpanKind.CLIENT,
            attributes=_DATABASE | {"db.operation.name": name},
            start_time=ended_ns - round(done.elapsed * 1e9),
        )
        if done.exception is not None:
            span.set_attribute("error.type", type(done.exception).__name__)
            span.set_status(StatusCode.ERROR)
        span.end(ended_ns)


def _named(package: str) -> list[tuple[str, str]]:
    queries = files(package).joinpath("queries").iterdir()
    return [(each.read_text(encoding="utf-8"), each.name.removesuffix(".sql")) for each in queries]
