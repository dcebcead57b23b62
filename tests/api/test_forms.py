"""From bytes to pairs: every encoding that clients use, and a clear refusal of what cannot be read."""

from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.forms import read_body, read_query
from ledger.errors import InvalidRequest
from ledger.limits import REQUEST_BODY_BYTES_MAX, REQUEST_FIELDS_MAX

FORM = "application/x-www-form-urlencoded"


def _refused(content_type: str | None, body: bytes) -> str:
    with pytest.raises(InvalidRequest) as refusal:
        read_body(content_type, body)
    assert refusal.value.http_status == 400
    return refusal.value.message


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        FORM,
        f"{FORM}; charset=utf-8",
        f"{FORM};charset=UTF-8",
        f'{FORM}; charset="utf-8"',
        FORM.upper(),
        f" {FORM} ",
        f"{FORM}; boundary=x",
    ],
)
def test_a_form_is_read_under_its_content_type_or_none(content_type: str | None) -> None:
    assert read_body(content_type, b"a=1&b=2") == [("a", "1"), ("b", "2")]


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", "application/xml", "x", ";"])
def test_another_content_type_is_refused(content_type: str) -> None:
    assert "content type" in _refused(content_type, b"a=1")


@pytest.mark.parametrize("content_type", [None, FORM, "application/json", "application/octet-stream"])
def test_an_empty_body_has_no_parameters_whatever_its_type(content_type: str | None) -> None:
    assert read_body(content_type, b"") == []


@pytest.mark.parametrize("content_type", [FORM, "application/json"])
def test_another_charset_is_refused(content_type: str) -> None:
    assert "UTF-8" in _refused(f"{content_type}; charset=iso-8859-1", b"a=1")


@pytest.mark.parametrize(
    ("body", "pairs"),
    [
        (b"note=a+b%20c%2Bd", [("note", "a b c+d")]),
        (b"credit_note%5Btotal%5D=1", [("credit_note[total]", "1")]),
        (b"credit_note%5btotal%5d=1", [("credit_note[total]", "1")]),
        (b"credit_note[total]=1", [("credit_note[total]", "1")]),
        (b"note=a=b", [("note", "a=b")]),
        (b"note=a%26b%3Dc", [("note", "a&b=c")]),
        (b"note=", [("note", "")]),
        (b"note", [("note", "")]),
        (b"&&note=1&", [("note", "1")]),
        (b"=1", []),
        (b"a=1;b=2", [("a", "1;b=2")]),
        ("note=\u00fc\U0001f600".encode(), [("note", "\u00fc\U0001f600")]),
        (b"note=%C3%BC%f0%9f%98%80", [("note", "\u00fc\U0001f600")]),
        ("note=\u00fc%C3%BC".encode(), [("note", "\u00fc\u00fc")]),
        (b"a=1&a=2", [("a", "1"), ("a", "2")]),
        (b"note=%25", [("note", "%")]),
        (b"%6eote=1", [("note", "1")]),
    ],
)
def test_names_and_values_are_decoded_and_stay_in_order(body: bytes, pairs: list[tuple[str, str]]) -> None:
    assert read_body(FORM, body) == pairs
    assert read_query(body.decode()) == pairs


@pytest.mark.parametrize("body", [b"note=\xff", b"\xff=1", b"note=\xed\xa0\x80", b"note=%FF", b"%C3=1", b"a=%ED%A0%80"])
def test_what_is_not_utf8_is_refused(body: bytes) -> None:
    assert "UTF-8" in _refused(FORM, body)
    with pytest.raises(InvalidRequest):
        read_query(body.decode("utf-8", "surrogateescape"))


@pytest.mark.parametrize(
    "body", [b"note=100%", b"note=%zz", b"note=%4", b"%=1", b"note=%C3%", b"note=%\xd9\xa1\xd9\xa1"]
)
def test_a_percent_sign_without_two_digits_is_refused(body: bytes) -> None:
    assert "percent" in _refused(FORM, body)


def test_a_body_over_the_limit_is_refused() -> None:
    body = b"note=" + b"x" * (REQUEST_BODY_BYTES_MAX - 5)
    assert len(read_body(FORM, body)) == 1
    assert "larger" in _refused(FORM, body + b"x")
    with pytest.raises(InvalidRequest):
        read_query(body.decode() + "x")


def test_too_many_fields_are_refused() -> None:
    fields = ["a=1"] * REQUEST_FIELDS_MAX
    assert len(read_body(FORM, "&".join(fields).encode())) == REQUEST_FIELDS_MAX
    assert "parameters" in _refused(FORM, "&".join([*fields, "a=1"]).encode())


def test_a_lone_question_mark_is_an_empty_query() -> None:
    assert read_query("") == []


def _is_encodable(pairs: list[tuple[str, str]]) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for pair in pairs for text in pair for letter in text)


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=20).filter(_is_encodable))
def test_what_the_standard_library_encodes_is_read_back(pairs: list[tuple[str, str]]) -> None:
    assert read_body(FORM, urlencode(pairs).encode()) == pairs
    assert read_query(urlencode(pairs)) == pairs
