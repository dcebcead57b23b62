"""Requests that are about HTTP itself: methods, paths, headers, framing, and bytes that are no request at all."""

import gzip
import zlib

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ledger.limits import REQUEST_BODY_BYTES_MAX, REQUEST_FIELDS_MAX
from tests.fuzz.playground import FORM, KEY
from tests.fuzz.strategies import Headers
from tests.fuzz.wire import Request

_METHODS = (b"GET", b"POST", b"POST", b"HEAD", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"TRACE", b"PROPFIND", b"QUERY")
_SEGMENTS = (
    *b"api v2 v1 orders invoices configurations openapi.json docs healthz events".split(),
    *b"a b c m cancel delete resend import_order reopen . .. %2e%2e %2F %00 %FF %C3%BC % %zz ;x=1 a?b a#b *".split(),
    *(b"", b"x" * 500),
)
_KNOWN = tuple(b"/api/v2/" + path for path in b"orders orders/a orders/m/cancel orders/a/delete configurations".split())
_WHOLE = (
    *b"* / // /? /api/v2 /api/v2/ http://other.example/api/v2/orders".split(),
    b"/api/v2/orders?" + b"a=1&" * 900,
)
_AUTHORIZATIONS: tuple[Headers, ...] = (
    *((KEY,) for _ in range(6)),
    ((b"Authorization", b"~READER~"),),
    ((b"Authorization", b"~READER~"),),
    (),
    ((b"Authorization", b""),),
    ((b"Authorization", b"Basic"),),
    ((b"Authorization", b"Basic Og=="),),
    ((b"Authorization", b"Basic !!!"),),
    ((b"Authorization", b"Basic /////w=="),),
    ((b"Authorization", b"basic dGVzdDo="),),
    ((b"Authorization", b"Bearer x"),),
    ((b"Authorization", b"Basic " + b"QQ" * 600),),
    ((b"Authorization", b"\xff\xfe"),),
    (KEY, KEY),
)
_ODD_HEADERS: tuple[Headers, ...] = (
    *(() for _ in range(8)),
    (FORM,),
    (FORM,),
    ((b"Content-Type", b"application/json"),),
    ((b"Content-Type", b"\xff/\xff"),),
    ((b"Content-Type", b";;;="),),
    ((b"Content-Type", b'application/json; charset="utf-16"'),),
    ((b"Content-Encoding", b"identity"),),
    ((b"Expect", b"100-continue"),),
    ((b"Connection", b"close"),),
    ((b"Host", b"other.example"),),
    ((b"X-Long", b"x" * 8000),),
    ((b"Range", b"bytes=0-1"), (b"If-None-Match", b"*"), (b"If-Modified-Since", b"never")),
    tuple((b"X-%d" % number, b"x") for number in range(60)),
)
_BODIES = (
    *b"invoice_id=inv_0001 invoice_id=inv_0002&note=x cancellation_reason=others note=% \xff\xfe".split(),
    *b'{} { [] null "x" {"note":{}} {"note":[[[[]]]]} {"a":1e999} {"note":"\\ud800"} NaN'.split(),
    *b"= & &&& a [0]=1 + a=b=c \0".split(),
    *(b"", b"", b"\r\n\r\n"),
    b"&".join([b"a=1"] * (REQUEST_FIELDS_MAX + 1)),
    b'{"a":' * 5000,
)
_ENCODINGS = (*b"gzip gzip deflate br zstd x-gzip x".split(), b"gzip, gzip")
_HUGE = b"note=" + b"x" * REQUEST_BODY_BYTES_MAX
_POST = b"POST /api/v2/orders HTTP/1.1\r\nHost: x\r\nAuthorization: ~KEY~\r\n"
_GET = b"GET /api/v2/orders HTTP/1.1\r\nHost: x\r\nAuthorization: ~KEY~\r\n"
_GARBAGE = (
    b"GARBAGE\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /api/v2/orders HTTP/1.0\r\nAuthorization: ~KEY~\r\n\r\n",
    b"GET /api/v2/orders HTTP/1.1\r\n\r\n",
    _POST + b"Content-Length: x\r\n\r\n",
    _POST + b"Content-Length: -1\r\n\r\n",
    _POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    _POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    _POST + b"Content-Length: 100\r\n\r\ninvoice_id=inv_0001",
    _POST + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
    _POST + b"Transfer-Encoding: chunked\r\n\r\n13\r\ninvoice_id=inv_0001",
    _POST + b"Transfer-Encoding: gzip\r\n\r\nabc",
    _GET + b"Bad Header: x\r\n\r\n",
    _GET + b"X: a\0b\r\n\r\n",
    _GET + b" folded: x\r\n\r\n",
    _GET + b"X-Big: " + b"x" * 20_000 + b"\r\n\r\n",
    _GET + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n",
    _GET + b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AA\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\r\n\r\n\r\n",
)


def protocol() -> SearchStrategy[Request]:
    """Any of it, mostly requests that are HTTP."""
    return st.one_of(*([_odd_requests()] * 6), _chunked(), _compressed(), _huge(), _garbage())


def _odd_requests() -> SearchStrategy[Request]:
    target = (
        st.sampled_from(_KNOWN) | st.lists(st.sampled_from(_SEGMENTS), max_size=6).map(_path) | st.sampled_from(_WHOLE)
    )
    return st.builds(
        _odd,
        st.sampled_from(_METHODS),
        target,
        st.sampled_from(_AUTHORIZATIONS),
        st.sampled_from(_ODD_HEADERS),
        st.sampled_from(_BODIES),
    )


def _odd(method: bytes, target: bytes, authorization: Headers, headers: Headers, body: bytes) -> Request:
    return Request(method, target, (*authorization, *headers), b"" if method in {b"GET", b"HEAD"} else body)


def _path(segments: list[bytes]) -> bytes:
    return b"/" + b"/".join(segments)


def _chunked() -> SearchStrategy[Request]:
    """Bodies in chunks, whole ones and without an end."""
    return st.builds(_in_chunks, st.sampled_from(_KNOWN), st.lists(st.sampled_from(_BODIES[:20]), max_size=3))


def _in_chunks(target: bytes, chunks: list[bytes]) -> Request:
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks if chunk) + b"0\r\n\r\n"
    return Request(b"POST", target, (KEY, FORM, (b"Transfer-Encoding", b"chunked")), body, framed=False)


def _compressed() -> SearchStrategy[Request]:
    """Bodies that are compressed, or only say so; one is large once it is not compressed."""
    packed = [gzip.compress(body, mtime=0) for body in (*_BODIES[:20], _HUGE * 50)]
    bodies = (*_BODIES[:20], *packed, zlib.compress(_BODIES[0]))
    return st.builds(_in_encoding, st.sampled_from(_KNOWN), st.sampled_from(_ENCODINGS), st.sampled_from(bodies))


def _in_encoding(target: bytes, encoding: bytes, body: bytes) -> Request:
    return Request(b"POST", target, (KEY, FORM, (b"Content-Encoding", encoding)), body, last=True)


def _huge() -> SearchStrategy[Request]:
    return st.sampled_from([Request(b"POST", target, (KEY, FORM), _HUGE) for target in _KNOWN])


def _garbage() -> SearchStrategy[Request]:
    """Bytes that are nearly or not at all a request."""
    cut = st.builds(lambda raw, end: raw[:end], st.sampled_from(_GARBAGE), st.integers(1, 200))
    raw = st.sampled_from(_GARBAGE) | cut | st.binary(min_size=1, max_size=40)
    return st.builds(lambda raw, hangs_up: Request(raw=raw, hangs_up=hangs_up, last=True), raw, st.booleans())
