"""The live streams of a process: how many there may be, and their end."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from ledger.errors import RequestLimitExceeded
from ledger.ids import Site
from ledger.limits import (
    CONSOLE_STREAMS_PER_PROCESS_MAX,
    CONSOLE_STREAMS_PER_SITE_MAX,
    STREAMS_PER_PROCESS_MAX,
    STREAMS_PER_SITE_MAX,
)

_RETRY_S = 10


@dataclass(slots=True)
class StreamBudget:
    """Counts streams of one kind. They are not requests in flight: they last for hours, and do nothing most of the
    time."""

    site_max: int
    process_max: int
    _open: Counter[Site] = field(default_factory=Counter)

    @property
    def open(self) -> int:
        """Streams that run, over all sites."""
        return self._open.total()

    def require_room(self, site: Site) -> None:
        """Raise RequestLimitExceeded if no more streams may be opened for the site."""
        if self._open[site] >= self.site_max or self.open >= self.process_max:
            raise RequestLimitExceeded(
                f"A site can have {self.site_max} live streams, and a process {self.process_max}. "
                "Please try again later.",
                retry_after_s=_RETRY_S,
            )

    @contextlib.contextmanager
    def running(self, site: Site) -> Iterator[None]:
        """A stream runs."""
        self._open[site] += 1
        try:
            yield
        finally:
            self._open[site] -= 1
            if not self._open[site]:
                del self._open[site]


class Streams:
    """All streams. People who look at the console have a budget of their own: they take none from clients of the API,
    and these none from them."""

    def __init__(self) -> None:
        self.of_api = StreamBudget(STREAMS_PER_SITE_MAX, STREAMS_PER_PROCESS_MAX)
        self.of_console = StreamBudget(CONSOLE_STREAMS_PER_SITE_MAX, CONSOLE_STREAMS_PER_PROCESS_MAX)
        self.closing = asyncio.Event()

    @property
    def open(self) -> int:
        """Streams that run."""
        return self.of_api.open + self.of_console.open

    def close(self) -> None:
        """End all streams: the process stops. Clients go on with another one."""
        self.closing.set()
