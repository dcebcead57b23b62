"""Requests as Hypothesis strategies: calls of operations that often go well, lists, and what HTTP allows besides."""

from collections.abc import Sequence
from functools import partial

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from api.routes import ROUTES
from api.routing import Route
from tests.fuzz.playground import KEY
from tests.fuzz.spellings import SPELLINGS, Spelling, query, raw_brackets
from tests.fuzz.values import NOISE, Pair, pairs_of
from tests.fuzz.wire import Request

Headers = tuple[tuple[bytes, bytes], ...]

_REAL_IDS = (b"a", b"a", b"b/c", b"b%2Fc", b"m", b"n", b"n1", b"1")
_IDS = (
    *_REAL_IDS,
    *_REAL_IDS,
    b"nobody",
    b"%C3%BC/%C3%B1",
    b"%00",
    b"%FF",
    b"..",
    b"%2E%2E/m",
    b"x" * 41,
    b"cancel",
    b"a/",
)
_TILES = (b"0/000.p/2", b"0/000", b"0/000.p/255", b"1/000.p/1", b"64/000", b"0/x001/000", b"0%2F000.p%2F1", b"0/0")
_TIMES = [("created_at", "1517505731"), ("order_date", "1517505731"), ("shipping_date", "1517505731")]
_IMPORT = [("status", "queued"), *_TIMES]
_BASES: dict[str, list[list[Pair]]] = {
    "create": [[("invoice_id", "inv_0001")], [("invoice_id", "inv_0002"), ("id", "n1")], []],
    "import_order": [[("invoice_id", "inv_0002"), *_IMPORT], [("invoice_id", "inv_0004"), ("id", "n2"), *_IMPORT], []],
    "update": [[], [("status", "shipped")], [("status", "DELIVERED")], [("note", "x")]],
    "cancel": [
        [("cancellation_reason", "others")],
        [("cancellation_reason", "others"), ("credit_note[total]", "1")],
        [],
    ],
    "create_refundable_credit_note": [[("credit_note[reason_code]", "waiver"), ("credit_note[total]", "1")], []],
    "create_webhook_endpoint": [[("name", "x"), ("url", "https://shop.example.com/hook")], []],
    "resend": [[], [("order_line_items[id][0]", "~LINE0~"), ("order_line_items[fulfillment_quantity][0]", "1")]],
}
_IDEMPOTENCY: tuple[Headers, ...] = (
    *(((b"chargebee-idempotency-key", b"k%d" % number),) for number in range(3)),
    ((b"X-CB-Idempotency-Key", b"k1"),),
    ((b"Chargebee-Idempotency-Key", b"x" * 101),),
    ((b"chargebee-idempotency-key", b"\xff"),),
    ((b"chargebee-idempotency-key", b""),),
)
_OTHER: tuple[Headers, ...] = (
    ((b"chargebee-event-webhook", b"all-disabled"), (b"chargebee-request-origin-user", b"ann@example.com")),
    ((b"chargebee-request-origin-user-encoded", b"YW5u"), (b"chargebee-request-origin-ip", b"\xfe")),
    ((b"chargebee-request-origin-user-encoded", b"!"), (b"chargebee-request-origin-device", b"x" * 300)),
    ((b"chargebee-business-entity-id", b"be_1"),),
    ((b"chargebee-business-entity-id", b"x" * 51),),
    ((b"Accept", b"text/html"), (b"Accept-Encoding", b"br"), (b"X-CB-Retry-Attempt", b"1")),
    ((b"X-HTTP-Method-Override", b"DELETE"), (b"X-Forwarded-Host", b"evil"), (b"Cookie", b"a=b")),
)
_HEADERS: SearchStrategy[Headers] = st.sampled_from(((),) * 12 + _IDEMPOTENCY + _OTHER)
_TEXT = st.text(max_size=8)


def commands() -> SearchStrategy[Request]:
    """POSTs of every operation with forms and JSON."""
    return st.one_of([_commands(route) for route in ROUTES if route.method == "POST"])


def lists() -> SearchStrategy[Request]:
    """GETs of every operation with queries."""
    return st.one_of([_reads(route) for route in ROUTES if route.method == "GET"])


def _commands(route: Route) -> SearchStrategy[Request]:
    return st.builds(
        partial(_command, route),
        st.sampled_from(_IDS),
        st.sampled_from(_BASES.get(route.name, [[]])),
        st.just([]) | st.lists(_pairs(route), max_size=4),
        st.sampled_from(SPELLINGS),
        _HEADERS,
    )


def _command(
    route: Route, path_id: bytes, base: Sequence[Pair], more: Sequence[Pair], spelling: Spelling, headers: Headers
) -> Request:
    media_type, spell = spelling
    typed = ((b"Content-Type", media_type),) if media_type else ()
    pairs = [*base, *more]
    return Request(b"POST", _target(route, path_id), (KEY, *typed, *headers), spell(pairs) if pairs else b"")


def _reads(route: Route) -> SearchStrategy[Request]:
    return st.builds(
        partial(_read, route),
        st.sampled_from((*_IDS, b"inv_0001", b"inv_0002", b"inv_0004", b"~EVENT~", *_TILES)),
        st.lists(_pairs(route), max_size=5),
        st.sampled_from((query, query, raw_brackets)),
        _HEADERS,
    )


def _read(route: Route, path_id: bytes, pairs: Sequence[Pair], spell: partial[bytes], headers: Headers) -> Request:
    return Request(b"GET", _target(route, path_id) + b"?" + spell(pairs)[:6000], (KEY, *headers))


def _pairs(route: Route) -> SearchStrategy[Pair]:
    """A name and a value: of the operation nine times of ten, by themselves or with any text."""
    known = [pair for parameter in (route.schema.parameters if route.schema else ()) for pair in pairs_of(parameter)]
    names = sorted({name for name, _ in known}) or ["note"]
    noise = st.sampled_from(NOISE) | st.tuples(st.sampled_from(names), _TEXT) | st.tuples(_TEXT, _TEXT)
    return st.one_of([*([st.sampled_from(known)] * 9 if known else []), noise])


def _target(route: Route, path_id: bytes) -> bytes:
    return b"/api/v2" + route.path.encode().replace(b"{id}", path_id)
