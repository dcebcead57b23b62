"""What SIGHUP means: that the terminal is gone, or that somebody asks for a restart."""

import contextlib
import os
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terminal:
    """The terminal that a process was started from, if any, by its descriptor."""

    descriptor: int | None

    @classmethod
    def of_process(cls) -> "Terminal":
        """That of standard input."""
        with contextlib.suppress(AttributeError, OSError, ValueError):
            if os.isatty(sys.stdin.fileno()):
                return cls(sys.stdin.fileno())
        return cls(None)

    @property
    def is_gone(self) -> bool:
        """Whether there was one and it was closed: then it is no terminal any more to the kernel."""
        return self.descriptor is not None and not os.isatty(self.descriptor)
