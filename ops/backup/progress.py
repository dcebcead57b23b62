"""How far a backup or a restore has come."""

from collections.abc import Callable

OnProgress = Callable[[str, int, int | None, str], None]
"""Told what is being done, how much of it is done, how much there is in all where that is known, and the last step."""


def say_nothing(what: str, done: int, count: int | None, step: str) -> None:
    """For callers whom it does not interest."""


def counted(on_progress: OnProgress, what: str, count: int | None = None) -> Callable[[str], None]:
    """Takes the steps of one kind of work and counts them."""
    done = 0

    def on_step(step: str) -> None:
        nonlocal done
        done += 1
        on_progress(what, done, count, step)

    return on_step
