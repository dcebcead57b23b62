"""What the headers say about where a request came from."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from api.origin import Origin, read_origin
from ledger.errors import LedgerError, ParamWrongValue
from ledger.limits import ORIGIN_HEADER_LENGTH_MAX

NAMES = [
    "chargebee-idempotency-key",
    "X-CB-Idempotency-Key",
    "chargebee-business-entity-id",
    "chargebee-request-origin-user",
    "chargebee-request-origin-user-encoded",
    "chargebee-request-origin-ip",
    "chargebee-request-origin-device",
    "chargebee-event-webhook",
    "chargebee-event-actions",
]


def _post(**headers: str) -> Origin:
    return read_origin("POST", CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()}))


def _get(**headers: str) -> Origin:
    return read_origin("GET", CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()}))


def _encoded(user: str) -> str:
    return base64.b64encode(user.encode()).decode()


def test_a_request_without_headers_has_no_origin() -> None:
    assert _post() == _get() == Origin()


def test_every_header_is_read_in_any_letter_case() -> None:
    assert _post(
        Chargebee_Idempotency_Key="k1",
        CHARGEBEE_BUSINESS_ENTITY_ID="be_1",
        chargebee_request_origin_user="ann@example.com",
        chargebee_request_origin_ip="2001:db8::1",
        chargebee_request_origin_device="Pixel 9",
        chargebee_event_webhook="all-disabled",
    ) == Origin(
        idempotency_key="k1",
        business_entity_id="be_1",
        user="ann@example.com",
        ip="2001:db8::1",
        device="Pixel 9",
        webhooks_disabled=True,
    )


def test_the_encoded_user_wins() -> None:
    origin = _post(
        chargebee_request_origin_user="ann@example.com",
        chargebee_request_origin_user_encoded=_encoded("\u00e4nn@example.com"),
    )
    assert origin.user == "\u00e4nn@example.com"


@pytest.mark.parametrize("encoded", ["?", "YQ", base64.b64encode(b"\xff").decode(), "", "\u00fc"])
def test_an_encoded_user_that_cannot_be_read_counts_as_absent(encoded: str) -> None:
    assert _post(chargebee_request_origin_user_encoded=encoded).user is None
    origin = _post(chargebee_request_origin_user="ann@example.com", chargebee_request_origin_user_encoded=encoded)
    assert origin.user == "ann@example.com"


def test_what_is_only_recorded_is_cleaned_and_cut_never_refused() -> None:
    origin = _post(
        chargebee_request_origin_user_encoded=_encoded("\x00ann\r\n\x9b@example.com\x7f"),
        chargebee_request_origin_ip="\udcff\udcfe",
        chargebee_request_origin_device="d" * 5000,
    )
    assert origin.user == "ann@example.com"
    assert origin.ip is None
    assert origin.device == "d" * ORIGIN_HEADER_LENGTH_MAX


def test_a_key_of_the_go_sdk_counts_when_the_usual_one_is_absent() -> None:
    assert _post(x_cb_idempotency_key="go").idempotency_key == "go"
    assert _post(x_cb_idempotency_key="go", chargebee_idempotency_key="usual").idempotency_key == "usual"
    assert _post(x_cb_idempotency_key="go", chargebee_idempotency_key="").idempotency_key == "go"


def test_a_get_has_no_idempotency_key_and_disables_nothing() -> None:
    assert _get(chargebee_idempotency_key="k" * 500, chargebee_event_actions="all-disabled") == Origin()


@pytest.mark.parametrize(
    ("name", "length_max"),
    [
        ("chargebee_idempotency_key", 100),
        ("x_cb_idempotency_key", 100),
        ("chargebee_business_entity_id", 50),
    ],
)
def test_what_decides_what_happens_is_refused_when_it_is_wrong(name: str, length_max: int) -> None:
    assert _post(**{name: "k" * length_max}) != Origin()
    for wrong in ("k" * (length_max + 1), "a\x00b", "a\x7f", "\udcff"):
        with pytest.raises(ParamWrongValue) as refusal:
            _post(**{name: wrong})
        assert refusal.value.http_status == 400
        assert str(refusal.value.param).lower() == name.replace("_", "-")


@pytest.mark.parametrize("name", ["chargebee_event_webhook", "chargebee_event_actions"])
def test_webhooks_are_disabled_by_the_one_documented_value(name: str) -> None:
    assert _post(**{name: "all-disabled"}).webhooks_disabled
    assert not _post(**{name: "yes"}).webhooks_disabled
    assert not _post(chargebee_event_email="all-disabled").webhooks_disabled


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), st.text(st.characters(max_codepoint=0xDFFF), max_size=300)))
def test_any_headers_give_an_origin_that_can_be_recorded_or_are_refused(headers: dict[str, str]) -> None:
    try:
        origin = read_origin("POST", CIMultiDict(headers))
    except LedgerError:
        return
    for text in (origin.user, origin.ip, origin.device, origin.idempotency_key, origin.business_entity_id):
        assert text is None or text.encode().decode()
