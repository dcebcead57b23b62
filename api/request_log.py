"""A line for each request, for who debugs; and one for each that failed, with what is needed to find it again.

A line holds no parameter, no header and no path, so neither a key nor anything personal: the id leads to the request
that was kept (``order-ledger requests show ID``).
"""

import logging
import time
from collections.abc import Callable
from http import HTTPStatus

from aiohttp import web

from api.metrics.operations import UNKNOWN
from api.requests.exchange import Exchange
from ledger.limits import REQUEST_FAILURES_LOGGED_PER_SECOND_MAX

log = logging.getLogger("order-ledger.requests")


class RequestLog:
    """Writes the lines. While a database is away every request fails, so failures are written a bounded number a second
    and counted beyond it.

    Args:
        clock_s: seconds that never go back.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._second = 0
        self._failures = 0

    def answered(self, request: web.BaseRequest, exchange: Exchange, status: int, duration_s: float) -> None:
        """A request was answered; in the way of every one."""
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            if self._may_be_written():
                self._write(logging.WARNING, request, exchange, status, duration_s)
        elif log.isEnabledFor(logging.DEBUG):
            self._write(logging.DEBUG, request, exchange, status, duration_s)

    def _may_be_written(self) -> bool:
        second = int(self._clock_s())
        if second != self._second:
            unwritten = self._failures - REQUEST_FAILURES_LOGGED_PER_SECOND_MAX
            if unwritten > 0:
                log.warning("%d more requests failed within a second and are not listed", unwritten)
            self._second, self._failures = second, 0
        self._failures += 1
        return self._failures <= REQUEST_FAILURES_LOGGED_PER_SECOND_MAX

    def _write(self, level: int, request: web.BaseRequest, exchange: Exchange, status: int, duration_s: float) -> None:
        operation = exchange.route.name if exchange.route else UNKNOWN
        duration_ms = round(duration_s * 1000, 3)
        fields = {
            "operation": operation,
            "method": request.method,
            "status": status,
            "duration_ms": duration_ms,
            "site": exchange.owner.site if exchange.owner else None,
        }
        log.log(level, "%s was answered %d after %.1f ms", operation, status, duration_ms, extra={"fields": fields})
