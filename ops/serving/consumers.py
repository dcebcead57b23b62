"""What follows the logs while the service runs: one worker does it for all."""

from ledger.consumer import Consumer


def consumers() -> tuple[Consumer, ...]:
    """One of each, ready to be run."""
    return ()
