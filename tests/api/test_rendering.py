"""Bodies: the error body of every refusal, and documents wrapped as they are."""

import json

import msgspec
import pytest

from api.rendering import crash_body, error_body, page, single
from ledger import errors
from ledger.errors import (
    AuthenticationFailed,
    AuthorizationFailed,
    LedgerError,
    LockTimeout,
    ParamRequired,
    ParamWrongValue,
    ResourceNotFound,
)

EVERY_ERROR = [found for found in vars(errors).values() if isinstance(found, type) and issubclass(found, LedgerError)]


def test_a_blank_parameter_is_rendered_as_chargebee_does() -> None:
    assert error_body(ParamRequired(param="invoice_id")) == (
        b'{"message":"invoice_id : cannot be blank","type":"invalid_request","api_error_code":"param_wrong_value",'
        b'"param":"invoice_id","error_code":"param_required","error_msg":"cannot be blank",'
        b'"error_param":"invoice_id","http_status_code":400}'
    )


def test_an_unknown_resource_is_rendered_as_chargebee_does() -> None:
    assert json.loads(error_body(ResourceNotFound())) == {
        "message": "Sorry, we couldn't find that resource",
        "type": "invalid_request",
        "api_error_code": "resource_not_found",
        "error_code": "resource_not_found",
        "error_msg": "Sorry, we couldn't find that resource",
        "http_status_code": 404,
    }


def test_a_wrong_key_is_rendered_as_chargebee_does() -> None:
    assert json.loads(error_body(AuthenticationFailed())) == {
        "message": "Sorry, authentication failed. Invalid api key",
        "api_error_code": "api_authentication_failed",
        "error_code": "api_authentication_invalid_key",
        "error_msg": "Sorry, authentication failed. Invalid api key",
        "http_status_code": 401,
    }


@pytest.mark.parametrize("refusal", EVERY_ERROR)
def test_every_error_has_the_members_that_clients_need(refusal: type[LedgerError]) -> None:
    body = json.loads(error_body(refusal("does not fit", param="credit_note[total]")))
    assert body["message"] == "credit_note[total] : does not fit"
    assert body["param"] == body["error_param"] == "credit_note[total]"
    assert body["api_error_code"] == refusal.api_error_code
    assert body["error_code"]
    assert body["http_status_code"] == refusal.http_status
    assert body.get("type") == refusal.type
    assert None not in body.values()


def test_errors_of_authentication_and_authorization_have_no_type() -> None:
    assert b'"type"' not in error_body(AuthenticationFailed())
    assert b'"type"' not in error_body(AuthorizationFailed())
    assert b'"type":"operation_failed"' in error_body(LockTimeout())


def test_any_text_of_a_request_can_be_repeated_in_an_error() -> None:
    param = 'status["\\\n\u2028\u00fc\0]'
    assert json.loads(error_body(ParamWrongValue("no", param=param)))["param"] == param


def test_a_crash_tells_nothing_but_the_request_id() -> None:
    body = json.loads(crash_body("req_0000000000"))
    assert body["http_status_code"] == 500
    assert body["api_error_code"] == body["error_code"] == "internal_error"
    assert body["type"] == "operation_failed"
    assert body["message"].endswith("req_0000000000")


def test_documents_are_wrapped_as_they_are() -> None:
    document = msgspec.json.encode({"id": "1", "note": "\u00fc%s"})
    assert single("order", document) == b'{"order":' + document + b"}"
    assert page("order", [document, b"{}"], "p1AB") == (
        b'{"list":[{"order":' + document + b'},{"order":{}}],"next_offset":"p1AB"}'
    )


def test_the_last_page_has_no_next_offset_and_an_empty_one_an_empty_list() -> None:
    assert page("order", [b"{}"], None) == b'{"list":[{"order":{}}]}'
    assert page("order", [], None) == b'{"list":[]}'
