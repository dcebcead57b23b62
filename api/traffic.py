"""How much a site may ask, and how much a process takes on: beyond it callers are told when to come again.

The rate limit counts requests of a site in windows of a minute, per process: with several workers the operator's
limit is divided among them (``ops.serving.parent``). It is off unless the operator sets it.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterator

from ledger.errors import RequestLimitExceeded, TemporaryError
from ledger.ids import Site
from ledger.limits import REMEMBERED_MAX, REQUESTS_IN_FLIGHT_MAX

_WINDOW_S = 60.0


class Traffic:
    """Counts requests.

    Args:
        requests_per_minute: of each site; None is without limit.
        clock_s: seconds that never go back.
    """

    def __init__(self, requests_per_minute: int | None = None, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._limit = requests_per_minute
        self._clock_s = clock_s
        self._windows: dict[Site, tuple[float, int]] = {}
        self.in_flight = 0

    @contextlib.contextmanager
    def request(self) -> Iterator[None]:
        """A request is being answered.

        Raises:
            TemporaryError: too many are already.
        """
        if self.in_flight >= REQUESTS_IN_FLIGHT_MAX:
            raise TemporaryError(retry_after_s=1)
        self.in_flight += 1
        try:
            yield
        finally:
            self.in_flight -= 1

    def count(self, site: Site) -> None:
        """A site asks once more.

        Raises:
            RequestLimitExceeded: it has asked enough for this minute; ``retry_after_s`` says how long that lasts.
        """
        if self._limit is None:
            return
        now = self._clock_s()
        end, asked = self._windows.get(site, (0.0, 0))
        if end <= now:
            end, asked = now + _WINDOW_S, 0
        if asked >= self._limit:
            raise RequestLimitExceeded(retry_after_s=max(1, math.ceil(end - now)))
        if len(self._windows) >= REMEMBERED_MAX:
            self._windows = {each: window for each, window in self._windows.items() if window[0] > now}
        self._windows[site] = (end, asked + 1)
