"""How values are written, and templates that are ready before they are asked for."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp_jinja2
import pytest
from aiohttp.test_utils import TestClient

from api.console.app import create_console
from api.console.settings import ConsoleSettings
from api.console.texts import lasted
from api.console.write_out import value_text
from api.services import Services
from projections.history.difference import MemberChange
from tests.log.waiting import eventually


@pytest.mark.parametrize(
    ("span_ms", "text"),
    [
        (-5, "0.0 s"),
        (420, "0.4 s"),
        (9_949, "9.9 s"),
        (47_000, "47 s"),
        (185_000, "3 min 5 s"),
        (7_800_000, "2 h 10 min"),
        (180_000_000, "2 d 2 h"),
    ],
)
def test_a_span_is_written_as_exactly_as_anybody_needs_it(span_ms: int, text: str) -> None:
    assert lasted(span_ms) == text


def test_an_address_that_came_as_a_whole_is_words_and_still_only_text() -> None:
    address = {"city": "Berlin\u202e", "lines": ["1", "2"]}
    assert value_text(MemberChange(path="shipping_address", after=address)) == (
        None,
        'city: Berlin\\u202e, lines: ["1","2"]',
    )


async def test_no_page_waits_for_its_template_once_somebody_has_come(
    aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]], services: Services
) -> None:
    console = create_console(services, ConsoleSettings(secret=b"s" * 32))
    browser = await aiohttp_client(console)
    environment = aiohttp_jinja2.get_env(console)
    assert environment.cache is not None
    assert len(environment.cache) == 0
    await browser.get("/orders", allow_redirects=False)
    await eventually(lambda: len(environment.cache or ()) == len(environment.list_templates()))
