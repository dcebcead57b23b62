"""The API description says what the contract promises and what the service answers: resources, errors, headers."""

import jsonschema_rs
import pytest

from api.openapi.refusals import all_kinds
from api.routes import ROUTES
from api.routing import Route
from ledger.errors import LedgerError, MethodNotSupported
from tests.api.description import DOCUMENT, OPERATIONS, TYPES, Json, parameters_of, refusals_of, resolved
from tests.api.requests import Client, create, import_order
from tests.contract.contract import CONTRACT

RESOURCES = {
    "order": "Order",
    "order_line_item": "OrderLineItem",
    "shipping_address": "Address",
    "billing_address": "Address",
    "line_item_tax": "LineItemTax",
    "line_item_discount": "LineItemDiscount",
    "linked_credit_note": "LinkedCreditNote",
    "resent_order": "ResentOrder",
}
# Decided: the total holds no rounding of its own, so it is not sent.
NEVER_SENT = {"rounding_adjustement"}


@pytest.mark.parametrize("name", RESOURCES)
def test_a_resource_has_the_members_of_the_contract(name: str) -> None:
    contract = CONTRACT["order"]["fields"] if name == "order" else CONTRACT["order"]["sub_resources"][name]
    members = DOCUMENT["components"]["schemas"][RESOURCES[name]]["properties"]
    assert set(members) == set(contract) - NEVER_SENT | {"object"}
    assert name in members["object"]["enum"]
    for member in set(contract) - NEVER_SENT:
        compare_member(contract[member], members[member])


def compare_member(contract: Json, found: Json) -> None:
    if "$ref" in found:
        assert contract["type"] == "object"
        return
    assert found["type"] == TYPES[contract["type"]]
    assert found.get("maxLength") in {None, contract.get("max_length")}
    assert (found.get("format") == "unix-time") == (contract["type"] == "timestamp")
    if contract["type"] == "enum" and "enum" in found:
        assert set(found["enum"]) <= set(contract["enum"])


@pytest.mark.parametrize("name", RESOURCES)
def test_members_that_the_contract_says_are_always_there_are_required(name: str) -> None:
    contract = CONTRACT["order"]["fields"] if name == "order" else CONTRACT["order"]["sub_resources"][name]
    required = DOCUMENT["components"]["schemas"][RESOURCES[name]].get("required", ())
    assert {member for member, each in contract.items() if each["always_present"]} <= set(required)


@pytest.mark.parametrize("condition", CONTRACT["error_conditions"], ids=lambda each: each["condition"])
def test_every_error_condition_of_the_contract_is_described(condition: Json) -> None:
    for route in ROUTES:
        if concerns(condition, route):
            assert condition["api_error_code"] in refusals_of(route.name, condition["http_status"])


def concerns(condition: Json, route: Route) -> bool:
    return {
        "every POST and GET by id": "{id}" in route.path,
        "every POST by id": "{id}" in route.path and route.method == "POST",
        "every call": True,
    }.get(condition["operations"][0], route.name in condition["operations"])


def test_every_error_of_the_tree_is_described_somewhere() -> None:
    codes = {
        code
        for response in DOCUMENT["components"]["responses"].values()
        for code in response["content"]["application/json"]["examples"]
    }
    # A method that is not there has no operation to be described at.
    assert codes == {kind.api_error_code for kind in all_kinds(LedgerError)} - {MethodNotSupported.api_error_code}


def test_examples_of_errors_are_errors() -> None:
    for response in DOCUMENT["components"]["responses"].values():
        media = response["content"]["application/json"]
        validator = jsonschema_rs.validator_for({**DOCUMENT, **media["schema"]})
        for example in media["examples"].values():
            validator.validate(example["value"])


def test_the_headers_of_the_contract_are_described() -> None:
    noise = {name for name, each in CONTRACT["headers"]["request"].items() if "sent_by" in each}
    posted = {
        each["name"]: each for each in map(resolved, OPERATIONS["create"]["parameters"]) if each["in"] == "header"
    }
    assert set(posted) == set(CONTRACT["headers"]["request"]) - noise
    for name, each in posted.items():
        assert each["schema"].get("maxLength") == CONTRACT["headers"]["request"][name].get("max_length")
    assert set(parameters_of("list", "header")) == {"chargebee-business-entity-id"}
    answered = OPERATIONS["create"]["responses"]
    assert "chargebee-idempotency-replayed" in answered["200"]["headers"]
    assert "Retry-After" in resolved(answered["429"])["headers"]


async def test_what_the_service_answers_is_what_is_described(client: Client) -> None:
    await create(client, id="a/b")
    await import_order(client, "inv_0002")
    for path, component in [
        ("orders", "OrderList"),
        ("orders/a/b", "RetrievedOrder"),
        ("orders/a/b?as_of[version]=1", "RetrievedOrder"),
        ("orders/a/b/history", "HistoryList"),
        ("orders/a/b/diff", "DiffAnswer"),
        ("configurations", "ConfigurationList"),
    ]:
        answer = await (await client.get(f"/api/v2/{path}")).json()
        jsonschema_rs.validate({**DOCUMENT, "$ref": f"#/components/schemas/{component}"}, answer)
