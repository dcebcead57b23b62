"""The API key in the authorization header, as the SDKs of all languages send it."""

import base64
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.authentication import api_key_of
from ledger.errors import AuthenticationFailed
from ledger.limits import API_KEY_LENGTH_MAX

KEY = "test_dsdfaSDFjkl23SDFSDF"


def _basic(credentials: str | bytes, scheme: str = "Basic") -> str:
    raw = credentials.encode() if isinstance(credentials, str) else credentials
    return f"{scheme} {base64.b64encode(raw).decode()}"


@pytest.mark.parametrize("credentials", [f"{KEY}:", KEY, f"{KEY}:password", f"{KEY}:a:b", f"{KEY}:\u00fc"])
def test_the_key_is_the_user_name_with_or_without_a_colon(credentials: str) -> None:
    assert api_key_of(_basic(credentials)) == KEY


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC", "Basic  "])
def test_the_scheme_is_read_in_any_letter_case(scheme: str) -> None:
    assert api_key_of(_basic(f"{KEY}:", scheme)) == KEY


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        " ",
        "Basic",
        "Basic ",
        KEY,
        f"Bearer {KEY}",
        f"Basic {KEY}!",
        _basic(""),
        _basic(":"),
        _basic(":password"),
        _basic(b"\xff\xfe:"),
        _basic("k" * (API_KEY_LENGTH_MAX + 1)),
        "Basic " + "A" * 100_000,
        "Basic \u00fc",
        "Basic \udcff",
    ],
)
def test_without_a_key_authentication_fails(header: str | None) -> None:
    with pytest.raises(AuthenticationFailed) as refusal:
        api_key_of(header)
    assert refusal.value.message.startswith("Sorry, authentication failed")
    assert KEY not in refusal.value.message


@settings(deadline=None)
@given(st.text() | st.binary().map(_basic))
def test_any_header_gives_a_key_or_fails(header: str) -> None:
    with contextlib.suppress(AuthenticationFailed):
        assert 0 < len(api_key_of(header)) <= API_KEY_LENGTH_MAX
