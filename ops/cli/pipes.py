"""Standard output that somebody may stop reading, such as ``head``."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator

import typer

# What a shell reports of a program that ended so.
NOBODY_READS = 128 + signal.SIGPIPE


@contextlib.contextmanager
def quiet_when_nobody_reads() -> Iterator[None]:
    """End the command without a word when nobody reads what it prints."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer goes nowhere, instead of failing once more at the end of the process.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(NOBODY_READS) from None
