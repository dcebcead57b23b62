"""What the ledger tells whoever measures it. By itself it measures nothing, and knows no library that does.

A probe is called on the event loop, in the way of the commands: it must not block and must not raise.
"""

from collections.abc import Sequence

from ledger.batch import Append


class Probe:
    """Listens to nothing; whoever measures overrides what he wants to know."""

    def committed(self, batch: Sequence[Append], began_s: float, ended_s: float) -> None:
        """A batch was committed, between two readings of ``time.perf_counter``: all attempts at it together."""

    def sent_again(self) -> None:
        """The connection broke during a commit, and the batch is sent once more."""

    def race_lost(self) -> None:
        """A command found its streams changed by others, and is decided again."""

    def consumer_failed(self, consumer: str) -> None:
        """A consumer could not follow the log of a site, and tries again."""

    def anchor_failed(self, place: str) -> None:
        """A place did not take a checkpoint."""

    def webhook_called(self, duration_s: float, *, succeeded: bool) -> None:
        """An endpoint was called, and answered or not."""


NO_PROBE = Probe()
"""Where nobody measures."""
