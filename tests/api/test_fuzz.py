"""Whatever is sent, an operation gives a command or a refusal that can be rendered; nothing else comes out."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.forms import read_body, read_query
from api.rendering import error_body
from api.schemas.operation import OperationSchema
from ledger.errors import LedgerError
from ledger.limits import REQUEST_BODY_BYTES_MAX, REQUEST_FIELDS_MAX
from tests.contract.contract import SCHEMAS, given_by_caller
from tests.times import LAWS_TIMES

NAMES = sorted({found.name for schema in SCHEMAS.values() for found in schema.parameters})
ROOTS = sorted({name.partition("[")[0] for name in NAMES})
BRACKETS = st.sampled_from(["", "[]", "[0]", "[1]", "[999]", "[1000]", "[x]", "[", "]", "[[", "[0][0]", "[id]", "[is]"])
NAME = st.builds(str.__add__, st.sampled_from(NAMES + ROOTS), BRACKETS) | st.text(max_size=20)
VALUE = st.sampled_from(
    ["", " ", "1", "0", "-1", "true", "QUEUED", "others", "US", "a@b", "[1,2]", '["queued"]', "['a", "1517000000", "\0"]
) | st.text(max_size=30)
PAIRS = st.lists(st.tuples(NAME, VALUE), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*ROOTS, "id", "status", "total", "city"]) | st.text(max_size=5), inner)
    ),
    max_leaves=12,
)


def _refusal(read: Callable[[], object]) -> LedgerError | None:
    try:
        assert read() is not None
    except LedgerError as refusal:
        json.loads(error_body(refusal))
        return refusal
    return None


def _command_or_refusal(schema: OperationSchema[Any], operation: str, content_type: str | None, body: bytes) -> None:
    refusal = _refusal(lambda: schema.read(read_body(content_type, body), **given_by_caller(operation)))
    assert refusal is None or refusal.http_status == 400


@pytest.mark.parametrize("operation", SCHEMAS)
@settings(max_examples=25 * LAWS_TIMES, deadline=None)
@given(pairs=PAIRS)
def test_any_form_of_known_and_unknown_names(operation: str, pairs: list[tuple[str, str]]) -> None:
    body = urlencode(pairs, errors="surrogatepass").encode()
    _command_or_refusal(SCHEMAS[operation], operation, None, body)


@settings(max_examples=100 * LAWS_TIMES, deadline=None)
@given(operation=st.sampled_from(sorted(SCHEMAS)), body=st.binary(max_size=200))
def test_any_bytes(operation: str, body: bytes) -> None:
    _command_or_refusal(SCHEMAS[operation], operation, None, body)
    _command_or_refusal(SCHEMAS[operation], operation, "application/json", body)


@settings(max_examples=100 * LAWS_TIMES, deadline=None)
@given(operation=st.sampled_from(sorted(SCHEMAS)), members=st.dictionaries(st.sampled_from(ROOTS), JSON))
def test_any_json(operation: str, members: dict[str, Any]) -> None:
    _command_or_refusal(SCHEMAS[operation], operation, "application/json", json.dumps(members).encode())


@settings(max_examples=100 * LAWS_TIMES, deadline=None)
@given(query=st.text() | PAIRS.map(lambda pairs: urlencode(pairs, errors="surrogatepass")))
def test_any_query(query: str) -> None:
    refusal = _refusal(lambda: SCHEMAS["list"].read(read_query(query), **given_by_caller("list")))
    assert refusal is None or refusal.http_status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"&" * REQUEST_BODY_BYTES_MAX,
        b"%" * REQUEST_BODY_BYTES_MAX,
        b"%41" * (REQUEST_BODY_BYTES_MAX // 3),
        b"+" * REQUEST_BODY_BYTES_MAX,
        b"[" * REQUEST_BODY_BYTES_MAX,
        b"order_line_items" + b"[id]" * 60_000,
        b"order_line_items[id][" + b"9" * 200_000 + b"]=1",
        b"&".join([b"order_line_items[id][]=" + b"x" * 200] * REQUEST_FIELDS_MAX),
        b"shipped_at=" + b"9" * 200_000,
        b"shipping_address[email]=" + b"@" * 200_000,
        b"status=" + b"x" * 200_000,
    ],
)
def test_a_hostile_body_of_full_size_is_answered(body: bytes) -> None:
    _command_or_refusal(SCHEMAS["update"], "update", None, body[:REQUEST_BODY_BYTES_MAX])


@pytest.mark.parametrize(
    "body",
    [
        b"[" * REQUEST_BODY_BYTES_MAX,
        b'{"a":' * 50_000,
        b'{"shipped_at":' + b"9" * 200_000 + b"}",
        b'{"' + b"k" * 200_000 + b'":[' + b"1," * 20_000 + b"1]}",
        b'{"note":"' + b"\\u00fc" * 40_000 + b'"}',
        json.dumps({"order_line_items": [{"id": str(number)} for number in range(REQUEST_FIELDS_MAX)]}).encode(),
        json.dumps({"a": [[] for _ in range(60_000)]}).encode(),
    ],
)
def test_a_hostile_json_body_of_full_size_is_answered(body: bytes) -> None:
    _command_or_refusal(SCHEMAS["update"], "update", "application/json", body[:REQUEST_BODY_BYTES_MAX])
