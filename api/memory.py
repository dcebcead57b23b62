"""What a process remembers for a moment, so that not every request asks the database the same."""

import asyncio
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
        self._asking: dict[K, tuple[float, asyncio.Task[V]]] = {}

    async def get(self, key: K) -> V:
        """The answer, remembered or asked for now; those who want it while it is asked for wait together.

        Raises:
            Exception: whatever asking raised.
        """
        now = self._clock_s()
        known = self._answers.get(key)
        if known is not None and known[0] > now:
            return known[1]
        holds_until, asking = self._asking.get(key, (now, None))
        if asking is None or holds_until <= now:
            holds_until = now + self._seconds
            asking = asyncio.create_task(self._ask_until(key, holds_until))
            self._asking[key] = (holds_until, asking)
        # Whoever goes away leaves it to the others.
        return await asyncio.shield(asking)

    async def _ask_until(self, key: K, holds_until: float) -> V:
        try:
            answer = await self._ask(key)
        finally:
            # Unless somebody found this question too old and asked again.
            if self._asking.get(key, (None,))[0] == holds_until:
                del self._asking[key]
        if len(self._answers) >= REMEMBERED_MAX:
            self._answers.clear()
        self._answers[key] = (holds_until, answer)
        return answer
