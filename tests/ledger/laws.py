"""Laws: what holds for all values, tried with random ones."""

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, given, settings

F = TypeVar("F", bound=Callable[..., Any])


def for_all(*strategies: Any, examples: int = 100, **named: Any) -> Callable[[F], F]:
    """``hypothesis.given`` without a time limit: a slow machine breaks no law."""

    def law(test: F) -> F:
        limits = settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        drawn: Callable[[F], F] = given(*strategies, **named)
        return limits(drawn(test))

    return law
