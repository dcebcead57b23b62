"""Which request the code that runs works for, so that whatever it logs can be found by the id of the request."""

from contextvars import ContextVar

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""None outside a request, and in work that is done for many of them."""
