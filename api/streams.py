"""The live streams of a process: how many there may be, and their end."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator

from ledger.errors import RequestLimitExceeded
from ledger.ids import Site
from ledger.limits import STREAMS_PER_PROCESS_MAX, STREAMS_PER_SITE_MAX

_RETRY_S = 10


class Streams:
    """Counts streams. They are not requests in flight: they last for hours, and do nothing most of the time."""

    def __init__(self) -> None:
        self._open: Counter[Site] = Counter()
        self.closing = asyncio.Event()

    @property
    def open(self) -> int:
        """Streams that run, over all sites."""
        return self._open.total()

    def require_room(self, site: Site) -> None:
        """Raise RequestLimitExceeded if no more streams may be opened for the site."""
        if self._open[site] >= STREAMS_PER_SITE_MAX or self.open >= STREAMS_PER_PROCESS_MAX:
            raise RequestLimitExceeded(
                f"A site can have {STREAMS_PER_SITE_MAX} live streams, and a process {STREAMS_PER_PROCESS_MAX}. "
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

    def close(self) -> None:
        """End all streams: the process stops. Clients go on with another one."""
        self.closing.set()
