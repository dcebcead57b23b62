"""Laws: what holds for all values, tried with random ones; `make fuzz` tries twenty times as many."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, given, settings

F = TypeVar("F", bound=Callable[..., Any])
_TIMES = int(os.environ.get("LAWS_TIMES", "1"))


def for_all(*strategies: Any, examples: int = 60, **named: Any) -> Callable[[F], F]:
    """``hypothesis.given`` without a time limit: a slow machine breaks no law."""

    def law(test: F) -> F:
        limits = settings(max_examples=examples * _TIMES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        drawn: Callable[[F], F] = given(*strategies, **named)
        return limits(drawn(test))

    return law
