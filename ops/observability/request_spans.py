"""A span around each request of the API."""

from aiohttp import web
from opentelemetry.trace import SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from api.app import Handler, operation_name


def traced_requests(tracer: Tracer, answer: Handler) -> Handler:
    """What answers requests, with a span around each; it goes on with the trace that the client has begun."""
    propagator = TraceContextTextMapPropagator()

    async def traced(request: web.Request) -> web.StreamResponse:
        operation = operation_name(request)
        attributes = {"http.request.method": request.method, "order_ledger.operation": operation}
        begun = propagator.extract(request.headers)
        with tracer.start_as_current_span(operation, begun, kind=SpanKind.SERVER, attributes=attributes) as span:
            response = await answer(request)
            span.set_attribute("http.response.status_code", response.status)
            span.set_attribute("order_ledger.request_id", response.headers["x-request-id"])
            if response.status >= 500:
                span.set_status(StatusCode.ERROR)
            return response

    return traced
