"""What is remembered for a moment: asked for once by all who want it at once, and again when it is old."""

import asyncio

import pytest

from api.memory import Memory
from tests.log.waiting import eventually


class Asked:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.questions: list[str] = []
        self.answers: list[asyncio.Future[int]] = []

    async def __call__(self, key: str) -> int:
        self.questions.append(key)
        self.answers.append(asyncio.get_running_loop().create_future())
        return await self.answers[-1]


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


async def test_those_who_want_the_same_at_once_ask_once() -> None:
    asked = Asked()
    memory = Memory(asked, 1, Clock())
    waiting = [asyncio.create_task(memory.get(key)) for key in ("a", "a", "b", "a")]
    await eventually(lambda: len(asked.answers) == 2)
    for number, answer in enumerate(asked.answers):
        answer.set_result(number)
    assert await asyncio.gather(*waiting) == [0, 0, 1, 0]
    assert asked.questions == ["a", "b"]
    assert await memory.get("a") == 0


async def test_an_answer_is_as_old_as_its_question() -> None:
    asked, clock = Asked(), Clock()
    memory = Memory(asked, 1, clock)
    first = asyncio.create_task(memory.get("a"))
    await eventually(lambda: len(asked.answers) == 1)
    clock.now_s = 0.75
    asked.answers[0].set_result(1)
    assert await first == 1
    clock.now_s = 1.0
    second = asyncio.create_task(memory.get("a"))
    await eventually(lambda: len(asked.answers) == 2)
    asked.answers[1].set_result(2)
    assert await second == 2


async def test_nobody_waits_for_a_question_that_is_too_old() -> None:
    """A key that was revoked meanwhile must not be let in by a look that began before."""
    asked, clock = Asked(), Clock()
    memory = Memory(asked, 1, clock)
    slow = asyncio.create_task(memory.get("a"))
    await eventually(lambda: len(asked.answers) == 1)
    clock.now_s = 1.0
    late = asyncio.create_task(memory.get("a"))
    await eventually(lambda: len(asked.answers) == 2)
    asked.answers[1].set_result(2)
    assert await late == 2
    asked.answers[0].set_result(1)
    assert await slow == 1


async def test_who_goes_away_takes_the_question_from_nobody() -> None:
    asked = Asked()
    memory = Memory(asked, 1, Clock())
    leaving, staying = (asyncio.create_task(memory.get("a")) for _ in range(2))
    await eventually(lambda: len(asked.answers) == 1)
    leaving.cancel()
    await asyncio.wait([leaving])
    asked.answers[0].set_result(1)
    assert await staying == 1


async def test_what_went_wrong_is_told_to_all_and_not_remembered() -> None:
    asked = Asked()
    memory = Memory(asked, 1, Clock())
    waiting = [asyncio.create_task(memory.get("a")) for _ in range(2)]
    await eventually(lambda: len(asked.answers) == 1)
    asked.answers[0].set_exception(OSError("away"))
    for each in waiting:
        with pytest.raises(OSError, match="away"):
            await each
    again = asyncio.create_task(memory.get("a"))
    await eventually(lambda: len(asked.answers) == 2)
    asked.answers[1].set_result(3)
    assert await again == 3
