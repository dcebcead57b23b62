"""How many requests are sent, over all tests: ``FUZZ_REQUESTS``, and what part of them falls to each test."""

import os

from hypothesis import HealthCheck, Phase, Verbosity, settings

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "12000"))

# In hundredths.
_PARTS = {"forms": 45, "lists": 24, "http": 24, "described": 7}
assert sum(_PARTS.values()) == 100

# A failure names the request, so there is nothing to shrink or to print; the number of examples bounds a run.
BOUNDED = settings(
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    verbosity=Verbosity.quiet,
    suppress_health_check=list(HealthCheck),
    deadline=None,
)


def share(test: str) -> int:
    """How many requests a test has to send at least."""
    return REQUESTS * _PARTS[test] // 100


def batches(test: str, size: int) -> int:
    """How many batches of a size make up the share, rounded up."""
    return -(-share(test) // size)
