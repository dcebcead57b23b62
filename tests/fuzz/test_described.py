"""Requests that Schemathesis makes from the API description, ones that it allows and ones that it forbids."""

from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from hypothesis import given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation

from api.routes import ROUTES
from tests.api.description import DOCUMENT
from tests.fuzz.answers import check_answer
from tests.fuzz.budget import BOUNDED, share
from tests.fuzz.ledger import check_ledger
from tests.fuzz.playground import new_playground
from tests.fuzz.service import Service
from tests.fuzz.wire import Answer, Exchange, Request

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
KNOWN_IDS = {
    "order-id": "a",
    "invoice-id": "inv_0002",
    "tile-id": "0/000.p/3",
    "event-id": "ev___test__nobody",
    "webhook-endpoint-id": "whv2_nobody",
}
EXAMPLES = -(-share("described") // (len(ROUTES) * len(MODES)))

# What the description allows may still be refused, for its state or for an idempotency key that was used; and the
# service understands more than it describes: letter cases, digits in quotes, unknown names.
_BEYOND_THE_DESCRIPTION = ["positive_data_acceptance", "negative_data_rejection"]


def _operations() -> list[APIOperation[Any, Any, Any, Any]]:
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    return [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]


def _excluded_checks() -> list[Any]:
    load_all_checks()
    return [check for check in schemathesis.checks.CHECKS.get_all() if check.__name__ in _BEYOND_THE_DESCRIPTION]


def test_schemathesis_reads_every_operation() -> None:
    assert len(_operations()) == len(ROUTES)


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", _operations(), ids=lambda operation: operation.label)
def test_an_operation_answers_as_it_is_described(
    service: Service, operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode
) -> None:
    playground = service.do(new_playground(service.services, service.port, service.invoices))
    authorization = {"Authorization": playground.words[b"~KEY~"].decode()}
    excluded = _excluded_checks()
    done: list[Exchange] = []
    known = {name: value for name, value in KNOWN_IDS.items() if f"{{{name}}}" in operation.path} or None

    @settings(BOUNDED, max_examples=EXAMPLES)
    @given(case=operation.as_strategy(mode) | operation.as_strategy(mode, path_parameters=known))
    def call(case: Case[Any]) -> None:
        response = case.call(f"{service.url}/api/v2", session, authorization)
        case.validate_response(response, excluded_checks=excluded)
        done.append(_exchange(response))
        check_answer(done[-1])

    with requests.Session() as session:
        call()
    service.requests += len(done)
    assert len(done) >= EXAMPLES
    service.do(check_ledger(service.services, playground, done))


def _exchange(response: Any) -> Exchange:
    """What ``requests`` has sent and got, as our own checks read it."""
    sent = response.request
    url = urlsplit(sent.url)
    target = url.path + (f"?{url.query}" if url.query else "")
    headers = {name.lower(): ", ".join(values) for name, values in response.headers.items()}
    answer = Answer(response.status_code, headers, response.content, closes=False)
    return Exchange(Request(sent.method.encode(), target.encode()), answer)
