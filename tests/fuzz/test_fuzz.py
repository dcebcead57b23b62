"""Whatever is sent, each answer is in shape and foreseen by the description, and log and view agree with it."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.fuzz.budget import BOUNDED, batches, share
from tests.fuzz.protocol import protocol
from tests.fuzz.service import Service
from tests.fuzz.strategies import commands, lists
from tests.fuzz.wire import Request

_BATCH = 100


class _Batch:
    """Requests that are sent together. Hypothesis wants to show it; a hundred requests are too much to read."""

    def __init__(self, requests: list[Request]) -> None:
        self.requests = requests

    def __repr__(self) -> str:
        return f"{len(self.requests)} requests"


@pytest.mark.parametrize(("test", "requests"), [("forms", commands), ("lists", lists), ("http", protocol)])
def test_any_request_is_answered_in_shape_and_changes_only_what_it_is_told(
    service: Service, test: str, requests: Callable[[], SearchStrategy[Request]]
) -> None:
    @settings(BOUNDED, max_examples=batches(test, _BATCH))
    @given(batch=st.lists(requests(), min_size=_BATCH, max_size=_BATCH).map(_Batch))
    def play(batch: _Batch) -> None:
        service.play(batch.requests)

    play()
    assert service.requests >= share(test)
