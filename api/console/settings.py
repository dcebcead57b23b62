"""How the console of a process is run."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsoleSettings:
    """What the console gets from outside.

    Args:
        secret: what sessions are signed with, at least 32 bytes, the same in all workers.
    """

    secret: bytes
