"""What a process remembers for a moment, so that not every request asks the database the same."""

import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from ledger.limits import REMEMBERED_MAX

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memory(Generic[K, V]):
    """Answers by key, each asked for again after a while. Bounded: callers who try keys cannot fill the memory.

    Args:
        ask: finds the answer.
        seconds: how long an answer holds.
        clock_s: seconds that never go back.
    """

    def __init__(
        self, ask: Callable[[K], Awaitable[V]], seconds: float, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._seconds = seconds
        self._clock_s = clock_s
        self._answers: dict[K, tuple[float, V]] = {}

    async def get(self, key: K) -> V:
        """The answer, remembered or asked for now."""
        now = self._clock_s()
        known = self._answers.get(key)
        if known is not None and known[0] > now:
            return known[1]
        answer = await self._ask(key)
        if len(self._answers) >= REMEMBERED_MAX:
            self._answers.clear()
        self._answers[key] = (now + self._seconds, answer)
        return answer
