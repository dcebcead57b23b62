"""A wait that looks again at a steady beat and says every few seconds what it waits for."""

import time
from collections.abc import Callable

from ops.embedded.limits import POLL_SECONDS, PROGRESS_SECONDS

Report = Callable[[str], None]
"""Takes one line for a human: what is being done, or waited for."""


class Waiting:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._began = time.monotonic()
        self._next_report_seconds = PROGRESS_SECONDS

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def beat(self, describe: Callable[[], str]) -> None:
        """Let a moment pass; `describe` is asked only when a report is due."""
        time.sleep(POLL_SECONDS)
        if self.seconds >= self._next_report_seconds:
            self._next_report_seconds += PROGRESS_SECONDS
            self._report(f"{describe()} ({self.seconds:.0f} s so far)")
