"""A JSON body stands for the form that says the same."""

import json

import pytest

from api.forms import read_body
from api.nesting import nest
from api.schemas.order_actions import RESEND_ORDER
from api.schemas.orders import UPDATE_ORDER
from ledger.errors import InvalidRequest, ParamWrongValue
from ledger.limits import JSON_DEPTH_MAX, JSON_MEMBER_LENGTH_MAX, REQUEST_FIELDS_MAX

JSON = "application/json; charset=utf-8"


def _pairs(body: object) -> list[tuple[str, str]]:
    return read_body(JSON, json.dumps(body).encode())


def _refused(body: bytes) -> str:
    with pytest.raises(InvalidRequest) as refusal:
        read_body(JSON, body)
    return refusal.value.message


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ('"x"', "x"),
        ("1", "1"),
        ("-1", "-1"),
        ("1.50", "1.50"),
        ("1e5", "1e5"),
        ("true", "true"),
        ("false", "false"),
        ("null", ""),
        ('""', ""),
        ("9" * 5000, "9" * 5000),
        (r'"\ud83d\ude00"', "\U0001f600"),
    ],
)
def test_a_value_becomes_the_text_a_form_would_hold(raw: str, text: str) -> None:
    assert read_body(JSON, f'{{"note":{raw}}}'.encode()) == [("note", text)]


@pytest.mark.parametrize(
    "lines",
    [
        [{"id": "a", "fulfillment_quantity": 1}, {"id": "b"}],
        {"id": ["a", "b"], "fulfillment_quantity": [1]},
        {"id": {"0": "a", "1": "b"}, "fulfillment_quantity": {"0": "1"}},
    ],
)
def test_lists_of_objects_are_read_either_way(lines: object) -> None:
    found = RESEND_ORDER.read(_pairs({"order_line_items": lines}), order_id="1").order_line_items
    assert [(line.index, line.id, line.fulfillment_quantity) for line in found] == [(0, "a", 1), (1, "b", None)]


def test_groups_are_read() -> None:
    command = UPDATE_ORDER.read(
        _pairs({"note": None, "shipping_address": {"city": "Walnut", "line2": None}, "shipped_at": 7}), order_id="1"
    )
    assert command.changes.note is None
    assert command.changes.shipped_at == 7
    assert command.shipping_address is not None
    assert command.shipping_address.city == "Walnut"
    assert command.shipping_address.line2 is None


@pytest.mark.parametrize("nothing", [None, {}, []])
def test_a_group_or_list_of_nothing_was_not_given(nothing: object) -> None:
    data = nest(_pairs({"shipping_address": nothing, "order_line_items": nothing}), UPDATE_ORDER.shape)
    assert data == {}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"shipping_address": "x"}, "shipping_address"),
        ({"shipping_address": [{"city": "x"}]}, "shipping_address[city][0]"),
        ({"order_line_items": ["x"]}, "order_line_items[0]"),
        ({"order_line_items": {"0": {"id": "x"}}}, "order_line_items[0][id]"),
        ({"order_line_items": [{"id": ["x"]}]}, "order_line_items[id][0][0]"),
        ({"shipped_at": 1.5}, "shipped_at"),
        ({"shipped_at": True}, "shipped_at"),
    ],
)
def test_another_nesting_is_refused_by_name(body: object, param: str) -> None:
    with pytest.raises(ParamWrongValue) as refusal:
        UPDATE_ORDER.read(_pairs(body), order_id="1")
    assert refusal.value.param == param


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"1",
        b'"x"',
        b"null",
        b"{",
        b"{}x",
        b"{'a':1}",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":01}',
        b"a=1",
        b" ",
    ],
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    assert "JSON" in _refused(body)


@pytest.mark.parametrize("body", [rb'{"a":"\ud800"}', rb'{"\udfff":1}', rb'{"a":{"\ud800":1}}'])
def test_half_of_a_surrogate_pair_is_refused(body: bytes) -> None:
    assert "surrogate" in _refused(body)


def test_what_is_not_utf8_is_refused() -> None:
    assert "UTF-8" in _refused(b'{"a":"\xff"}')
    assert "UTF-8" in _refused('{"a":"x"}'.encode("utf-16"))


def test_absurd_nesting_is_refused() -> None:
    for opening, closing in (('{"a":', "}"), ("[", "]")):
        deep = '{"a":' + opening * (JSON_DEPTH_MAX + 1) + "1" + closing * (JSON_DEPTH_MAX + 1) + "}"
        assert "nested" in _refused(deep.encode())
        assert "JSON" in _refused(b'{"a":' + opening.encode() * 40_000)


def test_too_many_values_are_refused() -> None:
    assert len(_pairs({"a": [1] * REQUEST_FIELDS_MAX})) == REQUEST_FIELDS_MAX
    assert "parameters" in _refused(json.dumps({"a": [1] * (REQUEST_FIELDS_MAX + 1)}).encode())


def test_a_member_with_a_name_that_no_parameter_has_is_ignored() -> None:
    assert _pairs(
        {"a" * (JSON_MEMBER_LENGTH_MAX + 1): 1, "shipping_address": {"b" * 200_000: [1] * 100}, "note": "x"}
    ) == [("note", "x")]
