"""The error conditions of the contract; each has a test of its own in ``test_error_conditions``."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.contract.contract import CONTRACT
from tests.contract.http.wire import Answer

F = TypeVar("F", bound=Callable[..., Any])

CONDITIONS: list[dict[str, Any]] = CONTRACT["error_conditions"]

# Name of the test, by the place of its condition in the contract.
TESTED: dict[int, str] = {}


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, and what the contract says a client is told."""

    contract: dict[str, Any]

    def __call__(self, answer: Answer, param: str | None = None) -> dict[str, Any]:
        """The body of an answer that tells exactly this, on this parameter."""
        assert _is_named(param, self.contract.get("param")), f"the contract names another parameter than {param}"
        return answer.refused(self.contract["http_status"], self.contract["api_error_code"], param)


def condition(words: str, *operations: str) -> Callable[[F], F]:
    """Marks the test of a condition, by its words in the contract and the operations that it names."""
    places = [
        place
        for place, row in enumerate(CONDITIONS)
        if row["condition"] == words and tuple(row["operations"]) == operations
    ]
    assert len(places) == 1, f"the contract has no such condition: {words}, {operations}"

    def mark(test: F) -> F:
        assert places[0] not in TESTED, f"{TESTED[places[0]]} tests it already"
        TESTED[places[0]] = test.__name__
        return test

    return mark


def condition_of(test: str) -> Condition:
    """The condition that a test is about."""
    places = {name: place for place, name in TESTED.items()}
    return Condition(CONDITIONS[places[test]])


def _is_named(param: str | None, told: str | None) -> bool:
    """Whether a parameter is the one that the contract names: ``order_line_items[id][n]`` stands for any index."""
    if param is None or told is None:
        return param is told
    if told == "that parameter":
        return True
    patterns = [re.escape(name).replace(r"\[n\]", r"\[\d+\]") for name in told.split(" or ")]
    return any(re.fullmatch(pattern, param) for pattern in patterns)
